"""Decisions of an admin over reviewers' decisions, and who is notified of them."""

import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from generation.models import Document, Item, ItemState, Notice, Purpose, Review, Verdict
from generation.review import adjudication, decisions, queue
from qareview.models import Role
from tests import make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]


@pytest.fixture
def admin(team: Team, browse: Browse) -> Client:
    return browse(team.admin)


@pytest.fixture
def item(team: Team) -> Item:
    """Eve accepted it with changes, rob rejected it."""
    return make.disputed(team.project, team.engineer, team.reviewer)


def send(client: Client, team: Team, item: Item, **values: Any) -> HttpResponse:
    data = {"key": str(uuid.uuid4()), "stands": adjudication.standing_ids(item), "from": "queue"}
    return client.post(f"{team.url}/adjudicate/{item.pk}/", {**data, **values})


def fresh(item: Item) -> Item:
    return Item.objects.get(pk=item.pk)


def inbox_of(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).values_list("text", flat=True))


# The queue


def test_disputed_items_come_one_after_the_other(team: Team, admin: Client, item: Item) -> None:
    other = make.disputed(team.project, team.engineer, team.reviewer)
    make.item(team.project, state=ItemState.ACCEPTED)
    text = page(admin.get(f"{team.url}/adjudicate/"))
    assert f"Disputed item {item.pk}" in text
    assert "2 disputed items left" in text
    for before, after in ((item, other), (other, item)):
        text = page(admin.get(f"{team.url}/adjudicate/?after={before.pk}"))
        assert f"Disputed item {after.pk}" in text


