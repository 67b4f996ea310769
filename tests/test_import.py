"""A table comes in at the door, waits for its columns, and becomes passages or triples."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.core.management import CommandError

from generation import exports, pipeline, releases
from generation.models import Document, Item, ItemState, Passage
from qareview.models import JobState, Project
from tests import make
from tests.test_commands import run
from tests.test_cutting import assert_covered
from tests.web import originals, page, told, upload

pytestmark = pytest.mark.django_db

CONTEXTS = [
    "The gates of the basin close by themselves when the tide falls below the sill.",
    "A small vessel may pass through the side lock while the gates are shut for boats.",
]
TRIPLES = [
    (CONTEXTS[0], "When do the gates of the basin close?", "When the tide falls below the sill."),
    (CONTEXTS[1], "Which vessels may pass the lock?", "Small vessels may pass."),
    (CONTEXTS[0], "How do the gates of the basin close?", "They close by themselves."),
]
CHOSEN = {"context": "text", "question": "question", "answer": "answer"}


def table(rows: Any = TRIPLES) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("text", "question", "answer"), *rows])
    return file.getvalue().encode()


def work() -> None:
    pipeline.work_off_documents()
    pipeline.work_off_passages()


def place(team: Any, document: Document, verb: str = "") -> str:
    return f"{team.url}/documents/{document.pk}/{verb}"


def choose(team: Any, browse: Any, document: Document, **chosen: str) -> Any:
    return browse(team.engineer).post(place(team, document, "columns/"), chosen)


def triples_of(project: Project) -> list[tuple[str, str, str]]:
    items = project.items.select_related("passage").prefetch_related("questions")
    return [(item.passage.text, item.question.text, item.answer) for item in items]


@pytest.fixture
def waiting(team: Any, browse: Any, kept: Any) -> Document:
    """A table that was uploaded and read, and waits for its columns."""
    upload(browse(team.engineer), team, ("rows.csv", table()))
    work()
    found: Document = team.project.documents.get()
    assert (found.state, found.text, found.error) == (JobState.HELD, "", "")
    return found


@pytest.fixture
def imported(team: Any, browse: Any, waiting: Document) -> Document:
    """The same table, imported as triples."""
    assert choose(team, browse, waiting, **CHOSEN).url == f"{team.url}/"
    work()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == (JobState.DONE, "")
    return waiting


# A table waits for its columns


def test_a_table_shows_what_is_in_it_and_what_would_be_taken(
    team: Any, browse: Any, waiting: Document
) -> None:
    client = browse(team.engineer)
    listed = page(client.get(f"{team.url}/"))
    assert '<span class="state warn">waits</span>' in listed
    assert f'<a href="{place(team, waiting)}">Say which columns to take</a>' in listed
    assert "hx-trigger" not in listed.partition('id="table"')[2].partition(">")[0]
    shown = page(client.get(place(team, waiting)))
    assert "A table of 3 rows." in shown
    assert [f'<th scope="col">{name}</th>' in shown for name in CHOSEN.values()] == [True] * 3
    assert [f"<td><div>{text}</div></td>" in shown for text in TRIPLES[1]] == [True] * 3
    selected = [f'<option value="{name}" selected>' in shown for name in CHOSEN.values()]
    assert selected == [True] * 3
    assert shown.count("none: draft them") == 2
    assert "Import 3 rows" in shown


def test_a_reviewer_sees_the_rows_and_chooses_nothing(
    team: Any, browse: Any, waiting: Document
) -> None:
    shown = page(browse(team.reviewer).get(place(team, waiting)))
    assert "An engineer of the project says which of its columns to take." in shown
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
        ({}, "Say which column holds the context"),
        ({"context": "text", "question": "question"}, "one for the answer, or neither."),
        ({"context": "text", "answer": "answer"}, "one for the answer, or neither."),
        ({"context": "text", "question": "text", "answer": "answer"}, "a different column for"),
        ({"context": "colour"}, "The table has no column “colour”. It has: text, question, an"),
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
    assert told(second) == ["rows.csv does not wait for its columns to be chosen."]
    work()
    assert triples_of(team.project) == TRIPLES
    third = choose(team, browse, waiting, **CHOSEN)
    assert told(third) == ["rows.csv does not wait for its columns to be chosen."]
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


def test_a_table_that_waits_may_be_removed(
    team: Any, browse: Any, kept: Any, waiting: Document, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = browse(team.engineer).post(place(team, waiting, "remove/"))
    assert told(response) == ["rows.csv was removed."]
    assert (Document.objects.count(), originals(kept)) == (0, [])


def test_a_bad_table_fails_on_its_row(team: Any, browse: Any, kept: Any) -> None:
    upload(browse(team.engineer), team, ("rows.jsonl", b'{"text": "Gate"}\n{"text": \n'))
    work()
    row = team.project.documents.get()
    assert (row.state, row.error[:19]) == (JobState.FAILED, "Line 2 is not JSON.")


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
    pipeline.work_off_passages()
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


# Triples


def test_triples_are_items_to_review(team: Any, browse: Any, imported: Document) -> None:
    assert triples_of(team.project) == TRIPLES
    assert_covered(imported)
    assert [passage.text for passage in imported.passages.all()] == CONTEXTS
    items = list(team.project.items.prefetch_related("questions"))
    assert [(item.state, item.number) for item in items] == [
        ("pending", 1), ("pending", 1), ("pending", 2)
    ]  # fmt: skip
    assert [item.parameters for item in items] == [{"row": 1}, {"row": 2}, {"row": 3}]
    assert {(one.model, one.variant) for item in items for one in (item, item.question)} == {
        ("", None)
    }
    listed = page(browse(team.reviewer).get(f"{team.url}/"))
    assert '<span class="state good">ready</span>' in listed
    assert "Review 3 items" in listed


def test_triples_are_checked_and_scored(team: Any, browse: Any, kept: Any) -> None:
    good = (CONTEXTS[1], "Who may pass while the gates are shut?", "Only small vessels, by the side lock.")
    rows = [good, (CONTEXTS[0], "When?", "In the year 1784."), good]
    upload(browse(team.engineer), team, ("rows.csv", table(rows)))
    work()
    choose(team, browse, team.project.documents.get(), **CHOSEN)
    work()
    flags = [[*item.flags, *item.question.flags] for item in team.project.items.all()]
    assert flags[0] == []
    assert {"foreign-number", "not-a-question"} <= set(flags[1])
    assert flags[2] == ["duplicate"]
    scores = [item.score for item in team.project.items.all()]
    assert scores[0] > max(scores[1:])
    assert all(item.embedding is not None and item.support for item in team.project.items.all())


def test_where_an_item_came_from_is_told(team: Any, browse: Any, imported: Document) -> None:
    item = team.project.items.get(number=2)
    client = browse(team.engineer)
    shown = page(client.get(f"{team.url}/items/{item.pk}/"))
    assert "<summary>Imported from rows.csv, row 3</summary>" in shown
    assert "<h2>Imported answer</h2>" in shown
    assert "Draft again" not in shown
    desk = page(client.get(f"{team.url}/review/?item={item.pk}"))
    assert "<summary>Imported from rows.csv, row 3</summary>" in desk
    document = page(client.get(place(team, imported)))
    assert [word in document for word in ("Cut anew", "Draft the pending again", "Merge with")] == [
        False
    ] * 3


def test_nothing_is_drafted_from_imported_passages(
    team: Any, browse: Any, imported: Document
) -> None:
    Project.objects.update(items_per_passage=4)
    client = browse(team.engineer)
    filled = told(client.post(f"{team.url}/drafting/fill-up/"))
    assert filled == ["0 passages queued to be drafted."]
    again = told(client.post(place(team, imported, "again/")))
    assert again[-1] == "Nothing is drafted again: what is decided, on a desk or imported stays."
    work()
    assert triples_of(team.project) == TRIPLES
    assert set(team.project.items.values_list("state", flat=True)) == {ItemState.PENDING}


def test_an_excluded_passage_of_triples_comes_back_with_them(
    team: Any, browse: Any, imported: Document
) -> None:
    make.accept(team.project.items.get(passage__position=1), team.reviewer)
    client = browse(team.engineer)
    for row in imported.passages.all():
        client.post(f"{team.url}/passages/{row.pk}/exclude/")
    states = team.project.items.order_by("id").values_list("state", flat=True)
    assert list(states) == [ItemState.ASIDE, ItemState.ACCEPTED, ItemState.ASIDE]
    for row in imported.passages.all():
        client.post(f"{team.url}/passages/{row.pk}/restore/")
    work()
    assert list(states.all()) == [ItemState.PENDING, ItemState.ACCEPTED, ItemState.PENDING]
    assert triples_of(team.project) == TRIPLES


def test_passages_of_triples_stay_whole(team: Any, browse: Any, imported: Document) -> None:
    client = browse(team.engineer)
    first = imported.passages.get(position=0)
    for verb, data in (("merge", {}), ("split", {"offset": 20})):
        response = client.post(f"{team.url}/passages/{first.pk}/{verb}/", data)
        assert told(response)[-1].startswith("Its triples were imported with this passage")
    assert client.post(place(team, imported, "cut/"), {"length": 50}).status_code == 404
    assert triples_of(team.project) == TRIPLES


def test_rows_that_cannot_be_imported_are_told_of(team: Any, browse: Any, kept: Any) -> None:
    rows = [TRIPLES[0], ("", "Why?", "So."), (CONTEXTS[1], "Why?", " "), TRIPLES[1]]
    upload(browse(team.engineer), team, ("rows.csv", table(rows)))
    work()
    document = team.project.documents.get()
    choose(team, browse, document, **CHOSEN)
    work()
    note = (
        "2 of 4 rows were not imported: 1 without a context (line 3), 1 without an answer (line 4)."
    )
    client = browse(team.reviewer)
    assert f'<p class="notice warning">{note}</p>' in page(client.get(place(team, document)))
    assert "not every row was imported" in page(client.get(f"{team.url}/"))
    assert triples_of(team.project) == TRIPLES[:2]


def test_a_worker_lost_in_the_middle_loses_and_doubles_nothing(
    team: Any, imported: Document
) -> None:
    passages = set(imported.passages.values_list("pk", flat=True))
    first = team.project.items.order_by("id")[0]
    team.project.items.exclude(pk=first.pk).delete()  # as if it had stored no more than the first
    Document.objects.update(state=JobState.RUNNING, lease="lost/1", lease_until=None)
    Document.objects.update(state=JobState.QUEUED, lease="")
    work()
    assert triples_of(team.project) == TRIPLES
    assert team.project.items.order_by("id")[0] == first
    assert [item.number for item in team.project.items.all()] == [1, 1, 2]
    assert set(imported.passages.values_list("pk", flat=True)) == passages


def test_many_triples_are_stored_some_at_a_time(
    team: Any, browse: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.importing.AT_ONCE", 2)
    rows = [(CONTEXTS[n % 2], f"What is question {n}?", f"Answer {n}.") for n in range(7)]
    upload(browse(team.engineer), team, ("rows.csv", table(rows)))
    work()
    choose(team, browse, team.project.documents.get(), **CHOSEN)
    work()
    assert triples_of(team.project) == rows
    numbers = team.project.items.order_by("id").values_list("number", flat=True)
    assert list(numbers) == [1, 1, 2, 2, 3, 3, 4]


# There and back


def zip_of_triples(team: Any, browse: Any) -> dict[str, bytes]:
    """Accept what is pending, freeze it, and return the files of its download."""
    for item in team.project.items.for_desk():
        make.accept(item, team.reviewer)
    releases.order(team.project, team.admin)
    releases.work_off_releases()
    file = io.BytesIO()
    exports.write_zip(team.project.releases.get(), "triples", file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_release_comes_back_as_it_went(team: Any, browse: Any, kept: Any) -> None:
    for number in range(3):
        document = make.document(team.project, text="", name=f"{number}.md")
        make.items(team.project, 2, at=document)
        document.passages.update(
            first_page=4, last_page=5, text=f"Of the gate of basin {number} it is told so."
        )
    files = zip_of_triples(team, browse)
    other = make.project(team.admin, name="Other")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    upload(browse(team.admin), _Place(f"/projects/{other.slug}"), ("back.zip", file.getvalue()))
    pipeline.work_off_documents()
    held = list(other.documents.filter(state=JobState.HELD))
    assert sorted(row.name for row in held) == ["test.jsonl", "train.jsonl", "validation.jsonl"]
    for row in held:
        address = f"/projects/{other.slug}/documents/{row.pk}/columns/"
        browse(team.admin).post(address, row.survey["guess"])
    pipeline.work_off_documents()
    assert sorted(triples_of(other)) == sorted(triples_of(team.project))
    assert Item.objects.filter(project=other).count() == 6
    passages = Passage.objects.filter(items__project=other)
    assert {(*row.headings, row.first_page, row.last_page) for row in passages} == {("Tides", 4, 5)}


class _Place:
    """Where :func:`upload` sends to."""

    def __init__(self, url: str) -> None:
        self.url = url


def test_a_release_tells_what_was_imported(team: Any, browse: Any, imported: Document) -> None:
    files = zip_of_triples(team, browse)
    manifest = json.loads(files["manifest.json"])
    assert (manifest["rows"], manifest["imported"], manifest["variants"]) == (3, 3, [])
    card = files["README.md"].decode()
    assert "3 of the 3 triples came whole" in card
    assert "A language model wrote" not in card
    rows = [json.loads(line) for line in files["train.jsonl"].decode().splitlines()]
    assert [(row["context"], row["question"], row["answer"]) for row in rows] == [
        TRIPLES[0], TRIPLES[2], TRIPLES[1]
    ]  # fmt: skip


def test_a_release_of_both_tells_of_both(team: Any, browse: Any, imported: Document) -> None:
    make.item(team.project)
    files = zip_of_triples(team, browse)
    manifest = json.loads(files["manifest.json"])
    assert (manifest["imported"], len(manifest["variants"])) == (3, 2)
    card = files["README.md"].decode()
    assert "prompt `summarise`, variant 1, model `scripted`" in card
    assert "3 of the 4 triples came whole" in card


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
    assert run("wait", slug) == "1 documents, 2 passages, 3 items\n"
    with pytest.raises(CommandError, match="1 of 1 files were not added"):
        run("import_documents", slug, path, COLUMNS)
    work()
    assert triples_of(team.project) == TRIPLES


def test_wrong_names_fail_on_the_row(team: Any, path: Any) -> None:
    run("import_documents", team.project.slug, path, "--columns=context=colour")
    work()
    row = team.project.documents.get()
    assert (row.state, row.passages.count()) == (JobState.FAILED, 0)
    assert row.error == (
        "The table has no column “colour”. It has: text, question, answer. "
        "Remove the document, and import it with columns it has."
    )


@pytest.mark.parametrize("written", ["colour=text", "context", "context="])
def test_columns_are_written_so_and_no_other_way(team: Any, path: Any, written: str) -> None:
    with pytest.raises(CommandError, match="is none of context, question, answer"):
        run("import_documents", team.project.slug, path, f"--columns={written}")
    assert not Document.objects.exists()
