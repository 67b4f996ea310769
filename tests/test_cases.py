"""Cases of experiments: how they are read, what of them is told, and how they go on."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prompts import cases, comparison_pool, continuing, experiments, results, runs, scores, variants
from prompts.cases import BadCases, NewCase, from_text, store_cases
from prompts.models import Choice, Comparison, Experiment, Prompt, Run
from qareview import process_cache
from qareview.models import JobState
from tests import arena, make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]


# Reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{name} is away\nShe left.", ["{name} is away", "She left."]),
        ("{{ not a template }}", ["{{ not a template }}"]),
        ("x, y and z\nnothing else", ["x, y and z", "nothing else"]),
        ("x, y", ["x, y"]),
        ("[1, 2, 3]\n[3]", ["[1, 2, 3]", "[3]"]),
        ('["a", "b"]', ['["a", "b"]']),
        ("[see note]", ["[see note]"]),
        ('{"x": "a"}', ["a"]),
        ('{\n  "x": "a"\n}', ["a"]),
        ('[{"x": "a"}, {"x": "b"}]', ["a", "b"]),
        ('[\n  {"x": "a"},\n  {"x": "b"}\n]', ["a", "b"]),
        ('[\n  "a",\n  "b"\n]', ["a", "b"]),
        ("x\nThe tide, it rises", ["The tide, it rises"]),
        ("x;note\na;b", ["a"]),
    ],
)
def test_what_is_typed_is_read_as_it_is_meant(text: str, expected: list[str]) -> None:
    read = from_text(text, ["x"], is_typed=True)
    assert [case.values for case in read] == [{"x": value} for value in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"x": "a"}, {"x": "b", "output": "c"}]', [("a", ""), ("b", "c")]),
        ('["a", "b"]', [("a", ""), ("b", "")]),
        ("x\n[a]\n", [("[a]", "")]),
    ],
)
def test_a_file_may_be_a_json_array(text: str, expected: list[tuple[str, str]]) -> None:
    read = from_text(text, ["x"])
    assert [(case.values["x"], case.reference) for case in read] == expected


@pytest.mark.parametrize(
    ("text", "is_typed", "message"),
    [
        ('[{"x": 1}, 2]', False, "no valid JSON array of objects"),
        ('[{"x": 1}, ]', False, "no valid JSON array of objects"),
        ('{"x": 1}\n{broken}', True, "Line 2 is not valid JSON"),
        ('{"y": 1}', True, "There is no column for x. The columns are: y."),
        ("question,answer\n1,2\n", False, "There is no column for x."),
    ],
)
def test_what_is_wrong_is_told_of_what_it_is(text: str, is_typed: bool, message: str) -> None:
    with pytest.raises(BadCases, match=message):
        from_text(text, ["x"], is_typed=is_typed)


def test_a_header_matches_however_its_accents_are_stored() -> None:
    composed, decomposed = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    for header, name in ((decomposed, composed), (composed, decomposed)):
        assert from_text(f"{header},y\n1,2", [name, "y"])[0].values == {name: "1", "y": "2"}
        assert from_text(json.dumps({header: "1"}), [name])[0].values == {name: "1"}
        assert from_text(f"{header}\n1\n", [name], is_typed=True)[0].values == {name: "1"}


def test_a_variable_without_a_value_gets_its_default() -> None:
    defaults = {"tone": "friendly"}
    for text in ("text\na\n", "text,tone\na,\n", '{"text": "a"}'):
        [case] = from_text(text, ["text", "tone"], defaults=defaults)
        assert case.values == {"text": "a", "tone": "friendly"}
    [case] = from_text("a", ["text", "tone"], is_typed=True, defaults=defaults)
    assert case.values == {"text": "a", "tone": "friendly"}
    with pytest.raises(BadCases, match=r"no column for tone.*Add the column, or give"):
        from_text("text\na\n", ["text", "tone"])


# Storing


def test_what_is_left_out_is_counted(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=0, is_run=False)
    new = [
        NewCase({"x": "a"}, "1"),
        NewCase({"x": "a"}, "1"),
        NewCase({"x": "a"}, "2"),
        NewCase({"x": "b"}),
        NewCase({"x": "b"}, "3"),
        NewCase({"x": "c", "y": ""}),
        *from_text("x,reference,output\nd,4,5", ["x"]),
    ]
    added = store_cases(experiment, new)
    there = [(case.values["x"], case.references) for case in experiment.cases.all()]
    assert there == [("a", ["1", "2"]), ("b", ["3"]), ("c", []), ("d", ["4", "5"])]
    assert (added.repeated, added.unused, added.empty) == (3, 0, ["y"])
    again = store_cases(experiment, [NewCase({"x": "a"}, "9"), NewCase({"x": "e"})])
    assert (again.repeated, again.unused) == (1, 1)
    assert [case.position for case in experiment.cases.all()] == [0, 1, 2, 3, 4]


def test_an_output_is_scored_by_the_nearest_reference(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=1)
    experiment.cases.update(reference="It shuts at dusk.", other_references=["The tide rises."])
    made = list(experiment.runs.select_related("case", "experiment"))
    made[0].output, made[1].output = "the tide  rises.", "It shuts."
    scores.score_runs(experiment, made)
    assert [run.scores["exact"] for run in made] == [1.0, 0.0]
    assert [run.scores["rouge"] for run in made] == [1.0, pytest.approx(2 * 2 / 6, abs=0.001)]
    assert made[0].scores["similarity"] > made[1].scores["similarity"] > 0.5


def new(team: Team, client: Client, of: Prompt, **values: Any) -> Any:
    data = {
        "question": "Which?",
        "variants": list(of.variants.filter(archived_at=None).values_list("pk", flat=True)),
        "seed": 1,
        "repeats": 1,
        "reviewers_per_pair": 2,
        "shown_at_once": 2,
        **values,
    }
    return client.post(f"{team.url}/prompts/{of.pk}/experiment/", data)


def test_it_is_told_what_was_left_out(team: Team, browse: Browse) -> None:
    of = arena.prompt(team.project)
    arena.variant(of, template="{{ passage }} {{ headings }}")
    typed = "passage,headings,reference\na,,1\na,,2\n"
    assert told(new(team, browse(team.engineer), of, typed=typed)) == [
        "Left out, since another case has the same values: 1 case.",
        "Some cases have an empty value for headings.",
    ]


@pytest.fixture
def own(team: Team) -> Prompt:
    """A prompt of the team's own whose second variant has a variable more."""
    values = {"template": "Translate: {{ text }}", "model": "scripted"}
    own = variants.begin_prompt(team.project, "translate", values, team.engineer)
    assert own.production
    toned = {"template": "Translate in a {{ tone }} tone: {{ text }}"}
    variants.save_variant(own.production, toned, team.engineer, {})
    return own