def test_all_versions_are_shown_with_what_they_change(
    team: Team, admin: Client, item: Item, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        text = page(admin.get(f"{team.url}/adjudicate/"))
    assert "<del>Answer 0.</del> <ins>The answer of eve.</ins>" in text
    assert "<strong>rob</strong>" in text
    assert "Dull." in text
    assert 'data-key="2"' in text


def test_who_says_the_same_shares_a_version(team: Team) -> None:
    third = make.member(team.project)
    item = make.disputed(team.project, third, team.engineer, team.reviewer)
    make.accept(item, third, answer="One.", replaces=fresh(item).decision_of(third).pk)
    own = fresh(item).decision_of(team.engineer)
    make.accept(item, team.engineer, answer="One.", replaces=own.pk)
    who = [
        [review.reviewer for review in version.reviews]
        for version in adjudication.versions(fresh(item))
    ]
    assert who == [[team.reviewer], [third, team.engineer]]


def test_nothing_is_disputed(team: Team, admin: Client) -> None:
    assert "No disputed items." in page(admin.get(f"{team.url}/adjudicate/"))


def test_a_calibration_item_waits_for_the_admin_to_decide_first(
    team: Team, admin: Client, item: Item
) -> None:
    Item.objects.update(purpose=Purpose.CALIBRATION)
    assert "No disputed items." in page(admin.get(f"{team.url}/adjudicate/"))
    response = admin.get(f"{team.url}/adjudicate/{item.pk}/")
    assert response.url == f"{team.url}/items/{item.pk}/"
    make.accept(item, team.admin)
    assert f"Disputed item {item.pk}" in page(admin.get(f"{team.url}/adjudicate/"))


# Deciding


def test_a_version_is_chosen(team: Team, admin: Client, item: Item) -> None:
    eves = fresh(item).decision_of(team.engineer)
    assert eves is not None
    response = send(admin, team, item, choice=eves.pk, why="She cites the page.")
    assert response.url == f"{team.url}/adjudicate/?after={item.pk}"
    item = fresh(item)
    assert item.state == ItemState.ACCEPTED
    assert item.decision is not None
    assert item.decision.is_adjudication
    assert (item.decision.reviewer, item.decision.answer) == (team.admin, "The answer of eve.")
    assert inbox_of(team.engineer) == []
    assert inbox_of(team.reviewer) == [
        f"ada decided on item {item.pk}: accepted with changes. She cites the page."
    ]


def test_a_rejecting_version_is_chosen(team: Team, admin: Client, item: Item) -> None:
    robs = fresh(item).decision_of(team.reviewer)
    assert robs is not None
    send(admin, team, item, choice=robs.pk)
    item = fresh(item)
    assert item.state == ItemState.REJECTED
    assert item.decision is not None
    assert item.decision.reason == "Not worth asking"
    assert inbox_of(team.reviewer) == []


def test_a_merged_text_is_stored(team: Team, admin: Client, item: Item) -> None:
    send(admin, team, item, action="merge", question="Which?", answer="This\r\none.")
    decision = fresh(item).decision
    assert decision is not None
    assert (decision.verdict, decision.answer) == (Verdict.EDITED, "This\none.")
    assert len(inbox_of(team.engineer)) == len(inbox_of(team.reviewer)) == 1


def test_the_draft_itself_is_accepted(team: Team, admin: Client, item: Item) -> None:
    draft = {"question": item.question.text, "answer": item.answer}
    send(admin, team, item, action="merge", **draft)
    decision = fresh(item).decision
    assert decision is not None
    assert decision.verdict == Verdict.ACCEPTED


def test_an_excerpt_is_kept_and_no_other_taken(team: Team, admin: Client, item: Item) -> None:
    Document.objects.update(text=make.TEXT)
    own = fresh(item).decision_of(team.engineer)
    assert own is not None
    make.accept(item, team.engineer, start=2, end=5, replaces=own.pk)
    item = fresh(item)
    text = {"action": "merge", "question": "Which?", "answer": "This."}
    assert send(admin, team, item, **text, excerpt="0-900").status_code == 422
    send(admin, team, item, **text, excerpt="2-5")
    decision = fresh(item).decision
    assert decision is not None
    assert (decision.start, decision.end, decision.context) == (2, 5, "Tid")


def test_it_is_rejected_with_a_reason(team: Team, admin: Client, item: Item) -> None:
    send(admin, team, item, action="reject", reason="The answer is wrong", why="See page 2.")
    assert fresh(item).state == ItemState.REJECTED
    text = inbox_of(team.engineer)[0]
    assert text.endswith("rejected. The answer is wrong. See page 2.")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"action": "reject", "reason": "The answer is wrong"}, "why you are rejecting"),
        ({"action": "reject", "reason": "Because", "why": "So."}, "one of the project’s reasons"),
        ({"action": "back"}, "why you are sending"),
        ({"action": "merge", "question": ""}, "needs a question and an answer"),
        ({"choice": 0, "action": "choose"}, "a version that belongs to this item"),
        ({}, "Choose a version"),
        ({"action": "burn"}, "form data is not valid"),
        ({"key": "1", "action": "back"}, "form data is not valid"),
    ],
)
def test_what_is_not_valid_comes_back(
    team: Team, admin: Client, item: Item, values: dict[str, Any], sentence: str
) -> None:
    text = page(send(admin, team, item, **{"answer": "Typed long.", **values}), 422)
    assert sentence in text.replace("&#x27;", "'")
    assert "Typed long.</textarea>" in text
    assert fresh(item).state == ItemState.DISPUTED


def test_a_double_click_counts_once(team: Team, admin: Client, item: Item) -> None:
    key = str(uuid.uuid4())
    text = {"action": "merge", "question": "Which?", "answer": "This."}
    for _ in range(2):
        assert send(admin, team, item, key=key, **text).status_code == 302
    assert Review.objects.filter(is_adjudication=True).count() == 1
    assert len(inbox_of(team.reviewer)) == 1


