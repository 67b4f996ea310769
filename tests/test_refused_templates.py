"""Templates that were stored before the rules for them changed, so that they are refused now."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.drafting import drafting
from generation.models import Item, Passage
from prompts import candidates, experiments, promotions, searches, variants
from prompts.models import Case, Prompt, Run, Variant, Way
from prompts.outputs import produce_outputs
from qareview import jobs
from qareview.models import JobState
from tests import arena, make
from tests.conftest import Team
from tests.web import page

pytestmark = pytest.mark.django_db

REFUSED = "{% macro say() %}{% endmacro %}{{ passage }} {{ item_count }} {{ focus }}"
REASON = "Line 1 uses “Macro”, which is not allowed."


@pytest.fixture
def client(team: Team, browse: Callable[[User], Client]) -> Client:
    return browse(team.engineer)


@pytest.fixture
def refused(team: Team) -> Variant:
    return arena.variant(arena.prompt(team.project), template=REFUSED)


@pytest.fixture
def own(team: Team) -> Prompt:
    return variants.begin_prompt(team.project, "translate", {"template": REFUSED}, team.engineer)


def prompt_pages(of: Prompt, number: int) -> list[str]:
    address = f"/projects/harbour/prompts/{of.pk}/"
    return [
        address,
        f"{address}?first=1&second={number}",
        f"{address}change/?variant={number}",
        f"{address}experiment/",
        f"{address}candidates/",
        f"{address}playground/?variant={number}&second=1",
        f"{address}playground/passages/?random=1",
    ]


def test_every_page_of_its_prompt_is_shown(client: Client, refused: Variant) -> None:
    for address in prompt_pages(refused.prompt, refused.number):
        assert page(client.get(address)), address


def test_a_prompt_of_the_teams_own_is_shown_and_can_be_mended(client: Client, own: Prompt) -> None:
    for address in prompt_pages(own, 1)[:-1]:
        assert page(client.get(address)), address
    values: dict[str, Any] = {"pick_count": 3, "max_tokens": 60, "temperature": 0.8}
    change = f"/projects/harbour/prompts/{own.pk}/change/"
    assert REASON in page(client.post(change, {**values, "template": REFUSED}), 422)
    client.post(change, {**values, "template": "Passage: {{ passage }}"})
    assert own.variants.get(number=2).template == "Passage: {{ passage }}"
    text = page(client.post(change, {**values, "template": "{{ passage }} {{ colour }}"}), 422)
    assert "variables that the prompt does not have yet: colour." in text


def test_it_is_told_where_it_would_run(client: Client, refused: Variant) -> None:
    data = {"variants": [refused.pk, refused.prompt.production_id], "question": "Which?"}
    address = f"/projects/harbour/prompts/{refused.prompt_id}/experiment/"
    assert f"Variant 2 cannot be run. {REASON}" in page(client.post(address, data), 422)


def test_drafting_fails_its_own_passages_only(team: Team, refused: Variant) -> None:
    other = make.project(name="Other")
    for project in (team.project, other):
        make.document(project)
    promotions.promote_variant(refused, team.engineer)
    drafting.work_off_passages()
    assert Item.objects.filter(project=other).count() == 2
    for row in Passage.objects.filter(document__project=team.project):
        assert row.state == JobState.FAILED
        assert REASON in row.error


def test_a_run_of_an_experiment_fails_with_the_reason(team: Team, refused: Variant) -> None:
    production = refused.prompt.production
    assert production
    of = experiments.create_experiment(refused.prompt, None, [production, refused], question="?")
    Case.objects.create(experiment=of, position=0, values={"passage": "The gate closes."})
    experiments.start_experiment(of)
    produce_outputs(jobs.claim(Run, 9))
    states = dict(of.runs.values_list("variant__number", "state"))
    assert states == {1: JobState.DONE, 2: JobState.FAILED}
    assert REASON in of.runs.get(variant=refused).error


def test_a_search_fails_with_the_reason(team: Team, refused: Variant) -> None:
    search = candidates.order_candidates(
        refused.prompt, team.engineer, seed=refused, wanted=2, ways=[Way.STRUCTURE]
    )
    searches.work_off_searches()
    search.refresh_from_db()
    assert search.state == JobState.FAILED
    assert REASON in search.error


def test_a_candidate_made_from_it_is_not_accepted(
    client: Client, team: Team, refused: Variant
) -> None:
    seed = arena.variant(refused.prompt)
    search = candidates.order_candidates(
        refused.prompt, team.engineer, seed=seed, wanted=1, ways=[Way.STRUCTURE]
    )
    searches.work_off_searches()
    Variant.objects.filter(pk=seed.pk).update(template=REFUSED)
    candidate = search.candidates.get()
    data = {"verdict": "accepted", "system": "", "template": candidate.template}
    text = page(client.post(f"/projects/harbour/candidates/{candidate.pk}/", data), 422)
    assert REASON in text
