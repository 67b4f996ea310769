"""Who gets which item, and what happens to a review."""

import copy
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from generation.models import (
    AsideReason,
    Assignment,
    Hold,
    Item,
    ItemState,
    Purpose,
    Review,
    Verdict,
    Withdrawal,
)
from generation.review import aside, decisions, desk, queue, settling
from qareview.models import DeskOrder
from tests import make
from tests.conftest import Team

pytestmark = pytest.mark.django_db


def submit(team: Team, item: Item, user: object, **values: object) -> Review:
    return decisions.submit(team.project, item.pk, user, make.submission(item, **values))


def next_for(team: Team, user: object) -> Item:
    item = queue.take_next_item(team.project, user)
    assert item is not None
    return item


def test_two_people_get_two_items_and_each_keeps_theirs(team: Team) -> None:
    first, second = make.items(team.project, 2)
    assert next_for(team, team.reviewer) == first
    assert next_for(team, team.engineer) == second
    assert next_for(team, team.reviewer) == first
    assert queue.take_next_item(team.project, team.admin) is None


def test_a_hold_that_ran_out_gives_the_item_to_another(team: Team) -> None:
    item = make.item(team.project)
    next_for(team, team.reviewer)
    Hold.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert next_for(team, team.engineer) == item
    assert queue.take_item(item, team.reviewer, 1) is False
    with pytest.raises(decisions.ItemGone, match="went to someone else"):
        make.accept(item, team.reviewer)


def test_who_comes_back_to_an_item_that_nobody_took_has_it_still(team: Team) -> None:
    item = make.item(team.project)
    next_for(team, team.reviewer)
    Hold.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert make.accept(item, team.reviewer).verdict == Verdict.ACCEPTED


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
    review = submit(team, item, team.reviewer, verdict=verdict, **values)
    item.refresh_from_db()
    assert (item.state, review.verdict) == (state, stored)
    assert item.reviewers == ([] if verdict == Verdict.SKIPPED else [team.reviewer.pk])
    assert review.reason == values.get("reason", "")


def test_a_submission_that_comes_twice_counts_once(team: Team) -> None:
    item = make.item(team.project)
    key = uuid.uuid4()
    first = submit(team, item, team.reviewer, key=key)
    assert submit(team, item, team.reviewer, key=key) == first
    assert Review.objects.count() == 1


def test_a_key_of_somebody_else_is_no_way_to_their_review(team: Team) -> None:
    first, second = make.items(team.project, 2)
    key = uuid.uuid4()
    submit(team, first, team.reviewer, key=key)
    with pytest.raises(decisions.ItemChanged):
        submit(team, second, team.engineer, key=key)
    assert Review.objects.count() == 1


def test_what_was_decided_in_another_window_is_not_overwritten_unseen(team: Team) -> None:
    item = make.item(team.project)
    own = make.accept(item, team.reviewer)
    with pytest.raises(decisions.ItemChanged):
        submit(team, item, team.reviewer, answer="Mine.")
    again = submit(team, item, team.reviewer, answer="Mine.", replaces=own.pk)
    own.refresh_from_db()
    assert (own.withdrawal, again.verdict) == (Withdrawal.REPLACED, Verdict.EDITED)
    assert Item.objects.get().reviewers == [team.reviewer.pk]


def test_an_item_that_has_its_reviews_is_not_reviewed_once_more(team: Team) -> None:
    item = make.item(team.project)
    make.accept(item, team.engineer)
    with pytest.raises(decisions.ItemGone, match="others finished reviewing this item"):
        make.accept(item, team.reviewer, answer="Mine.")
    assert Review.objects.get().reviewer == team.engineer


def test_an_item_put_aside_meanwhile_is_not_reviewed(team: Team) -> None:
    item = make.item(team.project)
    next_for(team, team.reviewer)
    aside.set_items_aside(team.project.items.all(), AsideReason.DRAFTED_AGAIN)
    with pytest.raises(decisions.ItemGone, match="set aside in the meantime"):
        make.accept(item, team.reviewer)


def test_skipped_items_come_last_the_longest_skipped_first(team: Team) -> None:
    items = make.items(team.project, 3)
    order = []
    for _ in range(5):
        item = next_for(team, team.reviewer)
        order.append(items.index(item))
        submit(team, item, team.reviewer, verdict=Verdict.SKIPPED)
    assert order == [0, 1, 2, 0, 1]
    assert next_for(team, team.engineer) == items[0]  # another's skip moves nothing


