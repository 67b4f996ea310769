"""Items that people write by hand: who may, what is stored, and who reviews them."""

import uuid
import zipfile
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError
from django.test import Client

from generation.checks import flags
from generation.drafting import answers, orders
from generation.items import bulk_actions, listing, writing
from generation.models import (
    OUTCOME,
    BulkActionKind,
    Item,
    ItemState,
    Passage,
    Question,
    Release,
    Verdict,
    Writing,
)
from generation.passages import editing
from generation.progress.outcomes import outcomes
from generation.releases import exports, freezing
from generation.review import adjudication, comments, decisions, queue
from qareview import shortcuts
from qareview.models import JobState, KeyMap, Membership
from tests import make
from tests.conftest import Team
from tests.hand_written import ANSWER, QUESTION, address, sent, write

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


# The form


def test_a_reviewer_writes_an_item_and_sees_who_wrote_it(
    team: Team, passage: Passage, browse: Browse
) -> None:
    client = browse(team.reviewer)
    page = client.get(address(team, passage))
    assert "The gates of the basin" in page.text
    response = client.post(address(team, passage), sent(), follow=True)
    assert "Your item is saved. Someone else will review it." in response.text
    assert "Written by rob" in response.text
    assert "You wrote this item, so someone else has to review it." in response.text
    item = Item.objects.get()
    assert (item.question.text, item.answer, item.author) == (QUESTION, ANSWER, team.reviewer)
    assert (item.variant, item.model, item.state) == (None, "", ItemState.PENDING)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"question": " "}, "Write a question."),
        ({"answer": ""}, "Write an answer."),
        ({"answer": "x" * 1_000_001}, "at most 1000000 characters"),
        ({"key": "no"}, "The form data is not valid. Send the form again."),
    ],
)
def test_a_form_that_is_not_complete_says_what_is_missing(
    team: Team, passage: Passage, browse: Browse, values: dict[str, str], sentence: str
) -> None:
    response = browse(team.reviewer).post(address(team, passage), sent(**values))
    assert response.status_code == 422
    assert sentence in response.text
    assert not Item.objects.exists()


def test_a_double_click_stores_one_item(team: Team, passage: Passage, browse: Browse) -> None:
    client, data = browse(team.reviewer), sent()
    for _ in range(2):
        response = client.post(address(team, passage), data, headers={"HX-Request": "true"})
        assert response.status_code == 204
        assert "Your item is saved." in response["HX-Trigger"]
    assert Item.objects.count() == 1


def test_a_form_that_was_sent_for_another_passage_is_refused(team: Team, passage: Passage) -> None:
    key = uuid.uuid4()
    write(passage, team.reviewer, key=key)
    other = passage.document.passages.all()[1]
    with pytest.raises(writing.NotWritten, match="already been sent"):
        write(other, team.reviewer, key=key)


def test_the_same_question_and_answer_are_refused_with_the_item_that_has_them(
    team: Team, passage: Passage, browse: Browse
) -> None:
    item = write(passage, team.engineer)
    response = browse(team.reviewer).post(address(team, passage), sent())
    assert response.status_code == 422
    assert f"already has an item with this question and answer: item {item.pk}." in response.text
    assert ANSWER in response.text
    assert write(passage, team.reviewer, question="What closes the gates?").number == 2


def test_nothing_is_written_about_an_excluded_passage(team: Team, passage: Passage) -> None:
    editing.exclude_passage(passage, team.engineer)
    with pytest.raises(writing.NotWritten, match="This passage is excluded"):
        write(passage, team.reviewer)


def test_line_ends_are_those_of_drafts(team: Team, passage: Passage, browse: Browse) -> None:
    browse(team.reviewer).post(address(team, passage), sent(answer="One.\r\nTwo."))
    assert Item.objects.get().answer == "One.\nTwo."


# Review by another


def test_the_author_never_gets_their_item(team: Team, passage: Passage) -> None:
    item = write(passage, team.reviewer)
    assert queue.take_next_item(team.project, team.reviewer) is None
    assert not queue.take_item(item, team.reviewer, 1)
    assert not team.project.items.open_to(team.reviewer).exists()
    assert queue.take_next_item(team.project, team.engineer) == item


def test_the_author_gets_their_item_not_even_after_an_assignment(
    team: Team, passage: Passage
) -> None:
    item = write(passage, team.reviewer)
    action = bulk_actions.order_bulk_action(
        team.project,
        team.admin,
        BulkActionKind.ASSIGN,
        team.project.items.all(),
        1,
        uuid.uuid4(),
        member=team.reviewer,
    )
    bulk_actions.work_off_bulk_actions()
    assert action.items.get(item=item).outcome == "written"
    assert not item.assignments.exists()


