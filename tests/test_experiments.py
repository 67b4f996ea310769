"""Experiments: creating, estimating, running as jobs, screening, and their page."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prompts import case_matrix, cases, experiments, runs, sandbox, scores, screening
from prompts.cases import BadCases, from_text
from prompts.models import Case, Experiment, Run, Task
from prompts.output_rules import CannotScore
from qareview.models import JobState, StoredCompletion
from tests import arena, make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]


def new(team: Team, client: Client, **values: Any) -> Any:
    of = arena.prompt(team.project)
    if of.variants.count() < 2:
        arena.variant(of, model="scripted")
    of.variants.update(model="scripted")
    data = {
        "question": "Which is better?",
        "variants": list(of.variants.values_list("pk", flat=True)),
        "typed": "The tide rises.\nThe gate shuts.",
        "seed": 1,
        "repeats": 1,
        "reviewers_per_pair": 2,
        "shown_at_once": 2,
        **values,
    }
    return client.post(f"{team.url}/prompts/{of.pk}/experiment/", data)


CASES = '{"passage": "The tide rises."}\n{"passage": "The gate shuts.", "reference": "It shuts."}'


def created(team: Team, browse: Browse, **values: Any) -> Experiment:
    response = new(team, browse(team.engineer), **{"typed": CASES, **values})
    assert response.status_code == 302, page(response, 422)
    return Experiment.objects.latest("pk")


def run_all(experiment: Experiment) -> None:
    experiments.start_experiment(experiment)
    runs.work_off_runs()
    experiment.refresh_from_db()


def test_an_experiment_shows_what_it_takes_before_it_runs(team: Team, browse: Browse) -> None:
    experiment = created(team, browse)
    assert [case.values["passage"] for case in experiment.cases.all()] == [
        "The tide rises.",
        "The gate shuts.",
    ]
    assert [case.reference for case in experiment.cases.all()] == ["", "It shuts."]
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/"))
    assert "4 runs on 2 cases: about" in text
    assert "A time estimate will be available after this model’s first runs" in text
    assert "about 330 comparisons if in 60 % of them" in text
    assert "there can be at most 4 comparisons" in text
    assert not Run.objects.exists()


def test_runs_are_made_by_workers_and_scored(team: Team, browse: Browse) -> None:
    experiment = created(team, browse, repeats=2, pattern="^In short", schema='{"type": "object"}')
    client = browse(team.engineer)
    url = f"{team.url}/experiments/{experiment.pk}"
    assert client.post(f"{url}/start/").status_code == 302
    assert client.post(f"{url}/start/").status_code == 302  # a double click
    assert experiment.runs.count() == 2 * 2 * 2
    assert "0 of 8 runs done" in page(client.get(f"{url}/"))
    runs.work_off_runs()
    made = list(experiment.runs.all())
    assert {run.state for run in made} == {JobState.DONE}
    run = experiment.runs.get(variant__number=1, case__position=1, number=1)
    assert run.output == "In short, The gate shuts."
    assert run.model == "scripted"
    assert set(run.scores) >= {"words", "exact", "rouge", "similarity", "pattern", "schema"}
    assert (run.scores["words"], run.scores["exact"], run.scores["pattern"]) == (5, 0.0, 1.0)
    assert run.scores["schema"] == 0.0
    assert run.scores["rouge"] == pytest.approx(2 * 1 / (5 + 2), abs=0.001)
    text = page(client.get(f"{url}/"))
    assert "In short, The gate shuts." in text
    assert "8 runs done: " in text


def test_the_list_takes_a_fixed_number_of_queries(
    team: Team, browse: Browse, django_assert_num_queries: Any
) -> None:
    first = arena.experiment(team.project)
    arena.prefer(first, team.reviewer, first.variants.all()[0], 3)
    client, url = browse(team.reviewer), f"{team.url}/experiments/"
    with django_assert_num_queries(4):
        assert "3 comparisons, 3 of them yours" in page(client.get(url))
    for _ in range(4):
        arena.experiment(team.project)
    with django_assert_num_queries(4):
        assert page(client.get(url)).count("0 comparisons, 0 of them yours") == 4


def test_what_was_asked_before_is_not_asked_again(team: Team, browse: Browse) -> None:
    run_all(created(team, browse))
    asked = StoredCompletion.objects.count()
    again = created(team, browse)
    run_all(again)
    assert StoredCompletion.objects.count() == asked
    assert again.runs.filter(state=JobState.DONE).count() == 4


def test_cases_come_from_approved_items_with_the_reference(team: Team, browse: Browse) -> None:
    for item in make.items(team.project, 5):
        make.accept(item, team.reviewer)
    experiment = created(team, browse, typed="", items=3, seed=7)
    assert experiment.cases.count() == 3
    case = experiment.cases.all()[0]
    item = team.project.items.get(pk=case.item)
    assert case.values["passage"] == item.passage.text
    assert (case.reference, case.passage) == (item.answer, item.passage_id)
    same = created(team, browse, typed="", items=3, seed=7)
    assert [case.item for case in same.cases.all()] == [
        case.item for case in experiment.cases.all()
    ]
    other = created(team, browse, typed="", items=3, seed=8)
    assert [case.item for case in other.cases.all()] != [
        case.item for case in experiment.cases.all()
    ]


def test_cases_come_from_a_file(team: Team, browse: Browse) -> None:
    file = SimpleUploadedFile("cases.csv", b"passage;output\nThe tide, it rises;It rises.\n")
    experiment = created(team, browse, typed="", file=file)
    case = experiment.cases.get()
    assert (case.values, case.reference) == ({"passage": "The tide, it rises"}, "It rises.")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"typed": ""}, "There are no cases. Draw accepted items"),
        ({"typed": '{"passage": "a"}\n{"text": "b"}'}, "has no value for"),
        ({"typed": '{"pasage": "a"}'}, "There is no column for passage. The columns are: pasage."),
        ({"variants": []}, "This field is required."),
        ({"pattern": "("}, "The regular expression is not valid"),
        ({"schema": "{"}, "Not valid JSON."),
        ({"schema": '{"type": "nonsense"}'}, "The JSON schema is not valid"),
        ({"pattern": "a" * 2_000}, "The regular expression is too large"),
        ({"pattern": "(" * 400 + ")" * 400}, "The regular expression is not valid"),
        ({"schema": '{"const": 1e999}'}, "The JSON schema is not valid"),
        ({"schema": '{"const": "\\u0000"}'}, "The JSON schema is not valid"),
        ({"schema": '{"const": "\\ud800"}'}, "The JSON schema is not valid"),
        ({"schema": '{"items": {"pattern": "("}}'}, "The JSON schema is not valid"),
        ({"schema": '{"patternProperties": {"(a+)+$": {}}}'}, "is not supported"),
        ({"repeats": "0"}, "greater than or equal to 1"),
        ({"shown_at_once": "7"}, "less than or equal to 6"),
    ],
)
def test_what_cannot_run_is_refused_before_it_does(
    team: Team, browse: Browse, values: dict[str, Any], sentence: str
) -> None:
    assert sentence in page(new(team, browse(team.engineer), **values), 422)
    assert not Experiment.objects.exists()


def test_missing_variables_are_named_before_anything_runs(team: Team, browse: Browse) -> None:
    of = arena.prompt(team.project, Task.ASK)
    arena.variant(of, template="{{ answer }} of {{ document }}\n\nWrite a question.")
    data = {
        "question": "Which?",
        "variants": list(of.variants.values_list("pk", flat=True)),
        "typed": "answer\nThe tide.",
        "seed": 1,
        "repeats": 1,
        "reviewers_per_pair": 1,
        "shown_at_once": 2,
    }
    url = f"{team.url}/prompts/{of.pk}/experiment/"
    response = browse(team.engineer).post(url, data)
    assert "There is no column for document. The columns are: answer." in page(response, 422)


def test_a_run_that_fails_says_why_and_is_tried_again(team: Team, browse: Browse) -> None:
    experiment = created(team, browse, pattern=r"^In short, (a|a)*\.$")
    Case.objects.filter(experiment=experiment, position=0).update(
        values={"passage": "a" * 60 + "b"}
    )
    run_all(experiment)
    failed = experiment.runs.filter(state=JobState.FAILED)
    assert {run.case.position for run in failed} == {0}
    assert "takes too long on this output" in failed[0].error
    client, url = browse(team.engineer), f"{team.url}/experiments/{experiment.pk}/"
    text = page(client.get(url))
    assert "2 runs failed. See the reasons below." in text
    assert "takes too long on this output" in text
    Experiment.objects.update(pattern="")
    assert told(client.post(f"{url}retry/")) == ["Retrying 2 runs."]
    runs.work_off_runs()
    assert experiment.runs.filter(state=JobState.DONE).count() == 4


def test_a_variant_that_cannot_be_filled_in_fails_alone(team: Team, browse: Browse) -> None:
    experiment = created(team, browse)
    bad = experiment.variants.get(number=2)
    bad.template = "{{ passage / 2 }}"
    bad.save(update_fields=["template"])
    run_all(experiment)
    states = dict(experiment.runs.values_list("variant__number", "state"))
    assert states == {1: JobState.DONE, 2: JobState.FAILED}


def test_runs_wait_for_the_budget(team: Team, browse: Browse) -> None:
    experiment = created(team, browse)
    team.project.budget_tokens = 0
    team.project.save(update_fields=["budget_tokens"])
    run_all(experiment)
    assert {run.state for run in experiment.runs.all()} == {JobState.QUEUED}
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/"))
    assert "The budget of 0 tokens is used up" in text


# Screening


def screened(team: Team, worse: float, count: int = 4, cases: int = 20) -> Experiment:
    experiment = arena.experiment(team.project, count, cases, is_run=False, screens_by="rouge")
    experiments.start_experiment(experiment)
    while experiment.runs.filter(state=JobState.QUEUED).exists():
        for run in experiment.runs.filter(state=JobState.QUEUED).select_related("variant", "case"):
            noise = (run.case.position * 37 % 11) / 100
            run.scores = {"rouge": 0.6 + noise - worse * (run.variant.number == 2)}
            run.state = JobState.DONE
            run.save(update_fields=["scores", "state"])
        experiments.advance_screenings()
    experiment.refresh_from_db()
    return experiment


def test_what_is_clearly_worse_is_set_aside_after_a_part_of_the_cases(team: Team) -> None:
    experiment = screened(team, 0.4)
    aside = experiment.entrants.exclude(aside_at=None)
    assert [entrant.variant.number for entrant in aside] == [2]
    assert (
        aside[0].aside == "Clearly worse than the best variant on “ROUGE-L”: "
        "difference of -0.4 to -0.4 over 10 cases"
    )
    ran = {
        number: experiment.runs.filter(variant__number=number).count() for number in (1, 2, 3, 4)
    }
    assert ran == {1: 20, 2: 10, 3: 20, 4: 20}


def test_what_is_as_good_stays_in(team: Team) -> None:
    experiment = screened(team, 0.0)
    assert not experiment.entrants.exclude(aside_at=None)
    assert experiment.runs.count() == 80


def test_the_paired_interval_is_that_of_students_t() -> None:
    first, second = dict(enumerate([1.0, 2, 3, 4, 5, 9] * 2)), dict.fromkeys(range(12), 1.0)
    low, high = screening.interval_of_difference(
        first, second, 0.95
    )  # mean 3, sd 2.6968, t(11) = 2.2010
    assert (low, high) == (pytest.approx(1.2865, abs=1e-3), pytest.approx(4.7135, abs=1e-3))
    assert screening.interval_of_difference({1: 1.0}, {1: 2.0}, 0.95) is None


def test_a_variant_is_set_aside_by_hand_and_taken_back(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, count=3)
    client, url = browse(team.engineer), f"{team.url}/experiments/{experiment.pk}"
    assert told(client.post(f"{url}/2/aside/")) == ["Variant 2 dropped."]
    assert "dropped by eve" in page(client.get(f"{url}/"))
    assert told(client.post(f"{url}/3/aside/")) == ["An experiment needs at least two variants."]
    page(client.get(f"{url}/"))
    assert told(client.post(f"{url}/2/aside/?back=1")) == ["Variant 2 is being compared again."]
    assert experiment.entrants.filter(aside_at=None).count() == 3


# The matrix


def test_cases_on_which_outputs_differ_most_come_first(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=3)
    outputs = {(0, 1): "The tide.", (0, 2): "The tide!", (1, 1): "xyz", (1, 2): "a long b"}
    for (position, number), text in outputs.items():
        experiment.runs.filter(case__position=position, variant__number=number).update(output=text)
    experiment.runs.filter(case__position=2).update(output="The same.")
    order = [
        Case.objects.get(pk=pk).position
        for pk in case_matrix.ordered_cases(experiment, case_matrix.CaseOrder())
    ]
    assert order == [1, 0, 2]
    differing = case_matrix.ordered_cases(
        experiment, case_matrix.CaseOrder(by="position", differing=True)
    )
    assert [Case.objects.get(pk=pk).position for pk in differing] == [0, 1]


def test_cases_are_sorted_and_filtered_by_a_score(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=3)
    for run in experiment.runs.select_related("case"):
        run.scores = {"rouge": run.case.position / 10}
        run.save(update_fields=["scores"])
    order = case_matrix.CaseOrder(by="rouge", score="rouge", most=0.1)
    assert [
        Case.objects.get(pk=pk).position for pk in case_matrix.ordered_cases(experiment, order)
    ] == [
        0,
        1,
    ]
    url = f"{team.url}/experiments/{experiment.pk}/?by=rouge&score=rouge&most=0.05"
    text = page(browse(team.engineer).get(url))
    assert "Passage 0: tides." in text
    assert "Passage 1: tides." not in text
    assert "<ins>" in page(browse(team.engineer).get(f"{url}&marks=1"))


# Scores and cases


@pytest.mark.parametrize(
    ("output", "reference", "value"),
    [("the cat sat", "the cat ran", 2 / 3), ("", "a", 0.0), ("A b, c!", "a b c", 1.0)],
)
def test_rouge_l(output: str, reference: str, value: float) -> None:
    assert scores.rouge_l(output, reference) == pytest.approx(value)


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"type": "object", "required": ["a"]}, '{"a": 1}', True),
        ({"type": "object", "required": ["a"]}, "{}", False),
        ({"type": "string", "pattern": "^a+$"}, '"aaa"', True),
        ({}, "no JSON", False),
        ({}, "[" * 100_000, False),
    ],
)
def test_outputs_are_held_against_a_schema(schema: Any, text: str, expected: bool) -> None:
    assert sandbox.meets_schema(schema, text) is expected


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"pattern": "^(a|a)*$"}, json.dumps("a" * 60 + "b")),
        ({"$ref": "http://127.0.0.1:1/schema"}, "{}"),
        ({"$ref": "#/nowhere"}, "{}"),
    ],
)
def test_a_schema_that_hangs_or_leads_elsewhere_is_no_way_out(schema: Any, text: str) -> None:
    with pytest.raises(CannotScore):
        sandbox.meets_schema(schema, text)


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("one\ntwo, three\n", ["x"], [("one", ""), ("two, three", "")]),
        ("x,reference\n1,a\n2,\n", ["x"], [("1", "a"), ("2", "")]),
        ('{"x": 1, "expected": "a"}\n', ["x"], [("1", "a")]),
        ("\ufeffx;y\n1;2\n", ["x", "y"], [("1", "")]),
        ("", ["x"], []),
    ],
)
def test_cases_are_read(text: str, names: list[str], expected: list[tuple[str, str]]) -> None:
    cases = from_text(text, names, is_typed=True)
    assert [(case.values["x"], case.reference) for case in cases] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x\n1\n", "There is no column for y."),
        ("x,y\n,\n", "Case 1 has no value for x, y."),
        ("x,y\n1,2,3\n", "line 2"),
        ('{"x": 1, "y": 2}\n[1]', "line 2"),
        ("x,y\n" + "1,2\n" * (cases.MOST_CASES + 1), "are too many"),
        (f'{{"x": "{"a" * (cases.LONGEST_VALUE + 1)}", "y": 1}}', "longer than 200,000"),
    ],
)
def test_bad_cases_say_which(text: str, message: str) -> None:
    with pytest.raises(BadCases, match=f"(?i){message}"):
        from_text(text, ["x", "y"])
