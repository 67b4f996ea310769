"""An uploaded table waits for its columns, then becomes passages or triples."""

import json
import zipfile
from typing import Any

import pytest
from django.core.management import CommandError

from generation.drafting import drafting
from generation.models import AsideReason, Document, Item, Passage, Purpose
from generation.reading import pipeline
from qareview import jobs
from qareview.models import JobState, Project
from tests import make
from tests.tables import (
    CHOSEN,
    CONTEXTS,
    TRIPLES,
    add_waiting,
    choose,
    place,
    table,
    triples_of,
    work,
)
from tests.test_commands import run
from tests.test_passage_editing import assert_covered
from tests.web import page, told, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(team: Any, browse: Any, kept: Any) -> Document:
    return add_waiting(team, browse)


# A table waits for its columns


def test_a_table_shows_what_is_in_it_and_what_would_be_taken(
    team: Any, browse: Any, waiting: Document
) -> None:
    client = browse(team.engineer)
    listed = page(client.get(f"{team.url}/"))
    assert '<span class="state warn">on hold</span>' in listed
    assert f'<a href="{place(team, waiting)}">Choose columns</a>' in listed
    assert "hx-trigger" not in listed.partition('id="table"')[2].partition(">")[0]
    shown = page(client.get(place(team, waiting)))
    assert "This table has 3 rows." in shown
    assert [f'<th scope="col" dir="auto">{name}</th>' in shown for name in CHOSEN.values()] == [
        True
    ] * 3
    assert [f'<td><div dir="auto">{text}</div></td>' in shown for text in TRIPLES[1]] == [True] * 3
    selected = [f'<option value="{name}" selected>' in shown for name in CHOSEN.values()]
    assert selected == [True] * 3
    assert shown.count("None (draft them)") == 2
    assert "Import 3 rows" in shown


def test_a_reviewer_sees_the_rows_and_chooses_nothing(
    team: Any, browse: Any, waiting: Document
) -> None:
    shown = page(browse(team.reviewer).get(place(team, waiting)))
    assert "An engineer of the project must choose the columns." in shown
    assert CONTEXTS[0] in shown
    assert "<select" not in shown


def test_long_values_and_markup_are_shown_short_and_plain(
    team: Any, browse: Any, kept: Any
) -> None:
    rows = [("<script>alert(1)</script>", "water " * 200, str(n)) for n in range(9)]
    upload(browse(team.engineer), team, ("rows.csv", table(rows)))
    work()
    shown = page(browse(team.engineer).get(place(team, team.project.documents.get())))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown
    assert shown.count("water " * 19) == 5
    assert "water " * 21 not in shown


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({}, "Choose the column with the context"),
        ({"context": "text", "question": "question"}, "one for the answer, or neither."),
        ({"context": "text", "answer": "answer"}, "one for the answer, or neither."),
        ({"context": "text", "question": "text", "answer": "answer"}, "a different column for"),
        (
            {"context": "colour"},
            "The table has no column “colour”. Its columns are: text, question, an",
        ),
    ],
)
def test_a_bad_choice_comes_back_with_the_form(
    team: Any, browse: Any, waiting: Document, chosen: dict[str, str], sentence: str
) -> None:
    shown = page(choose(team, browse, waiting, **chosen), 422)
    assert sentence in shown
    assert "Import 3 rows" in shown
    waiting.refresh_from_db()
    assert (waiting.state, waiting.columns) == (JobState.HELD, {})


def test_a_second_click_changes_nothing(team: Any, browse: Any, waiting: Document) -> None:
    choose(team, browse, waiting, **CHOSEN)
    second = choose(team, browse, waiting, context="answer")
    assert told(second) == ["rows.csv is not waiting for you to choose columns."]
    work()
    assert triples_of(team.project) == TRIPLES
    third = choose(team, browse, waiting, **CHOSEN)
    assert told(third) == ["rows.csv is not waiting for you to choose columns."]
    work()
    assert Item.objects.count() == 3


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("reviewer", 403)])
def test_only_engineers_choose(
    team: Any, browse: Any, waiting: Document, who: str, status: int
) -> None:
    client = browse(getattr(team, who))
    assert client.post(place(team, waiting, "columns/"), CHOSEN).status_code == status
    waiting.refresh_from_db()
    assert (waiting.state, waiting.columns) == (JobState.HELD, {})