def test_what_changed_meanwhile_is_refused_with_the_text_kept(
    team: Team, admin: Client, browse: Browse, item: Item
) -> None:
    ben = make.user("ben")
    team.project.memberships.create(user=ben, role=Role.ADMIN)
    text = {"action": "merge", "question": "Which?", "answer": "My text."}
    stood = adjudication.standing_ids(item)
    send(browse(ben), team, item, action="reject", reason="The answer is wrong", why="No.")
    shown = page(send(admin, team, item, stands=stood, **text), 409)
    assert "ben has since decided on this item." in shown
    assert "My text.</textarea>" in shown
    assert fresh(item).state == ItemState.REJECTED
    assert send(admin, team, fresh(item), **text).status_code == 302
    assert fresh(item).state == ItemState.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_of_admins_at_the_same_moment_one_decides(team: Team, item: Item) -> None:
    admins = [make.member(team.project, Role.ADMIN) for _ in range(4)]
    stood, start = adjudication.standing_ids(item), threading.Barrier(4)
    stored, refused = [], []

    def decide(admin: User) -> None:
        ruling = adjudication.Adjudication(uuid.uuid4(), Verdict.REJECTED, stood, reason="So.")
        start.wait()
        try:
            stored.append(adjudication.adjudicate(team.project, item.pk, admin, ruling))
        except decisions.ReviewNotStored as reason:
            refused.append(str(reason))
        connection.close()

    threads = [threading.Thread(target=decide, args=[admin]) for admin in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(stored), len(refused)) == (1, 3)
    assert set(refused) == {f"{stored[0].reviewer} has since decided on this item."}


def test_a_reviewer_who_agrees_meanwhile_settles_it(team: Team, admin: Client, item: Item) -> None:
    text = {"action": "merge", "question": "Which?", "answer": "This."}
    stood = adjudication.standing_ids(item)
    decisions.undo_review(team.project, team.reviewer)
    make.accept(item, team.reviewer, answer="The answer of eve.")
    response = send(admin, team, item, stands=stood, **text)
    assert "The reviews of this item have changed since you opened it." in page(response, 409)


# Sending back, taking back, overruling


def test_an_item_is_sent_back_and_decided_anew(
    team: Team, admin: Client, browse: Any, item: Item
) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        send(admin, team, item, key=key, action="back", why="Read the guidelines on dates.")
    again = fresh(item)
    assert (again.state, again.reviewers) == (ItemState.PENDING, [])
    because = set(Review.objects.exclude(is_adjudication=True).values_list("withdrawn_because"))
    assert because == {("sent back: Read the guidelines on dates.",)}
    desk = page(browse(team.reviewer).get(f"{team.url}/review/"))
    sentence = (
        "You have decided on this item before. It was sent back: Read the guidelines on dates."
    )
    assert sentence in desk
    for user in (team.engineer, team.reviewer):
        [text] = inbox_of(user)
        assert text.endswith("Read the guidelines on dates.")
    make.accept(again, team.reviewer)
    make.accept(again, team.engineer)
    assert fresh(item).state == ItemState.ACCEPTED


def test_undo_takes_the_last_adjudication_back(team: Team, admin: Client, item: Item) -> None:
    send(admin, team, item, action="merge", question="Which?", answer="This.")
    response = admin.post(f"{team.url}/adjudicate/undo/")
    assert response.url == f"{team.url}/adjudicate/{item.pk}/?from=queue"
    assert fresh(item).state == ItemState.DISPUTED
    assert inbox_of(team.reviewer) == []  # it was not read yet
    again = admin.post(f"{team.url}/adjudicate/undo/")
    assert told(again)[-1] == "You have nothing to undo."


def test_an_undo_sent_twice_takes_back_one_adjudication(
    team: Team, admin: Client, item: Item
) -> None:
    other = make.disputed(team.project, team.reviewer, team.engineer)
    for each in (item, other):
        send(admin, team, each, action="merge", question="Which?", answer="This.")
    for _ in range(2):
        admin.post(f"{team.url}/adjudicate/undo/", {"item": other.pk})
    standing = Review.objects.decisions().filter(is_adjudication=True)
    assert [review.item_id for review in standing] == [item.pk]


