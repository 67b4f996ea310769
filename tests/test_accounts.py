"""Signing in and out, and signing up only with an invitation."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory

from qareview import shortcuts, sign_ins
from qareview.environment import networks_in
from qareview.models import Invitation, Role
from tests import make
from tests.conftest import Team
from tests.web import PART, page

SIGN_UP = {"username": "kim", "password1": "long-enough-one", "password2": "long-enough-one"}
Browse = Callable[[User], Client]


WRONG = "The username and/or password you specified are not correct."


def sign_in(
    client: Client, password: str = "secret-1", address: str = "127.0.0.1", **data: str
) -> Any:
    sent = {"login": "rob", "password": password, **data}
    return client.post("/accounts/sign-in/", sent, REMOTE_ADDR=address)


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


class Clock:
    """A time that passes only when a test lets it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock that sign-ins go by."""
    made = Clock()
    monkeypatch.setattr(sign_ins, "time", made)
    return made


def test_guessing_is_slowed_down_and_locks_nobody_out(
    team: Team, client: Client, clock: Clock
) -> None:
    for _ in range(5):
        assert WRONG in page(sign_in(client, "guess"))
    for pause in (1, 2, 4, 8, 16, 30, 30):
        text = page(sign_in(client, "guess"))
        assert f"Too many wrong passwords. Wait {pause} second" in text
        assert "Too many wrong passwords" in page(sign_in(client))  # the right one has to wait, too
        clock.now += pause
        assert WRONG in page(sign_in(client, "guess"))
    clock.now += 30
    assert sign_in(client).url == "/"
    client.post("/accounts/sign-out/")
    for _ in range(5):
        assert WRONG in page(sign_in(client, "guess"))


@pytest.mark.parametrize("prefix", ["", "::ffff:"])
def test_who_guesses_elsewhere_keeps_nobody_out(
    team: Team, client: Client, clock: Clock, prefix: str
) -> None:
    for _ in range(9):
        sign_in(client, "guess", f"{prefix}203.0.113.9")
    assert "Too many wrong passwords" in page(sign_in(client, "guess", f"{prefix}203.0.113.9"))
    assert sign_in(client, address=f"{prefix}203.0.113.10").url == "/"


def test_many_people_sign_in_from_one_address(team: Team, clock: Clock) -> None:
    for number in range(40):
        user = make.user(f"reviewer{number}")
        data = {"login": user.username, "password": "secret-1"}
        assert Client().post("/accounts/sign-in/", data).url == "/"


def test_who_tries_many_names_has_short_pauses(team: Team, client: Client, clock: Clock) -> None:
    for number in range(30):
        data = {"login": f"name{number}", "password": "guess"}
        assert WRONG in page(client.post("/accounts/sign-in/", data))
    assert "Too many wrong passwords. Wait 1 second, then" in page(sign_in(client))
    clock.now += 1
    assert sign_in(client).url == "/"


@pytest.mark.parametrize(
    ("proxies", "sender", "told", "address"),
    [
        ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/24", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.0/24", "10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.0/24", "10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/24", "10.0.0.7", "192.0.2.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.0/24 192.0.2.5", "10.0.0.7", "198.51.100.1, 192.0.2.5", "198.51.100.1"),
        ("::1", "::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.0/24", "::ffff:10.0.0.7", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_only_proxies_that_are_named_are_believed(
    settings: Any, proxies: str, sender: str, told: str, address: str
) -> None:
    settings.PROXIES = networks_in(proxies)
    headers = {"X-Forwarded-For": told} if told else {}
    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR=sender)
    assert sign_ins.client_address(request) == address


def test_a_proxy_that_is_none_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"QAREVIEW_PROXIES: 'proxy\.example' does not"):
        networks_in("10.0.0.7, proxy.example")


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