def test_old_and_new_wordings_are_compared_on_cases_that_lack_a_variable(
    team: Team, browse: Browse, own: Prompt
) -> None:
    client = browse(team.engineer)
    typed = "text\nEbbe\nFlut\n"
    lacking = "There is no column for tone. The columns are: text. Add the column, or give"
    assert lacking in page(new(team, client, own, typed=typed), 422)
    assert new(team, client, own, typed=typed, defaults="tone = dry").status_code == 302
    experiment = Experiment.objects.get()
    assert [case.values for case in experiment.cases.all()] == [
        {"text": "Ebbe", "tone": "dry"},
        {"text": "Flut", "tone": "dry"},
    ]
    experiments.start_experiment(experiment)
    runs.work_off_runs()
    assert {run.state for run in experiment.runs.all()} == {JobState.DONE}


# Going on


def test_cases_are_added_to_a_running_experiment(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=3)
    experiment.variants.update(model="scripted")
    arena.prefer(experiment, team.reviewer, experiment.variants.all()[0], 2)
    client, url = browse(team.engineer), f"{team.url}/experiments/{experiment.pk}"
    assert f'href="{url}/cases/"' in page(client.get(f"{url}/"))
    assert "There are no cases." in page(client.post(f"{url}/cases/", {"seed": 1}), 422)
    response = client.post(f"{url}/cases/", {"typed": "Ebb.\nFlow.\nEbb.", "seed": 1})
    assert told(response) == [
        "Left out, since another case has the same values: 1 case.",
        "Added: 2 cases.",
    ]
    assert experiment.cases.count() == 5
    assert experiment.runs.filter(state=JobState.QUEUED).count() == 4
    runs.work_off_runs()
    process_cache.clear()
    assert len(comparison_pool.pool_of(experiment).outputs) == 10
    assert results.result_of(experiment)["comparisons"] == 2


