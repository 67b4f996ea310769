"""Accepted triples are frozen in releases, which nothing changes afterwards."""

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from generation.models import Item, Release, ReleaseRow, Split, Verdict
from generation.releases import freezing
from generation.review import decisions
from qareview.models import JobState
from tests import make
from tests.conftest import Team
from tests.web import PART, page, told

Browse = Callable[[User], Client]


def freeze(team: Team) -> Release:
    release = freezing.order_release(team.project, team.admin)
    freezing.work_off_releases()
    release.refresh_from_db()
    assert (release.state, release.error) == (JobState.DONE, "")
    return release


def three_documents(team: Team) -> None:
    """Documents with 6, 3 and 1 accepted items."""
    for count in (6, 3, 1):
        at = make.document(team.project, text="", name=f"{count}.md")
        for item in make.items(team.project, count, at=at):
            make.accept(item, team.reviewer)


def test_rows_are_what_the_deciding_review_left(team: Team) -> None:
    plain, edited, twice, rejected, undone, _pending = make.items(team.project, 6)
    make.accept(plain, team.reviewer)
    make.accept(edited, team.reviewer, answer="Better.", question="Why so?")
    make.accept(twice, team.engineer, answer="First.")
    make.accept(twice, team.engineer, answer="Second.")
    make.accept(rejected, team.reviewer, verdict=Verdict.REJECTED, reason="Not worth asking")
    make.accept(undone, team.admin)
    decisions.undo_review(team.project, team.admin)
    rows = [row.triple for row in freeze(team).rows.all()]
    assert [(row["question"], row["answer"], row["edited"]) for row in rows] == [
        ("What is question 0?", "Answer 0.", False),
        ("Why so?", "Better.", True),
        ("What is question 2?", "Second.", True),
    ]
    assert rows[2]["reviewers"] == ["eve"]
    assert rows[0]["context"] == plain.passage.text
    assert rows[0]["document"] == "tides.md"


def test_numbers_count_up_and_nothing_done_later_changes_a_release(team: Team) -> None:
    three_documents(team)
    first = freeze(team)
    before = list(first.rows.values()), first.sha256, first.facts
    for item in Item.objects.for_item_page()[:4]:
        make.accept(item, team.reviewer, answer="Changed.")
    decisions.undo_review(team.project, team.reviewer)
    second = freeze(team)
    first.refresh_from_db()
    assert (first.number, second.number) == (1, 2)
    assert (list(first.rows.values()), first.sha256, first.facts) == before
    assert second.sha256 != first.sha256


def test_the_hash_is_of_the_triples_in_order(team: Team) -> None:
    three_documents(team)
    release = freeze(team)
    rows = list(release.rows.all())
    lines = "".join(f"{row.line}\n" for row in rows).encode()
    assert release.sha256 == hashlib.sha256(lines).hexdigest()
    assert [row.position for row in rows] == list(range(10))
    assert [row.split for row in rows] == ["train"] * 6 + ["validation"] + ["test"] * 3


def test_what_is_nearly_the_same_has_rows_in_one_split_only(team: Team) -> None:
    """As three tables of the same contexts, imported one after the other."""
    three_documents(team)
    twins = []
    for name in ("a.csv", "b.csv", "c.csv"):
        [item] = make.items(team.project, 1, at=make.document(team.project, text="", name=name))
        item.passage.text = f"The gates of the basin close when the tide falls below {name}. " * 3
        item.passage.text += "The keeper of the lock is told of it by radio and by a lantern. " * 3
        item.passage.save()
        twins.append(item)
        make.accept(item, team.reviewer)
    rows = [row for row in freeze(team).rows.all() if "lantern" in row.triple["context"]]
    assert len(rows) == 3
    assert len({row.split for row in rows}) == 1


def test_a_document_keeps_its_split_in_later_releases(team: Team) -> None:
    three_documents(team)
    before = {document["name"]: document["split"] for document in freeze(team).facts["documents"]}
    at = team.project.documents.get(name="1.md")
    for item in make.items(team.project, 20, at=at):
        make.accept(item, team.reviewer)
    after = {document["name"]: document["split"] for document in freeze(team).facts["documents"]}
    assert after == before


