"""Projects, their settings, their members and invitations."""

import functools
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from prompts import variants
from prompts.models import Prompt, Task
from qareview import process_cache, projects
from qareview.models import DeskOrder, Membership, Project, Role
from tests import make
from tests.conftest import Team
from tests.racing import at_once
from tests.web import page, told

Browse = Callable[[User], Client]


def test_who_has_one_project_goes_straight_there(team: Team, browse: Browse) -> None:
    response = browse(team.reviewer).get("/")
    assert (response.status_code, response.url) == (302, f"{team.url}/")


def test_who_has_several_chooses(team: Team, browse: Browse) -> None:
    Membership.objects.create(project=make.project(name="Orchard"), user=team.reviewer)
    make.project(name="Secret")
    text = page(browse(team.reviewer).get("/"))
    assert text.index(">Harbour<") < text.index(">Orchard<")
    assert "Secret" not in text
    assert "New project" not in text


@pytest.mark.parametrize("count", [2, 9])
def test_queries_do_not_grow_with_projects(
    team: Team, browse: Browse, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count - 1):
        Membership.objects.create(project=make.project(), user=team.reviewer)
    client = browse(team.reviewer)
    with django_assert_num_queries(9):
        assert page(client.get("/")).count('<article class="card"') == count


def test_who_has_none_is_told_what_to_do(db: None, browse: Browse) -> None:
    assert "Ask an admin of a project for an invitation." in page(browse(make.user()).get("/"))


def test_an_installation_admin_starts_projects(db: None, browse: Browse) -> None:
    admin = make.user(is_superuser=True)
    client = browse(admin)
    for slug in ("port-of-call", "port-of-call-2"):
        response = client.post("/projects/new/", {"name": "Port of Call"})
        assert response.url == f"/projects/{slug}/"
        project = Project.objects.get(slug=slug)
        assert project.memberships.get().role == Role.ADMIN
        made = Prompt.objects.filter(project=project, production__isnull=False)
        assert sorted(made.values_list("task", flat=True)) == sorted(Task.values)


@pytest.mark.parametrize(("name", "slug"), [("New", "new-2"), ("東京", "project")])
def test_slugs_of_odd_names(db: None, name: str, slug: str) -> None:
    assert projects.create_project(name, make.user()).slug == slug


def test_a_project_needs_a_name_and_the_right(team: Team, browse: Browse) -> None:
    admin = browse(make.user(is_superuser=True))
    assert "This field is required." in page(admin.post("/projects/new/", {"name": " "}), 422)
    text = page(browse(team.admin).post("/projects/new/", {"name": "Mine"}), 403)
    assert "Only the installation’s admins can create projects." in text
    assert page(browse(team.admin).get("/projects/new/"), 403)
    assert not Project.objects.filter(name="Mine").exists()


# Settings

DRAFTING = {
    "model": "scripted",
    "language": "de",
    "passage_length": "300",
    "items_per_passage": "2",
    "questions_per_answer": "3",
    "lowest_score": "0.4",
    "budget_tokens": "5000",
    "budget_cost": "",
}
REVIEW = {
    "guidelines": "Be *kind*.",
    "reject_reasons": "Wrong\r\n\r\n Unclear \r\nWrong",
    "reviews_per_item": "3",
    "order": "uncertain",
    "calibration_percent": "10",
}


def test_settings_are_saved_section_by_section(team: Team, browse: Browse) -> None:
    client = browse(team.admin)
    for place, values in (("", {"name": "Port"}), ("drafting/", DRAFTING), ("review/", REVIEW)):
        response = client.post(f"{team.url}/settings/{place}", values)
        assert response.url == f"{team.url}/settings/{place}"
        assert "Saved.</p>" in page(client.get(response.url))
    project = Project.objects.get(pk=team.project.pk)
    assert (project.name, project.reject_reasons) == ("Port", ["Wrong", "Unclear"])
    assert (project.passage_length, project.model, project.language) == (300, "scripted", "de")
    assert (project.reviews_per_item, project.order, project.calibration_percent) == (
        3,
        DeskOrder.UNCERTAIN,
        10,
    )
    assert (project.items_per_passage, project.questions_per_answer) == (2, 3)
    assert project.lowest_score == 0.4
    assert (project.budget_tokens, project.budget_cost) == (5000, None)
    assert "<em>kind</em>" in page(client.get(f"{team.url}/review/"))


@pytest.mark.parametrize("place", ["", "drafting/", "review/"])
def test_a_section_shows_its_settings_in_few_queries(
    team: Team, browse: Browse, django_assert_max_num_queries: Any, place: str
) -> None:
    client = browse(team.admin)
    process_cache.clear()
    with django_assert_max_num_queries(7):
        page(client.get(f"{team.url}/settings/{place}"))


def test_settings_that_are_seldom_changed_are_folded_until_they_are(
    team: Team, browse: Browse
) -> None:
    client = browse(team.admin)
    assert '<details class="row">' in page(client.get(f"{team.url}/settings/drafting/"))
    client.post(f"{team.url}/settings/drafting/", DRAFTING)
    assert '<details class="row" open>' in page(client.get(f"{team.url}/settings/drafting/"))


