"""Edge cases of running experiments, of candidates and of worked examples."""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation import approved_items
from generation import bin as generation_bin
from generation.releases import freezing
from prompts import bin as prompt_bins
from prompts import (
    candidates,
    case_matrix,
    cases,
    comparing,
    experiments,
    exports,
    promotions,
    results,
    screening,
    variants,
)
from prompts.candidate_decisions import accept_candidate, undo_candidate_decision
from prompts.examples import Input, examples_for
from prompts.models import (
    LAST_RUNG,
    Candidate,
    Choice,
    Experiment,
    Picks,
    Prompt,
    Run,
    Variant,
    Way,
)
from prompts.outputs import produce_outputs
from qareview import bin as bins
from qareview import jobs, process_cache, shares
from qareview.embeddings import embed
from qareview.models import JobState, Project
from tests import arena, make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]


pytestmark = pytest.mark.usefixtures("no_repeats")


# Running


@pytest.mark.parametrize("cases", [1, 6, 10, 41])
def test_a_screening_of_few_cases_comes_to_its_end(team: Team, cases: int) -> None:
    experiment = arena.experiment(team.project, 3, cases, is_run=False, screens_by="words")
    experiments.start_experiment(experiment)
    while experiment.runs.filter(state=JobState.QUEUED).exists():
        experiment.runs.update(state=JobState.DONE, scores={"words": 3})
        experiments.advance_screenings()
    experiment.refresh_from_db()
    assert (experiment.rung, experiment.runs.count()) == (LAST_RUNG, 3 * cases)


def test_a_run_that_fails_by_itself_holds_no_screening_up(team: Team) -> None:
    experiment = arena.experiment(team.project, 3, 40, is_run=False, screens_by="words")
    experiments.start_experiment(experiment)
    first = experiment.runs.first()
    experiment.runs.exclude(pk=first.pk).update(state=JobState.DONE, scores={"words": 3})
    lost = {"state": JobState.RUNNING, "attempts": 6, "lease_until": timezone.now()}
    Run.objects.filter(pk=first.pk).update(**lost)
    jobs.sweep()
    assert experiment.runs.filter(state=JobState.FAILED).count() == 1
    experiments.advance_screenings()
    experiment.refresh_from_db()
    assert experiment.rung == 1
    assert experiment.runs.count() == 60


def test_what_is_in_production_is_not_screened_out(team: Team) -> None:
    experiment = arena.experiment(team.project, 4, 20, screens_by="rouge")
    for run in experiment.runs.select_related("variant"):
        run.scores = {"rouge": 0.1 if run.variant.number == 1 else 0.9}
        run.save(update_fields=["scores"])
    assert screening.clearly_worse(experiment) == []


def test_identical_variants_are_seldom_screened_out() -> None:
    generator = np.random.default_rng(4)
    level = screening.interval_level(8)
    wrong = 0
    for _ in range(300):
        table = generator.normal(size=(8, 25))
        variants_scores = [dict(enumerate(row)) for row in table]
        best = variants_scores[int(table.mean(axis=1).argmax())]
        intervals = [
            screening.interval_of_difference(by_case, best, level) for by_case in variants_scores
        ]
        wrong += any(interval is not None and interval[1] < 0 for interval in intervals)
    assert wrong <= 0.06 * 300


def test_what_has_ended_or_is_set_aside_does_not_run(team: Team) -> None:
    experiment = arena.experiment(team.project, 3, 5, is_run=False)
    experiments.start_experiment(experiment)
    experiments.set_entrant_aside(experiment.entrants.get(variant__number=2), "by hand")
    assert experiment.runs.filter(state=JobState.QUEUED).count() == 10
    experiments.end_experiment(experiment)
    assert jobs.claim(Run, 64) == []
    assert not experiments.run_progress(experiment).is_moving
    experiments.end_experiment(experiment, is_ended=False)
    assert experiment.runs.filter(state=JobState.QUEUED).count() == 10
    experiments.restore_entrant(experiment.entrants.get(variant__number=2))
    assert experiment.runs.filter(state=JobState.QUEUED).count() == 15


