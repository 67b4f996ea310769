"""Migrating a database that was filled by the version before stored sentences and codes.

``tests/fixtures/before_rooms.sql.gz`` has its rows, made with the functions of that version, and
``before_rooms.json.gz`` lists what it showed. They are migrated once. Each test changes a copy that
is rolled back.
"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import translation
from psycopg.sql import SQL, Identifier

from generation import bin as bins
from generation.items import bulk_actions
from generation.models import (
    AsideReason,
    BulkAction,
    Document,
    Item,
    ItemState,
    Passage,
    Review,
    Withdrawal,
)
from generation.passages import editing, left_out
from generation.review import aside, comments, decisions, queue
from qareview.models import Project
from qareview.stored_sentences import SentenceDecoder, StoredSentence, translated
from tests.catalog import kept
from tests.databases import new_database
from tests.web import page

FOLDER = Path(__file__).parent / "fixtures"
OLD = json.loads(gzip.decompress((FOLDER / "before_rooms.json.gz").read_bytes()))
RENAMED_TABLES = {"generation_act": "generation_bulkaction"}
IN_JSON = {("prompts_search", "dropped"), ("prompts_snapshot", "result")}
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")  # are grouped now wherever they are counts
COPIED_AS_TEXT = {("prompts_variant", "notes"), ("generation_document", "left_out")}


BEFORE_SENTENCES = [
    ("generation", "0010_bulk_actions"),
    ("prompts", "0007_rewrite"),
    ("qareview", "0005_team"),
]


@pytest.fixture(scope="module")
def old_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the default connection one to a database of its own, with the old rows migrated."""
    name = f"{connection.settings_dict['NAME']}_old"
    with django_db_blocker.unblock(), new_database(name):
        _restore()
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        yield


def _restore() -> None:
    """Migrate to the state of that version, and load its rows."""
    executor = MigrationExecutor(connection)
    apps = executor.loader.migrated_apps
    executor.migrate([(app, last) for app, last in OLD["migrations"].items() if app in apps])
    connection.ensure_connection()
    with transaction.atomic(), connection.connection.cursor() as cursor:
        tables = ", ".join(f'"{table}"' for table in OLD["rows"])
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        with gzip.open(FOLDER / "before_rooms.sql.gz", "rt", newline="\n") as lines:
            for line in lines:
                if line.startswith("COPY "):
                    with cursor.copy(line.rstrip().rstrip(";")) as copy:
                        for row in iter(lines.__next__, "\\.\n"):
                            copy.write(row)
                elif line.startswith("SELECT setval("):
                    cursor.execute(line)


@pytest.fixture
def rows(old_database: None, django_db_blocker: Any) -> Iterator[None]:
    """Let a test change the old rows, and roll that back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def column_of(row: dict[str, Any]) -> Any:
    """Return what a column of the manifest holds now, JSON as it is written."""
    table = RENAMED_TABLES.get(row["table"], row["table"])
    columns = SQL("SELECT {} FROM {} WHERE id = %s").format(
        Identifier(row["column"]), Identifier(table)
    )
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        return cursor.execute(columns, [row["pk"]]).fetchone()[0]


def sentences_in(value: Any) -> Iterator[str]:
    """Yield what is text in a JSON value; stored sentences whole."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from sentences_in(inner)


def messages_of(sentence: Any) -> Iterator[str]:
    """Yield the message of a sentence and of those within it."""
    if isinstance(sentence, StoredSentence):
        yield sentence.message
        for value in sentence.values.values():
            yield from messages_of(value)


def test_every_stored_sentence_has_message_and_values(rows: None) -> None:
    known = {message.id for message in kept("django")}
    for row in OLD["sentences"]:
        if (row["table"], row["column"]) in COPIED_AS_TEXT:
            continue
        stored = [
            text
            for text in sentences_in(json.loads(column_of(row), cls=SentenceDecoder))
            if isinstance(text, StoredSentence)
        ]
        if row["table"] == "generation_review" and row["text"] == "sent back":
            assert stored == []  # the admin's own record of it: its code says it all
            continue
        assert stored, row
        for message in (message for sentence in stored for message in messages_of(sentence)):
            assert message in known or not message.replace("%(", "").strip("part0123456789)s,. "), (
                row,
                message,
            )


def test_sentences_are_german_and_prose_within_them_stays(rows: None) -> None:
    with translation.override("de"):
        back = Review.objects.filter(withdrawal=Withdrawal.SENT_BACK).exclude(withdrawn_because="")
        texts = {translated(review.withdrawn_because) for review in back}
        assert "zurückgegeben: changed by eve" in texts
        assert "zurückgegeben: replaced by a later one" in texts
        replaced = Review.objects.filter(withdrawal=Withdrawal.REPLACED)
        assert {translated(review.withdrawn_because) for review in replaced} == {
            "durch eine spätere ersetzt"
        }
        asked = Item.everything.filter(aside_reason=AsideReason.ASKED)
        assert "bob wurde gefragt." in {translated(item.aside) for item in asked}
        notes = {translated(passage.note) for passage in Passage.objects.exclude(note="")}
        assert any(note.startswith("2 von 6 Einträgen") or "2 von 6" in note for note in notes)


def test_what_people_typed_stays_as_it_was(rows: None) -> None:
    for row in OLD["prose"]:
        value = column_of(row)
        texts = value if isinstance(value, list) else [value, value.strip('"')]
        assert row["text"] in texts, row


