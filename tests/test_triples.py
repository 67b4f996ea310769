"""Imported triples are reviewed like drafts, and nothing is drafted for them."""

import io
import json
import zipfile
from typing import Any

import pytest

from generation.models import Document, Item, ItemState, Passage
from generation.reading import documents, pipeline
from generation.releases import exports, freezing
from qareview import jobs
from qareview.models import JobState, Project
from tests import make
from tests.tables import (
    CHOSEN,
    CONTEXTS,
    TRIPLES,
    add_imported,
    add_waiting,
    choose,
    place,
    table,
    triples_of,
    work,
)
from tests.test_passage_editing import assert_covered
from tests.web import page, told, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(team: Any, browse: Any, kept: Any) -> Document:
    return add_imported(team, browse)


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
    good = (
        CONTEXTS[1],
        "Who may pass while the gates are shut?",
        "Only small vessels, by the side lock.",
    )
    rows = [good, (CONTEXTS[0], "When?", "In the year 1784."), good]
    upload(browse(team.engineer), team, ("rows.csv", table(rows)))
    work()
    choose(team, browse, team.project.documents.get(), **CHOSEN)
    work()
    flags = [[*item.flags, *item.question.flags] for item in team.project.items.all()]
    assert flags[0] == []
    assert {"foreign-number", "not-a-question"} <= set(flags[1])
    assert flags[2] == ["duplicate-answer", "duplicate-question"]
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
    assert "Imported, row 3" in page(client.get(f"{team.url}/review/?item={item.pk}"))
    document = page(client.get(place(team, imported)))
    buttons = ("Cut again", "Draft pending items again", "Merge with")
    assert [word in document for word in buttons] == [False] * 3


def test_nothing_is_drafted_from_imported_passages(
    team: Any, browse: Any, imported: Document
) -> None:
    Project.objects.update(items_per_passage=4)
    client = browse(team.engineer)
    filled = told(client.post(f"{team.url}/drafting/fill-up/"))
    assert filled == ["0 passages queued for drafting."]
    again = told(client.post(place(team, imported, "again/")))
    assert again[-1] == (
        "There is nothing to draft again. Items that are decided, imported or on someone else’s "
        "desk are kept."
    )
    work()
    assert triples_of(team.project) == TRIPLES
    assert set(team.project.items.values_list("state", flat=True)) == {ItemState.PENDING}


def test_an_excluded_passage_of_triples_comes_back_with_them(
    team: Any, browse: Any, imported: Document
) -> None:
    Project.objects.update(items_per_passage=4)
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
        assert told(response)[-1].startswith("This passage was imported with its triples")
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
    assert ">note</a>" in page(client.get(f"{team.url}/"))
    assert triples_of(team.project) == TRIPLES[:2]


def test_a_worker_lost_in_the_middle_loses_and_doubles_nothing(
    team: Any, imported: Document
) -> None:
    passages = set(imported.passages.values_list("pk", flat=True))
    first = team.project.items.order_by("id")[0]
    team.project.items.exclude(pk=first.pk).delete()  # as if it had stored no more than the first
    Document.objects.update(state=JobState.RUNNING, lease="lost/1")
    jobs.release_leases_of("lost")
    work()
    assert triples_of(team.project) == TRIPLES
    assert team.project.items.order_by("id")[0] == first
    assert [item.number for item in team.project.items.all()] == [1, 1, 2]
    assert set(imported.passages.values_list("pk", flat=True)) == passages


def test_what_a_worker_imports_that_lost_its_claim_is_dropped(
    team: Any, browse: Any, kept: Any
) -> None:
    waiting = add_waiting(team, browse)
    documents.choose_columns(waiting, CHOSEN)
    [claimed] = jobs.claim(Document, 1)
    Document.objects.update(lease="another/1")
    with pytest.raises(jobs.LeaseLost):
        pipeline.read_document(claimed)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.text, waiting.lease) == (JobState.RUNNING, "", "another/1")
    assert (Passage.objects.count(), Item.objects.count()) == (0, 0)


def test_many_triples_are_stored_some_at_a_time(
    team: Any, browse: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.reading.tables.table_import.AT_ONCE", 2)
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
    for item in team.project.items.for_item_page():
        make.accept(item, team.reviewer)
    freezing.order_release(team.project, team.admin)
    freezing.work_off_releases()
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
