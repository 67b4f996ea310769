"""Bulk actions on many items: who may do them, and undoing them as a whole."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation.items import bulk_actions, bulk_sentences
from generation.models import (
    BINNED,
    AsideReason,
    Assignment,
    BulkAction,
    BulkActionKind,
    Hold,
    Item,
    ItemState,
    Passage,
    Purpose,
    Review,
    Verdict,
)
from generation.review import aside, decisions, queue
from qareview import jobs
from qareview.models import JobState
from tests import make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]
A = ItemState.ACCEPTED
P = ItemState.PENDING


def order(team: Team, kind: BulkActionKind, by: User | None = None, **options: Any) -> BulkAction:
    selected = team.project.items.all()
    who = by or team.admin
    action = bulk_actions.order_bulk_action(
        team.project, who, kind, selected, selected.count(), uuid.uuid4(), **options
    )
    bulk_actions.work_off_bulk_actions()
    action.refresh_from_db()
    assert action.state == JobState.DONE, action.error
    return action


def undo(action: BulkAction, by: User) -> BulkAction:
    bulk_actions.undo_bulk_action(action, by)
    bulk_actions.work_off_bulk_actions()
    action.refresh_from_db()
    return action


def states(team: Team) -> list[str]:
    return list(team.project.items.order_by("pk").values_list("state", flat=True))


def test_accepting_gives_reviews_of_ones_own(team: Team) -> None:
    created = make.items(team.project, 3)
    action = order(team, BulkActionKind.ACCEPT, team.engineer)
    assert states(team) == [A, A, A]
    reviews = Review.objects.filter(
        bulk_action=action, reviewer=team.engineer, verdict=Verdict.ACCEPTED
    )
    assert [review.answer for review in reviews] == [item.answer for item in created]
    assert action.facts == {"done": 3}
    undo(action, team.engineer)
    assert states(team) == [P, P, P]
    assert Review.objects.standing().count() == 0
    assert "bulk" in Review.objects.all()[0].withdrawn_because
    assert action.facts == {"undone": 3} or BulkAction.objects.get().facts == {"undone": 3}


def test_what_has_no_place_is_left_out_and_said(team: Team) -> None:
    created = make.items(team.project, 5)
    make.accept(created[0], team.engineer)
    make.accept(created[1], team.reviewer)
    assert queue.take_item(created[2], team.reviewer, 1)
    aside.set_items_aside(Item.objects.filter(pk=created[3].pk), AsideReason.EXCLUDED)
    action = order(team, BulkActionKind.REJECT, team.engineer, reason="Not worth asking")
    assert states(team) == [A, A, P, ItemState.ASIDE, ItemState.REJECTED]
    assert action.facts == {"own": 1, "full": 1, "desk": 1, "aside": 1, "done": 1}
    account = bulk_sentences.bulk_action_status(action)
    assert account.sentence == "1 item rejected with the reason “Not worth asking”."
    assert "1 on someone else’s desk" in account.left_out
    assert Review.objects.get(bulk_action=action).reason == "Not worth asking"


def test_undoing_keeps_what_was_reviewed_later(team: Team) -> None:
    first, _second = make.items(team.project, 2)
    action = order(team, BulkActionKind.ACCEPT, team.engineer)
    mine = Review.objects.get(item=first)
    again = make.submission(first, Verdict.REJECTED, reason="Not worth asking", replaces=mine.pk)
    decisions.submit(team.project, first.pk, team.engineer, again)
    undo(action, team.engineer)
    assert states(team) == [ItemState.REJECTED, P]
    assert bulk_sentences.bulk_action_status(action).left_out == "1 changed since then"
    assert bulk_sentences.bulk_action_status(action).sentence == "Undone: 1 item accepted."
    with pytest.raises(bulk_actions.CannotUndo):
        bulk_actions.undo_bulk_action(action, team.engineer)


def test_a_second_persons_review_does_not_keep_ones_own(team: Team) -> None:
    team.project.reviews_per_item = 2
    team.project.save()
    item = make.item(team.project)
    action = order(team, BulkActionKind.ACCEPT, team.engineer)
    make.accept(item, team.reviewer)
    undo(action, team.engineer)
    assert [review.reviewer for review in Review.objects.decisions()] == [team.reviewer]
    assert states(team) == [P]


def test_what_is_in_the_bin_is_left_out_and_undone_there(team: Team) -> None:
    first, second = make.items(team.project, 2)
    selected = team.project.items.all()
    action = bulk_actions.order_bulk_action(
        team.project, team.engineer, BulkActionKind.ACCEPT, selected, 2, uuid.uuid4()
    )
    Item.objects.filter(pk=first.pk).update(state=BINNED)
    bulk_actions.work_off_bulk_actions()
    action.refresh_from_db()
    assert action.facts == {"binned": 1, "done": 1}
    assert bulk_sentences.bulk_action_status(action).left_out == "1 in the bin"
    Item.objects.filter(pk=second.pk).update(state=BINNED)
    undo(action, team.engineer)
    assert not Review.objects.decisions().exists()
    assert set(Item.everything.values_list("state", flat=True)) == {BINNED}


def test_fewer_items_than_were_confirmed_are_done(team: Team) -> None:
    make.items(team.project, 2)
    selected = team.project.items.all()
    action = bulk_actions.order_bulk_action(
        team.project, team.admin, BulkActionKind.ACCEPT, selected, 3, uuid.uuid4()
    )
    bulk_actions.work_off_bulk_actions()
    action.refresh_from_db()
    assert (action.size, action.facts) == (2, {"done": 2})


def test_assigning_and_taking_away(team: Team) -> None:
    created = make.items(team.project, 3)
    Assignment.objects.create(item=created[0], reviewer=team.reviewer)
    make.accept(created[1], team.reviewer)
    action = order(team, BulkActionKind.ASSIGN, member=team.reviewer)
    assert action.facts == {"assigned": 1, "reviewed": 1, "done": 1}
    away = order(team, BulkActionKind.UNASSIGN, member=team.reviewer)
    assert not Assignment.objects.exists()
    assert away.facts == {"done": 2, "unassigned": 1}
    undo(away, team.admin)
    assert Assignment.objects.count() == 2
    undo(order(team, BulkActionKind.ASSIGN, member=team.engineer), team.admin)
    assert not Assignment.objects.filter(reviewer=team.engineer).exists()


def test_drafting_again(team: Team) -> None:
    created = make.items(team.project, 3)
    make.accept(created[0], team.reviewer)
    action = order(team, BulkActionKind.REDRAFT, team.engineer, draft_with={"model": "scripted"})
    assert states(team) == [A, ItemState.ASIDE, ItemState.ASIDE]
    assert action.facts == {"decided": 1, "done": 2}
    passage = Passage.objects.get(pk=created[1].passage_id)
    assert (passage.state, passage.draft_with) == (JobState.QUEUED, {"model": "scripted"})
    Item.objects.create(project=team.project, document=passage.document, passage=passage)
    undo(action, team.engineer)
    assert states(team) == [A, ItemState.ASIDE, P, P]
    assert action.facts == {"decided": 1, "newer": 1, "undone": 1}


def test_the_calibration_set(team: Team) -> None:
    created = make.items(team.project, 3)
    make.accept(created[0], team.engineer)
    action = order(team, BulkActionKind.CALIBRATE)
    assert set(Item.objects.values_list("purpose", flat=True)) == {Purpose.CALIBRATION}
    make.accept(created[1], team.reviewer)
    undo(action, team.admin)
    purposes = Item.objects.order_by("pk").values_list("purpose", flat=True)
    assert list(purposes) == ["", "calibration", ""]
    out = order(team, BulkActionKind.UNCALIBRATE)
    assert out.facts == {"done": 1, "usual": 2}
    undo(out, team.admin)
    assert list(purposes.all()) == ["", "calibration", ""]


def test_a_worker_that_is_lost_doubles_nothing_and_loses_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_actions, "AT_ONCE", 2)
    make.items(team.project, 5)
    selected = team.project.items.all()
    bulk_actions.order_bulk_action(
        team.project, team.engineer, BulkActionKind.ACCEPT, selected, 5, uuid.uuid4()
    )
    [lost] = jobs.claim(BulkAction, 1)
    with jobs.storing([lost]):
        bulk_actions._step(lost)
    assert Review.objects.count() == 2
    jobs.release_leases_of(jobs.worker_name)
    with pytest.raises(jobs.LeaseLost):
        bulk_actions.carry_out(lost)
    bulk_actions.work_off_bulk_actions()
    assert Review.objects.count() == 5
    assert BulkAction.objects.get().facts == {"done": 5}


def test_an_act_is_stopped_and_undone_midway(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_actions, "AT_ONCE", 2)
    make.items(team.project, 5)
    selected = team.project.items.all()
    action = bulk_actions.order_bulk_action(
        team.project, team.engineer, BulkActionKind.ACCEPT, selected, 5, uuid.uuid4()
    )
    [claimed] = jobs.claim(BulkAction, 1)
    with jobs.storing([claimed]):
        bulk_actions._step(claimed)
    bulk_actions.undo_bulk_action(action, team.engineer)
    bulk_actions.carry_out(claimed)
    assert states(team) == [P] * 5
    assert BulkAction.objects.get().facts == {"undone": 2, "": 3}


def confirmed(client: Client, url: str, **values: Any) -> Any:
    """Open the page that confirms a bulk action and send its form."""
    text = page(client.get(url))
    fields = dict(re.findall(r'name="(key|confirmed)" value="([^"]*)"', text))
    return client.post(url, {**fields, **values})


def test_the_list_says_what_happened(team: Team, browse: Browse) -> None:
    client = browse(team.engineer)
    make.items(team.project, 2)
    make.items(team.project, 1, flags=["empty-answer"])
    url = f"{team.url}/bulk-actions/new/accept/?all=1&text=answer&flag="
    assert "<h1>Accept 3 items</h1>" in page(client.get(url))
    response = confirmed(client, url)
    assert response.url == f"{team.url}/items/?text=answer"
    assert "0 items accepted so far, out of 3." in page(client.get(response.url))
    bulk_actions.work_off_bulk_actions()
    text = page(client.get(response.url))
    assert "3 items accepted." in text
    action = BulkAction.objects.get()
    assert f"{team.url}/bulk-actions/{action.pk}/undo/" in text
    assert "3 items accepted." not in page(browse(team.admin).get(response.url))
    assert client.post(f"{team.url}/bulk-actions/{action.pk}/undo/").status_code == 302
    bulk_actions.work_off_bulk_actions()
    assert "Undone: 3 items accepted." in page(client.get(f"{team.url}/bulk-actions/{action.pk}/"))
    assert "Undone: 3 items accepted." in page(client.get(f"{team.url}/items/"))
    BulkAction.objects.update(finished_at=timezone.now() - bulk_actions.UNDONE_RECENT)
    assert "Undone: 3 items accepted." not in page(client.get(f"{team.url}/items/"))
    assert "Undone" in page(client.get(f"{team.url}/bulk-actions/"))
    assert told(client.post(f"{team.url}/bulk-actions/{action.pk}/undo/")) == [
        "This bulk action has already been undone."
    ]


def test_ticked_ones_only(team: Team, browse: Browse) -> None:
    created = make.items(team.project, 3)
    url = f"{team.url}/bulk-actions/new/reject/?item={created[0].pk}&item={created[2].pk}&item=x"
    client = browse(team.engineer)
    assert confirmed(client, url, reason="Because").status_code == 422
    assert confirmed(client, url, reason="Not worth asking").status_code == 302
    bulk_actions.work_off_bulk_actions()
    assert states(team) == [ItemState.REJECTED, P, ItemState.REJECTED]


def test_a_second_click_is_the_same_act(team: Team, browse: Browse) -> None:
    make.items(team.project, 1)
    client, url = browse(team.engineer), f"{team.url}/bulk-actions/new/accept/?all=1"
    data = {"key": str(uuid.uuid4()), "confirmed": 1}
    assert [client.post(url, data).status_code for _ in range(2)] == [302, 302]
    assert BulkAction.objects.count() == 1


def test_another_number_than_was_confirmed_is_asked_again(team: Team, browse: Browse) -> None:
    make.items(team.project, 1)
    client, url = browse(team.engineer), f"{team.url}/bulk-actions/new/accept/?all=1"
    data = {"key": str(uuid.uuid4()), "confirmed": 1}
    make.items(team.project, 1)
    text = page(client.post(url, data), 422)
    assert "The number of items has changed and is now 2." in text
    assert "<h1>Accept 2 items</h1>" in text
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "No items are selected."),
        ("?item=x", "No items are selected."),
        ("?all=1&state=burnt", "The filter is not valid"),
        ("?all=1&nothing=1", "The filter is not valid"),
    ],
)
def test_nothing_is_done_by_mistake(team: Team, browse: Browse, query: str, said: str) -> None:
    make.items(team.project, 1)
    client, url = browse(team.engineer), f"{team.url}/bulk-actions/new/accept/{query}"
    assert said in page(client.get(url), 422)
    data = {"key": str(uuid.uuid4()), "confirmed": 1}
    assert said in page(client.post(url, data), 422)
    assert not BulkAction.objects.exists()


def test_a_damaged_form_is_asked_again(team: Team, browse: Browse) -> None:
    make.items(team.project, 1)
    text = page(
        browse(team.engineer).post(f"{team.url}/bulk-actions/new/accept/?all=1", {"confirmed": 1}),
        422,
    )
    assert "The form data is not valid" in text


@pytest.mark.parametrize("kind", ["assign", "unassign", "calibrate", "uncalibrate"])
def test_some_acts_are_for_admins(team: Team, browse: Browse, kind: str) -> None:
    make.items(team.project, 1)
    url = f"{team.url}/bulk-actions/new/{kind}/?all=1"
    assert browse(team.engineer).get(url).status_code == 403
    assert browse(team.engineer).post(url).status_code == 403
    values = {"member": team.reviewer.pk} if "assign" in kind else {}
    assert confirmed(browse(team.admin), url, **values).status_code == 302


def test_only_members_get_assignments(team: Team, browse: Browse) -> None:
    make.items(team.project, 1)
    url = f"{team.url}/bulk-actions/new/assign/?all=1"
    assert confirmed(browse(team.admin), url, member=team.stranger.pk).status_code == 422


def test_an_act_of_somebody_else_is_undone_by_admins_only(team: Team, browse: Browse) -> None:
    make.items(team.project, 1)
    action = order(team, BulkActionKind.ACCEPT, team.admin)
    assert (
        browse(team.engineer).post(f"{team.url}/bulk-actions/{action.pk}/undo/").status_code == 403
    )
    other = order(team, BulkActionKind.ACCEPT, team.engineer)
    assert browse(team.admin).post(f"{team.url}/bulk-actions/{other.pk}/undo/").status_code == 302


def test_reviewers_have_nothing_to_tick(team: Team, browse: Browse) -> None:
    make.items(team.project, 1)
    assert 'name="item"' not in page(browse(team.reviewer).get(f"{team.url}/items/"))
    assert 'name="item"' in page(browse(team.engineer).get(f"{team.url}/items/"))


def test_no_such_act(team: Team, browse: Browse) -> None:
    assert browse(team.admin).get(f"{team.url}/bulk-actions/new/burn/?all=1").status_code == 404
    assert not Hold.objects.exists()


def test_what_was_drafted_since_is_seen_in_the_bin_too(team: Team) -> None:
    item = make.item(team.project)
    action = order(team, BulkActionKind.REDRAFT, team.engineer)
    Item.objects.create(
        project=team.project, document=item.document, passage=item.passage, answer="Anew.",
        variant=item.variant, number=2,
    )  # fmt: skip
    Item.objects.update(state=BINNED)
    undo(action, team.engineer)
    assert Item.everything.get(pk=item.pk).aside_reason == AsideReason.DRAFTED_AGAIN
    assert action.facts == {"newer": 1}


def test_the_old_address_leads_to_the_new_one(team: Team, browse: Any) -> None:
    client = browse(team.engineer)
    response = client.get(f"{team.url}/acts/new/accept/?all=1")
    assert response.status_code == 308
    assert response.url == f"{team.url}/bulk-actions/new/accept/?all=1"
    assert client.get(f"{team.url}/acts/").url == f"{team.url}/bulk-actions/"
    shortcuts = client.get("/accounts/keys/")
    assert (shortcuts.status_code, shortcuts.url) == (301, "/accounts/shortcuts/")