def test_undo_goes_back_step_by_step_and_reviews_stay_on_record(team: Team) -> None:
    items = make.items(team.project, 2)
    for item in items:
        make.accept(item, team.reviewer)
    assert decisions.undo_review(team.project, team.reviewer) == items[1]
    assert next_for(team, team.reviewer) == items[1]
    assert decisions.undo_review(team.project, team.reviewer) == items[0]
    assert decisions.undo_review(team.project, team.reviewer) is None
    assert set(Item.objects.values_list("state", flat=True)) == {ItemState.PENDING}
    assert Review.objects.filter(withdrawn_at=None).count() == 0
    assert Review.objects.count() == 2


def test_undo_is_of_ones_own_and_in_this_project(team: Team) -> None:
    make.accept(make.item(team.project), team.engineer)
    elsewhere = make.project(team.reviewer)
    make.accept(make.item(elsewhere), team.reviewer)
    assert decisions.undo_review(team.project, team.reviewer) is None


def test_undo_leaves_what_others_decided(team: Team) -> None:
    reviews_per_item(team, 2)
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    make.accept(item, team.engineer)
    assert state_of(item) == ItemState.ACCEPTED
    decisions.undo_review(team.project, team.reviewer)
    item.refresh_from_db()
    assert (item.state, item.reviewers) == (ItemState.PENDING, [team.engineer.pk])


def test_undo_gives_back_what_a_decision_replaced(team: Team) -> None:
    item = make.item(team.project)
    reject(item, team.reviewer)
    make.accept(item, team.reviewer)
    for expected in (ItemState.REJECTED, ItemState.PENDING):
        assert decisions.undo_review(team.project, team.reviewer) == item
        assert state_of(item) == expected
    assert decisions.undo_review(team.project, team.reviewer) is None


def test_undo_keeps_an_edited_text_at_the_desk(team: Team) -> None:
    item = make.item(team.project)
    make.accept(item, team.reviewer, answer="Better.")
    decisions.undo_review(team.project, team.reviewer)
    shown = queue.load_for_desk(team.project.items.all(), team.reviewer).get()
    assert desk.form_fields(shown, None, desk.typed_earlier(shown))["answer"] == "Better."


def test_undo_gives_nothing_back_that_was_taken_back_by_itself(team: Team) -> None:
    item = make.item(team.project)
    reject(item, team.reviewer)
    second = make.accept(item, team.reviewer)
    Review.objects.filter(pk=second.pk).update(
        withdrawn_at=timezone.now(), withdrawn_because="Back"
    )
    settling.settle([item.pk])
    make.accept(item, team.reviewer)
    decisions.undo_review(team.project, team.reviewer)
    assert state_of(item) == ItemState.PENDING


def test_what_was_typed_outlives_a_skip(team: Team) -> None:
    item = make.item(team.project)
    desk.store_typed(item, team.reviewer, {"question": "Mine?", "answer": "Mine."})
    make.accept(item, team.reviewer, verdict=Verdict.SKIPPED)
    shown = queue.load_for_desk(team.project.items.all(), team.reviewer).get()
    assert desk.typed_earlier(shown)["answer"] == "Mine."


@pytest.mark.django_db(transaction=True)
def test_an_act_that_locks_the_first_items_leaves_the_others(team: Team) -> None:
    items = make.items(team.project, 40)
    is_locked, is_over = threading.Event(), threading.Event()

    def lock() -> None:
        with transaction.atomic():
            first = Item.objects.filter(pk__in=[item.pk for item in items[:39]])
            list(first.select_for_update().values_list("pk"))
            is_locked.set()
            is_over.wait(10)
        connection.close()

    team.project.order = DeskOrder.DOCUMENT
    thread = threading.Thread(target=lock)
    thread.start()
    is_locked.wait()
    taken = queue.take_next_item(team.project, team.reviewer)
    is_over.set()
    thread.join()
    assert taken == items[39]


# Several reviews of each item


def reviews_per_item(team: Team, count: int) -> None:
    team.project.reviews_per_item = count
    team.project.save()
    settling.settle_project(team.project)


def state_of(item: Item) -> str:
    return Item.objects.get(pk=item.pk).state


def reject(item: Item, user: object) -> Review:
    rejection = make.submission(item, Verdict.REJECTED, reason="Not worth asking")
    return decisions.submit(item.project, item.pk, user, rejection)