def test_a_table_that_waits_may_go_to_the_bin(team: Any, browse: Any, waiting: Document) -> None:
    response = browse(team.engineer).post(place(team, waiting, "bin/"))
    assert told(response) == ["rows.csv and its items have been moved to the bin."]
    assert Document.objects.count() == 0


def test_a_bad_table_fails_on_its_row(team: Any, browse: Any, kept: Any) -> None:
    upload(browse(team.engineer), team, ("rows.jsonl", b'{"text": \n'))
    work()
    row = team.project.documents.get()
    assert (row.state, row.error[:25]) == (JobState.FAILED, "Line 1 is not valid JSON.")


def test_a_bad_row_is_told_of_before_the_import_and_after_it(
    team: Any, browse: Any, kept: Any
) -> None:
    upload(browse(team.engineer), team, ("rows.csv", table() + b"a,b,c,d\n"))
    work()
    document = team.project.documents.get()
    note = "1 of 4 rows %s imported: 1 with more values than columns (line 5)."
    assert note % "cannot be" in page(browse(team.engineer).get(place(team, document)))
    choose(team, browse, document, **CHOSEN)
    work()
    document.refresh_from_db()
    assert (document.note, triples_of(team.project)) == (note % "was not", TRIPLES)
    shown = page(browse(team.engineer).get(place(team, document)))
    assert "left out: rows that cannot be read" in shown
    assert "a | b | c | d" in shown


def test_an_engineer_says_that_the_first_row_has_names_after_all(
    team: Any, browse: Any, kept: Any
) -> None:
    header = ("What is written there.", "What is asked about it?", "What is said to it.")
    data = table([header, *TRIPLES]).partition(b"\n")[2]
    upload(browse(team.engineer), team, ("rows.csv", data))
    work()
    document = team.project.documents.get()
    shown = page(browse(team.engineer).get(place(team, document)))
    assert "The first row seems to be data" in shown
    assert '<option value="data" selected>A row like the others</option>' in shown
    chosen = {"context": "column 1", "question": "column 2", "answer": "column 3"}
    choose(team, browse, document, **chosen, first_row="names")
    work()
    assert triples_of(team.project) == TRIPLES


# Passages


def test_rows_become_passages_that_are_drafted_from(
    team: Any, browse: Any, waiting: Document
) -> None:
    choose(team, browse, waiting, context="text")
    pipeline.work_off_documents()
    assert_covered(waiting)
    passages = list(waiting.passages.all())
    assert [passage.text for passage in passages] == CONTEXTS
    assert {passage.state for passage in passages} == {JobState.QUEUED}
    drafting.work_off_passages()
    assert {item.model for item in team.project.items.all()} == {"scripted"}
    assert team.project.items.count() == 2
    shown = page(browse(team.reviewer).get(place(team, waiting)))
    assert "1 row repeats the context of an earlier one, so they share a passage." in shown


def test_a_long_context_is_one_passage_and_a_short_one_too(
    team: Any, browse: Any, kept: Any
) -> None:
    contexts = ["The tide rises. " * 500, "Gate.", "# Sill\n\nIt is dry.\n\n## Lock\n\nIt is wet."]
    data = "".join(f"{json.dumps({'text': text, 'n': 1})}\n" for text in contexts)
    upload(browse(team.engineer), team, ("rows.jsonl", data.encode()))
    work()
    document = team.project.documents.get()
    choose(team, browse, document, context="text")
    pipeline.work_off_documents()
    assert_covered(document)
    stored = [passage.text for passage in document.passages.all()]
    assert stored == [text.strip() for text in contexts]


def test_passages_that_say_nearly_the_same_are_drafted_from_once(
    team: Any, browse: Any, kept: Any
) -> None:
    rows = [(f"{CONTEXTS[0]} {CONTEXTS[1]}{end}", "Why so?", "Because.") for end in ("", "!", "?")]
    for name, data, chosen in (
        ("triples.csv", table(rows), CHOSEN),
        ("passages.csv", table([*rows, ("A crane lifts no more than its plate says.", "", "")]),
         {"context": "text"}),
    ):  # fmt: skip
        upload(browse(team.engineer), team, (name, data))
        pipeline.work_off_documents()
        choose(team, browse, Document.objects.get(name=name), **chosen)
        pipeline.work_off_documents()
    states = Passage.objects.values_list("document__name", "state")
    assert list(states.order_by("id")) == [
        *[("triples.csv", JobState.DONE)] * 3,
        *[("passages.csv", JobState.HELD)] * 3,
        ("passages.csv", JobState.QUEUED),
    ]