def test_a_decided_item_is_overruled_by_any_admin_and_that_is_taken_back(
    team: Team, admin: Client
) -> None:
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    assert "Overrule" in page(admin.get(f"{team.url}/items/{item.pk}/"))
    assert f"Overrule the decision on item {item.pk}" in page(
        admin.get(f"{team.url}/adjudicate/{item.pk}/")
    )
    values = {"action": "reject", "reason": "The answer is wrong", "why": "It is 1962.", "from": ""}
    assert send(admin, team, item, **values).url == f"{team.url}/items/{item.pk}/"
    assert fresh(item).state == ItemState.REJECTED
    admin.post(f"{team.url}/adjudicate/{item.pk}/take-back/")
    assert fresh(item).state == ItemState.ACCEPTED


def test_a_pending_item_is_not_overruled(team: Team, admin: Client) -> None:
    item = make.item(team.project)
    with pytest.raises(decisions.ReviewNotStored, match="has not been decided yet"):
        adjudication.adjudicate(
            team.project,
            item.pk,
            team.admin,
            adjudication.Adjudication(uuid.uuid4(), Verdict.REJECTED, ""),
        )


def test_who_differed_sees_what_was_decided_and_why(
    team: Team, admin: Client, browse: Browse, item: Item
) -> None:
    send(admin, team, item, action="reject", reason="The answer is wrong", why="It is 1962.")
    text = page(browse(team.engineer).get(f"{team.url}/items/{item.pk}/"))
    assert "<strong>ada</strong> rejected it as an admin" in text
    assert "It is 1962." in text


# Gold


def make_gold(admin: Client, team: Team, item: Item) -> None:
    text = {"action": "merge", "question": "What is gold?", "answer": "The golden text."}
    response = send(admin, team, item, gold=1, why="Known.", **{**text, "from": "gold"})
    assert response.url == f"{team.url}/items/{item.pk}/"


def test_gold_is_an_adjudication_that_nobody_sees(
    team: Team, admin: Client, browse: Browse
) -> None:
    item = make.item(team.project)
    assert "Mark item" in page(admin.get(f"{team.url}/adjudicate/{item.pk}/?gold=1"))
    make_gold(admin, team, item)
    item = fresh(item)
    assert (item.state, item.purpose) == (ItemState.ACCEPTED, Purpose.GOLD)
    for user in (team.reviewer, team.engineer):
        client = browse(user)
        for path in (f"items/{item.pk}/", "items/", "review/", f"items/{item.pk}/comments/"):
            text = page(client.get(f"{team.url}/{path}"))
            shown = re.sub(r"<option.*?</option>", "", text)  # what can be chosen tells nothing
            for word in ("golden", "What is gold", "Known.", ">ada<", ">gold<", ">accepted<"):
                assert word not in shown, path
        assert '<span class="state ">pending</span>' in page(
            client.get(f"{team.url}/items/{item.pk}/")
        )
    make.accept(item, team.reviewer)
    assert "The golden text." in page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/"))


def test_gold_reads_pending_in_every_query(team: Team, admin: Client) -> None:
    gold, usual = make.items(team.project, 2)
    make_gold(admin, team, gold)

    def pending(user: User, state: str) -> list[Item]:
        return list(team.project.items.in_state_for(user, state))

    assert pending(team.reviewer, "pending") == [gold, usual]
    assert pending(team.reviewer, "accepted") == []
    assert pending(team.admin, "accepted") == [gold]
    assert fresh(gold).state_for(team.reviewer) == ItemState.PENDING
    assert fresh(gold).state_for(team.admin) == ItemState.ACCEPTED


def test_no_longer_gold(team: Team, admin: Client) -> None:
    item = make.item(team.project)
    make_gold(admin, team, item)
    assert "Remove gold status" in page(admin.get(f"{team.url}/items/{item.pk}/"))
    assert page(send(admin, team, fresh(item), action="back", why="So."), 409)
    admin.post(f"{team.url}/adjudicate/{item.pk}/take-back/")
    item = fresh(item)
    assert (item.state, item.purpose) == (ItemState.PENDING, Purpose.USUAL)
    assert queue.take_next_item(team.project, team.reviewer) == item
