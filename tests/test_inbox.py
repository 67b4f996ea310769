"""The inbox, and the count at the top of every page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation import bin as bins
from generation.models import Notice
from tests import make
from tests.conftest import Team
from tests.web import PART, page

Browse = Callable[[User], Client]


@pytest.fixture
def client(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


def test_nothing_yet(team: Team, client: Client) -> None:
    text = page(client.get(f"{team.url}/inbox/"))
    assert "No notices yet." in text
    assert "Mark all as read" not in text
    assert waiting(team, client) == {"waits": "", "waits-inbox": ""}


def test_notices_show_the_newest_first_and_only_to_whom_they_are_for(
    team: Team, client: Client
) -> None:
    item = make.item(team.project)
    make.notice(item, team.reviewer, "The first.")
    make.notice(item, team.reviewer, "The <second>.")
    make.notice(item, team.engineer, "For eve.")
    elsewhere = make.project(team.reviewer, name="Another")
    make.notice(make.item(elsewhere), team.reviewer, "Of elsewhere.")
    text = page(client.get(f"{team.url}/inbox/"))
    assert text.index("The &lt;second&gt;.") < text.index("The first.")
    assert "For eve." not in text
    assert "Of elsewhere." not in text


def test_one_is_read_or_opened(team: Team, client: Client) -> None:
    item = make.item(team.project)
    first, second = (make.notice(item, team.reviewer) for _ in range(2))
    assert client.post(f"{team.url}/inbox/{first.pk}/").url == f"{team.url}/inbox/"
    opened = client.post(f"{team.url}/inbox/{second.pk}/", {"open": "1"})
    assert opened.url == f"{team.url}/items/{item.pk}/"
    assert not Notice.objects.unread().exists()


def test_a_notice_leads_to_no_item_in_the_bin(team: Team, client: Client) -> None:
    item = make.item(team.project)
    make.notice(item, team.reviewer)
    bins.bin_document(item.document, team.admin)
    text = page(client.get(f"{team.url}/inbox/"))
    assert "Its document is in the bin." in text
    assert f"Open item {item.pk}" not in text


def test_nobody_reads_the_notices_of_others(team: Team, client: Client) -> None:
    notice = make.notice(make.item(team.project), team.engineer)
    assert client.post(f"{team.url}/inbox/{notice.pk}/").status_code == 404
    client.post(f"{team.url}/inbox/")
    assert Notice.objects.unread().get() == notice


def test_all_are_read(team: Team, client: Client) -> None:
    item = make.item(team.project)
    for _ in range(3):
        make.notice(item, team.reviewer)
    client.post(f"{team.url}/inbox/")
    assert not Notice.objects.unread().exists()


@pytest.mark.parametrize(("unread", "shown"), [(1, "1"), (99, "99"), (150, "99+")])
def test_the_count_stays_cheap(
    team: Team, client: Client, unread: int, shown: str, django_assert_num_queries: Any
) -> None:
    item = make.item(team.project)
    for _ in range(unread):
        make.notice(item, team.reviewer)
    with django_assert_num_queries(4):
        assert waiting(team, client)["waits-inbox"] == f"{shown} unread"


def test_an_admin_sees_how_many_disputes_wait(team: Team, browse: Browse) -> None:
    make.disputed(team.project, team.reviewer, team.engineer)
    make.notice(make.item(team.project), team.admin)
    assert waiting(team, browse(team.admin)) == {
        "waits": "2 waiting",
        "waits-inbox": "1 unread",
        "waits-adjudicate": "1 to decide",
    }


def waiting(team: Team, client: Client) -> dict[str, str]:
    """Return what the header tells to wait, by the id of the element that tells it."""
    text = page(client.get(f"{team.url}/waiting/", headers=PART))
    parts = re.findall(
        r'<span class="count" id="([\w-]+)" hx-swap-oob="true">(.*?)</span>\s*$', text, re.MULTILINE
    )
    return {name: re.sub("<[^>]*>", "", shown) for name, shown in parts}


def test_pages_do_not_count_by_themselves(team: Team, client: Client) -> None:
    text = page(client.get(f"{team.url}/items/"))
    assert f'hx-get="{team.url}/waiting/" hx-trigger="load' in text