def test_what_failed_is_not_tried_again_for_what_is_over(team: Team) -> None:
    experiment = arena.experiment(team.project, 3, 4)
    experiment.runs.update(state=JobState.FAILED)
    experiments.set_entrant_aside(experiment.entrants.get(variant__number=2), "by hand")
    assert experiments.retry_failed_runs(experiment) == 8
    Run.objects.update(state=JobState.QUEUED)  # as a worker gives back what it could not do
    assert {run.variant.number for run in jobs.claim(Run, 64)} == {1, 3}
    Run.objects.update(state=JobState.FAILED, lease="")
    experiments.end_experiment(experiment)
    assert experiments.retry_failed_runs(experiment) == 0
    assert not experiments.set_entrant_aside(experiment.entrants.get(variant__number=3), "late")
    experiments.restore_entrant(experiment.entrants.get(variant__number=2))
    Run.objects.update(state=JobState.QUEUED)
    assert jobs.claim(Run, 64) == []
    experiment.refresh_from_db()
    assert not experiments.run_progress(experiment).is_moving


def test_what_cannot_be_filled_in_fails_though_the_budget_is_used_up(team: Team) -> None:
    experiment = arena.experiment(team.project, 2, 2, is_run=False)
    Variant.objects.filter(prompt=experiment.prompt).update(model="scripted")
    experiment.variants.filter(number=2).update(template="{{ passage / 2 }}")
    Project.objects.filter(pk=team.project.pk).update(budget_tokens=10**9)
    experiments.start_experiment(experiment)
    claimed = jobs.claim(Run, 64)
    Project.objects.filter(pk=team.project.pk).update(budget_tokens=0)
    produce_outputs(claimed)
    states = set(experiment.runs.values_list("variant__number", "state"))
    assert states == {(1, JobState.QUEUED), (2, JobState.FAILED)}


def test_cases_without_a_score_come_last_and_a_score_of_nothing_is_shown(team: Team) -> None:
    experiment = arena.experiment(team.project, 2, 3)
    for run in experiment.runs.select_related("case"):
        run.scores = {"words": run.case.position, "pattern": 0.0}
        run.state = JobState.FAILED if run.case.position == 0 else JobState.DONE
        run.save(update_fields=["scores", "state"])
    order = case_matrix.ordered_cases(experiment, case_matrix.CaseOrder(by="words"))
    assert [experiment.cases.get(pk=pk).position for pk in order] == [2, 1, 0]
    kinds, rows = case_matrix.averages_by_entrant(experiment, case_matrix.entrants_of(experiment))
    assert "pattern" in [str(kind.name) for kind in kinds]
    assert [row.cases for row in rows] == [2, 2]


@pytest.mark.parametrize("state", [{}, {"state": JobState.FAILED}])
def test_every_download_is_there_before_anything_ran(
    team: Team, browse: Browse, state: dict[str, str]
) -> None:
    experiment = arena.experiment(team.project)
    Run.objects.update(**state) if state else experiment.runs.all().delete()
    for name in exports.FORMATS:
        url = f"{team.url}/experiments/{experiment.pk}/result/{name}/"
        assert browse(team.engineer).get(url).status_code == 200


def test_an_experiment_that_has_not_started_is_removed(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, is_run=False)
    client = browse(team.engineer)
    assert told(client.post(f"{team.url}/experiments/{experiment.pk}/remove/")) == [
        "Experiment removed."
    ]
    assert not Experiment.objects.exists()
    started = arena.experiment(team.project)
    page(client.get(f"{team.url}/experiments/"))
    assert told(client.post(f"{team.url}/experiments/{started.pk}/remove/")) == [
        "You cannot remove an experiment that has started. End it instead."
    ]


# Candidates and examples