def test_the_authors_own_decision_is_refused(team: Team, passage: Passage, browse: Browse) -> None:
    item = write(passage, team.reviewer)
    with pytest.raises(decisions.OwnItem, match="someone else has to review it"):
        make.accept(item, team.reviewer)
    client = browse(team.reviewer)
    response = client.post(f"{team.url}/review/{item.pk}/", make.review_data(item))
    assert response.status_code == 409
    assert "You wrote this item, so someone else has to review it." in response.text
    shown = client.get(f"{team.url}/review/?item={item.pk}", follow=True)
    assert "You wrote this item, so someone else has to review it." in shown.text
    assert not item.reviews.exists()


def test_a_bulk_action_skips_what_its_author_wrote(team: Team, passage: Passage) -> None:
    own, other = write(passage, team.engineer), make.item(team.project)
    action = bulk_actions.order_bulk_action(
        team.project,
        team.engineer,
        BulkActionKind.ACCEPT,
        team.project.items.all(),
        2,
        uuid.uuid4(),
    )
    bulk_actions.work_off_bulk_actions()
    assert action.items.get(item=own).outcome == "written"
    other.refresh_from_db()
    assert other.state == ItemState.ACCEPTED


def test_the_author_does_not_ask_a_colleague_for_a_decision_they_do_not_take(
    team: Team, passage: Passage
) -> None:
    item = write(passage, team.reviewer)
    with pytest.raises(comments.NotAsked):
        comments.ask_colleague(item, team.reviewer, team.engineer, "Is it good?")


def test_an_admin_does_not_adjudicate_what_they_wrote(
    team: Team, passage: Passage, browse: Browse
) -> None:
    item = write(passage, team.admin)
    make.accept(item, team.reviewer)
    client = browse(team.admin)
    page = client.get(f"{team.url}/adjudicate/{item.pk}/", follow=True)
    assert "You wrote this item, so someone else has to review it." in page.text
    assert "Overrule" not in page.text
    data = {"key": uuid.uuid4(), "verdict": Verdict.REJECTED, "stands": ""}
    with pytest.raises(decisions.ReviewNotStored, match="You wrote this item"):
        adjudication.adjudicate(
            team.project, item.pk, team.admin, adjudication.Adjudication(**data)
        )


def test_who_is_alone_in_a_project_is_told_so_and_may_decide_as_admin(browse: Browse) -> None:
    admin = make.user("solo")
    project = make.project(admin, name="Alone")
    passage = make.document(project).passages.all()[0]
    page = browse(admin).get(f"/projects/{project.slug}/passages/{passage.pk}/write/")
    assert "You are the only member of this project." in page.text
    item = write(passage, admin)
    shown = browse(admin).get(f"/projects/{project.slug}/items/{item.pk}/")
    assert "are the only member of this project. Someone else has to review it." in shown.text
    assert queue.take_next_item(project, admin) is None
    assert adjudication.may_adjudicate(item, admin)
    make.member(project)
    assert not adjudication.may_adjudicate(item, admin)


# Checks


def test_a_name_in_the_headings_is_not_foreign(team: Team, passage: Passage) -> None:
    Passage.objects.filter(pk=passage.pk).update(headings=["The locks of Halvorsen"])
    answer = "The gates of Halvorsen close at low tide."
    assert flags.FOREIGN_NAME not in write(passage, team.reviewer, answer=answer).flags


def test_a_worker_checks_the_item_and_being_like_others_costs_no_score(
    team: Team, passage: Passage
) -> None:
    first = write(passage, team.reviewer)
    second = write(passage, team.engineer, question="When exactly do the basin’s gates close?")
    writing.work_off_written_items()
    first.refresh_from_db()
    second.refresh_from_db()
    assert set(first.scores) == {flags.SUPPORT}
    assert first.question.scores == {}
    assert first.score > 0.5
    assert first.support
    assert first.flags == []
    assert flags.DUPLICATE_ANSWER in second.flags
    assert set(Writing.objects.values_list("state", flat=True)) == {JobState.DONE}


def test_what_the_words_alone_show_is_flagged_at_once(team: Team, passage: Passage) -> None:
    item = write(passage, team.reviewer, question="Gates?", answer="In the year 1907.")
    assert flags.FOREIGN_NUMBER in item.flags
    assert flags.NOT_A_QUESTION in item.question.flags


