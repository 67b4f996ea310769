"""Comments on items: mentions, who may read them, and questions to a colleague."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from generation.models import AsideReason, Assignment, Comment, Item, ItemState, Notice, Purpose
from generation.passages import editing
from generation.review import aside, comments, queue, settling
from tests import make
from tests.conftest import Team
from tests.web import PART, page, told

Browse = Callable[[User], Client]


@pytest.fixture
def client(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


@pytest.fixture
def item(team: Team) -> Item:
    return make.item(team.project)


def fresh(item: Item) -> Item:
    return Item.objects.get(pk=item.pk)


def notices(user: User) -> list[tuple[str, str]]:
    return list(Notice.objects.filter(user=user).values_list("kind", "text"))


def ask(client: Client, team: Team, item: Item, of: User, **values: str) -> HttpResponse:
    data = {"colleague": of.pk, "text": "Is it 1961?", **values}
    return client.post(f"{team.url}/items/{item.pk}/ask/", data)


# Comments


def test_a_comment_shows_on_the_items_page(team: Team, client: Client, item: Item) -> None:
    url = f"{team.url}/items/{item.pk}/comments/"
    response = client.post(url, {"text": "First <b>line</b>.\r\nSecond."})
    assert response.url == f"{team.url}/items/{item.pk}/#comments"
    assert Comment.objects.get().text == "First <b>line</b>.\nSecond."
    for place in (f"{team.url}/items/{item.pk}/", url):
        assert "First &lt;b&gt;line&lt;/b&gt;." in page(client.get(place))


def test_htmx_gets_the_list_alone_with_the_new_comment_last(
    team: Team, client: Client, item: Item
) -> None:
    comments.add_comment(item, team.reviewer, "The first.")
    url = f"{team.url}/items/{item.pk}/comments/"
    text = page(client.post(url, {"text": "The second."}, headers=PART))
    assert "<html" not in text
    assert text.index("The first.") < text.index("The second.")
    assert "The second.</textarea>" not in text


def test_nothing_is_no_comment(team: Team, client: Client, item: Item) -> None:
    url = f"{team.url}/items/{item.pk}/comments/"
    assert "Enter some text." in page(client.post(url, {"text": " "}, headers=PART), 422)
    assert not Comment.objects.exists()


def test_a_double_click_counts_once(team: Team, client: Client, item: Item) -> None:
    for _ in range(2):
        client.post(f"{team.url}/items/{item.pk}/comments/", {"text": "Look, @eve."})
    for _ in range(2):
        assert ask(client, team, item, team.engineer).status_code == 302
    assert [text for _, text in notices(team.engineer)] == [
        "rob: “Is it 1961?”",
        "rob: “Look, @eve.”",
    ]


def test_members_are_mentioned_and_others_stay_text(team: Team, client: Client, item: Item) -> None:
    text = "@eve, see also @sam and mail@ada or @ada. @rob"
    client.post(f"{team.url}/items/{item.pk}/comments/", {"text": text})
    assert notices(team.engineer) == [("mentioned", f"rob: “{text}”")]
    assert len(notices(team.admin)) == 1
    assert notices(team.stranger) == notices(team.reviewer) == []
    assert (
        "<strong>@eve</strong>, see also @sam and mail@ada or <strong>@ada</strong>. "
        "<strong>@rob</strong>"
    ) in page(client.get(f"{team.url}/items/{item.pk}/"))


def test_who_may_still_be_asked_reads_only_what_is_for_them(
    team: Team, client: Client, item: Item
) -> None:
    comments.add_comment(item, team.engineer, "I would reject it.")
    url = f"{team.url}/items/{item.pk}/"
    assert "I would reject it." not in page(client.get(url))
    assert "I would reject it." not in page(client.get(f"{url}comments/", headers=PART))
    comments.add_comment(item, team.engineer, "Look here, @rob.")
    assert "Look here, " in page(client.get(url))
    make.accept(item, team.reviewer)
    assert "I would reject it." in page(client.get(url))


def test_what_others_decided_stays_hidden_while_an_item_is_aside(
    team: Team, client: Client, item: Item
) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    make.accept(item, team.engineer, answer="The answer of eve.")
    comments.ask_colleague(item, team.admin, team.reviewer, "Is it so?")
    text = page(client.get(f"{team.url}/items/{item.pk}/"))
    assert "Is it so?" in text
    assert "The answer of eve." not in text


# Asking a colleague


def test_a_question_puts_the_item_aside_and_the_answer_brings_it_back(
    team: Team, client: Client, browse: Browse, item: Item
) -> None:
    assert queue.take_next_item(team.project, team.reviewer) == item
    response = ask(client, team, item, team.engineer, **{"from": "desk"})
    assert response.url == f"{team.url}/review/"
    aside = fresh(item)
    assert (aside.state, aside.aside) == (ItemState.ASIDE, "eve was asked.")
    for user in (team.reviewer, team.engineer):
        assert queue.take_next_item(team.project, user) is None
    assert notices(team.engineer) == [("asked", "rob: “Is it 1961?”")]

    eve = browse(team.engineer)
    assert "rob asked you" in page(eve.get(f"{team.url}/items/{item.pk}/"))
    eve.post(f"{team.url}/items/{item.pk}/comments/", {"text": "It is, see @ada and @rob."})
    back = fresh(item)
    assert (back.state, back.aside) == (ItemState.PENDING, "")
    assert Assignment.objects.get().reviewer == team.reviewer
    assert notices(team.reviewer) == [("answered", "eve: “It is, see @ada and @rob.”")]
    assert queue.take_next_item(team.project, team.reviewer) == item
    assert "It is, see" in page(client.get(f"{team.url}/items/{item.pk}/"))


def test_a_comment_of_somebody_else_is_no_answer(team: Team, client: Client, item: Item) -> None:
    ask(client, team, item, team.engineer)
    comments.add_comment(item, team.admin, "I wonder, too.")
    assert fresh(item).state == ItemState.ASIDE


def test_a_question_is_taken_back(team: Team, client: Client, browse: Browse, item: Item) -> None:
    ask(client, team, item, team.engineer)
    url = f"{team.url}/items/{item.pk}/ask/take-back/"
    assert "Withdraw question" in page(client.get(f"{team.url}/items/{item.pk}/"))
    others = browse(team.engineer).post(url)
    assert told(others) == ["This question has already been answered or withdrawn."]
    assert fresh(item).state == ItemState.ASIDE
    client.post(url)
    assert fresh(item).state == ItemState.PENDING
    assert notices(team.engineer) == []
    assert queue.take_next_item(team.project, team.reviewer) == item


def test_an_admin_takes_back_what_a_colleague_who_left_was_asked(
    team: Team, client: Client, browse: Browse, item: Item
) -> None:
    ask(client, team, item, team.engineer)
    team.project.memberships.get(user=team.engineer).delete()
    admin = browse(team.admin)
    assert "Withdraw question" in page(admin.get(f"{team.url}/items/{item.pk}/"))
    admin.post(f"{team.url}/items/{item.pk}/ask/take-back/")
    assert queue.take_next_item(team.project, team.reviewer) == item


def test_what_lies_on_anothers_desk_is_not_put_aside(
    team: Team, client: Client, browse: Browse, item: Item
) -> None:
    assert queue.take_item(item, team.reviewer, 1)
    assert "on their desk" in page(ask(browse(team.admin), team, item, team.engineer), 422)
    ask(client, team, item, team.engineer)
    assert fresh(item).state == ItemState.ASIDE


def test_a_calibration_item_with_its_reviews_waits_for_an_answer_too(
    team: Team, client: Client, item: Item
) -> None:
    Item.objects.update(purpose=Purpose.CALIBRATION)
    make.accept(item, team.admin)
    ask(client, team, item, team.engineer)
    settling.settle([item.pk])
    assert fresh(item).state == ItemState.ASIDE
    comments.add_comment(item, team.engineer, "It is.")
    assert fresh(item).state == ItemState.ACCEPTED


@pytest.mark.parametrize("state", [ItemState.ACCEPTED, ItemState.ASIDE])
def test_what_does_not_wait_for_the_asker_is_not_put_aside(
    team: Team, client: Client, item: Item, state: ItemState
) -> None:
    Item.objects.update(state=state)
    assert "Write a comment instead." in page(ask(client, team, item, team.engineer), 422)
    assert fresh(item).state == state
    assert not Comment.objects.exists()


def test_only_other_members_are_asked(team: Team, client: Client, item: Item) -> None:
    for user in (team.reviewer, team.stranger):
        page(ask(client, team, item, user), 422)
    text = page(client.get(f"{team.url}/items/{item.pk}/ask/?from=desk", headers=PART))
    assert "<html" not in text
    assert [name for name in ("ada", "eve", "rob", "sam") if f">{name}</option>" in text] == [
        "ada",
        "eve",
    ]


def test_a_gold_item_is_asked_about_and_comes_back_as_gold(
    team: Team, client: Client, item: Item
) -> None:
    Item.objects.update(purpose=Purpose.GOLD)
    ask(client, team, item, team.engineer)
    comments.add_comment(item, team.engineer, "Yes.")
    assert queue.take_next_item(team.project, team.reviewer) == item


def test_an_item_restored_meanwhile_is_left_alone(team: Team, client: Client, item: Item) -> None:
    ask(client, team, item, team.engineer)
    aside.restore_items(team.project.items.all())
    make.accept(item, team.admin)
    comments.add_comment(item, team.engineer, "Yes.")
    assert fresh(item).state == ItemState.ACCEPTED
    assert not Assignment.objects.exists()


def test_a_decided_item_restored_meanwhile_is_what_its_reviews_say(
    team: Team, client: Client, item: Item
) -> None:
    Item.objects.update(purpose=Purpose.GOLD)
    make.accept(item, team.admin)
    ask(client, team, item, team.engineer)
    aside.restore_items(team.project.items.all())
    assert fresh(item).state == ItemState.ACCEPTED


def test_an_item_whose_passage_was_excluded_meanwhile_stays_aside(
    team: Team, client: Client, item: Item
) -> None:
    ask(client, team, item, team.engineer)
    editing.exclude_passage(item.passage, team.admin)
    comments.add_comment(item, team.engineer, "Yes.")
    assert (fresh(item).state, fresh(item).aside_reason) == (ItemState.ASIDE, AsideReason.EXCLUDED)


def test_what_is_commented_stays_when_its_document_is_cut_anew(team: Team) -> None:
    document = make.document(team.project)
    passage = document.passages.all()[0]
    item = make.item(team.project)
    Item.objects.update(passage=passage, document=document)
    comments.add_comment(item, team.reviewer, "Keep this.")
    editing.merge_with_next(passage)
    assert Comment.objects.get().item.passage.superseded_at is not None


def test_an_item_restored_meanwhile_can_be_asked_about_anew(
    team: Team, client: Client, item: Item
) -> None:
    ask(client, team, item, team.engineer)
    aside.restore_items(team.project.items.all())
    assert ask(client, team, item, team.admin, text="And you?").status_code == 302
    assert fresh(item).aside == "ada was asked."
    comments.add_comment(item, team.engineer, "Yes.")
    assert fresh(item).state == ItemState.ASIDE


def test_the_desk_tells_the_asker_what_was_answered(team: Team, client: Client, item: Item) -> None:
    ask(client, team, item, team.engineer)
    comments.add_comment(item, team.engineer, "It is 1961, <b>yes</b>.")
    text = page(client.get(f"{team.url}/review/"))
    assert "eve answered you: “It is 1961, &lt;b&gt;yes&lt;/b&gt;.”" in text


def test_what_a_colleague_says_later_is_no_answer(
    team: Team, client: Client, browse: Browse, item: Item
) -> None:
    team.project.reviews_per_item = 2
    team.project.save()
    ask(client, team, item, team.engineer)
    comments.add_comment(item, team.engineer, "It is 1961.")
    make.accept(item, team.engineer)
    comments.add_comment(item, team.engineer, "I accepted it, the year is right.")
    text = page(client.get(f"{team.url}/review/"))
    assert "eve answered you: “It is 1961.”" in text
    assert "I accepted it" not in text