def test_a_case_is_not_shown_with_its_own_answer(team: Team) -> None:
    items = make.items(team.project, 3)
    for item, vector in zip(items, embed([item.answer for item in items]), strict=True):
        item.embedding = vector.tolist()
        item.save(update_fields=["embedding"])
        make.accept(item, team.reviewer)
    of = arena.prompt(team.project)
    own = [{"passage": items[0].passage.text, "output": "Given away."}]
    typed = Input({"passage": f"  {items[0].passage.text.upper()}"})  # typed, of no passage
    for picks in (Picks.SIMILAR, Picks.DIVERSE):
        variant = arena.variant(of, picks=picks, pick_count=3, examples=own)
        examples = examples_for(team.project, variant, [typed])[0]
        assert {example["output"] for example in examples} == {items[1].answer, items[2].answer}
    variant = arena.variant(of, examples=[*own, {"passage": "b", "output": "Of elsewhere."}])
    assert [example["output"] for example in examples_for(team.project, variant, [typed])[0]] == [
        "Of elsewhere."
    ]


def test_an_example_whose_document_is_tested_by_now_is_not_shown(team: Team) -> None:
    for count in (3, 2, 1):
        at = make.document(team.project, text="", name=f"{count}.md")
        for item in make.items(team.project, count, at=at):
            make.accept(item, team.reviewer)
    examples = [
        {"passage": "a", "output": item.values["answer"], "passage_id": item.passage}
        for item in approved_items.newest(team.project, 9)
    ]
    variant = arena.variant(arena.prompt(team.project), examples=examples)
    freezing.order_release(team.project)
    freezing.work_off_releases()
    standing = {item.passage for item in approved_items.newest(team.project, 9)}
    assert 0 < len(standing) < 6
    shown = examples_for(team.project, variant, [Input({"passage": "x"})])[0]
    assert {example["passage_id"] for example in shown} == standing


@pytest.mark.parametrize(
    "line",
    [
        '{"passage": "p", "passage_id": [1], "output": "o"}',
        '{"passage": {"a": 1}, "output": "o"}',
        '{"passage": NaN, "output": "o"}',
    ],
)
def test_examples_are_texts(team: Team, browse: Browse, line: str) -> None:
    of = arena.prompt(team.project)
    url = f"{team.url}/prompts/{of.pk}/change/"
    data = {
        "template": "{{ passage }}!",
        "examples": line,
        "pick_count": "3",
        "max_tokens": "20",
        "temperature": "0.5",
    }
    client = browse(team.engineer)
    assert "Example 1 has a value that is not text." in page(client.post(url, data), 422)
    odd = '{"passage": "p\\u0000\\ud800", "output": "o"}'
    assert client.post(url, {**data, "examples": odd}).status_code == 302
    assert of.variants.get(number=2).examples == [{"passage": "p?", "output": "o"}]


def test_a_long_tip_does_no_harm(team: Team) -> None:
    of = arena.prompt(team.project)
    Variant.objects.filter(prompt__task="rewrite").update(
        model="scripted", template="Copy: {{ prompt }} [[copy]] {{ tip }}\n\nWrite it."
    )
    search = candidates.order_candidates(
        of, team.engineer, seed=of.production, ways=[Way.REWRITE], tip="x" * 200, wanted=1
    )
    shares.work_off()
    assert of.searches.get(pk=search.pk).state == JobState.DONE


def test_a_candidate_accepted_as_it_is_was_not_edited(team: Team, browse: Browse) -> None:
    proposed = first_candidate(team)
    sent = proposed.template.replace("\n", "\r\n")  # as browsers do
    data = {"verdict": "accepted", "system": proposed.system, "template": sent}
    browse(team.engineer).post(f"{team.url}/candidates/{proposed.pk}/", data)
    variant = Variant.objects.get(candidate=proposed)
    assert (variant.origin, variant.template) == ("candidate accepted by eve", proposed.template)


def test_an_edit_does_not_change_what_was_proposed(team: Team) -> None:
    proposed = first_candidate(team)
    accept_candidate(proposed, team.engineer, "", "{{ passage }} In a word?")
    undo_candidate_decision(proposed.prompt, team.engineer)
    again = Candidate.objects.get(pk=proposed.pk)
    assert again.template == proposed.template