def test_a_passage_leaves_the_model_room(team: Team, browse: Browse, settings: Any) -> None:
    settings.MODELS = {"small": {"backend": "scripted", "context": 512}}
    client = browse(team.admin)
    small = DRAFTING | {"model": "small"}
    place = f"{team.url}/settings/drafting/"
    text = page(client.post(place, small), 422)
    assert "small takes at most 512 tokens in total. Choose 256 or fewer." in text
    assert client.post(place, small | {"passage_length": "256"}).status_code == 302


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        (
            {"reject_reasons": "\n".join("abcdefghij")},
            "There are 10 reasons. At most 9 are allowed.",
        ),
        ({"reject_reasons": " \n "}, "This field is required."),
        ({"reject_reasons": "x" * 121}, "Longer than 120 characters"),
        ({"passage_length": "10"}, "greater than or equal to 50"),
        ({"model": "unheard-of"}, "unheard-of is not one of the available choices"),
        ({"language": "xx"}, "xx is not one of the available choices"),
        ({"items_per_passage": "10"}, "less than or equal to 9"),
        ({"questions_per_answer": "0"}, "greater than or equal to 1"),
        ({"lowest_score": "2"}, "less than or equal to 1"),
        ({"budget_cost": "-1"}, "greater than or equal to 0"),
        ({"passage_length": "long"}, "Enter a whole number."),
        ({"reviews_per_item": "11"}, "less than or equal to 10"),
        ({"order": "password"}, "Select a valid choice."),
    ],
)
def test_bad_settings_are_refused(
    team: Team, browse: Browse, values: dict[str, str], sentence: str
) -> None:
    [name] = values
    place, valid = "", {}
    if name in DRAFTING:
        place, valid = "drafting/", DRAFTING
    elif name in REVIEW:
        place, valid = "review/", REVIEW
    response = browse(team.admin).post(f"{team.url}/settings/{place}", {**valid, **values})
    assert sentence in page(response, 422)
    assert Project.objects.get(pk=team.project.pk).guidelines == ""


# Members


def test_members_are_listed_with_few_queries(
    team: Team, browse: Browse, django_assert_num_queries: Any
) -> None:
    client = browse(team.admin)
    for _ in range(5):
        make.member(team.project)
    with django_assert_num_queries(5):
        text = page(client.get(f"{team.url}/members/"))
    assert [f"Role of {name}" in text for name in ("ada", "eve", "rob", "sam")] == [
        True,
        True,
        True,
        False,
    ]


def change(browse: Browse, team: Team, who: User, **data: object) -> Any:
    member = team.project.memberships.get(user=who)
    return browse(team.admin).post(f"{team.url}/members/{member.pk}/", data)


def test_a_role_is_changed(team: Team, browse: Browse) -> None:
    assert told(change(browse, team, team.reviewer, role=2)) == ["rob now has the role: engineer."]
    assert team.project.memberships.get(user=team.reviewer).role == Role.ENGINEER
    assert told(change(browse, team, team.reviewer, role=9)) == ["Choose a valid role."]


def test_a_member_is_removed_and_loses_access(team: Team, browse: Browse) -> None:
    assert told(change(browse, team, team.reviewer, remove=1)) == ["rob is no longer a member."]
    assert browse(team.reviewer).get(f"{team.url}/").status_code == 404


@pytest.mark.parametrize("data", [{"remove": 1}, {"role": 1}])
def test_the_last_admin_stays(team: Team, browse: Browse, data: dict[str, int]) -> None:
    [sentence] = told(change(browse, team, team.admin, **data))
    assert sentence == "A project needs at least one admin. Make someone else an admin first."
    assert team.project.memberships.get(user=team.admin).role == Role.ADMIN


# Sent twice


def test_a_double_click_creates_one_project(db: None, browse: Browse) -> None:
    client = browse(make.user(is_superuser=True))
    found = re.search(r'name="key" value="([^"]+)"', page(client.get("/projects/new/")))
    assert found
    for _ in range(2):
        response = client.post("/projects/new/", {"name": "Port", "key": found[1]})
        assert response.url == "/projects/port/"
    assert client.post("/projects/new/", {"name": "Port"}).url == "/projects/port-2/"
    response = client.post("/projects/new/", {"name": "Bees", "key": found[1]})  # after Back
    assert response.url == "/projects/bees/"
    assert Project.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_projects_of_one_name_made_at_once_get_their_own_addresses() -> None:
    user, key = make.user(), uuid.uuid4()
    keys = [key, key, uuid.uuid4(), None]
    made = at_once(
        *(functools.partial(projects.create_project_once, key, "Port", user) for key in keys)
    )
    assert made[0] == made[1]
    assert {project.slug for project in made} == {"port", "port-2", "port-3"}


@pytest.mark.django_db(transaction=True)
def test_of_two_prompts_of_one_name_sent_at_once_one_is_refused(team: Team, browse: Browse) -> None:
    data = {"task": "rhyme", "template": "Rhyme on {{ text }}.", "max_tokens": "60"}
    data |= {"temperature": "0.5", "pick_count": "3"}
    clients = [browse(team.engineer), browse(team.admin), browse(team.admin)]
    url = f"{team.url}/prompts/new/"
    answers = at_once(*(functools.partial(client.post, url, data) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [302, 422, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "A prompt with this name already exists. Choose another name." in page(refused, 422)


def test_a_name_taken_since_it_was_checked_is_refused(team: Team) -> None:
    values = {"template": "Rhyme on {{ text }}."}
    variants.begin_prompt(team.project, "rhyme", values, team.admin)
    with pytest.raises(variants.NameTaken):
        variants.begin_prompt(team.project, "rhyme", values, team.admin)
    assert Prompt.objects.filter(project=team.project, task="rhyme").count() == 1
