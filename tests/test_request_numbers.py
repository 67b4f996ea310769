"""Made-up numbers in a request are treated like ids that do not exist, and cause no error."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from prompts import candidates, comparing, searches
from qareview import process_cache
from qareview.request_numbers import LARGEST_ID, number_in
from tests import arena, make
from tests.conftest import Team

Browse = Callable[[User], Client]

USUAL = ["999999999", "no number"]  # an id that does not exist, and none at all
STRANGE = ["9" * 10, "9" * 19, str(LARGEST_ID), "9" * 20, "9" * 5000, "٣", "²", "-1"]
# The name of an address, what else it needs, and its parameters that are numbers.
QUERIES: list[tuple[str, str, list[str]]] = [
    ("documents", "", ["page"]),
    ("documents-show", "", ["page", "passage"]),
    ("documents-cut", "", ["length"]),
    ("review", "", ["item"]),
    ("review-mine", "", ["from"]),
    ("review-excerpt", "start=0", ["end"]),
    ("review-excerpt", "end=9", ["start"]),
    (
        "items",
        "",
        ["page", "document", "reviewer", "assigned", "variant", "like", "score_from", "score_to"],
    ),
    ("bulk-actions-new", "", ["item"]),
    ("bulk-actions-new", "all=1", ["document"]),
    ("adjudicate", "", ["after"]),
    ("inbox", "", ["page"]),
    ("bin", "", ["page"]),
    ("prompts-show", "", ["first", "second"]),
    ("prompts-change", "", ["variant"]),
    ("experiments-show", "", ["page"]),
    ("results", "", ["snapshot"]),
]
BODIES: list[tuple[str, dict[str, str], list[str]]] = [
    ("passages-change", {}, ["offset"]),
    ("members-change", {}, ["role"]),
    ("review-submit", {"verdict": "accepted", "question": "Why?", "answer": "So."}, ["replaces"]),
    (
        "review-submit",
        {"verdict": "accepted", "question": "Why?", "answer": "So.", "replaces": "0"},
        ["start", "end", "rank-1"],
    ),
    ("review-typed", {"replaces": "0"}, ["start", "end", "rank-1"]),
    ("review-typed", {}, ["replaces"]),
    ("review-changes", {}, ["start", "end", "replaces"]),
    ("adjudicate-item", {"action": "choose"}, ["choice", "stands"]),
    ("items-ask", {"text": "Why?"}, ["colleague"]),
    ("items-again", {}, ["summarise", "ask"]),
    ("bulk-actions-new", {}, ["confirmed"]),
    ("bulk-actions-new", {"confirmed": "1"}, ["member"]),
    ("candidates", {"wanted": "1", "ways": "structure"}, ["seed", "other"]),
    ("candidates", {"ways": "structure"}, ["wanted"]),
    ("candidates-decide", {"verdict": "placed"}, ["place"]),
    ("experiments-new", {"question": "Which?"}, ["variants", "items", "seed", "repeats"]),
    ("experiments-cases", {}, ["items", "seed", "earlier"]),
    ("prompts-roll-back", {}, ["seen"]),
    ("compare-decide", {"choice": "ranked"}, ["place-1"]),
    ("results-promote", {}, ["variant"]),
    ("results-without", {}, ["reviewer"]),
    ("prompts-change", {"template": "{{ passage }}"}, ["items", "max_tokens", "pick_count"]),
]


@pytest.fixture
def addresses(team: Team) -> dict[str, list[object]]:
    """Give the arguments of each address, beside the project."""
    items = make.items(team.project, 3)
    document, item = items[0].document, make.disputed(team.project, team.reviewer, team.engineer)
    experiment = arena.experiment(team.project)
    process_cache.clear()
    comparison = comparing.take_next_comparison(experiment, team.admin)
    assert comparison
    prompt = experiment.prompt
    search = candidates.order_candidates(
        prompt, team.engineer, seed=prompt.production, ways=["structure"]
    )
    searches.work_off_searches()
    of_document = ("documents-show", "documents-cut")
    of_item = ("review-excerpt", "review-submit", "review-typed", "review-changes")
    of_item = (*of_item, "items-ask", "items-again")
    of_prompt = ("prompts-show", "prompts-change", "candidates", "experiments-new")
    of_prompt = (*of_prompt, "prompts-roll-back")
    of_experiment = ("experiments-show", "results", "results-promote", "results-without")
    of_experiment = (*of_experiment, "experiments-cases")
    return {
        **{name: [document.pk] for name in of_document},
        **{name: [items[0].pk] for name in of_item},
        **{name: [prompt.pk] for name in of_prompt},
        **{name: [experiment.pk] for name in of_experiment},
        "adjudicate-item": [item.pk],
        "bulk-actions-new": ["accept"],
        "candidates-decide": [search.candidates.all()[0].pk],
        "compare-decide": [comparison.token],
        "members-change": [team.project.memberships.get(user=team.reviewer).pk],
        "passages-change": [items[0].passage.pk, "split"],
        "review-mine": ["previous"],
    }


def outcome(response: HttpResponse, number: str) -> tuple[int, str]:
    """Return the status, and where a redirect leads but for the number itself."""
    return response.status_code, response.get("Location", "").replace(number, "")


@pytest.mark.parametrize(("name", "query", "parameters"), QUERIES)
def test_a_number_in_a_query_is_as_any_other(
    team: Team,
    browse: Browse,
    addresses: dict[str, list[object]],
    name: str,
    query: str,
    parameters: list[str],
) -> None:
    client = browse(team.admin)
    place = reverse(name, args=[team.project.slug, *addresses.get(name, [])])
    for parameter in parameters:

        def get(number: str, sent: str = f"{place}?{query}&{parameter}=") -> tuple[int, str]:
            return outcome(client.get(sent + number), number)

        usual = {get(number) for number in USUAL}
        for number in STRANGE:
            assert get(number) in usual, (parameter, number[:30])


@pytest.mark.parametrize(("name", "data", "parameters"), BODIES)
def test_a_number_that_is_posted_is_as_any_other(
    team: Team,
    browse: Browse,
    addresses: dict[str, list[object]],
    name: str,
    data: dict[str, str],
    parameters: list[str],
) -> None:
    client = browse(team.admin)
    place = reverse(name, args=[team.project.slug, *addresses.get(name, [])])
    for parameter in parameters:

        def post(number: str, sent: str = parameter) -> tuple[int, str]:
            key = {"key": str(uuid.uuid4())}
            return outcome(client.post(place, {**key, **data, sent: number}), number)

        usual = {post(number) for number in USUAL}
        for number in STRANGE:
            assert post(number) in usual, (parameter, number[:30])


@pytest.mark.parametrize("number", ["9" * 10, "9" * 19, "9" * 20, "9" * 5000, "٣", "²"])
def test_a_number_in_an_address_leads_to_no_page(team: Team, browse: Browse, number: str) -> None:
    client = browse(team.admin)
    url = f"/projects/{team.project.slug}"
    for place in (
        f"documents/{number}/",
        f"items/{number}/",
        f"releases/{number}/",
        f"adjudicate/{number}/",
        f"bulk-actions/{number}/",
        f"prompts/{number}/",
        f"experiments/{number}/",
        f"experiments/{number}/result/",
    ):
        assert client.get(f"{url}/{place}").status_code == 404, place[:30]
    for place in (
        f"passages/{number}/merge/",
        f"review/{number}/",
        f"review/{number}/hold/",
        f"review/{number}/typed/",
        f"inbox/{number}/",
        f"candidates/{number}/",
        f"searches/{number}/retry/",
        f"members/{number}/",
        f"invitations/{number}/withdraw/",
    ):
        data = {"key": str(uuid.uuid4()), "verdict": "skipped", "replaces": "0"}
        assert client.post(f"{url}/{place}", data).status_code == 404, place[:30]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("17", 17),
        (str(LARGEST_ID), LARGEST_ID),
        (str(LARGEST_ID + 1), None),
        ("9" * 5000, None),
        ("٣", None),
        ("²", None),
        ("-1", None),
        ("1.5", None),
        (" 1", None),
        ("", None),
        (None, None),
    ],
)
def test_what_is_a_number(text: str | None, number: int | None) -> None:
    assert number_in(text) == number
    assert number_in("100", largest=99) is None