counts = st.dictionaries(st.integers(1, 40), st.integers(1, 50), max_size=30).map(Counter)
earlier = st.dictionaries(st.integers(1, 50), st.sampled_from(list(Split)), max_size=10)


@given(counts, earlier)
def test_splits_of_any_documents(rows: Counter[int], before: dict[int, Split]) -> None:
    splits = freezing.assign_splits(rows, before)
    assert set(splits) == set(rows)
    assert all(splits[pk] == split for pk, split in before.items() if pk in splits)
    if len(rows) >= 3 and not before:
        assert set(splits.values()) == set(Split)
    assert splits == freezing.assign_splits(rows, before)


def test_many_documents_come_near_the_shares() -> None:
    rows = Counter(dict.fromkeys(range(100), 10))
    shares = Counter(freezing.assign_splits(rows, {}).values())
    assert shares == {Split.TRAIN: 80, Split.VALIDATION: 10, Split.TEST: 10}


# Pages


def test_an_admin_freezes_and_sees_the_release(team: Team, browse: Browse) -> None:
    client = browse(team.admin)
    make.accept(make.item(team.project), team.reviewer)
    assert client.post(f"{team.url}/releases/", {"note": "First of all"}).status_code == 302
    waiting = page(client.get(f"{team.url}/releases/", headers=PART))
    assert "being frozen" in waiting
    assert "No worker has responded" in waiting
    assert "hx-trigger" in waiting
    freezing.work_off_releases()
    ready = page(client.get(f"{team.url}/releases/", headers=PART))
    assert "<html" not in ready
    assert "hx-trigger" not in ready
    assert "First of all" in ready
    assert f"{team.url}/releases/1/triples.zip" in ready
    text = page(browse(team.reviewer).get(f"{team.url}/releases/1/"))
    assert "1 triple, 0 of them edited" in text
    assert Release.objects.get().sha256 in text
    assert "What is question 0?" in text
    assert "triples.zip" not in text


def test_nothing_accepted_freezes_nothing(team: Team, browse: Browse) -> None:
    make.item(team.project)
    response = browse(team.admin).post(f"{team.url}/releases/", {"note": ""})
    assert "No items have been accepted yet." in page(response, 422)
    too_long = browse(team.admin).post(f"{team.url}/releases/", {"note": "x" * 201})
    assert "at most 200 characters" in page(too_long, 422)
    assert not Release.objects.exists()


def test_a_double_click_freezes_once(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    for _ in range(2):
        browse(team.admin).post(f"{team.url}/releases/", {"note": ""})
    assert [release.number for release in team.project.releases.all()] == [1]


def test_what_was_undone_before_it_was_frozen_leaves_nothing(team: Team) -> None:
    make.accept(make.item(team.project), team.reviewer)
    release = freezing.order_release(team.project)
    decisions.undo_review(team.project, team.reviewer)
    freezing.work_off_releases()
    release.refresh_from_db()
    assert release.error == (
        "There are no accepted items any more. Their decisions have been undone."
    )


def test_only_a_failed_release_is_retried(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    freeze(team)
    client = browse(team.admin)
    assert told(client.post(f"{team.url}/releases/1/retry/")) == ["Release 1 has not failed."]
    Release.objects.update(state=JobState.FAILED, error="It broke.")
    ReleaseRow.objects.all().delete()
    text = page(client.get(f"{team.url}/releases/"))
    assert "It broke." in text
    assert "Retry" in text
    client.post(f"{team.url}/releases/1/retry/")
    freezing.work_off_releases()
    assert Release.objects.get().state == JobState.DONE
    assert ReleaseRow.objects.count() == 1


@pytest.mark.parametrize("count", [1, 4])
def test_queries_do_not_grow(
    team: Team, browse: Browse, count: int, django_assert_num_queries: Any
) -> None:
    three_documents(team)
    for _ in range(count):
        freeze(team)
    client = browse(team.admin)
    with django_assert_num_queries(6):
        assert page(client.get(f"{team.url}/releases/")).count("triples.zip") == count
    with django_assert_num_queries(5):
        assert page(client.get(f"{team.url}/releases/1/")).count("What is question") == 10
