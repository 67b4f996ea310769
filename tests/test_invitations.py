"""Links that make people members: once, for some days, and only while their maker is an admin."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from qareview.models import Invitation, Membership, Role
from tests import make
from tests.conftest import Team
from tests.racing import at_once
from tests.web import page, told

Browse = Callable[[User], Client]
GONE = "This invitation has been used or withdrawn, or has expired. Ask for a new link."
PASSWORDS = {"password1": "long-enough-one", "password2": "long-enough-one"}


def invite(browse: Browse, team: Team, role: Role = Role.REVIEWER, days: int = 7) -> Invitation:
    data = {"people": "Kim", "role": int(role), "days": days}
    response = browse(team.admin).post(f"{team.url}/members/", data)
    assert response.status_code == 302
    return Invitation.objects.latest("pk")


def listed(browse: Browse, team: Team) -> str:
    return page(browse(team.admin).get(f"{team.url}/members/"))


def change(browse: Browse, team: Team, by: User, of: User, **data: int) -> None:
    member = team.project.memberships.get(user=of)
    assert browse(by).post(f"{team.url}/members/{member.pk}/", data).status_code == 302


def test_an_invitation_is_accepted_once(team: Team, browse: Browse) -> None:
    made = invite(browse, team, Role.ENGINEER)
    client = browse(team.stranger)
    url = f"/invitations/{made.token}/"
    assert f"http://testserver{url}" in listed(browse, team)
    assert "You are invited to join Harbour" in page(client.get(url))
    assert client.post(url).url == f"{team.url}/"
    assert team.project.memberships.get(user=team.stranger).role == Role.ENGINEER
    assert GONE in page(browse(make.user()).get(url), 404)
    assert GONE in page(browse(make.user()).post(url), 404)


def test_a_member_keeps_the_higher_role(team: Team, browse: Browse) -> None:
    browse(team.engineer).post(f"/invitations/{invite(browse, team).token}/")
    assert team.project.memberships.get(user=team.engineer).role == Role.ENGINEER
    browse(team.reviewer).post(f"/invitations/{invite(browse, team, Role.ADMIN).token}/")
    assert team.project.memberships.get(user=team.reviewer).role == Role.ADMIN


def test_a_withdrawn_invitation_no_longer_works(team: Team, browse: Browse) -> None:
    made = invite(browse, team)
    withdraw = f"{team.url}/invitations/{made.pk}/withdraw/"
    response = browse(team.admin).post(withdraw)
    assert told(response) == ["Invitation withdrawn. Its link no longer works."]
    assert browse(team.stranger).post(f"/invitations/{made.token}/").status_code == 404
    again = told(browse(team.admin).post(withdraw))
    assert again == ["This invitation has already been used or was withdrawn."]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"role": 7}, "Select a valid choice"),
        ({"days": ""}, "This field is required."),
        ({"days": 0}, "greater than or equal to 1"),
        ({"days": 91}, "less than or equal to 90"),
        ({"people": "x" * 101}, "A name has more than 100 characters."),
        ({"people": "\n".join(map(str, range(101)))}, "At most 100 people can be invited at once."),
    ],
)
def test_an_invitation_with_bad_values_is_refused(
    team: Team, browse: Browse, values: dict[str, Any], sentence: str
) -> None:
    data = {"people": "Kim", "role": 1, "days": 7, **values}
    assert sentence in page(browse(team.admin).post(f"{team.url}/members/", data), 422)
    assert not Invitation.objects.exists()


def test_many_are_invited_at_once_each_with_a_link(team: Team, browse: Browse) -> None:
    data = {"people": "Kim\r\n sam@example.org\r\nKim\r\n\r\nDoe,  Ada", "role": 1, "days": 7}
    response = browse(team.admin).post(f"{team.url}/members/", data)
    assert told(response) == ["3 invitation links created. Send each person theirs."]
    people = [each.note for each in Invitation.objects.all()]
    assert people == ["Kim", "sam@example.org", "Doe, Ada"]
    assert len(set(Invitation.objects.values_list("token", flat=True))) == 3


def test_the_form_proposes_seven_days(team: Team, browse: Browse) -> None:
    assert 'name="days" value="7"' in listed(browse, team)


@pytest.mark.parametrize(("days", "later", "status"), [(7, 6, 302), (7, 8, 404), (30, 29, 302)])
def test_a_link_expires_after_its_days(
    team: Team, browse: Browse, days: int, later: int, status: int
) -> None:
    made = invite(browse, team, days=days)
    made.expires_at -= timedelta(days=later)
    made.save()
    assert browse(team.stranger).post(f"/invitations/{made.token}/").status_code == status


def test_a_link_of_an_admin_falls_when_they_leave_and_stays_so(team: Team, browse: Browse) -> None:
    other = make.member(team.project, Role.ADMIN)
    made = invite(browse, team, Role.ADMIN)
    url = f"/invitations/{made.token}/"
    change(browse, team, other, team.admin, remove=1)
    client = browse(team.admin)
    assert GONE in page(client.get(url), 404)
    assert GONE in page(client.post(url), 404)
    assert not team.project.memberships.filter(user=team.admin).exists()
    Membership.objects.create(project=team.project, user=team.admin, role=Role.ADMIN)
    assert client.get(url).status_code == 404


def test_an_admin_who_is_demoted_does_not_come_back_by_an_own_link(
    team: Team, browse: Browse
) -> None:
    other = make.member(team.project, Role.ADMIN)
    made = invite(browse, team, Role.ADMIN)
    change(browse, team, other, team.admin, role=int(Role.ENGINEER))
    assert browse(team.admin).post(f"/invitations/{made.token}/").status_code == 404
    assert team.project.memberships.get(user=team.admin).role == Role.ENGINEER


def test_a_link_of_a_closed_account_does_not_work(team: Team, browse: Browse) -> None:
    made = invite(browse, team)
    User.objects.filter(pk=team.admin.pk).update(is_active=False)
    assert browse(team.stranger).post(f"/invitations/{made.token}/").status_code == 404


def test_a_link_kept_in_a_session_falls_too(team: Team, client: Client, browse: Browse) -> None:
    made = invite(browse, team)
    client.get(f"/invitations/{made.token}/")
    Invitation.objects.update(expires_at=timezone.now())
    answer = client.post("/accounts/sign-up/", {"username": "kim", **PASSWORDS})
    assert "You need an invitation" in page(answer)
    assert not User.objects.filter(username="kim").exists()


def test_all_invitations_are_listed_with_their_state(team: Team, browse: Browse) -> None:
    former = make.member(team.project, Role.ADMIN, "former")
    states = {
        "Open one": {},
        "Used one": {"accepted_at": timezone.now(), "accepted_by": team.reviewer},
        "Withdrawn one": {"withdrawn_at": timezone.now()},
        "Late one": {"expires_at": timezone.now()},
        "Fallen one": {"created_by": former},
    }
    made = [
        Invitation.objects.create(
            **{"project": team.project, "created_by": team.admin, "note": note, **values}
        )
        for note, values in states.items()
    ]
    Membership.objects.filter(user=former).update(role=Role.REVIEWER)
    rows = listed(browse, team).split("<tr>")
    row_of = {note: next(row for row in rows if note in row) for note in states}
    assert ">open</span>" in row_of["Open one"]
    assert made[0].token in row_of["Open one"]
    assert ">accepted</span> rob" in row_of["Used one"]
    assert ">withdrawn</span>" in row_of["Withdrawn one"]
    assert ">expired</span>" in row_of["Late one"]
    assert "The person who made it is no longer an admin." in row_of["Fallen one"]
    assert not any(each.token in "".join(rows) for each in made[1:])


def test_the_list_needs_the_same_queries_for_many(
    team: Team, browse: Browse, django_assert_num_queries: Any
) -> None:
    client = browse(team.admin)
    for _ in range(5):
        Invitation.objects.create(project=team.project, created_by=team.admin)
    with django_assert_num_queries(5):
        assert page(client.get(f"{team.url}/members/")).count(">open</span>") == 5


@pytest.mark.parametrize("token", ["%00", "a%00b", "none"])
def test_a_token_that_cannot_be_is_not_found(team: Team, client: Client, token: str) -> None:
    assert client.get(f"/invitations/{token}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_four_who_sign_up_at_once_by_one_link_make_one_account(team: Team) -> None:
    made = Invitation.objects.create(project=team.project, created_by=team.admin)
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.get(f"/invitations/{made.token}/")

    def sign_up(number: int) -> int:
        data = {"username": f"kim{number}", **PASSWORDS}
        return clients[number].post("/accounts/sign-up/", data).status_code

    statuses = at_once(*(lambda number=number: sign_up(number) for number in range(4)))  # type: ignore[misc]
    assert sorted(statuses) == [200, 200, 200, 302]
    assert User.objects.filter(username__startswith="kim").count() == 1
    assert team.project.memberships.filter(user__username__startswith="kim").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_members_to_be_who_accept_at_once_are_one(team: Team, browse: Browse) -> None:
    made = Invitation.objects.create(project=team.project, created_by=team.admin)
    clients = [browse(make.user()), browse(make.user())]
    before = team.project.memberships.count()
    url = f"/invitations/{made.token}/"
    answers = at_once(*(lambda each=each: each.post(url) for each in clients))  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [302, 404]
    assert team.project.memberships.count() == before + 1