def test_cases_are_added_from_a_file(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=3)
    url = f"{team.url}/experiments/{experiment.pk}/cases/"
    file = SimpleUploadedFile("cases.csv", b"passage\nEbb.\nFlow.\n")
    response = browse(team.engineer).post(url, {"file": file, "seed": 1})
    assert told(response) == ["Added: 2 cases."]
    assert experiment.cases.count() == 5


def test_cases_wait_for_the_screening_and_for_an_experiment_that_is_open(
    team: Team, browse: Browse
) -> None:
    experiment = arena.experiment(team.project, cases=20, is_run=False, screens_by="rouge")
    experiments.start_experiment(experiment)
    client, url = browse(team.engineer), f"{team.url}/experiments/{experiment.pk}/cases/"
    data = {"typed": "Ebb.", "seed": 1}
    assert "Variants are still being screened." in page(client.post(url, data), 422)
    experiments.end_experiment(experiment)
    assert "The experiment has ended. Reopen it to add cases." in page(client.post(url, data), 422)
    assert experiment.cases.count() == 20


def test_the_cases_of_one_experiment_serve_another(team: Team, browse: Browse) -> None:
    first = arena.experiment(team.project, cases=3)
    first.cases.filter(position=1).update(reference="It rises.")
    client = browse(team.engineer)
    offered = page(client.get(f"{team.url}/prompts/{first.prompt_id}/experiment/"))
    assert "summarise, experiment 1: 3 cases" in offered
    values = {"earlier": first.pk, "typed": "Another passage."}
    assert new(team, client, first.prompt, **values).status_code == 302
    second = Experiment.objects.latest("pk")
    copied = [(case.values, case.reference) for case in second.cases.all()]
    assert copied[:3] == [(case.values, case.reference) for case in first.cases.all()]
    assert copied[3:] == [({"passage": "Another passage."}, "")]
    assert not second.runs.exists()


def test_cases_are_kept_with_the_project_and_used_again(team: Team, browse: Browse) -> None:
    first = arena.experiment(team.project, cases=2)
    first.cases.filter(position=1).update(reference="a", other_references=["b"])
    client, url = browse(team.engineer), f"{team.url}/experiments/{first.pk}"
    response = client.post(f"{url}/case-set/", {"name": "tides"})
    assert told(response) == ["The case set “tides” can be chosen for other experiments now."]
    page(client.get(f"{url}/"))  # where that is read
    again = client.post(f"{url}/case-set/", {"name": "tides"})
    assert told(again) == ["There is already a case set “tides”. Choose another name."]
    page(client.get(f"{url}/"))
    nameless = client.post(f"{url}/case-set/", {"name": " "})
    assert told(nameless) == ["Give the case set a name of at most 60 characters."]
    kept = team.project.case_sets.get()
    assert new(team, client, first.prompt, case_set=kept.pk).status_code == 302
    copy = Experiment.objects.latest("pk")
    rows = [[(case.values, case.references) for case in each.cases.all()] for each in (copy, first)]
    assert rows[0] == rows[1]
    assert "tides" in page(client.get(f"{team.url}/experiments/"))
    assert "tides" not in page(browse(team.reviewer).get(f"{team.url}/experiments/"))
    client.post(f"{team.url}/case-sets/{kept.pk}/remove/")
    assert not team.project.case_sets.exists()
    assert copy.cases.count() == 2


