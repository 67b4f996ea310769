"""Documents in the bin: hidden with all that belongs to them, restored whole, deleted for good."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from generation import bin as bins
from generation.drafting import drafting, orders
from generation.models import (
    AsideReason,
    Assignment,
    Document,
    Item,
    ItemState,
    Passage,
    Purpose,
    Question,
    Review,
    Verdict,
)
from generation.reading import documents, pipeline
from generation.releases import freezing
from generation.review import aside, decisions, queue, settling
from qareview import bin as all_bins
from qareview import jobs
from qareview.models import JobState, Project
from tests import make
from tests.conftest import Team
from tests.web import originals, page, told, upload


def days_pass(days: int = 31) -> None:
    for kind in all_bins.Binnable.__subclasses__():
        for row in kind.everything.exclude(goes_at=None):
            kind.everything.filter(pk=row.pk).update(goes_at=row.goes_at - timedelta(days=days))


def rows_of(document: Document) -> list[list[dict[str, Any]]]:
    """Everything that hangs on a document, but for what tells that it is in the bin."""
    kinds = (
        (Item, "document"),
        (Question, "item__document"),
        (Review, "item__document"),
        (Assignment, "item__document"),
        (Passage, "document"),
    )
    managers = ((getattr(kind, "everything", kind.objects), path) for kind, path in kinds)
    found = [
        list(rows.filter(**{path: document}).order_by("pk").values()) for rows, path in managers
    ]
    for item in found[0]:
        item["embedding"] = None  # arrays are not compared
    return found


@pytest.fixture
def reviewed(team: Team) -> Document:
    """A document with an item in every state, where two reviews of each are asked for."""
    Project.objects.update(reviews_per_item=2)
    team.project.refresh_from_db()
    document = make.document(team.project, name="tides.md")
    items = make.items(team.project, 7, at=document)
    for item in items[:4]:
        make.accept(item, team.reviewer)
    make.accept(items[0], team.engineer)
    make.accept(items[1], team.engineer, verdict=Verdict.REJECTED, reason="Not worth asking")
    for who in (team.engineer, team.admin):
        make.accept(items[4], who, verdict=Verdict.REJECTED, reason="Not worth asking")
    aside.set_items_aside(Item.objects.filter(pk=items[5].pk), AsideReason.DRAFTED_AGAIN)
    make.accept(items[3], team.admin, verdict=Verdict.SKIPPED)
    decisions.undo_review(team.project, team.admin)
    Assignment.objects.create(item=items[6], reviewer=team.reviewer)
    return document


def test_a_whole_cycle_loses_nothing(team: Team, browse: Any, reviewed: Document) -> None:
    before, counts = rows_of(reviewed), team.project.items.all().counts()
    states = (ItemState.ACCEPTED, ItemState.REJECTED, ItemState.DISPUTED, ItemState.ASIDE)
    assert [counts[state] for state in states] == [1, 1, 1, 1]
    assert counts[ItemState.PENDING] == 3
    client = browse(team.engineer)

    response = client.post(f"{team.url}/documents/{reviewed.pk}/bin/")
    assert told(response) == ["tides.md and its items have been moved to the bin."]
    assert told(client.post(f"{team.url}/documents/{reviewed.pk}/bin/"))  # a second click
    listed = page(client.get(response.url))
    assert f'action="{team.url}/documents/{reviewed.pk}/restore/"' in listed
    assert "No documents yet." in listed
    assert team.project.items.all().counts() == dict.fromkeys(counts, 0)
    in_bin = page(client.get(f"{team.url}/bin/"))
    assert "tides.md" in in_bin
    assert "by eve, with 7 items." in in_bin
    assert f"{timezone.now() + timedelta(days=30):%-d %B %Y}" in in_bin

    response = client.post(f"{team.url}/documents/{reviewed.pk}/restore/")
    assert told(response)[-1] == "tides.md and its items have been restored."
    assert rows_of(reviewed) == before
    reviewed.refresh_from_db()
    assert (reviewed.binned_at, reviewed.binned_by, reviewed.goes_at) == (None, None, None)
    assert "The bin is empty." in page(client.get(f"{team.url}/bin/"))


def test_what_is_asked_for_meanwhile_counts_when_it_comes_back(
    team: Team, reviewed: Document
) -> None:
    bins.bin_document(reviewed, team.engineer)
    Project.objects.update(reviews_per_item=1)
    settling.settle_project(Project.objects.get(pk=team.project.pk))
    assert not team.project.items.exists()
    assert bins.restore_document(Document.everything.get(pk=reviewed.pk))
    assert team.project.items.all().counts()[ItemState.PENDING] == 1


def test_nothing_of_it_is_seen(team: Team, browse: Any, reviewed: Document) -> None:
    item, passage = reviewed.items.all()[0], reviewed.passages.all()[0]
    bins.bin_document(reviewed, team.engineer)
    client = browse(team.admin)
    for place in (
        f"documents/{reviewed.pk}/",
        f"documents/{reviewed.pk}/original/",
        f"documents/{reviewed.pk}/cut/",
        f"documents/{reviewed.pk}/again/",
        f"items/{item.pk}/",
        f"review/?item={item.pk}",
    ):
        assert client.get(f"{team.url}/{place}").status_code == 404, place
    assert client.post(f"{team.url}/passages/{passage.pk}/exclude/").status_code == 404
    assert "tides.md" not in page(client.get(f"{team.url}/items/"))
    assert queue.take_next_item(team.project, team.admin) is None


@pytest.mark.parametrize("purpose", Purpose.values)
def test_the_desk_never_gives_it_out(team: Team, purpose: str) -> None:
    item = make.item(team.project, purpose=purpose)
    assert queue.take_next_item(team.project, team.reviewer) == item
    bins.bin_document(item.document, team.engineer)
    assert queue.item_on_desk(team.project, team.reviewer) is None
    assert queue.take_next_item(team.project, team.reviewer) is None
    assert not queue.take_item(item, team.reviewer, 1)
    bins.restore_document(Document.everything.get())
    assert queue.take_next_item(team.project, team.reviewer) == item


def test_who_has_an_item_on_the_desk_is_told_when_sending(team: Team, browse: Any) -> None:
    item = make.item(team.project, at=make.document(team.project))
    assert queue.take_next_item(team.project, team.reviewer) == item
    bins.bin_document(item.document, team.engineer)
    sentence = "The document was moved to the bin while you were reviewing this item."
    with pytest.raises(decisions.ItemGone, match=sentence):
        make.accept(item, team.reviewer)
    data = make.review_data(item, answer="What I typed.", verdict="edited", start=0, end=9)
    response = browse(team.reviewer).post(f"{team.url}/review/{item.pk}/", data)
    shown = page(response, 409)
    assert sentence in shown
    assert "What I typed." in shown
    assert not Review.objects.exists()


def test_a_decision_in_the_bin_is_neither_changed_nor_undone(team: Team) -> None:
    first, last = make.item(team.project), make.item(team.project)
    kept, binned = make.accept(first, team.reviewer), make.accept(last, team.reviewer)
    bins.bin_document(last.document, team.engineer)
    with pytest.raises(decisions.ItemGone):
        make.accept(last, team.reviewer, replaces=binned.pk)
    assert decisions.undo_review(team.project, team.reviewer) == first
    assert list(Review.objects.standing()) == [binned]
    assert kept.pk not in Review.objects.standing().values_list("pk", flat=True)


# Files


def test_name_and_content_are_free_and_coming_back_is_refused(
    team: Team, browse: Any, kept: Path
) -> None:
    client = browse(team.engineer)
    upload(client, team, ("tides.md", b"# Tides"))
    document = team.project.documents.get()
    client.post(f"{team.url}/documents/{document.pk}/bin/")
    assert told(upload(client, team, ("tides.md", b"# Tides")))[1:] == []
    again = team.project.documents.get()
    assert len(originals(kept)) == 2
    response = client.post(f"{team.url}/documents/{document.pk}/restore/")
    assert told(response)[-1] == (
        "tides.md has since been uploaded again as tides.md, with the same content. To "
        "restore this document, move the new one to the bin first."
    )
    client.post(f"{team.url}/documents/{again.pk}/bin/")
    client.post(f"{team.url}/documents/{document.pk}/restore/")
    assert team.project.documents.get() == document


def test_it_is_not_compared_for_near_duplicates(team: Team) -> None:
    text = make.TEXT.encode()
    for number in (1, 2):
        documents.add_document(team.project, ContentFile(text + b"\n" * number), "tides.md")
        pipeline.work_off_documents()
        bins.bin_document(team.project.documents.get(), team.engineer)
    assert Passage.objects.count() == 2
    assert not Passage.objects.exclude(same_as=None).exists()


def test_when_it_is_gone_the_first_copy_is_drafted_instead(team: Team, browse: Any) -> None:
    for name in ("first.md", "second.md", "third.md"):
        documents.add_document(team.project, ContentFile(f"{make.TEXT}\n{name}".encode()), name)
    pipeline.work_off_documents()
    first, second, third = (document.passages.get() for document in Document.objects.all())
    assert (second.same_as, third.same_as) == (first, first)
    bins.bin_document(first.document, team.engineer)
    shown = page(browse(team.reviewer).get(f"{team.url}/documents/{second.document_id}/"))
    assert "near-duplicate</span> of a passage in the bin" in shown
    assert jobs.claim(Passage, 9) == []
    days_pass()
    bins.empty_bin()
    second.refresh_from_db()
    third.refresh_from_db()
    assert (second.same_as, second.note, third.same_as) == (None, "", second)
    assert jobs.claim(Passage, 9) == [second]


# Work


def test_nothing_of_it_is_drafted_until_it_is_back(team: Team) -> None:
    document = make.document(team.project)
    bins.bin_document(document, team.engineer)
    assert orders.cancel(team.project) == orders.fill_up(team.project) == 0
    jobs.sweep()
    drafting.work_off_passages()
    assert not Item.everything.exists()
    bins.restore_document(Document.everything.get())
    drafting.work_off_passages()
    assert team.project.items.count() == 2


def test_what_is_being_drafted_is_dropped_and_drafted_later(team: Team) -> None:
    document = make.document(team.project)
    rows = jobs.claim(Passage, 2)
    bins.bin_document(document, team.engineer)
    with pytest.raises(jobs.LeaseLost):
        drafting.draft(rows)
    assert not Item.everything.exists()
    states = document.passages.values_list("state", "attempts", "lease")
    assert set(states) == {(JobState.QUEUED, 0, "")}


def test_what_is_claimed_at_that_very_moment_joins_it(team: Team) -> None:
    document = make.document(team.project)
    rows = jobs.claim(Passage, 2)
    all_bins.bin_rows(Document.objects.all(), team.engineer)
    drafting.draft(rows)
    assert not team.project.items.exists()
    bins.restore_document(Document.everything.get(pk=document.pk))
    assert team.project.items.all().counts()[ItemState.PENDING] == 2


def test_what_is_being_read_is_read_again_when_it_is_back(team: Team, kept: Path) -> None:
    documents.add_document(team.project, ContentFile(make.TEXT.encode()), "tides.md")
    [document] = jobs.claim(Document, 1)
    bins.bin_document(document, team.engineer)
    with pytest.raises(jobs.LeaseLost):
        pipeline.read_document(document)
    pipeline.work_off_documents()
    assert not Passage.objects.exists()
    bins.restore_document(Document.everything.get())
    pipeline.work_off_documents()
    assert team.project.documents.get().state == JobState.DONE
    assert Passage.objects.count() == 1


# Releases


def lines(release: Any) -> list[str]:
    return list(release.rows.values_list("line", flat=True))


def test_a_release_leaves_out_what_is_in_the_bin(team: Team) -> None:
    stays, goes = make.item(team.project), make.item(team.project)
    for item in (stays, goes):
        make.accept(item, team.reviewer)
    bins.bin_document(goes.document, team.engineer)
    release = freezing.order_release(team.project)
    freezing.work_off_releases()
    assert [row.triple["id"] for row in release.rows.all()] == [str(stays.pk)]
    bins.bin_document(stays.document, team.engineer)
    with pytest.raises(freezing.NothingAccepted):
        freezing.order_release(team.project)
    bins.restore_document(Document.everything.get(pk=goes.document_id))
    release = freezing.order_release(team.project)
    freezing.work_off_releases()
    assert [row.triple["id"] for row in release.rows.all()] == [str(goes.pk)]


def test_a_release_stays_as_it_is_when_its_documents_are_gone(
    team: Team, reviewed: Document, browse: Any
) -> None:
    release = freezing.order_release(team.project)
    freezing.work_off_releases()
    release.refresh_from_db()
    address = f"{team.url}/releases/1/triples.zip"
    before = lines(release), b"".join(browse(team.admin).get(address).streaming_content)
    bins.bin_document(reviewed, team.engineer)
    days_pass()
    bins.empty_bin()
    assert not Document.everything.exists()
    assert (lines(release), b"".join(browse(team.admin).get(address).streaming_content)) == before
    release.refresh_from_db()
    assert release.sha256 == freezing._sha256(list(release.rows.all()))


# For good


def test_after_its_days_it_is_gone_for_good(
    team: Team,
    reviewed: Document,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(all_bins, "BATCH", 2)
    other = make.document(team.project)
    make.accept(make.items(team.project, 1, at=other)[0], team.reviewer)
    bins.bin_document(reviewed, team.engineer)
    days_pass(29)
    with django_capture_on_commit_callbacks(using=DEFAULT_DB_ALIAS, execute=True):
        bins.empty_bin()
    assert Document.everything.count() == 2
    days_pass(1)
    assert not bins.restore_document(Document.everything.get(pk=reviewed.pk))
    with django_capture_on_commit_callbacks(execute=True):
        bins.empty_bin()
    assert list(Document.everything.all()) == [other]
    assert [item.document for item in Item.everything.all()] == [other]
    assert Review.objects.count() == 1
    assert [str(path) for path in originals(kept)] == [other.original.path]


def test_a_file_of_two_rows_stays(
    team: Team, kept: Path, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = make.document(team.project), make.document(team.project)
    Document.objects.filter(pk=second.pk).update(original=first.original.name)
    bins.bin_document(first, team.engineer)
    days_pass()
    with django_capture_on_commit_callbacks(execute=True):
        bins.empty_bin()
    assert Path(first.original.path).exists()


def test_an_admin_removes_it_now(team: Team, browse: Any, reviewed: Document) -> None:
    bins.bin_document(reviewed, team.engineer)
    client, address = browse(team.admin), f"{team.url}/documents/{reviewed.pk}/remove/"
    asked = page(client.get(address))
    assert "Delete tides.md permanently?" in asked
    for loss in ("9 passages", "7 items", "9 reviews by 3 people"):
        assert f"<li>{loss}</li>" in asked
    assert f'href="{address}"' not in page(browse(team.engineer).get(f"{team.url}/bin/"))
    assert f'href="{address}"' in page(client.get(f"{team.url}/bin/"))
    assert told(client.post(address)) == ["tides.md has been permanently deleted."]
    assert "The bin is empty." in page(client.get(f"{team.url}/bin/"))
    response = client.post(f"{team.url}/documents/{reviewed.pk}/restore/")
    assert told(response)[-1] == "tides.md is not in the bin."
    bins.empty_bin()
    assert not Document.everything.exists()


@pytest.mark.parametrize("count", [1, 10])
def test_the_bin_takes_the_same_queries_for_any_number(
    team: Team, browse: Any, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        bins.bin_document(make.document(team.project), team.engineer)
    client = browse(team.admin)
    with django_assert_num_queries(6):
        assert page(client.get(f"{team.url}/bin/")).count("Restore</button>") == count
