"""Two requests at once: the later one reads again what it read before it had to wait."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from generation.models import Item, ItemState, Review, Verdict
from generation.review import decisions, queue
from generation.review.decisions import ItemChanged, Submission
from qareview import projects
from qareview.models import Project
from tests import make
from tests.conftest import Team
from tests.site import until


@pytest.fixture
def item(team: Team) -> Item:
    item = make.item(team.project)
    assert queue.take_item(item, team.reviewer, 1)
    return item


def begin(*acts: Callable[[], Any]) -> Callable[[], list[Any]]:
    """Start all, each on its own connection, and wait until each waits for a lock.

    Returns a function that waits for their end and returns what each returned or raised.
    """
    outcomes: list[Any] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            outcomes.append(act())
        except Exception as error:  # the test checks it
            outcomes.append(error)
        connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    until(lambda: count_waiting() == len(threads), 20)

    def end() -> list[Any]:
        for thread in threads:
            thread.join()
        return outcomes

    return end


def count_waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def both_wait(team: Team, item: Item, *sent: Submission) -> list[Any]:
    """Send these while the item is locked, and let them go on when all wait for it."""
    submit = partial(decisions.submit, team.project, item.pk, team.reviewer)
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).lock()
        end = begin(*(partial(submit, submission) for submission in sent))
    return end()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verdict", [Verdict.SKIPPED, Verdict.ACCEPTED, Verdict.REJECTED])
def test_the_same_twice_is_one_review(team: Team, item: Item, verdict: Verdict) -> None:
    one = make.submission(item, verdict)
    first, second = both_wait(team, item, one, one)
    assert first == second == Review.objects.get()


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_the_later_is_told(team: Team, item: Item) -> None:
    outcomes = both_wait(team, item, make.submission(item), make.submission(item, Verdict.REJECTED))
    assert {type(outcome) for outcome in outcomes} == {ItemChanged, Review}
    assert Review.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_place_given_away_meanwhile_is_not_taken(team: Team, item: Item) -> None:
    queue.live_holds().update(until=item.created_at)  # the reviewer was away too long
    with transaction.atomic():
        assert queue.take_item(item, team.engineer, 1)
        end = begin(
            lambda: decisions.submit(team.project, item.pk, team.reviewer, make.submission(item))
        )
    assert isinstance(end()[0], decisions.ItemGone)
    assert make.accept(item, team.engineer)


@pytest.mark.django_db(transaction=True)
def test_a_review_in_flight_follows_a_change_of_how_many_are_asked_for(
    team: Team, item: Item
) -> None:
    before = Project.objects.get(pk=team.project.pk)

    def change() -> Any:
        with transaction.atomic():
            projects.lock_settings(before)
            Project.objects.filter(pk=before.pk).update(reviews_per_item=2)
        projects.settings_changed(Project.objects.get(pk=before.pk), before)

    with transaction.atomic():
        make.accept(item, team.reviewer)
        end = begin(change)
    assert end() == [None]
    assert Item.objects.get(pk=item.pk).state == ItemState.PENDING


@pytest.mark.django_db(transaction=True)
def test_a_change_of_settings_does_not_wait_for_a_review_in_another_project(
    team: Team, item: Item
) -> None:
    other = make.project(name="Lighthouse")

    def change() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                projects.lock_settings(other)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor() as pool:
        make.accept(item, team.reviewer)
        pool.submit(change).result()  # raises OperationalError if it waited
