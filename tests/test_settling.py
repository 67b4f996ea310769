"""How many reviews an item needs, and what becomes of items when members come and go."""

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.expressions import RawSQL
from django.test import Client

from generation.models import Item, ItemState, Purpose
from generation.progress.forecast import pace
from generation.review import queue, settling
from qareview import projects
from qareview.models import Invitation, Membership, Project, Role
from tests import make
from tests.conftest import Team
from tests.hand_written import write
from tests.web import page

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


def project_of_two(reviews: int) -> tuple[Project, User, User]:
    """Make a project with an admin and a reviewer that asks for some reviews of each item."""
    admin = make.user()
    project = make.project(admin)
    project.reviews_per_item = reviews
    project.save()
    return project, admin, make.member(project)


def written_by(author: User, project: Project) -> Item:
    return write(make.document(project).passages.all()[0], author)


def state_of(item: Item) -> str:
    return Item.objects.get(pk=item.pk).state


def leave(project: Project, *users: User) -> None:
    for user in users:
        projects.remove_member(Membership.objects.get(project=project, user=user))


def invite(project: Project, browse: Browse) -> User:
    """Have somebody join a project by a link."""
    admin = project.memberships.filter(role=Role.ADMIN)[0].user
    link = Invitation.objects.create(project=project, created_by=admin, role=Role.REVIEWER)
    joining = make.user()
    assert browse(joining).post(f"/invitations/{link.token}/").status_code == 302
    return joining


def test_what_a_person_wrote_needs_only_the_reviews_that_others_can_give(browse: Browse) -> None:
    project, admin, reviewer = project_of_two(reviews=2)
    item = written_by(reviewer, project)
    assert pace(project).left == 1
    text = page(browse(reviewer).get(f"/projects/{project.slug}/items/{item.pk}/"))
    assert "Each item should get 2 reviews. For this one, one is enough" in text
    assert queue.take_next_item(project, admin) == item
    make.accept(item, admin)
    assert state_of(item) == ItemState.ACCEPTED
    assert pace(project).left == 0


def test_a_small_team_gives_the_reviews_that_it_can_and_is_told(browse: Browse) -> None:
    project, admin, reviewer = project_of_two(reviews=3)
    item = make.item(project)
    make.accept(item, reviewer)
    assert (state_of(item), pace(project).left) == (ItemState.PENDING, 1)
    make.accept(item, admin)
    assert state_of(item) == ItemState.ACCEPTED
    text = page(browse(admin).get(f"/projects/{project.slug}/members/"))
    assert "Each item should get 3 reviews, and the project has 2 members." in text
    text = page(browse(admin).get(f"/projects/{project.slug}/items/{item.pk}/"))
    assert "For this one, 2 are enough, since only 2 people may review it." in text


def test_a_team_that_is_large_enough_is_told_nothing(team: Team, browse: Browse) -> None:
    team.project.reviews_per_item = 2
    team.project.save()
    item = make.item(team.project)
    assert "should get" not in page(browse(team.admin).get(f"{team.url}/members/"))
    assert "should get" not in page(browse(team.admin).get(f"{team.url}/items/{item.pk}/"))


def test_an_item_that_waited_for_a_member_who_left_is_decided(team: Team) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    item, written = make.item(team.project), written_by(team.admin, team.project)
    for reviewed in (item, written):
        make.accept(reviewed, team.engineer)
    make.accept(item, team.admin)
    assert (state_of(item), state_of(written)) == (ItemState.PENDING, ItemState.PENDING)
    leave(team.project, team.reviewer)
    assert (state_of(item), state_of(written)) == (ItemState.ACCEPTED, ItemState.ACCEPTED)


def test_the_decision_of_who_left_counts_beside_those_of_who_stayed(team: Team) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    leave(team.project, team.reviewer)
    make.accept(item, team.engineer)
    assert state_of(item) == ItemState.PENDING
    make.accept(item, team.admin)
    assert state_of(item) == ItemState.ACCEPTED


def test_an_author_who_left_does_not_count_among_who_may_review(team: Team) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    item = written_by(team.reviewer, team.project)
    leave(team.project, team.reviewer)
    make.accept(item, team.engineer)
    assert state_of(item) == ItemState.PENDING
    make.accept(item, team.admin)
    assert state_of(item) == ItemState.ACCEPTED


def test_who_joins_gives_the_review_that_was_missing(browse: Browse) -> None:
    project, admin, reviewer = project_of_two(reviews=2)
    item = written_by(reviewer, project)
    make.accept(item, admin)
    joined = invite(project, browse)
    assert state_of(item) == ItemState.PENDING
    assert queue.take_next_item(project, joined) == item
    make.accept(item, joined)
    assert state_of(item) == ItemState.ACCEPTED
    invite(project, browse)
    assert state_of(item) == ItemState.ACCEPTED


def test_items_with_all_their_reviews_are_left_alone_when_somebody_joins(browse: Browse) -> None:
    project, admin, reviewer = project_of_two(reviews=2)
    item = make.item(project)
    for user in (admin, reviewer):
        make.accept(item, user)
    place = Item.objects.annotate(place=RawSQL("ctid::text", [])).values_list("place")
    before = place.get(pk=item.pk)  # of its row on the disk, which every change moves
    invite(project, browse)
    assert place.get(pk=item.pk) == before


def test_what_goes_to_everyone_is_decided_and_still_goes_to_who_joins(browse: Browse) -> None:
    project, admin, reviewer = project_of_two(reviews=2)
    item = written_by(reviewer, project)
    Item.objects.filter(pk=item.pk).update(purpose=Purpose.CALIBRATION)
    make.accept(item, admin)
    assert state_of(item) == ItemState.ACCEPTED
    project.reviews_per_item = 1
    project.save()
    assert queue.take_next_item(project, invite(project, browse)) == item


def test_another_role_changes_nothing_since_all_roles_review(browse: Browse) -> None:
    project, admin, reviewer = project_of_two(reviews=2)
    item = written_by(admin, project)
    make.accept(item, reviewer)
    for role in (Role.ADMIN, Role.REVIEWER):
        projects.change_role(project.memberships.get(user=reviewer), role)
        settling.settle([item.pk])
        assert state_of(item) == ItemState.ACCEPTED


def test_what_somebody_wrote_who_is_alone_waits_for_another(browse: Browse) -> None:
    admin = make.user("ada")
    project = make.project(admin)
    item = written_by(admin, project)
    settling.settle([item.pk])
    assert state_of(item) == ItemState.PENDING
    make.accept(item, invite(project, browse))
    assert state_of(item) == ItemState.ACCEPTED


def test_what_waited_in_vain_before_this_rule_is_decided_by_the_migration(team: Team) -> None:
    project, admin, reviewer = project_of_two(reviews=2)
    stuck = written_by(reviewer, project)
    team.project.reviews_per_item = 2
    team.project.save()
    waiting = make.item(team.project)
    for item, user in ((stuck, admin), (waiting, team.engineer)):
        make.accept(item, user)
        Item.objects.filter(pk=item.pk).update(state=ItemState.PENDING)
    migration = import_module("generation.migrations.0022_needed_reviews")
    migration.forwards(None, SimpleNamespace(connection=connection))
    assert (state_of(stuck), state_of(waiting)) == (ItemState.ACCEPTED, ItemState.PENDING)


def test_where_one_review_is_enough_nothing_is_settled_again(
    team: Team, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        settling.follow_members(team.project)
