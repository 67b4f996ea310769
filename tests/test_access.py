"""Every address of a project checks who the user is, what they may do, and the method."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver, reverse

from generation.items import bulk_actions
from generation.models import BulkActionKind, UnsentItem
from generation.releases import freezing
from prompts import candidates, case_sets, comparing, experiments, results, searches
from prompts.models import Prompt
from qareview.models import Invitation, Project, Role
from tests import arena, make
from tests.conftest import Team, make_team
from tests.furnished import patterns

pytestmark = pytest.mark.django_db

REVIEWER, ENGINEER, ADMIN = Role.REVIEWER, Role.ENGINEER, Role.ADMIN
# The name of each address, the methods it takes, and the lowest role for each.
ADDRESSES: dict[str, dict[str, Role]] = {
    "settings": {"get": ADMIN, "post": ADMIN},
    "settings-section": {"get": ADMIN, "post": ADMIN},
    "members": {"get": ADMIN, "post": ADMIN},
    "members-change": {"post": ADMIN},
    "members-withdraw-invitation": {"post": ADMIN},
    "documents": {"get": REVIEWER, "post": ENGINEER},
    "documents-show": {"get": REVIEWER},
    "documents-original": {"get": REVIEWER},
    "documents-columns": {"post": ENGINEER},
    "documents-retry": {"post": ENGINEER},
    "documents-read": {"get": ENGINEER, "post": ENGINEER},
    "documents-bin": {"post": ENGINEER},
    "documents-restore": {"post": ENGINEER},
    "documents-remove": {"get": ADMIN, "post": ADMIN},
    "bin": {"get": ENGINEER},
    "project-bin": {"get": ADMIN, "post": ADMIN},
    "project-restore": {"post": ADMIN},
    "project-remove": {"get": ADMIN, "post": ADMIN},
    "documents-again": {"get": ENGINEER, "post": ENGINEER},
    "documents-cut": {"get": ENGINEER, "post": ENGINEER},
    "passages-change": {"post": ENGINEER},
    "passages-write": {"get": REVIEWER, "post": REVIEWER},
    "passages-typed": {"post": REVIEWER},
    "passages-take": {"post": REVIEWER},
    "unsent-discard": {"post": REVIEWER},
    "drafting": {"post": ENGINEER},
    "review": {"get": REVIEWER},
    "review-share": {"get": REVIEWER},
    "review-undo": {"post": REVIEWER},
    "review-submit": {"post": REVIEWER},
    "review-hold": {"post": REVIEWER},
    "review-typed": {"post": REVIEWER},
    "review-changes": {"post": REVIEWER},
    "review-neighbours": {"get": REVIEWER},
    "review-excerpt": {"get": REVIEWER},
    "review-mine": {"get": REVIEWER},
    "items": {"get": REVIEWER},
    "items-show": {"get": REVIEWER},
    "items-messages": {"get": REVIEWER},
    "items-again": {"get": ENGINEER, "post": ENGINEER},
    "items-comments": {"get": REVIEWER, "post": REVIEWER},
    "items-comments-typed": {"post": REVIEWER},
    "items-ask": {"get": REVIEWER, "post": REVIEWER},
    "items-unask": {"post": REVIEWER},
    "adjudicate": {"get": ADMIN},
    "adjudicate-undo": {"post": ADMIN},
    "adjudicate-item": {"get": ADMIN, "post": ADMIN},
    "adjudicate-back": {"post": ADMIN},
    "inbox": {"get": REVIEWER, "post": REVIEWER},
    "inbox-read": {"post": REVIEWER},
    "waiting": {"get": REVIEWER},
    "again": {"get": ENGINEER, "post": ENGINEER},
    "items-restore": {"post": ENGINEER},
    "progress": {"get": REVIEWER},
    "agreement": {"get": REVIEWER},
    "bulk-actions": {"get": ENGINEER},
    "bulk-actions-new": {"get": ENGINEER, "post": ENGINEER},
    "bulk-actions-show": {"get": ENGINEER},
    "bulk-actions-moved": {"get": ENGINEER, "post": ENGINEER},
    "bulk-actions-undo": {"post": ENGINEER},
    "bulk-actions-retry": {"post": ENGINEER},
    "prompts": {"get": REVIEWER},
    "prompts-show": {"get": REVIEWER},
    "prompts-change": {"get": ENGINEER, "post": ENGINEER},
    "prompts-roll-back": {"post": ENGINEER},
    "prompts-undo": {"post": ENGINEER},
    "prompts-promote": {"post": ENGINEER},
    "prompts-archive": {"post": ENGINEER},
    "prompts-bin": {"post": ENGINEER},
    "prompts-restore": {"post": ENGINEER},
    "prompts-remove": {"get": ADMIN, "post": ADMIN},
    "prompts-new": {"get": ENGINEER, "post": ENGINEER},
    "playground": {"get": ENGINEER, "post": ENGINEER},
    "playground-passages": {"get": ENGINEER},
    "playground-progress": {"get": ENGINEER},
    "playground-stop": {"post": ENGINEER},
    "playground-save": {"post": ENGINEER},
    "candidates": {"get": ENGINEER, "post": ENGINEER},
    "candidates-undo": {"post": ENGINEER},
    "candidates-decide": {"post": ENGINEER},
    "candidates-retry": {"post": ENGINEER},
    "candidates-messages": {"get": ENGINEER},
    "runs-messages": {"get": ENGINEER},
    "experiments": {"get": REVIEWER},
    "experiments-new": {"get": ENGINEER, "post": ENGINEER},
    "experiments-show": {"get": ENGINEER},
    "experiments-start": {"post": ENGINEER},
    "experiments-retry": {"post": ENGINEER},
    "experiments-remove": {"post": ENGINEER},
    "experiments-end": {"post": ENGINEER},
    "experiments-aside": {"post": ENGINEER},
    "experiments-cases": {"get": ENGINEER, "post": ENGINEER},
    "experiments-keep": {"post": ENGINEER},
    "case-sets-remove": {"post": ENGINEER},
    "compare": {"get": REVIEWER},
    "compare-undo": {"post": REVIEWER},
    "compare-decide": {"post": REVIEWER},
    "compare-hold": {"post": REVIEWER},
    "results": {"get": REVIEWER},
    "results-promote": {"post": ENGINEER},
    "results-without": {"post": ENGINEER},
    "results-export": {"get": ENGINEER},
    "releases": {"get": REVIEWER, "post": ADMIN},
    "releases-show": {"get": REVIEWER},
    "releases-retry": {"post": ADMIN},
    "releases-download": {"get": ENGINEER},
}
CASES = [
    (name, method, role) for name, methods in ADDRESSES.items() for method, role in methods.items()
]
LIMITED = [case for case in CASES if case[2] > REVIEWER]
Browse = Callable[[User], Client]


@dataclass
class Filled:
    """A project with one of everything, and the address of each."""

    team: Team
    arguments: dict[str, list[object]]

    def url(self, name: str, project: Project | None = None) -> str:
        slug = (project or self.team.project).slug
        return reverse(name, args=[slug, *self.arguments.get(name, [])])


@pytest.fixture(scope="module")
def filled(lasting_rows: None) -> Filled:
    team = make_team()
    document = make.document(team.project)
    item = make.item(team.project)
    make.accept(item, team.reviewer)
    freezing.order_release(team.project)
    freezing.work_off_releases()
    invitation = Invitation.objects.create(project=team.project, created_by=team.admin)
    member = team.project.memberships.get(user=team.reviewer)
    notice = make.notice(item, team.reviewer)
    items = team.project.items.all()
    action = bulk_actions.order_bulk_action(
        team.project, team.engineer, BulkActionKind.ACCEPT, items, 1, uuid.uuid4()
    )
    experiment = arena.experiment(team.project)
    shown = comparing.take_next_comparison(experiment, team.reviewer)
    assert shown
    results.keep_snapshot(experiment, team.engineer, "ended")
    experiments.end_experiment(experiment)
    prompt = experiment.prompt
    search = candidates.order_candidates(
        prompt, team.engineer, seed=prompt.production, ways=["structure"]
    )
    searches.work_off_searches()
    arguments: dict[str, list[object]] = {
        "candidates": [prompt.pk],
        "candidates-undo": [prompt.pk],
        "candidates-decide": [search.candidates.all()[0].pk],
        "candidates-retry": [search.pk],
        "candidates-messages": [search.candidates.all()[0].pk],
        "runs-messages": [experiment.runs.all()[0].pk],
        "experiments-new": [prompt.pk],
        "experiments-aside": [experiment.pk, 1],
        "case-sets-remove": [case_sets.keep_cases(experiment, "tides", team.engineer).pk],
        "prompts-undo": [prompt.pk, prompt.promotions.create(variant=prompt.production).pk],
        "compare-decide": [shown.token],
        "compare-hold": [shown.token],
        "results-export": [experiment.pk, "json"],
        "adjudicate-item": [item.pk],
        "adjudicate-back": [item.pk],
        "inbox-read": [notice.pk],
        "bulk-actions-new": ["accept"],
        "bulk-actions-moved": [""],
        "bulk-actions-show": [action.pk],
        "bulk-actions-undo": [action.pk],
        "bulk-actions-retry": [action.pk],
        "settings-section": ["review"],
        "members-change": [member.pk],
        "members-withdraw-invitation": [invitation.pk],
        "passages-change": [document.passages.all()[0].pk, "exclude"],
        "passages-write": [document.passages.all()[0].pk],
        "passages-typed": [document.passages.all()[0].pk],
        "passages-take": [document.passages.all()[0].pk],
        "unsent-discard": [UnsentItem.objects.create(document=document, author=team.reviewer).pk],
        "drafting": ["pause"],
        "review-mine": ["previous"],
        "releases-show": [1],
        "releases-retry": [1],
        "releases-download": [1, "triples"],
    }
    for name in ADDRESSES:
        if re.match(r"experiments-|compare|results", name):
            arguments.setdefault(name, [experiment.pk])
        if name in ("prompts-new", "prompts-undo"):
            continue
        if name.startswith("documents-"):
            arguments[name] = [document.pk]
        if name.startswith(("prompts-", "playground")):
            arguments[name] = [Prompt.objects.filter(project=team.project)[0].pk]
        if name in ("prompts-promote", "prompts-archive"):
            arguments[name].append(1)
        if re.match(r"items-|review-(submit|hold|typed|changes|neighbours|excerpt)", name):
            arguments[name] = [item.pk]
    return Filled(team, arguments)


def test_no_address_is_missing_here() -> None:
    of_projects = [name for name, needed in patterns(get_resolver()) if "slug" in needed]
    assert sorted(of_projects) == sorted(ADDRESSES)


@pytest.mark.parametrize(("name", "method", "role"), CASES)
def test_who_is_not_signed_in_is_sent_to_do_so(
    filled: Filled, client: Client, name: str, method: str, role: Role
) -> None:
    url = filled.url(name)
    response = getattr(client, method)(url)
    assert response.status_code == 302
    assert response.url == f"/accounts/sign-in/?next={url}"


@pytest.mark.parametrize(("name", "method", "role"), CASES)
def test_a_stranger_does_not_learn_that_it_exists(
    filled: Filled, browse: Browse, name: str, method: str, role: Role
) -> None:
    response = getattr(browse(filled.team.stranger), method)(filled.url(name))
    assert response.status_code == 404
    assert filled.team.project.name not in response.text
    missing = getattr(browse(filled.team.stranger), method)("/projects/never-was/")
    assert missing.status_code in (404, 405)


@pytest.mark.parametrize(("name", "method", "role"), LIMITED)
def test_a_role_too_low_is_told_so(
    filled: Filled, browse: Browse, name: str, method: str, role: Role
) -> None:
    lower = filled.team.engineer if role == ADMIN else filled.team.reviewer
    response = getattr(browse(lower), method)(filled.url(name))
    assert response.status_code == 403
    assert f"You need the role “{role.label}”" in response.text


@pytest.mark.parametrize(("name", "method", "role"), CASES)
def test_the_lowest_role_gets_in(
    filled: Filled, browse: Browse, name: str, method: str, role: Role
) -> None:
    who = {REVIEWER: "reviewer", ENGINEER: "engineer", ADMIN: "admin"}[role]
    response = getattr(browse(getattr(filled.team, who)), method)(filled.url(name))
    assert response.status_code in (
        200,
        204,
        301,
        302,
        308,
        409,
        422,
    )  # the rest is its own test's matter


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_wrong_method_is_refused(filled: Filled, browse: Browse, name: str) -> None:
    client = browse(filled.team.admin)
    for method in {"get", "post", "put", "delete"} - set(ADDRESSES[name]):
        assert getattr(client, method)(filled.url(name)).status_code == 405, method


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in ADDRESSES
        if re.search(
            "^(?!project-|settings-|bulk-actions$).*-(?!share|mine|new|actions-new)|^(candidates|compare|results)$",
            name,
        )
        and name not in ("review-undo", "adjudicate-undo")
        and name not in ("bulk-actions", "bulk-actions-new", "bulk-actions-moved")
    ],
)
def test_an_object_of_another_project_is_not_found(
    filled: Filled, browse: Browse, name: str
) -> None:
    elsewhere = make.project(filled.team.admin, name="Mine too")
    method = next(iter(ADDRESSES[name]))
    response = getattr(browse(filled.team.admin), method)(filled.url(name, elsewhere))
    assert response.status_code == 404
