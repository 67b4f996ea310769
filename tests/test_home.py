"""The home page: a card for each project, and the first steps of a new installation."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.models import Document, Item, ItemState
from generation.progress import home
from qareview.access import memberships_of
from qareview.models import AddedModel, JobState, Role
from tests import make
from tests.conftest import Team
from tests.web import page

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


def test_a_card_counts_what_there_is_and_what_waits(team: Team) -> None:
    first, second, third = make.items(team.project, 3)
    make.accept(first, team.reviewer)
    Item.objects.filter(pk=third.pk).update(state=ItemState.ASIDE)
    [card] = home.cards(memberships_of(team.reviewer))
    counts = (card.documents, card.items, card.reviewed, card.waiting, card.release)
    assert counts == (1, 2, 1, 1, None)
    assert second.project == card.member.project


def test_disputes_wait_for_admins_only(team: Team) -> None:
    make.disputed(team.project, team.reviewer, team.engineer)
    found = {user: home.cards(memberships_of(user))[0] for user in (team.admin, team.reviewer)}
    assert [card.disputes for card in found.values()] == [1, 0]


def test_documents_in_trouble_are_told(team: Team, browse: Browse) -> None:
    make.project(team.reviewer, name="Another")  # else the only project opens at once
    for state in (JobState.FAILED, JobState.HELD):
        Document.objects.create(project=team.project, name=state, size=1, sha256=state, state=state)
    text = page(browse(team.reviewer).get("/"))
    assert "1 document could not be read" in text
    assert "Choose the columns of 1 table" in text


def test_somebody_elses_project_has_no_card(team: Team, root: User, browse: Browse) -> None:
    text = page(browse(root).get("/"))
    assert team.project.name not in text
    assert "You are not in any project yet." in text


def test_the_first_steps_are_shown_until_all_are_done(root: User, browse: Browse) -> None:
    client = browse(root)
    assert page(client.get("/")).count("done</span>") == 0
    AddedModel.objects.create(name="mine", backend="openai")
    project = make.project(root, name="Own")
    text = page(client.get("/"))
    assert text.count("done</span>") == 2
    assert f'href="/projects/{project.slug}/members/">Invite reviewers' in text
    make.member(project, Role.REVIEWER)
    assert "First steps" not in page(client.get("/"))


def test_who_creates_no_projects_sees_no_first_steps(team: Team, browse: Browse) -> None:
    make.project(team.reviewer, name="Another")
    assert "First steps" not in page(browse(team.reviewer).get("/"))