def test_checking_twice_does_not_find_an_item_like_itself(team: Team, passage: Passage) -> None:
    item = write(passage, team.reviewer)
    writing.work_off_written_items()
    Writing.objects.update(state=JobState.QUEUED)
    writing.work_off_written_items()
    item.refresh_from_db()
    assert item.flags == []


# Beside the drafts of models


def test_it_is_no_draft_of_a_model_and_stops_none(team: Team, passage: Passage) -> None:
    write(passage, team.reviewer)
    team.project.items_per_passage = 1
    team.project.save()
    assert answers.existing_answers(team.project, [passage]) == {
        passage.pk: answers.Existing(missing=1, current=[ANSWER])
    }
    Passage.objects.update(state=JobState.DONE)
    assert orders.fill_up(team.project) == Passage.objects.count()


def test_it_is_never_drafted_again(team: Team, passage: Passage) -> None:
    write(passage, team.reviewer)
    assert not orders.may_be_drafted_again(team.project.items.all(), team.engineer).exists()


def test_it_does_not_count_as_a_models(team: Team, passage: Passage) -> None:
    item = write(passage, team.reviewer)
    make.accept(item, team.engineer)
    assert not Item.objects.filter(OUTCOME).exists()
    assert outcomes(team.project).models == []


def test_cutting_again_keeps_it(team: Team, passage: Passage) -> None:
    item = write(passage, team.reviewer)
    editing.retire_passages([passage])
    item.refresh_from_db()
    passage.refresh_from_db()
    assert passage.superseded_at
    assert item.aside_reason == "cut again"


def test_the_list_shows_what_was_written_by_hand(
    team: Team, passage: Passage, browse: Browse
) -> None:
    item, drafted = write(passage, team.reviewer), make.item(team.project)
    for origin, expected in (("person", [item]), ("model", [drafted]), ("table", [])):
        found = listing.matching_items(team.project, {"origin": origin}, team.admin)
        assert list(found) == expected
    page = browse(team.reviewer).get(f"{team.url}/items/?origin=person")
    assert QUESTION in page.text
    assert drafted.question.text not in page.text


# Releases


def test_a_release_says_who_wrote_it_also_after_they_left(team: Team, passage: Passage) -> None:
    make.accept(write(passage, team.reviewer), team.engineer)
    make.accept(make.item(team.project), team.engineer)
    Membership.objects.filter(user=team.reviewer).delete()
    with pytest.raises(ProtectedError):
        team.reviewer.delete()
    release = freezing.order_release(team.project)
    freezing.work_off_releases()
    release.refresh_from_db()
    origins = {
        (row.triple["question"], row.triple["origin"], row.triple["written_by"])
        for row in release.rows.all()
    }
    assert (QUESTION, "person", "rob") in origins
    assert {origin for _, origin, _ in origins} == {"person", "model"}
    assert (release.facts["written"], release.facts["writers"]) == (1, ["rob"])
    assert release.facts["imported"] == 0
    assert "were written by hand, by rob; each was reviewed by someone else." in card_of(release)


def card_of(release: Release) -> str:
    with zipfile.ZipFile(exports.zip_file(release, "triples")) as files:
        return files.read("README.md").decode()


def test_a_release_claims_no_review_by_someone_else_if_there_was_nobody() -> None:
    project = make.project(admin := make.user("solo"), name="Alone")
    item = write(make.document(project).passages.all()[0], admin)
    values = uuid.uuid4(), Verdict.ACCEPTED, "", QUESTION, ANSWER
    decided = adjudication.Adjudication(*values, is_gold=True)
    adjudication.adjudicate(project, item.pk, admin, decided)
    freezing.order_release(project)
    freezing.work_off_releases()
    assert "by solo; nobody but their writer decided on 1" in card_of(project.releases.get())


# The desk's key


def test_a_key_that_a_user_chose_for_another_action_is_not_taken_away() -> None:
    chosen = KeyMap(keys={"edit": "w"})
    keys = shortcuts.keys_of(chosen)
    assert (keys["edit"], keys["write"]) == ("w", "")
    assert shortcuts.keys_of(None)["write"] == "w"


def test_the_desk_offers_to_write_about_the_passage(team: Team, browse: Browse) -> None:
    item = make.item(team.project)
    page = browse(team.reviewer).get(f"{team.url}/review/")
    assert f"/passages/{item.passage_id}/write/" in page.text


def test_a_written_item_has_one_question_of_no_variant(team: Team, passage: Passage) -> None:
    write(passage, team.reviewer)
    assert Question.objects.get().variant is None
