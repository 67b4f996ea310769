"""Forms that a browser shows and sends again: a repeat counts once, anything else is a conflict."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.items import writing
from generation.models import Item, ItemState, Passage, Question, Review
from generation.review import adjudication
from tests import make
from tests.conftest import Team
from tests.web import PART, page

Browse = Callable[[User], Client]


@pytest.fixture
def desk(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


def send(client: Client, team: Team, data: dict[str, Any], item: Item) -> Any:
    return client.post(f"{team.url}/review/{item.pk}/", data, headers=PART)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"answer": "Better."},
        {"verdict": "rejected", "reason": "Not worth asking"},
        {"verdict": "skipped"},
    ],
)
def test_the_same_decision_sent_again_counts_once(
    team: Team, desk: Client, values: dict[str, str]
) -> None:
    item = make.item(team.project)
    data = make.review_data(item, **values)
    for _ in range(2):
        page(send(desk, team, data, item))
    assert Review.objects.count() == 1


def test_a_form_sent_again_after_an_undo_is_a_conflict(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    data = make.review_data(item)
    send(desk, team, data, item)
    desk.post(f"{team.url}/review/undo/")
    text = page(send(desk, team, data, item), 409)
    assert "This form has been sent before" in text
    assert "Nothing of yours is stored for this item now." in text
    assert not Review.objects.standing().exists()
    assert Item.objects.get().state == ItemState.PENDING


@pytest.mark.parametrize(
    "changed",
    [
        {"answer": "Another answer."},
        {"verdict": "skipped"},
        {"verdict": "rejected", "reason": "Not worth asking"},
    ],
)
def test_another_decision_with_a_form_that_was_sent_is_a_conflict(
    team: Team, desk: Client, changed: dict[str, str]
) -> None:
    item = make.item(team.project)
    data = make.review_data(item)
    send(desk, team, data, item)
    text = page(send(desk, team, {**data, **changed}, item), 409)
    assert "You accepted it" in text
    own = Review.objects.get()
    again = {**data, **changed, "key": str(uuid.uuid4()), "replaces": own.pk}
    page(send(desk, team, again, item))
    assert Review.objects.count() == 2


def test_a_ranking_changed_with_a_form_that_was_sent_is_a_conflict(
    team: Team, desk: Client
) -> None:
    item = make.item(team.project)
    other = Question.objects.create(item=item, model="scripted", text="Which?", rank=2)
    data = make.review_data(item, **{f"rank-{other.pk}": "1"})
    page(send(desk, team, data, item))
    page(send(desk, team, {**data, f"rank-{other.pk}": "2"}, item), 409)
    assert Review.objects.get().ranking == {str(other.pk): 1}


def test_a_form_whose_review_was_replaced_is_a_conflict(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    data = make.review_data(item)
    send(desk, team, data, item)
    make.accept(item, team.reviewer, answer="Better.")
    page(send(desk, team, data, item), 409)
    assert Review.objects.decisions().get().answer == "Better."


@pytest.mark.parametrize("path", ["review/", "review/?item={item}", "adjudicate/{item}/?gold=1"])
def test_forms_that_decide_are_kept_in_no_cache(team: Team, browse: Browse, path: str) -> None:
    item = make.item(team.project)
    response = browse(team.admin).get(f"{team.url}/{path.format(item=item.pk)}")
    assert response["Cache-Control"] == "no-store"


def test_what_follows_a_decision_or_an_undo_is_kept_in_no_cache(team: Team, desk: Client) -> None:
    item, _ = make.items(team.project, 2)
    assert send(desk, team, make.review_data(item), item)["Cache-Control"] == "no-store"
    assert desk.post(f"{team.url}/review/undo/", headers=PART)["Cache-Control"] == "no-store"


# Of admins


def adjudicate(client: Client, team: Team, item: Item, **values: Any) -> Any:
    fields = {"key": str(uuid.uuid4()), "action": "merge", "question": "Which?", "answer": "This."}
    stands = adjudication.standing_ids(Item.objects.for_item_page().get(pk=item.pk))
    data = {**fields, "stands": stands, "from": "", **values}
    return client.post(f"{team.url}/adjudicate/{item.pk}/", data)


@pytest.mark.parametrize("values", [{}, {"action": "back", "why": "Read on."}, {"gold": "1"}])
def test_an_adjudication_sent_again_counts_once(
    team: Team, browse: Browse, values: dict[str, str]
) -> None:
    item = make.disputed(team.project, team.reviewer, team.engineer)
    same = {"key": str(uuid.uuid4()), "stands": adjudication.standing_ids(item), **values}
    admin = browse(team.admin)
    for _ in range(2):
        assert adjudicate(admin, team, item, **same).status_code == 302
    assert Review.objects.filter(is_adjudication=True).count() == 1


def test_an_adjudication_sent_again_after_its_undo_is_refused(team: Team, browse: Browse) -> None:
    item = make.disputed(team.project, team.reviewer, team.engineer)
    key, admin = str(uuid.uuid4()), browse(team.admin)
    adjudicate(admin, team, item, key=key)
    adjudication.withdraw_adjudication(team.project, item.pk)
    text = page(adjudicate(admin, team, item, key=key), 409)
    assert "This form has been sent before" in text
    assert Item.objects.get().state == ItemState.DISPUTED


def test_another_adjudication_with_a_form_that_was_sent_is_refused(
    team: Team, browse: Browse
) -> None:
    item = make.disputed(team.project, team.reviewer, team.engineer)
    key, admin = str(uuid.uuid4()), browse(team.admin)
    adjudicate(admin, team, item, key=key)
    page(adjudicate(admin, team, item, key=key, answer="That."), 409)
    assert Review.objects.decisions().get(is_adjudication=True).answer == "This."


def test_an_item_sent_back_and_decided_since_is_not_called_sent_back_again(
    team: Team, browse: Browse
) -> None:
    item = make.disputed(team.project, team.reviewer, team.engineer)
    sent = {"key": str(uuid.uuid4()), "action": "back", "why": "Read on."}
    admin = browse(team.admin)
    adjudicate(admin, team, item, **sent)
    for user in (team.reviewer, team.engineer):
        make.accept(item, user)
    page(adjudicate(admin, team, item, **sent), 409)
    assert Item.objects.get().state == ItemState.ACCEPTED


# Of people who write items


def test_another_text_in_a_form_that_was_sent_is_not_called_saved(
    team: Team, passage: Passage
) -> None:
    key = uuid.uuid4()
    first = writing.write_item(passage, team.reviewer, key, "Why?", "So.")
    assert writing.write_item(passage, team.reviewer, key, "Why?", "So.") == first
    with pytest.raises(writing.NotWritten, match="with another text"):
        writing.write_item(passage, team.reviewer, key, "Why?", "Otherwise.")
