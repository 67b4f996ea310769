"""Comments and questions to colleagues that are typed and not sent."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.models import Item, UnsentComment
from tests import make
from tests.conftest import Team
from tests.web import PART, page

Browse = Callable[[User], Client]


@pytest.fixture
def client(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


@pytest.fixture
def item(team: Team) -> Item:
    return make.item(team.project)


def type_in(client: Client, team: Team, item: Item, text: str, more: str = "") -> float:
    """Type a text; return the time that the server stored it, in seconds."""
    response = client.post(f"{team.url}/items/{item.pk}/comments/typed/{more}", {"text": text})
    assert response.status_code == 204
    return float(response["Typed-At"])


def test_a_comment_that_is_typed_is_there_in_any_browser_until_it_is_sent(
    team: Team, client: Client, item: Item
) -> None:
    type_in(client, team, item, "Half a")
    at = type_in(client, team, item, "Half a thought,\r\nand more")
    for path in (f"items/{item.pk}/", f"items/{item.pk}/comments/"):
        text = page(client.get(f"{team.url}/{path}"))
        assert "Half a thought,\nand more</textarea>" in text
        assert f'data-typed-at="{at}"' in text
    sent = client.post(f"{team.url}/items/{item.pk}/comments/", {"text": "Sent."}, headers=PART)
    assert "Half a thought" not in page(sent)
    assert not UnsentComment.objects.exists()


def test_nobody_else_sees_what_is_typed(
    team: Team, client: Client, browse: Browse, item: Item
) -> None:
    type_in(client, team, item, "Half a thought")
    assert "Half a thought" not in page(browse(team.admin).get(f"{team.url}/items/{item.pk}/"))
    assert (
        browse(team.stranger)
        .post(f"{team.url}/items/{item.pk}/comments/typed/", {"text": "Mine"})
        .status_code
        == 404
    )


def test_a_question_that_is_typed_is_kept_beside_a_comment(
    team: Team, client: Client, item: Item
) -> None:
    type_in(client, team, item, "A comment")
    type_in(client, team, item, "A question", "?asks=1")
    assert "A question</textarea>" in page(client.get(f"{team.url}/items/{item.pk}/ask/"))
    data = {"colleague": team.engineer.pk, "text": "A question?"}
    assert client.post(f"{team.url}/items/{item.pk}/ask/", data).status_code == 302
    assert [unsent.text for unsent in UnsentComment.objects.all()] == ["A comment"]


def test_what_comes_late_of_a_comment_that_was_sent_is_not_kept(
    team: Team, client: Client, item: Item
) -> None:
    client.post(f"{team.url}/items/{item.pk}/comments/", {"text": "Sent."})
    type_in(client, team, item, "Sent.")
    assert not UnsentComment.objects.exists()
    type_in(client, team, item, "Sent.  And more")
    assert UnsentComment.objects.count() == 1


def test_a_text_that_was_deleted_is_not_kept(team: Team, client: Client, item: Item) -> None:
    for text in ("Half a thought", " "):
        type_in(client, team, item, text)
    assert not UnsentComment.objects.exists()


def test_a_text_that_is_too_long_is_refused(team: Team, client: Client, item: Item) -> None:
    typed = {"text": "x" * 5_001}
    response = client.post(f"{team.url}/items/{item.pk}/comments/typed/", typed)
    assert response.status_code == 422
    assert not UnsentComment.objects.exists()


def test_a_comment_that_is_refused_comes_back_as_it_was_sent(
    team: Team, client: Client, item: Item
) -> None:
    type_in(client, team, item, "Half a thought")
    text = page(client.post(f"{team.url}/items/{item.pk}/comments/", {"text": " "}), 422)
    assert "Half a thought" not in text
    assert UnsentComment.objects.exists()