def first_candidate(team: Team) -> Candidate:
    of = arena.prompt(team.project)
    search = candidates.order_candidates(
        of, team.engineer, seed=of.production, ways=["structure"], wanted=2
    )
    shares.work_off()
    return search.candidates.all()[0]


def test_what_a_prompt_of_another_kind_is_shown_is_not_ours(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    client = browse(team.engineer)
    data = {
        "task": "maths",
        "template": "What is of {{ expression }}?",
        "pick_count": "3",
        "max_tokens": "20",
        "temperature": "0.5",
    }
    assert "Accepted items have no value for expression." in page(
        client.post(f"{team.url}/prompts/new/", {**data, "picks": "similar"}), 422
    )
    assert client.post(f"{team.url}/prompts/new/", data).status_code == 302
    own = arena.prompt(team.project, "maths")
    search = candidates.order_candidates(
        own, team.engineer, seed=own.production, ways=["structure"], wanted=1
    )
    assert candidates._approved_as_lines(search) == ""
    for template, message in (
        ("What is {{ expr }}?", "variables that the prompt does not have yet: expr."),
        ("What is it?", "Add at least one variable"),
        (data["template"], "Variant 1 is identical. Change something to save a new variant."),
    ):
        url = f"{team.url}/prompts/{own.pk}/change/"
        assert message in page(client.post(url, {**data, "template": template}), 422)
    for name in ("maths", "ask", "two words"):
        page(client.post(f"{team.url}/prompts/new/", {**data, "task": name}), 422)


def test_numbers_too_long_for_a_row_are_no_error(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project)
    client, long = browse(team.engineer), "9" * 5000
    url = f"{team.url}/experiments/{experiment.pk}/result/"
    assert client.get(f"{url}?snapshot={long}").status_code == 200
    assert client.post(f"{url}promote/", {"variant": long}).status_code == 302
    assert client.post(f"{url}votes/", {"reviewer": long}).status_code == 302
    change = f"{team.url}/prompts/{experiment.prompt_id}/change/?variant={long}"
    assert client.get(change).status_code == 200


# What goes for good


def own_prompt_in_use(team: Team) -> Experiment:
    """A prompt of the team's own with all that can hang on one."""
    values = {"template": "{{ text }}?", "model": "scripted"}
    own = variants.begin_prompt(team.project, "maths", values, team.engineer)
    search = candidates.order_candidates(
        own, team.engineer, seed=own.production, ways=["structure"], wanted=2
    )
    shares.work_off()
    proposed = search.candidates.all()[0]
    other = accept_candidate(proposed, team.engineer, proposed.system, proposed.template)
    entered = [own.production, other]
    experiment = experiments.create_experiment(own, team.engineer, entered, question="Which?")
    cases.store_cases(experiment, cases.from_text("one\ntwo", ["text"], is_typed=True))
    experiments.start_experiment(experiment)
    shares.work_off()
    experiment.refresh_from_db()
    experiment.runs.filter(variant=other).update(output="Otherwise.")
    process_cache.clear()
    shown = comparing.take_next_comparison(experiment, team.reviewer)
    assert shown
    arena.decide(shown, Choice.LEFT)
    evidence = results.keep_snapshot(experiment, team.engineer, "promoted")
    assert promotions.promote_variant(other, team.engineer, snapshot=evidence)
    return experiment


def test_a_prompt_of_ones_own_goes_with_its_experiments(team: Team) -> None:
    experiment = own_prompt_in_use(team)
    prompt = Prompt.objects.get(task="maths")
    prompt_bins.bin_prompt(prompt, team.engineer)
    bins.expire_rows(Prompt.everything.filter(pk=prompt.pk))
    prompt_bins.remove_expired_prompts()
    assert not Prompt.everything.filter(pk=prompt.pk)
    assert not Experiment.objects.filter(pk=experiment.pk)


def test_a_project_goes_with_its_experiments(team: Team) -> None:
    own_prompt_in_use(team)
    arena.experiment(team.project)
    generation_bin.remove_project(team.project)
    assert not Project.everything.filter(pk=team.project.pk)
    assert not Experiment.objects.exists()
