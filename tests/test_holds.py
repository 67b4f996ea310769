"""The item on a reviewer's desk stays theirs while its page says so, and only that item."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation import bin as bins
from generation.models import Hold, Item, Typed
from tests import make
from tests.conftest import Team
from tests.web import page

Browse = Callable[[User], Client]


@pytest.fixture
def items(team: Team) -> list[Item]:
    return make.items(team.project, 2)


@pytest.fixture
def desk(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


def beat(client: Client, team: Team, item: Item) -> tuple[int, str]:
    response = client.post(f"{team.url}/review/{item.pk}/hold/")
    return response.status_code, response.text


def test_the_beat_of_one_window_leaves_the_item_of_another_on_its_desk(
    team: Team, desk: Client, items: list[Item]
) -> None:
    first, second = items
    page(desk.get(f"{team.url}/review/?item={first.pk}"))
    page(desk.get(f"{team.url}/review/?item={second.pk}"))
    before = Hold.objects.get()
    status, text = beat(desk, team, first)
    assert status == 409
    assert "You have opened another item in another window" in text
    assert Hold.objects.get() == before
    assert Hold.objects.get().item == second
    assert beat(desk, team, second) == (204, "")


def test_a_beat_lengthens_a_hold_that_ran_out_if_nobody_else_has_the_item(
    team: Team, desk: Client, items: list[Item]
) -> None:
    page(desk.get(f"{team.url}/review/?item={items[0].pk}"))
    Hold.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert beat(desk, team, items[0]) == (204, "")
    assert Hold.objects.get().until > timezone.now()


def test_a_beat_says_that_somebody_else_has_the_item_by_now(
    team: Team, desk: Client, browse: Browse, items: list[Item]
) -> None:
    page(desk.get(f"{team.url}/review/?item={items[0].pk}"))
    Hold.objects.update(until=timezone.now() - timedelta(seconds=1))
    page(browse(team.engineer).get(f"{team.url}/review/?item={items[0].pk}"))
    status, text = beat(desk, team, items[0])
    assert status == 409
    assert "this item went to someone else" in text


def test_a_beat_of_a_window_without_a_hold_takes_none(
    team: Team, desk: Client, items: list[Item]
) -> None:
    assert beat(desk, team, items[0])[0] == 409
    assert not Hold.objects.exists()


def test_what_is_typed_is_kept_also_if_the_document_is_in_the_bin_by_now(
    team: Team, desk: Client, items: list[Item]
) -> None:
    assert bins.bin_document(items[0].document, team.engineer)
    typed = {"question": "Half a question", "answer": "A"}
    assert desk.post(f"{team.url}/review/{items[0].pk}/typed/", typed).status_code == 204
    assert Typed.objects.get().fields["question"] == "Half a question"


def test_a_full_item_is_not_offered_for_review(
    team: Team, desk: Client, browse: Browse, items: list[Item]
) -> None:
    address = f"{team.url}/items/{items[0].pk}/"
    offer = f"/review/?item={items[0].pk}"
    assert offer in page(desk.get(address))
    page(browse(team.engineer).get(f"{team.url}/review/?item={items[0].pk}"))
    assert offer not in page(desk.get(address))