def test_set_aside_items_have_the_code_of_their_reason(rows: None) -> None:
    reasons = {
        "Its score": AsideReason.LOW_SCORE,
        "Its passage was excluded.": AsideReason.EXCLUDED,
        "Its passage was cut anew.": AsideReason.CUT_AGAIN,
        "It was drafted again.": AsideReason.DRAFTED_AGAIN,
    }
    seen = set()
    for row in OLD["aside"]:
        item = Item.everything.get(pk=row["item"])
        expected = next(
            (code for text, code in reasons.items() if row["aside"].startswith(text)),
            AsideReason.ASKED,
        )
        assert (item.state, item.aside_reason) == (row["state"], expected if row["aside"] else "")
        seen.add(item.aside_reason)
    assert seen >= {*reasons.values(), AsideReason.ASKED}
    low = Item.objects.filter(state=ItemState.ASIDE, aside_reason=AsideReason.LOW_SCORE)
    assert sorted(low.values_list("pk", flat=True)) == OLD["low"]


def bring_back(item: Item, way: str) -> None:
    """Do what brought a set-aside item back in the version that wrote the manifest."""
    question = item.comments.filter(answered_at=None).exclude(asks=None).first()
    if way == "redrafting.restore(item)":
        aside.restore_items(Item.objects.filter(pk=item.pk))
    elif way == "cutting.restore(passage)":
        editing.restore_passage(item.passage)
    elif way == "bin.restore(document)":
        bins.restore_document(Document.everything.get(pk=item.document_id))
    elif way == "comments.take_back by its author":
        comments.take_question_back(item, question.author)
    elif way == "comments.comment by who was asked":
        comments.add_comment(item, question.asks, "An answer.")
    else:
        action = BulkAction.objects.get(pk=int(way.removeprefix("acts.undo(").rstrip(")")))
        bulk_actions.undo_bulk_action(action, action.by)
        bulk_actions.work_off_bulk_actions()


def test_what_was_set_aside_comes_back_as_it_did_in_the_old_version(rows: None) -> None:
    ways = set()
    for row in OLD["aside"]:
        for way, after in row["restore"].items():
            if way == "all low ones":
                assert row["item"] in OLD["low"]
                continue
            savepoint = transaction.savepoint()
            bring_back(Item.everything.get(pk=row["item"]), way)
            item = Item.everything.get(pk=row["item"])
            expected = (after["state"], after["reviewers"], after["purpose"], bool(after["aside"]))
            assert (item.state, item.reviewers, item.purpose, bool(item.aside)) == expected, row
            assert bool(item.aside) == bool(item.aside_reason)
            transaction.savepoint_rollback(savepoint)
            ways.add(way.partition("(")[0])
    assert len(ways) == 6


def test_undo_takes_back_what_the_old_version_took_back(rows: None) -> None:
    project = Project.objects.get(slug="harbour")
    for name, after in OLD["undo"].items():
        savepoint = transaction.savepoint()
        standing = set(Review.objects.standing().values_list("pk", flat=True))
        item = decisions.undo_review(project, User.objects.get(username=name))
        now = set(Review.objects.standing().values_list("pk", flat=True))
        assert (item and item.pk, item and item.state) == (after["item"], after["state"])
        assert sorted(standing - now) == after["withdrawn"]
        assert sorted(now - standing) == after["standing_again"]
        transaction.savepoint_rollback(savepoint)


def test_the_desk_says_why_an_item_was_sent_back(rows: None) -> None:
    for row in OLD["sent_back_shown"]:
        user = User.objects.get(username=row["user"])
        item = queue.load_for_desk(Item.objects.filter(pk=row["item"]), user).get()
        assert item.sent_back == row["text"]  # type: ignore[attr-defined]


def test_ranges_left_out_are_explained(rows: None) -> None:
    codes = {part["reason"] for row in Document.everything.all() for part in row.left_out}
    assert codes <= set(left_out.LEFT_OUT_REASONS)
    with translation.override("de"):
        assert left_out.explain_left_out(left_out.TOO_SHORT) == "weniger als 8 Wörter"


def test_pages_of_the_old_project_are_shown_in_german(rows: None) -> None:
    client = Client(headers={"accept-language": "de"})
    client.force_login(User.objects.get(username="ada"))
    text = page(client.get("/projects/harbour/items/?state=aside"))
    assert "bob wurde gefragt." in text
    assert "was asked" not in text


def test_the_migration_goes_back_to_the_texts_there_were(
    old_database: None, django_db_blocker: Any
) -> None:
    """The last one: it leaves the rows as the version before had them."""
    with django_db_blocker.unblock():
        executor = MigrationExecutor(connection)
        executor.migrate(
            [
                ("generation", "0010_bulk_actions"),
                ("prompts", "0007_rewrite"),
                ("qareview", "0005_team"),
            ]
        )
        _check_texts()


def _check_texts() -> None:
    for row in OLD["sentences"]:
        if (row["table"], row["column"]) in IN_JSON | COPIED_AS_TEXT:
            continue
        text = column_of(row)
        shortened = ("sent back", "accepted.")  # what its code says, and a full stop
        assert THOUSANDS.sub("", text) == THOUSANDS.sub("", row["text"]) or any(
            row["text"].endswith(ending) for ending in shortened
        ), row
