"""Signing in and out, and signing up only with an invitation."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from qareview import shortcuts
from qareview.models import Invitation, Role
from tests import make
from tests.conftest import Team
from tests.web import PART, page

SIGN_UP = {"username": "kim", "password1": "long-enough-one", "password2": "long-enough-one"}
Browse = Callable[[User], Client]


def sign_in(client: Client, password: str = "secret-1", **data: str) -> object:
    return client.post("/accounts/sign-in/", {"login": "rob", "password": password, **data})


def test_sign_in_leads_to_the_page_asked_for_and_out_again(team: Team, client: Client) -> None:
    response = sign_in(client, next=f"{team.url}/items/")
    assert response.url == f"{team.url}/items/"
    assert "No items yet" in page(client.get(response.url))
    assert client.post("/accounts/sign-out/").url == "/accounts/sign-in/"
    assert client.get(f"{team.url}/items/").status_code == 302


def test_a_wrong_password_is_told_without_saying_what_is_wrong(team: Team, client: Client) -> None:
    text = page(sign_in(client, "guess"))
    assert "The username and/or password you specified are not correct." in text
    assert "_auth_user_id" not in client.session


def test_guessing_is_slowed_down(team: Team, client: Client) -> None:
    for _ in range(12):
        response = sign_in(client, "guess")
    assert "Too many failed login attempts" in page(response)
    assert "Too many failed login attempts" in page(sign_in(client))


def test_sign_in_does_not_lead_to_another_site(team: Team, client: Client) -> None:
    assert sign_in(client, next="https://evil.example/").url == "/"


def test_password_is_changed(team: Team, browse: Browse, client: Client) -> None:
    data = {"oldpassword": "secret-1", "password1": "a-new-secret", "password2": "a-new-secret"}
    own = browse(team.reviewer)
    wrong = own.post("/accounts/password/", {**data, "oldpassword": "guess"})
    assert "Please type your current password." in page(wrong)
    assert own.post("/accounts/password/", data).status_code == 302
    assert sign_in(client, "a-new-secret").url == "/"


def test_nobody_signs_up_uninvited(db: None, client: Client) -> None:
    assert "You need an invitation" in page(client.get("/accounts/sign-up/"))
    client.post("/accounts/sign-up/", SIGN_UP)
    assert not User.objects.exists()


def test_who_is_invited_signs_up_and_is_a_member(team: Team, client: Client) -> None:
    made = Invitation.objects.create(
        project=team.project, created_by=team.admin, role=Role.ENGINEER
    )
    assert "Create an account" in page(client.get(f"/invitations/{made.token}/"))
    assert "Create account and join" in page(client.get("/accounts/sign-up/"))
    client.post("/accounts/sign-up/", SIGN_UP)
    assert client.get("/").url == f"{team.url}/"
    assert team.project.memberships.get(user__username="kim").role == Role.ENGINEER
    assert "You need an invitation" in page(Client().get("/accounts/sign-up/"))


def test_signing_up_with_a_weak_password_is_refused(team: Team, client: Client) -> None:
    made = Invitation.objects.create(project=team.project, created_by=team.admin)
    client.get(f"/invitations/{made.token}/")
    weak = {"username": "kim", "password1": "12345678", "password2": "12345678"}
    assert "This password is too common." in page(client.post("/accounts/sign-up/", weak))
    assert Invitation.objects.get().accepted_at is None


def test_a_part_asked_for_after_the_session_ended_opens_the_whole_sign_in(
    team: Team, client: Client
) -> None:
    current = {"HX-Current-URL": f"http://testserver{team.url}/review/"}
    response = client.post(f"{team.url}/review/undo/", headers={**PART, **current})
    assert response.status_code == 200
    assert response["HX-Redirect"] == f"/accounts/sign-in/?next={team.url}/review/"


@pytest.mark.parametrize("path", ["/accounts/sign-in/", "/", "/projects/none/"])
def test_every_page_forbids_foreign_and_inline_code(team: Team, browse: Browse, path: str) -> None:
    policy = browse(team.admin).get(path)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_only_the_accounts_pages_in_use_exist(db: None, client: Client) -> None:
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/email/", "/admin/"):
        assert client.get(path).status_code == 404, path


# The token of forms, and keys


def test_a_page_of_an_earlier_session_gets_the_token_of_today(team: Team) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(team.reviewer)
    item = make.item(team.project)
    data = make.review_data(item)
    stale = {**data, "csrfmiddlewaretoken": "x" * 64}
    assert client.post(f"{team.url}/review/{item.pk}/", stale).status_code == 403
    response = client.get("/accounts/token/")
    assert response["Cache-Control"].count("no-store") == 1
    assert response.json()["user"] == team.reviewer.pk
    fresh = {**data, "csrfmiddlewaretoken": response.json()["token"]}
    assert client.post(f"{team.url}/review/{item.pk}/", fresh).status_code == 302


def test_nobody_gets_a_token_without_an_account(team: Team, client: Client) -> None:
    assert client.get("/accounts/token/").status_code == 302


def test_who_wants_it_fast_decides_on_items_that_have_just_appeared(
    team: Team, browse: Browse
) -> None:
    make.item(team.project)
    client = browse(team.reviewer)
    assert "data-seen" not in page(client.get(f"{team.url}/review/"))
    keys = shortcuts.keys_of(None)
    client.post("/accounts/shortcuts/", {**keys, "is_fast": "on"})
    assert "data-seen" in page(client.get(f"{team.url}/review/"))
    assert 'name="is_fast" id="id_is_fast" checked' in page(client.get("/accounts/shortcuts/"))
    client.post("/accounts/shortcuts/", {"usual": "1"})
    assert "data-seen" not in page(client.get(f"{team.url}/review/"))