# Without a browser

COLUMNS = "--columns=context=text,question=question,answer=answer"


@pytest.fixture
def path(kept: Any, tmp_path: Any) -> Any:
    path = tmp_path / "rows.csv"
    path.write_bytes(table())
    return path


def test_import_with_columns_does_not_wait(team: Any, path: Any) -> None:
    run("import_documents", team.project.slug, path, COLUMNS)
    work()
    assert triples_of(team.project) == TRIPLES


def test_import_of_a_zip_with_columns_does_not_wait(team: Any, kept: Any, tmp_path: Any) -> None:
    path = tmp_path / "tables.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", table(TRIPLES[:1]))
        archive.writestr("b.csv", table(TRIPLES[1:]))
    run("import_documents", team.project.slug, path, COLUMNS)
    work()
    assert triples_of(team.project) == TRIPLES


def test_wait_and_status_tell_what_to_do_and_import_does_it(team: Any, path: Any) -> None:
    slug = team.project.slug
    run("import_documents", slug, path)
    work()
    with pytest.raises(CommandError, match=r"wait for their columns to be chosen: 1\."):
        run("wait", slug)
    assert "rows.csv: waits. Choose which of its columns to take." in run("status", slug)
    assert json.loads(run("status", slug, "--json"))["documents_held"] == 1
    assert run("import_documents", slug, path, COLUMNS) == f"{path}: added\n"
    work()
    assert run("wait", slug) == "1 document, 2 passages, 3 items\n"
    with pytest.raises(CommandError, match="1 of 1 files were not added"):
        run("import_documents", slug, path, COLUMNS)
    work()
    assert triples_of(team.project) == TRIPLES


def test_a_table_without_the_columns_named_waits_for_others(
    team: Any, browse: Any, path: Any
) -> None:
    run("import_documents", team.project.slug, path, "--columns=context=colour")
    work()
    row = team.project.documents.get()
    wrong = "The table has no column “colour”. Its columns are: text, question, answer."
    assert (row.state, row.note, row.passages.count()) == (JobState.HELD, wrong, 0)
    shown = page(browse(team.engineer).get(f"{team.url}/documents/{row.pk}/"))
    assert wrong in shown
    assert "Import 3 rows" in shown
    with pytest.raises(CommandError):
        run("import_documents", team.project.slug, path, "--columns=context=colour")
    run("import_documents", team.project.slug, path, "--columns=context=text")
    work()
    row.refresh_from_db()
    assert (row.state, row.survey, row.passages.count()) == (JobState.DONE, {}, 2)


def test_columns_are_for_tables_only(team: Any, tmp_path: Any) -> None:
    path = tmp_path / "hand.md"
    path.write_text(make.TEXT)
    run("import_documents", team.project.slug, path, f"--columns={TEXT_COLUMNS}")
    work()
    row = team.project.documents.get()
    assert (row.state, row.columns, row.is_triples) == (JobState.DONE, {}, False)


TEXT_COLUMNS = "context=text,question=question,answer=answer"


@pytest.mark.parametrize("written", ["colour=text", "context", "context="])
def test_columns_are_written_so_and_no_other_way(team: Any, path: Any, written: str) -> None:
    with pytest.raises(CommandError, match="is none of context, question, answer"):
        run("import_documents", team.project.slug, path, f"--columns={written}")
    assert not Document.objects.exists()


def test_a_share_saved_while_a_table_is_read_counts_for_its_rows(
    team: Any, browse: Any, waiting: Document
) -> None:
    choose(team, browse, waiting, **CHOSEN)
    (claimed,) = jobs.claim(Document, 1)
    assert claimed.project.calibration_percent == 0  # as it was when reading began
    Project.objects.update(calibration_percent=100, lowest_score=1)
    pipeline.read_document(claimed)
    assert {item.purpose for item in Item.objects.all()} == {Purpose.CALIBRATION}
    assert {item.aside_reason for item in Item.objects.all()} == {AsideReason.LOW_SCORE}
