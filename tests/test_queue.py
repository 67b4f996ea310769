"""Who gets which item, and what becomes of a review."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from generation import queue
from generation.models import Item, ItemState, Review, Verdict
from tests import make
from tests.conftest import Team

pytestmark = pytest.mark.django_db


def next_for(team: Team, user: object) -> Item:
    item = queue.take_next(team.project, user)
    assert item is not None
    return item


def test_two_people_get_two_items_and_each_keeps_theirs(team: Team) -> None:
    first, second = make.items(team.project, 2)
    assert next_for(team, team.reviewer) == first
    assert next_for(team, team.engineer) == second
    assert next_for(team, team.reviewer) == first
    assert queue.take_next(team.project, team.admin) is None


def test_a_hold_that_ran_out_gives_the_item_to_another(team: Team) -> None:
    item = make.item(team.project)
    next_for(team, team.reviewer)
    Item.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert next_for(team, team.engineer) == item
    assert queue.take(item, team.reviewer) is False


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_different_items(team: Team) -> None:
    items = make.items(team.project, 8)
    users = [make.member(team.project) for _ in range(8)]
    start, taken = threading.Barrier(8), []

    def take(user: object) -> None:
        start.wait()
        taken.append(next_for(team, user).pk)
        connection.close()

    threads = [threading.Thread(target=take, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [item.pk for item in items]


@pytest.mark.parametrize(
    ("verdict", "values", "state", "stored"),
    [
        (Verdict.ACCEPTED, {}, ItemState.ACCEPTED, Verdict.ACCEPTED),
        (Verdict.EDITED, {}, ItemState.ACCEPTED, Verdict.ACCEPTED),
        (Verdict.ACCEPTED, {"answer": "Better."}, ItemState.ACCEPTED, Verdict.EDITED),
        (Verdict.REJECTED, {"reason": "Not worth asking"}, ItemState.REJECTED, Verdict.REJECTED),
        (Verdict.SKIPPED, {}, ItemState.PENDING, Verdict.SKIPPED),
    ],
)
def test_a_review_is_stored_and_decides(
    team: Team, verdict: Verdict, values: dict[str, str], state: str, stored: str
) -> None:
    item = next_for(team, make.item(team.project) and team.reviewer)
    review = queue.submit(item.pk, team.reviewer, make.submission(item, verdict, **values))
    item.refresh_from_db()
    assert (item.state, item.version, item.held_by, review.verdict) == (state, 2, None, stored)
    assert review.reason == values.get("reason", "")


def test_a_submission_that_comes_twice_counts_once(team: Team) -> None:
    item = make.item(team.project)
    submission = make.submission(item)
    first = queue.submit(item.pk, team.reviewer, submission)
    assert queue.submit(item.pk, team.reviewer, submission) == first
    assert Review.objects.count() == 1
    item.refresh_from_db()
    assert item.version == 2


def test_a_key_of_somebody_else_is_no_way_to_their_review(team: Team) -> None:
    first, second = make.items(team.project, 2)
    key = uuid.uuid4()
    queue.submit(first.pk, team.reviewer, make.submission(first, key=key))
    with pytest.raises(queue.ItemChanged):
        queue.submit(second.pk, team.engineer, make.submission(second, key=key))
    assert Review.objects.count() == 1


def test_an_item_changed_meanwhile_is_refused(team: Team) -> None:
    item = make.item(team.project)
    late = make.submission(item, answer="Mine.")
    make.accept(item, team.engineer)
    with pytest.raises(queue.ItemChanged):
        queue.submit(item.pk, team.reviewer, late)
    assert Review.objects.get().reviewer == team.engineer


def test_skipped_items_come_last_the_longest_skipped_first(team: Team) -> None:
    items = make.items(team.project, 3)
    order = []
    for _ in range(5):
        item = next_for(team, team.reviewer)
        order.append(items.index(item))
        queue.submit(item.pk, team.reviewer, make.submission(item, Verdict.SKIPPED))
    assert order == [0, 1, 2, 0, 1]
    assert next_for(team, team.engineer) == items[0]  # another's skip moves nothing


def test_undo_goes_back_step_by_step_and_reviews_stay_on_record(team: Team) -> None:
    items = make.items(team.project, 2)
    for item in items:
        make.accept(item, team.reviewer)
    assert queue.undo(team.project, team.reviewer) == items[1]
    assert next_for(team, team.reviewer) == items[1]
    assert queue.undo(team.project, team.reviewer) == items[0]
    assert queue.undo(team.project, team.reviewer) is None
    assert set(Item.objects.values_list("state", flat=True)) == {ItemState.PENDING}
    assert Review.objects.filter(withdrawn_at=None).count() == 0
    assert Review.objects.count() == 2


def test_undo_is_of_ones_own_and_in_this_project(team: Team) -> None:
    make.accept(make.item(team.project), team.engineer)
    elsewhere = make.project(team.reviewer)
    make.accept(make.item(elsewhere), team.reviewer)
    assert queue.undo(team.project, team.reviewer) is None


def test_undo_leaves_what_another_decided_since(team: Team) -> None:
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    item.refresh_from_db()
    queue.submit(
        item.pk,
        team.engineer,
        make.submission(item, Verdict.REJECTED, reason="Not worth asking"),
    )
    queue.undo(team.project, team.reviewer)
    item.refresh_from_db()
    assert item.state == ItemState.REJECTED