@pytest.fixture
def ended(team: Team) -> Experiment:
    """An experiment of three variants with votes, an excluded person's among them."""
    experiment = arena.experiment(team.project, count=3, cases=6)
    experiment.variants.update(model="scripted")
    for person in (team.reviewer, team.admin):
        arena.prefer(experiment, person, experiment.variants.all()[1], 8)
    results.exclude_votes(experiment, team.admin.pk, True)
    experiments.end_experiment(experiment)
    experiment.refresh_from_db()
    return experiment


def test_a_finished_experiment_is_copied_with_its_votes(
    team: Team, browse: Browse, ended: Experiment
) -> None:
    client = browse(team.engineer)
    shown = page(client.get(f"{team.url}/experiments/{ended.pk}/"))
    address = f"{team.url}/prompts/{ended.prompt_id}/experiment/?copy={ended.pk}"
    assert f'href="{address}"' in shown
    form = client.get(address).context["form"]
    assert form.initial["earlier"] == ended.pk
    arena.variant(ended.prompt, model="scripted")
    response = new(team, client, ended.prompt, earlier=ended.pk, with_votes="on", typed="New.")
    votes = Comparison.objects.once().filter(experiment=ended).count()
    standing = Comparison.objects.standing().filter(experiment=ended).count()
    assert votes > 0
    assert told(response) == [f"Taken over with their outputs: {standing} comparisons."]
    copy = Experiment.objects.latest("pk")
    assert (copy.started_at, copy.without) == (None, [team.admin.pk])
    assert copy.variants.count() == 4
    before, after = (results.result_of(each) for each in (ended, copy))
    for name in ("verdict", "comparisons", "cases", "people", "left", "reviewers", "repeats"):
        assert after[name] == before[name]
    assert after["silent"] == [4]
    experiments.start_experiment(copy)
    waiting = copy.runs.filter(state=JobState.QUEUED)
    assert waiting.count() == 4 + 6  # the new case, and the new variant on the others
    assert set(waiting.exclude(variant__number=4).values_list("case__position", flat=True)) == {6}


def test_votes_on_what_is_not_copied_stay_behind(team: Team, ended: Experiment) -> None:
    kept = list(ended.variants.order_by("number")[:2])
    copy = experiments.create_experiment(ended.prompt, None, kept, question="Which?")
    added = store_cases(copy, cases.from_experiment(ended, [], {}))
    continuing.carry_over(ended, copy, added.copies)
    ids = {variant.pk for variant in kept}
    assert copy.comparisons.exists()
    assert all({*vote.variants} <= ids for vote in copy.comparisons.all())
    runs_there = {*Run.objects.filter(experiment=copy).values_list("pk", flat=True)}
    assert all({*vote.runs} <= runs_there for vote in copy.comparisons.all())
    assert copy.comparisons.exclude(choice__in=Choice.values).count() == 0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"earlier": ""}, "Choose an experiment of this prompt whose cases are copied."),
        ({"pattern": "^a"}, "scored by another regular expression or JSON schema"),
    ],
)
def test_votes_are_only_taken_over_with_what_they_belong_to(
    team: Team, browse: Browse, ended: Experiment, values: dict[str, Any], sentence: str
) -> None:
    data = {"typed": "New.", "earlier": ended.pk, "with_votes": "on", **values}
    assert sentence in page(new(team, browse(team.engineer), ended.prompt, **data), 422)
    assert Experiment.objects.count() == 1


def test_cases_of_other_projects_are_not_offered(team: Team, browse: Browse) -> None:
    elsewhere = arena.experiment(make.project(team.stranger, name="Other"))
    of = arena.prompt(team.project)
    arena.variant(of)
    text = page(new(team, browse(team.engineer), of, earlier=elsewhere.pk), 422)
    assert "Select a valid choice." in text
