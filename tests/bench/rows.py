"""Fill a project by COPY with items that look drafted and partly reviewed."""

import random
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from generation.models import Document, Item, ItemState, Passage, Question, Review
from prompts.models import Variant
from qareview.models import JobState, Project

A_DOCUMENT = 500  # items
REVIEWED = 0.3  # of the items, a third of them rejected
SYLLABLES = "ka lo mi ra ten sor vel dun ber fin gol har jes kum lan mor nep ost".split()  # noqa: SIM905
AT_ONCE = 20_000
PASSAGE = ("id", "document_id", "position", "start", "end", "text")
ITEM = (
    "id", "document_id", "passage_id", "answer", "score", "shuffle", "flags", "state",
    "reviewers", "search", "created_at",
)  # fmt: skip
QUESTION = ("id", "item_id", "text")
REVIEW = (
    "id", "item_id", "reviewer_id", "submission", "verdict", "question", "answer", "seconds",
    "created_at",
)  # fmt: skip
FLAGS = ("answer-leaked", "unsupported", "foreign-number")


class Texts:
    """Writes words as common and as rare as in a language (Zipf's law)."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        words = ["".join(self.random.choices(SYLLABLES, k=3)) for _ in range(20_000)]
        weights = [1 / (rank + 3) for rank in range(len(words))]
        self.pool = self.random.choices(words, weights, k=1_000_000)

    def some(self, count: int) -> list[str]:
        start = self.random.randrange(len(self.pool) - count)
        return self.pool[start : start + count]


def fill(project: Project, count: int) -> None:
    """Store items with passages and questions, three in ten reviewed.

    VACUUM and a checkpoint follow, so that PostgreSQL does not run them during the measurement.
    """
    maker = RowMaker(project, count)
    for start in range(0, count, AT_ONCE):
        for table, rows in zip(maker.tables, maker.rows(start), strict=True):
            _copy(*table, rows)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


class RowMaker:
    """Makes rows of passages, items, questions and reviews, in batches."""

    def __init__(self, project: Project, count: int) -> None:
        self.count, self.texts = count, Texts(count)
        self.documents = Document.objects.bulk_create(
            Document(project=project, name=f"{n}.md", size=1, sha256=f"{n:064}", state="done")
            for n in range(-(-count // A_DOCUMENT))
        )
        self.people = list(project.memberships.values_list("user", flat=True))
        self.first = [_reserve(model, count) for model in (Passage, Item, Question, Review)]
        summarise, ask = (
            Variant.objects.get(prompt__project=project, prompt__task=task)
            for task in ("summarise", "ask")
        )
        # an example of each, for what all have alike, and the columns that differ
        self.tables = (
            (Passage(state=JobState.DONE), PASSAGE),
            (Item(project=project, variant=summarise, model="scripted"), ITEM),
            (Question(variant=ask, model="scripted"), QUESTION),
            (Review(), REVIEW),
        )

    def rows(self, start: int) -> list[list[Sequence[Any]]]:
        tables: list[list[Sequence[Any]]] = [[], [], [], []]
        for number in range(start, min(start + AT_ONCE, self.count)):
            for rows, row in zip(tables, self._row(number), strict=True):
                if row:
                    rows.append(row)
        return tables

    def _row(self, number: int) -> tuple[Sequence[Any], ...]:
        draw, place = self.texts.random, number % A_DOCUMENT
        document = self.documents[number // A_DOCUMENT].pk
        passage, item, question, review = (start + number for start in self.first)
        context, answer, asked = self.texts.some(60), self.texts.some(14), self.texts.some(8)
        state, score, by = _state(draw.random()), draw.random(), draw.choice(self.people)
        flags = [draw.choice(FLAGS)] if score < 0.2 else []
        labels = {*context, *answer, *asked, "MODEL scripted", *(f"FLAG {flag}" for flag in flags)}
        search = " ".join(f"'{label}'" for label in labels)
        is_decided = state != ItemState.PENDING
        texts = f"{' '.join(asked)}?", f"{' '.join(answer)}."
        key = uuid.UUID(int=draw.getrandbits(128))
        when = timezone.now() - timedelta(days=20 * draw.random())
        by_one = [by] if is_decided else []
        return (
            (passage, document, place, place, place + 1, " ".join(context)),
            (item, document, passage, texts[1], score, draw.random(), flags, state.value, by_one,
             search, timezone.now()),
            (question, item, texts[0]),
            (review, item, by, key, state.value, *texts, 9, when) if is_decided else (),
        )  # fmt: skip


def _state(chance: float) -> ItemState:
    if chance > REVIEWED:
        return ItemState.PENDING
    return ItemState.REJECTED if chance < REVIEWED / 3 else ItemState.ACCEPTED


def _reserve(model: type[Model], count: int) -> int:
    """Reserve ids from a table's sequence; return the first."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        first = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, first + count]
        )
    return first


def _copy(example: Model, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """COPY rows with the named columns; the example has the values of the others."""
    others = {
        field.column: field.get_db_prep_save(field.pre_save(example, add=True), connection)
        for field in example._meta.concrete_fields
        if field.column not in names
    }
    listed = ", ".join(f'"{name}"' for name in (*names, *others))
    same = tuple(others.values())
    with connection.cursor() as cursor:
        statement = f"COPY {example._meta.db_table} ({listed}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row((*row, *same))
