"""The links at the top of a project's pages."""

import pytest
from django.test import RequestFactory
from django.urls import get_resolver, resolve

from qareview import navigation
from qareview.models import Membership
from tests.conftest import Team

pytestmark = pytest.mark.django_db
# Sections without a link: parts of pages, and addresses that only lead elsewhere.
PARTS = {"waiting", "drafting"}


def links(team: Team, page: str, member: Membership) -> list[navigation.GroupLinks]:
    request = RequestFactory().get(f"{team.url}/{page}")
    request.resolver_match = resolve(request.path)
    return navigation.links_for(member, request)


def titles(groups: list[navigation.GroupLinks]) -> dict[str, list[str]]:
    return {str(group.title): [str(link.title) for link in group.links] for group in groups}


def test_an_admin_has_links_to_all_pages_and_others_to_those_they_may_open(team: Team) -> None:
    admin, reviewer = (Membership.objects.get(user=user) for user in (team.admin, team.reviewer))
    assert titles(links(team, "review/", admin)) == {
        "Make": ["Documents", "Prompts"],
        "Review": ["Desk", "Items", "Disputes", "Inbox"],
        "Improve": ["Experiments"],
        "Ship": ["Releases"],
        "Team": ["Progress", "Members", "Settings"],
    }
    assert titles(links(team, "review/", reviewer))["Review"] == ["Desk", "Items", "Inbox"]
    assert titles(links(team, "review/", reviewer))["Team"] == ["Progress"]


@pytest.mark.parametrize(
    ("page", "group", "title"),
    [
        ("", "Make", "Documents"),
        ("prompts/1/playground/", "Make", "Prompts"),
        ("review/", "Review", "Desk"),
        ("bulk-actions/", "Review", "Items"),
        ("agreement/", "Team", "Progress"),
    ],
)
def test_the_page_that_is_shown_is_marked_once(
    team: Team, page: str, group: str, title: str
) -> None:
    groups = links(team, page, Membership.objects.get(user=team.admin))
    current = [each for each in groups if each.is_current]
    assert [str(each.title) for each in current] == [group]
    assert [str(link.title) for link in current[0].links if link.is_current] == [title]


def test_every_page_of_a_project_belongs_to_a_link() -> None:
    placed = {
        section
        for group in navigation.GROUPS
        for page in group.pages
        for section in (page.url, *page.sections)
    }
    of_projects = {
        name.split("-")[0]
        for name, (patterns, *_) in get_resolver().reverse_dict.lists()
        if isinstance(name, str) and "projects/%(slug)s/" in str(patterns)
    }
    assert of_projects - placed == PARTS
