"""The list of items, and the page of an item with its history."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.models import Item, ItemState, Purpose, Verdict
from generation.review import decisions
from tests import make
from tests.conftest import Team
from tests.web import page

Browse = Callable[[User], Client]


@pytest.fixture
def client(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


def shown(text: str) -> list[str]:
    """Return the answers in the list, in order, without the marks of a search."""
    return re.findall(r'<td role="cell"[^>]*>(Answer[^<]*)</td>', re.sub("</?mark>", "", text))


def test_nothing_yet(team: Team, client: Client) -> None:
    assert "No items yet. Items come from documents." in page(client.get(f"{team.url}/items/"))


def test_items_show_the_text_that_stands(team: Team, client: Client) -> None:
    item = make.item(team.project)
    make.accept(item, team.engineer, answer="A better answer.")
    make.item(make.project(), answer="Of another project.")
    text = page(client.get(f"{team.url}/items/"))
    assert "A better answer." in text
    assert "Answer 0." not in text
    assert "Of another project." not in text
    assert '<span class="fine">eve</span>' in text


def test_a_bulk_action_on_all_items_says_how_many_they_are(team: Team, browse: Browse) -> None:
    engineer = browse(team.engineer)
    make.item(team.project)
    assert "The only item</label>" in page(engineer.get(f"{team.url}/items/"))
    pending = f"{team.url}/items/?state=pending"
    assert "The only item that matches</label>" in page(engineer.get(pending))
    make.item(team.project, answer="Another.")
    assert "All 2 items that match</label>" in page(engineer.get(pending))


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        ("", ["Answer 1.", "Answer 0."]),
        ("?state=accepted", ["Answer 0."]),
        ("?document={document}", ["Answer 0."]),
        ("?document={document}&state=pending", []),
        ("?state=burnt", ["Answer 1.", "Answer 0."]),
        ("?document=x", ["Answer 1.", "Answer 0."]),
        ("?held_by__password__startswith=p&answer=Answer+1.", ["Answer 1.", "Answer 0."]),
    ],
)
def test_filters_are_a_fixed_set(
    team: Team, client: Client, query: str, answers: list[str]
) -> None:
    item = make.item(team.project, state=ItemState.ACCEPTED)
    make.item(team.project, answer="Answer 1.")
    place = query.format(document=item.document_id)
    text = page(client.get(f"{team.url}/items/{place}"))
    assert shown(text) == answers
    assert ("No items match." in text) == (answers == [])


def test_pages_keep_the_filter(team: Team, client: Client) -> None:
    make.items(team.project, 60)
    text = page(client.get(f"{team.url}/items/?state=pending"))
    assert len(shown(text)) == 50
    assert "?state=pending&amp;page=2" in text
    assert len(shown(page(client.get(f"{team.url}/items/?state=pending&page=2")))) == 10


@pytest.mark.parametrize("count", [1, 20])
def test_queries_do_not_grow(
    team: Team, client: Client, count: int, django_assert_num_queries: Any
) -> None:
    for item in make.items(team.project, count):
        make.accept(item, team.engineer)
    with django_assert_num_queries(14):
        assert len(shown(page(client.get(f"{team.url}/items/")))) == count


def test_an_item_shows_everything_said_about_it(
    team: Team, client: Client, django_assert_num_queries: Any
) -> None:
    item = make.item(team.project)
    make.accept(item, team.engineer, answer="Answer zero.")
    decisions.undo_review(team.project, team.engineer)
    make.accept(item, team.engineer, verdict=Verdict.REJECTED, reason="Not worth asking")
    with django_assert_num_queries(9):
        text = page(client.get(f"{team.url}/items/{item.pk}/"))
    assert "Answer <del>0.</del><ins>zero.</ins>" in text
    assert "This review was withdrawn." in text
    assert "Not worth asking." in text
    assert "summarise 1 and ask 1 with scripted" in text


def test_markup_of_a_model_is_shown_and_not_obeyed(team: Team, client: Client) -> None:
    item = make.item(team.project, answer="<script>alert(1)</script>")
    for path in ("items/", f"items/{item.pk}/", "review/"):
        text = page(client.get(f"{team.url}/{path}"))
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_the_words_of_a_search_are_marked_where_they_stand(team: Team, client: Client) -> None:
    long = " ".join(["Water rises."] * 30)
    make.item(team.project, answer=f"{long} The <b>harbour</b> gates close at low tide.")
    text = page(client.get(f"{team.url}/items/?text=harb"))
    assert "… rises. Water rises. Water rises. The " in text
    assert "The &lt;b&gt;<mark>harbour</mark>&lt;/b&gt; gates close" in text
    assert "<mark>" not in page(client.get(f"{team.url}/items/"))


def test_what_was_accepted_stands_above_the_draft(team: Team, client: Client) -> None:
    item = make.item(team.project)
    address = f"{team.url}/items/{item.pk}/"
    make.accept(item, team.engineer, answer="A better answer.")
    text = page(client.get(address))
    assert text.index("Accepted answer") < text.index("Drafted answer")
    plain = make.item(team.project)
    make.accept(plain, team.engineer)
    assert "Accepted answer" not in page(client.get(f"{team.url}/items/{plain.pk}/"))


def offers_review(client: Client, team: Team, item: Item) -> bool:
    return f"/review/?item={item.pk}" in page(client.get(f"{team.url}/items/{item.pk}/"))


def test_a_review_is_offered_only_where_one_can_be_given(
    team: Team, client: Client, browse: Browse
) -> None:
    item = make.item(team.project)
    assert offers_review(client, team, item)
    browse(team.engineer).get(f"{team.url}/review/")  # it is on her desk
    assert not offers_review(client, team, item)
    make.accept(item, team.engineer)
    assert not offers_review(client, team, item)
    assert offers_review(browse(team.engineer), team, item)  # again
    for_everyone = make.item(team.project, purpose=Purpose.CALIBRATION)
    make.accept(for_everyone, team.engineer)
    assert offers_review(client, team, for_everyone)
    Item.objects.filter(pk=for_everyone.pk).update(state=ItemState.ASIDE)
    assert not offers_review(client, team, for_everyone)
