"""Write answers about passages, and their questions where a prompt asks for both together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Max

from generation.checks import flags
from generation.checks.gist import gist
from generation.checks.scoring import Draft
from generation.drafting import questions, quotas, stating
from generation.drafting.item_quotas import ItemQuota
from generation.drafting.quotas import Quota, Writer
from generation.models import AsideReason, Item, ItemState, Passage
from generation.prompt_values import values_of
from prompts import written_items
from prompts.models import Task, Variant
from prompts.written_items import WrittenItem
from qareview.backends import Completion
from qareview.models import Project

MOST_FOREIGN = 0.3  # share of a quotation's words that the passage lacks; chosen; nobody measured


def write_answers(project: Project, rows: Sequence[Passage]) -> list[Draft]:
    """Return new items for the passages that lack some.

    They have no questions yet, unless the model wrote them together with the answers.
    """
    writer = quotas.writer_of(project, Task.SUMMARISE, rows[0].draft_with)
    if written_items.writes_items(writer.variant):
        return _write_items(project, rows, writer)
    if stating.states_sentences(writer.variant):
        items = _state_sentences(project, rows, writer)
    else:
        items = _write_answers(project, rows, writer)
    return [Draft(item, []) for item in items]


def _write_answers(project: Project, rows: Sequence[Passage], writer: Writer) -> list[Item]:
    by_passage = _answer_quotas(project, rows, writer.variant)
    quotas.write(project, writer, by_passage.values())
    for row in rows:
        quota = by_passage[row.pk]
        row.error, row.note = quota.error, quotas.note_of(quota, "item")
    return [
        _item(row, writer, number, completion)
        for row in rows
        for number, completion in by_passage[row.pk].drafts
    ]


def _state_sentences(project: Project, rows: Sequence[Passage], writer: Writer) -> list[Item]:
    existing = existing_answers(project, rows)
    last_numbers = _last_numbers(rows, writer.variant)
    lacking = [
        (
            row,
            existing[row.pk].missing,
            existing[row.pk].current + existing[row.pk].poor,  # not to be stated again
        )
        for row in rows
    ]
    statements = stating.write_statements(project, writer, lacking)
    return [
        _item(row, writer, number, statement.completion, **statement.parameters)
        for row in rows
        for number, statement in enumerate(statements[row.pk], last_numbers.get(row.pk, 0) + 1)
    ]


def _write_items(project: Project, rows: Sequence[Passage], writer: Writer) -> list[Draft]:
    asked = questions.question_gists(rows)
    existing = questions.current_questions(rows)
    by_passage = _answer_quotas(project, rows, writer.variant)
    own = [
        ItemQuota(
            **vars(by_passage[row.pk]),
            asked=asked[row.document_id],
            existing=existing.get(row.pk, []),
        )
        for row in rows
    ]
    first_numbers = [quota.next_number for quota in own]
    quotas.write(project, writer, own)
    for row, quota in zip(rows, own, strict=True):
        row.note, row.error = quota.close(), quota.error
    return [
        _draft(row, writer, item_number, request_number, completion, written)
        for row, quota, first in zip(rows, own, first_numbers, strict=True)
        for item_number, ((request_number, completion), written) in enumerate(
            zip(quota.drafts, quota.written, strict=True), first
        )
    ]


def _draft(
    row: Passage,
    writer: Writer,
    number: int,
    asked: int,
    completion: Completion,
    written: WrittenItem,
) -> Draft:
    """Return item ``number`` of a passage, which request ``asked`` brought, and its question."""
    sampling = {"seed": asked, "temperature": writer.variant.temperature_of(asked)}
    item = _item(row, writer, number, completion, **sampling, sentence=written.sentence)
    words, known = gist(written.sentence), gist(row.wording)
    if len(words - known) > MOST_FOREIGN * len(words):
        item.flags = [flags.UNSUPPORTED]
    question = replace(
        completion, text=written.question, tokens_in=0, tokens_out=0, milliseconds=0
    )  # what it took is counted for the answer
    return Draft(item, [questions.new_question(item, writer, asked, question)])


@dataclass
class Existing:
    """The answers that a passage has, and how many a model has yet to draft."""

    missing: int
    current: list[str] = field(default_factory=list)  # of items that are not set aside
    poor: list[str] = field(default_factory=list)  # of items whose drafts were not good enough

    def add(self, answer: str, author: int | None, state: str, reason: str) -> None:
        """Add the answer of an item; what a person wrote by hand counts as no draft."""
        if state != ItemState.ASIDE:
            self.current.append(answer)
            self.missing = max(0, self.missing - (author is None))
        elif reason == AsideReason.LOW_SCORE:
            self.poor.append(answer)


def existing_answers(project: Project, rows: Sequence[Passage]) -> dict[int, Existing]:
    """Return the answers that passages have, by the passages' ids, in one query."""
    existing = {row.pk: Existing(project.items_per_passage) for row in rows}
    facts = ("passage", "answer", "author", "state", "aside_reason")
    for passage, answer, author, state, reason in Item.objects.filter(passage__in=rows).values_list(
        *facts
    ):
        existing[passage].add(answer, author, state, reason)
    return existing


def _item(
    row: Passage, writer: Writer, number: int, completion: Completion, **parameters: Any
) -> Item:
    provenance = quotas.provenance(writer, number, completion)
    provenance["parameters"] |= parameters
    return Item(
        project=row.document.project,
        document=row.document,
        passage=row,
        variant=writer.variant,
        number=number,
        answer=completion.text,
        flags=[flags.CUT_OFF_ANSWER] if completion.cut_off else [],
        **provenance,
    )


def _answer_quotas(project: Project, rows: Sequence[Passage], variant: Variant) -> dict[int, Quota]:
    """Return how many answers to write for each passage, by the passages' ids."""
    existing = existing_answers(project, rows)
    last_numbers = _last_numbers(rows, variant)
    return {
        row.pk: Quota(
            values_of(project, row),
            existing[row.pk].missing,
            {gist(answer) for answer in existing[row.pk].current},
            row.pk,
            last_numbers.get(row.pk, 0) + 1,
        )
        for row in rows
    }


def _last_numbers(rows: Sequence[Passage], variant: Variant) -> dict[int, int]:
    """Return the highest number of a variant's items, by the passages' ids."""
    numbers = Item.objects.filter(passage__in=rows, variant=variant).order_by().values("passage")
    return dict(numbers.annotate(last=Max("number")).values_list("passage", "last"))
