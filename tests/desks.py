"""Reviewers over HTTP, who send what a browser would send."""

import re
from dataclasses import dataclass

import requests

from tests.site import Site

# Makes a project with items and signed-in reviewers, and prints their sessions.
MAKE = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from tests import make
project = make.project(make.user("owner-{slug}"), name="{slug}")
project.reviews_per_item = {reviews}
project.save()
items = make.items(project, {items}) if {items} else []
for number in range({reviewers}):
    user = make.member(project, name="{slug}-%d" % number)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    print("session", session.session_key)
"""


def sessions(
    site: Site, slug: str, *, reviewers: int, items: int = 0, reviews: int = 1
) -> list[str]:
    """Make a project with signed-in reviewers; return their session keys."""
    code = MAKE.format(slug=slug, reviewers=reviewers, items=items, reviews=reviews)
    process = site.manage("shell", "-v", "0", "-c", code)
    assert process.returncode == 0, process.stderr
    return re.findall(r"^session (\S+)$", process.stdout, re.MULTILINE)


@dataclass
class Desk:
    """A reviewer's desk: the form of the item on it, if there is one."""

    site: Site
    slug: str
    session: str
    html: str = ""

    def __post_init__(self) -> None:
        self.http = requests.Session()
        self.http.cookies.set("sessionid", self.session)
        self.url = f"{self.site.url}/projects/{self.slug}/review/"
        self.look()

    def look(self) -> None:
        self.html = self.http.get(self.url).text

    @property
    def item(self) -> int | None:
        match = re.search(r'id="review"[^>]*action="[^"]*/review/(\d+)/"', self.html)
        return int(match[1]) if match else None

    def _value(self, name: str) -> str:
        match = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        assert match, self.html
        return match[1]

    def _text(self, name: str) -> str:
        match = re.search(rf'name="{name}"[^>]*>\n(.*?)</textarea>', self.html, re.DOTALL)
        assert match, self.html
        return match[1]

    def decide(self, verdict: str = "accepted", *, times: int = 1) -> None:
        """Send a decision, perhaps several times like a double click; load the next item."""
        data = {
            **{name: self._value(name) for name in ("key", "replaces")},
            **{name: self._text(name) for name in ("question", "answer")},
            "csrfmiddlewaretoken": self.http.cookies["csrftoken"],
            "seconds": "1",
            "verdict": verdict,
        }
        address = f"{self.url}{self.item}/"
        for _ in range(times):
            answer = self.http.post(address, data, headers={"HX-Request": "true"})
            assert answer.status_code in (200, 409), answer.text
            self.html = answer.text
