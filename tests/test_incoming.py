"""Requests that no page sends are refused, and HEAD is answered as GET."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory

from qareview import incoming
from qareview.log_lines import Refusals
from tests import make
from tests.conftest import Team

Browse = Callable[[User], Client]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/", "{url}/", "{url}/items/", "{url}/review/", "/none/"])
def test_head_is_answered_as_get(team: Team, browse: Browse, path: str) -> None:
    client, url = browse(team.reviewer), path.format(url=team.url)
    got, head = client.get(url), client.head(url)
    assert head.status_code == got.status_code
    assert head.get("Location") == got.get("Location")
    assert head.content == b""


def test_head_changes_nothing_where_get_may_not_come(team: Team, browse: Browse) -> None:
    assert browse(team.reviewer).head(f"{team.url}/review/undo/").status_code == 405


@pytest.mark.parametrize("charset", ["utf-16", "hex", "undefined", "nonsense"])
@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_a_form_in_another_encoding_is_refused(
    team: Team, browse: Browse, charset: str, kind: str
) -> None:
    for user, path in ((None, "/accounts/sign-in/"), (team.reviewer, f"{team.url}/inbox/")):
        client = browse(user) if user else Client(enforce_csrf_checks=True)
        answer = client.generic("POST", path, b"a=b", content_type=f"{kind}; charset={charset}")
        assert answer.status_code == 400


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "us-ascii"])
def test_a_form_in_the_encoding_of_pages_is_read(team: Team, browse: Browse, charset: str) -> None:
    answer = browse(team.reviewer).post(
        f"{team.url}/inbox/", b"", content_type=f"{FORM}; charset={charset}"
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["/invitations/%00/", "/projects/a%00/"])
def test_an_address_with_nul_is_not_found(team: Team, browse: Browse, path: str) -> None:
    assert browse(team.reviewer).get(path).status_code == 404


@pytest.mark.parametrize("query", ["items/?text=%00", "items/?document=%00", "review/?item=%00"])
def test_nul_in_a_query_is_ignored_as_other_values_that_mean_nothing(
    team: Team, browse: Browse, query: str
) -> None:
    assert browse(team.reviewer).get(f"{team.url}/{query}").status_code == 200


@pytest.mark.parametrize("query", ["words=%00", "words=a"])
def test_a_view_that_fails_at_nul_in_its_query_finds_nothing(query: str) -> None:
    middleware = incoming.as_expected(lambda _: HttpResponse())
    see = middleware.process_exception  # type: ignore[attr-defined]  # as Django calls it
    request = RequestFactory().get(f"/?{query}")
    with pytest.raises(Http404) if "%00" in query else nullcontext():
        see(request, DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))
    see(request, KeyError("words"))


def test_nul_in_the_columns_of_a_table_is_refused(team: Team, browse: Browse) -> None:
    survey = {"columns": ["text"], "sample": [["a"]], "rows": 1, "guess": {"context": "text"}}
    table = make.document(team.project, name="rows.csv", state="held", survey=survey)
    url = f"{team.url}/documents/{table.pk}/columns/"
    answer = browse(team.engineer).post(url, {"context": "te\0xt"})
    assert answer.status_code == 422
    assert "Null characters are not allowed." in answer.text


@pytest.mark.parametrize(
    ("logger", "status", "is_short"),
    [
        ("django.security.DisallowedHost", None, True),
        ("django.request", 404, True),
        ("django.request", 500, False),
        ("generation.tasks", None, False),
    ],
)
def test_what_a_client_alone_is_to_blame_for_is_logged_in_one_line(
    logger: str, status: int | None, is_short: bool
) -> None:
    try:
        raise ValueError("told in many lines")
    except ValueError as error:
        reason: Any = (type(error), error, error.__traceback__)
    record = logging.LogRecord(logger, logging.ERROR, "", 1, "Refused", None, reason)
    if status:
        record.status_code = status
    assert Refusals().filter(record)
    assert ("\n" not in logging.Formatter().format(record)) == is_short
