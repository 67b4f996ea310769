"""A job proposes other wordings, which are reviewed like items."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from prompts import candidate_decisions, candidates, experiments, searches, variants
from prompts.models import (
    Candidate,
    CandidateState,
    Choice,
    Comparison,
    Prompt,
    Search,
    Variant,
    Way,
)
from qareview.models import JobState
from tests import arena, make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]


def search(team: Team, *ways: Way, **values: Any) -> Search:
    of = arena.prompt(team.project)
    Variant.objects.filter(prompt__task="rewrite").update(model="scripted")
    search = candidates.order_candidates(
        of, team.engineer, **{"seed": of.production, "wanted": 4, "ways": list(ways), **values}
    )
    searches.work_off_searches()
    search.refresh_from_db()
    return search


def texts(finished: Search) -> list[str]:
    return list(finished.candidates.values_list("template", flat=True))


def test_rules_make_as_many_as_are_wanted(team: Team) -> None:
    finished = search(team, Way.STRUCTURE)
    assert (finished.state, finished.note, finished.candidates.count()) == (JobState.DONE, "", 4)
    assert "State its main fact in one sentence.\n\nPassage: {{ passage }}" in texts(finished)
    assert "the instruction before the input" in finished.candidates.values_list("how", flat=True)


def test_a_model_rewrites_from_one_grounded_request(team: Team) -> None:
    for item in make.items(team.project, 2):
        make.accept(item, team.reviewer)
    finished = search(team, Way.REWRITE, about="rules of a port", tip="Be brief.")
    # the scripted model speaks of the first words of the request, which name no variable
    assert finished.candidates.count() == 0
    assert "0 of 4 candidates made. These methods produce no other new wordings" in finished.note
    reasons = {dropped["reason"] for dropped in finished.dropped}
    assert "The template no longer contains passage." in reasons
    assert any("rules of a port" in dropped["text"] for dropped in finished.dropped)


def test_a_rewriting_that_keeps_the_variables_is_a_candidate(team: Team) -> None:
    rewriting = Variant.objects.get(prompt__task="rewrite", prompt__project=team.project)
    rewriting.template = "Copy: {{ prompt }} [[copy]] {{ tip }}\n\nWrite it."
    rewriting.save(update_fields=["template"])
    finished = search(team, Way.REWRITE, wanted=2, tip="Be brief.")
    first = finished.candidates.all()[0]
    assert "{{ passage }}" in first.template
    assert first.how == "rewritten: Be brief."
    assert finished.dropped[0]["reason"] == "Same wording as another variant or candidate."
    assert "1 of 2 candidates" in finished.note


def test_two_variants_are_crossed(team: Team) -> None:
    of = arena.prompt(team.project)
    other = arena.variant(of, system="Be exact.", template="{{ passage }}\n\nWhat matters most?")
    finished = search(team, Way.CROSSING, other=other)
    assert "Be exact." in finished.candidates.values_list("system", flat=True)
    assert set(finished.candidates.values_list("way", flat=True)) == {Way.CROSSING}


def test_what_people_rejected_goes_into_the_request(team: Team) -> None:
    finished = search(team, Way.REPAIR)
    assert finished.candidates.count() == 0  # nothing was rejected yet
    item = make.item(team.project)
    rejection = {"question": "", "answer": "", "reason": "Too long", "comment": "Twice as long."}
    make.accept(item, team.reviewer, verdict="rejected", **rejection)
    told_of = candidates.feedback_on(arena.prompt(team.project))
    assert "why not: Too long. Twice as long." in told_of
    assert f"output: {item.answer}" in told_of
    experiment = arena.experiment(team.project)
    shown = experiment.runs.filter(case__position=0)
    Comparison.objects.create(
        experiment=experiment,
        case=shown[0].case,
        runs=[run.pk for run in shown],
        variants=[run.variant_id for run in shown],
        reviewer=team.reviewer,
        choice=Choice.BAD,
        comment="Both miss the gate.",
    )
    told_of = candidates.feedback_on(arena.prompt(team.project))
    assert told_of.count("why not: Both miss the gate.") == 2
    assert search(team, Way.REPAIR).dropped


def test_what_was_proposed_already_is_not_proposed_again(team: Team) -> None:
    first, second = search(team, Way.STRUCTURE), search(team, Way.STRUCTURE, wanted=40)
    assert not set(texts(first)) & {
        candidate.template
        for candidate in second.candidates.all()
        if candidate.system == first.seed.system and candidate.examples == first.seed.examples
    }
    assert "of 40 candidates" in second.note
    assert len(second.dropped) >= 4


def test_a_killed_worker_doubles_nothing(team: Team) -> None:
    finished = search(team, Way.STRUCTURE)
    Search.objects.filter(pk=finished.pk).update(state=JobState.RUNNING, lease="other/1")
    searches.work_off_searches()
    assert finished.candidates.count() == 4


# Reviewing


@pytest.fixture
def proposed(team: Team) -> Candidate:
    return search(team, Way.STRUCTURE).candidates.all()[0]


def decide(client: Client, team: Team, of: Candidate, **values: Any) -> Any:
    data = {"verdict": "accepted", "system": of.system, "template": of.template, **values}
    return client.post(f"{team.url}/candidates/{of.pk}/", data)


def test_an_accepted_candidate_is_a_variant(
    team: Team, browse: Browse, proposed: Candidate
) -> None:
    client = browse(team.engineer)
    url = f"{team.url}/prompts/{proposed.prompt_id}/candidates/"
    assert proposed.how in page(client.get(url)).lower()
    assert told(decide(client, team, proposed)) == ["Variant 2 created."]
    proposed.refresh_from_db()
    variant = proposed.variant
    assert variant
    assert (variant.template, variant.examples) == (proposed.template, proposed.examples)
    assert (variant.origin, variant.notes) == ("candidate accepted by eve", proposed.how)
    assert variant.parent == proposed.search.seed
    page(client.get(url))  # where that is read
    assert told(decide(client, team, proposed)) == ["eve has already decided on this candidate."]
    with pytest.raises(candidate_decisions.AlreadyDecided):
        candidate_decisions.reject_candidate(proposed, team.admin)
    assert proposed.prompt.variants.count() == 2


def test_an_edited_candidate_says_so_and_bad_edits_come_back(
    team: Team, browse: Browse, proposed: Candidate
) -> None:
    client = browse(team.engineer)
    text = page(decide(client, team, proposed, template="Say it."), 422)
    assert "The template no longer contains passage." in text
    assert "Say it." in text
    same = proposed.search.seed
    assert proposed.examples == same.examples
    response = decide(client, team, proposed, template=same.template, system=same.system)
    assert "Another variant has the same wording." in page(response, 422)
    decide(client, team, proposed, template="{{ passage }} In a word?", system="")
    variant = Variant.objects.get(candidate=proposed)
    assert (variant.origin, variant.template) == (
        "candidate edited and accepted by eve",
        "{{ passage }} In a word?",
    )


def test_an_edit_may_use_all_variables_of_the_prompt(team: Team) -> None:
    own = variants.begin_prompt(team.project, "translate", {"template": "{{ text }}"}, None)
    assert own.production
    toned = {"template": "{{ text }} in a {{ tone }} tone"}
    variants.add_variant(own.production, toned, team.engineer)
    order = candidates.order_candidates(own, team.engineer, seed=own.production, ways=["structure"])
    candidate = Candidate.objects.create(search=order, prompt=own, number=1, template="{{ text }}!")
    edited = "Say {{ text }} in a {{ tone }} tone."
    made = candidate_decisions.accept_candidate(candidate, team.engineer, "", edited)
    assert made.template == edited


def test_a_rejected_one_keeps_its_reason_and_comes_back_by_undo(
    team: Team, browse: Browse, proposed: Candidate
) -> None:
    client = browse(team.engineer)
    undo = f"{team.url}/prompts/{proposed.prompt_id}/candidates/undo/"
    assert told(client.post(undo)) == ["You have nothing to undo."]
    page(client.get(f"{team.url}/prompts/{proposed.prompt_id}/candidates/"))
    decide(client, team, proposed, verdict="rejected", reason="Unclear")
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason) == (CandidateState.REJECTED, "Unclear")
    assert told(client.post(undo)) == ["Undone. You can decide again."]
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason, proposed.decided_by) == ("pending", "", None)


def test_an_undone_acceptance_takes_its_variant_back_unless_it_is_used(
    team: Team, proposed: Candidate
) -> None:
    of: Prompt = proposed.prompt
    candidate_decisions.accept_candidate(
        proposed, team.engineer, proposed.system, proposed.template
    )
    assert candidate_decisions.undo_candidate_decision(of, team.engineer) == proposed
    first = of.variants.get(number=2)
    assert first.archived_at
    variant = candidate_decisions.accept_candidate(
        proposed, team.engineer, proposed.system, proposed.template
    )
    experiments.create_experiment(of, None, [variant, proposed.search.seed], question="Which?")
    with pytest.raises(candidate_decisions.CannotDecide, match="Variant 3 is already in use"):
        candidate_decisions.undo_candidate_decision(of, team.engineer)


def test_candidates_are_put_in_an_order(team: Team, browse: Browse, proposed: Candidate) -> None:
    second = proposed.search.candidates.all()[1]
    client = browse(team.engineer)
    decide(client, team, second, verdict="placed", place="1")
    decide(client, team, proposed, verdict="placed", place="2")
    waiting = candidate_decisions.pending_candidates(proposed.prompt)
    assert waiting[:2] == [second, proposed]


def test_candidates_are_ordered_from_the_page(team: Team, browse: Browse) -> None:
    of = arena.prompt(team.project)
    client, url = browse(team.engineer), f"{team.url}/prompts/{of.pk}/candidates/"
    assert of.production
    data = {"wanted": "3", "ways": ["structure"], "seed": of.production.pk}
    assert client.post(url, data).status_code == 302
    assert "Candidates are being generated." in page(client.get(url))
    searches.work_off_searches()
    assert Candidate.objects.count() == 3
    crossing = page(client.post(url, data | {"ways": ["crossing"]}), 422)
    assert "Choose a second variant to cross it with." in crossing
    assert "greater than or equal to 1" in page(client.post(url, data | {"wanted": "0"}), 422)