def test_an_item_goes_to_as_many_as_the_project_asks_for(team: Team) -> None:
    reviews_per_item(team, 2)
    item = make.item(team.project)
    assert next_for(team, team.reviewer) == next_for(team, team.engineer) == item
    assert queue.take_next_item(team.project, team.admin) is None
    make.accept(item, team.reviewer)
    assert state_of(item) == ItemState.PENDING
    assert queue.take_next_item(team.project, team.reviewer) is None
    assert queue.take_next_item(team.project, team.admin) is None  # one decided, one has it
    make.accept(item, team.engineer)
    assert state_of(item) == ItemState.ACCEPTED


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        ((None, None), ItemState.ACCEPTED),
        (("Same.", "Same."), ItemState.ACCEPTED),
        (("Mine.", "Hers."), ItemState.DISPUTED),
        ((None, "Hers."), ItemState.DISPUTED),
        ((None, "reject"), ItemState.DISPUTED),
        (("reject", "reject"), ItemState.REJECTED),
    ],
)
def test_reviewers_who_differ_in_verdict_or_text_dispute(
    team: Team, texts: tuple[str | None, ...], state: str
) -> None:
    reviews_per_item(team, 2)
    item = make.item(team.project)
    for text, user in zip(texts, (team.reviewer, team.engineer), strict=True):
        if text == "reject":
            reject(item, user)
        else:
            make.accept(item, user, **({"answer": text} if text else {}))
    assert state_of(item) == state


def test_the_number_of_reviews_can_be_changed_at_any_time(team: Team) -> None:
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    reviews_per_item(team, 2)
    assert state_of(item) == ItemState.PENDING
    reject(item, team.engineer)
    assert state_of(item) == ItemState.DISPUTED
    reviews_per_item(team, 3)
    assert state_of(item) == ItemState.PENDING
    reviews_per_item(team, 1)
    assert state_of(item) == ItemState.DISPUTED  # what was said is not forgotten


def test_a_share_takes_in_and_lets_go_only_what_is_between(team: Team) -> None:
    items = make.items(team.project, 4)
    for item, place in zip(items, (0.05, 0.15, 0.25, 0.9), strict=True):
        Item.objects.filter(pk=item.pk).update(shuffle=place)
    Item.objects.filter(pk=items[3].pk).update(purpose=Purpose.CALIBRATION)  # by hand
    Item.objects.filter(pk=items[1].pk).update(purpose=Purpose.GOLD)

    def drawn(percent: int) -> list[str]:
        before = copy.copy(team.project)
        team.project.calibration_percent = percent
        settling.follow_settings(team.project, before)
        return list(team.project.items.order_by("pk").values_list("purpose", flat=True))

    assert drawn(20) == ["calibration", "gold", "", "calibration"]
    assert drawn(30) == ["calibration", "gold", "calibration", "calibration"]
    assert drawn(10) == ["calibration", "gold", "", "calibration"]
    assert drawn(0) == ["", "gold", "", "calibration"]


def test_what_is_for_everyone_goes_to_everyone_but_to_nobody_twice(team: Team) -> None:
    item = make.item(team.project, purpose=Purpose.CALIBRATION)
    for user in (team.reviewer, team.engineer, team.admin):
        assert next_for(team, user) == item
        make.accept(item, user)
        assert queue.take_next_item(team.project, user) is None
    assert state_of(item) == ItemState.ACCEPTED
    assert Review.objects.count() == 3


def test_what_is_assigned_comes_first_and_is_all_if_the_project_says_so(team: Team) -> None:
    first, second = make.items(team.project, 2)
    Assignment.objects.create(item=second, reviewer=team.reviewer)
    assert next_for(team, team.reviewer) == second
    assert next_for(team, team.engineer) == first
    team.project.order = DeskOrder.ASSIGNED
    assert queue.take_next_item(team.project, team.engineer) is None
    make.accept(second, team.reviewer)
    assert queue.take_next_item(team.project, team.reviewer) is None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_take_one_place_too_many(team: Team) -> None:
    reviews_per_item(team, 3)
    item = make.item(team.project)
    users = [make.member(team.project) for _ in range(12)]
    start, taken = threading.Barrier(len(users)), []

    def take(user: object) -> None:
        start.wait()
        taken.append(queue.take_next_item(team.project, user))
        connection.close()

    threads = [threading.Thread(target=take, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(users)
    assert 1 <= taken.count(item) <= 3
    assert Hold.objects.count() == taken.count(item)
