"""Templates, patterns and schemas hold up nobody but themselves, whatever they compute."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.drafting import drafting
from generation.models import Passage
from prompts import experiments, promotions, runs, sandbox, sandbox_process
from prompts.models import Variant
from prompts.output_rules import CannotScore
from prompts.sandbox import TemplateRefused, render
from qareview.models import JobState
from tests import arena, make, running
from tests.conftest import Team
from tests.web import page

Browse = Callable[[User], Client]
SLOW = "{% for n in range(99999) %}{% set all = range(99999)|list|sort %}{% endfor %}"
LARGE = "{% set all = [" + "range(99999)|list," * 400 + "] %}"
SOUND = "Passage: {{ passage }}"
VALUES = {"passage": "The tide rises."}
TOO_LARGE = "(?#[)((((a{99}){99}){99}){99})(?#])"
DOUBLING = {
    "$defs": {
        **{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(26)},
        "d26": {},
    },
    "$ref": "#/$defs/d0",
}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with a process that has started, and wait for it for a second only."""
    render(SOUND, VALUES)
    monkeypatch.setattr(sandbox, "SECONDS", 1)


def processes() -> list[int]:
    return running.processes_of(sandbox_process.__name__)


@pytest.mark.parametrize(
    ("template", "reason"),
    [(SLOW, "it took longer than 1 seconds"), (LARGE, "it needed more than 600 MB of memory")],
)
def test_a_template_is_stopped_at_a_limit_and_the_next_is_filled_in(
    template: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if template is LARGE:
        monkeypatch.setattr(sandbox, "SECONDS", 60)
    with pytest.raises(TemplateRefused, match=rf"^The template was stopped: {reason}\.$"):
        render(template, VALUES)
    assert render(SOUND, VALUES) == "Passage: The tide rises."


def test_what_was_stopped_is_refused_at_once_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TemplateRefused, match="longer than 1 seconds"):
        render(SLOW, VALUES)
    before = processes()
    with pytest.raises(TemplateRefused, match="longer than 1 seconds"):
        render(SLOW, VALUES)
    assert processes() == before
    monkeypatch.setattr(sandbox, "REFUSED_SECONDS", 0)
    sandbox._reached.clear()  # as after a while
    for _ in range(2):
        render(SOUND, VALUES)
        before = processes()
        with pytest.raises(TemplateRefused, match="longer than 1 seconds"):
            render(SLOW, VALUES)
        assert processes() != before  # it was tried again


def test_one_hard_input_does_not_keep_the_others_from_being_tried() -> None:
    slow_at_one = "{% if passage == 'hard' %}" + SLOW + "{% endif %}{{ passage }}"
    with pytest.raises(TemplateRefused, match="longer than 1 seconds"):
        render(slow_at_one, {"passage": "hard"})
    assert render(slow_at_one, {"passage": "easy"}) == "easy"


def test_what_was_stopped_with_several_inputs_is_refused_for_all() -> None:
    for number in range(sandbox.MOST_STOPPED):
        with pytest.raises(TemplateRefused, match="longer than 1 seconds"):
            render(SLOW, {"passage": str(number)})
    before = processes()
    with pytest.raises(TemplateRefused, match="longer than 1 seconds"):
        render(SLOW, VALUES)
    assert processes() == before


def test_others_are_filled_in_while_one_hangs() -> None:
    def hang() -> None:
        with pytest.raises(TemplateRefused):
            render(SLOW, VALUES)

    hanging = threading.Thread(target=hang)
    hanging.start()
    while not any(map(is_computing, processes())) and hanging.is_alive():
        time.sleep(0.01)
    assert render(SOUND, VALUES) == "Passage: The tide rises."
    hanging.join()


def is_computing(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "R"


def test_the_process_is_kept_beyond_the_thread_that_needed_it_first() -> None:
    for process in processes():
        os.kill(process, signal.SIGKILL)
    first = threading.Thread(target=lambda: render(SOUND, VALUES))
    first.start()
    first.join()
    before = processes()
    assert render(SOUND, VALUES) == "Passage: The tide rises."
    assert processes() == before


@pytest.mark.django_db
def test_a_template_that_explodes_on_a_passage_fails_its_project_only_and_is_named(
    team: Team, browse: Browse
) -> None:
    template = f"{{% if passage|length > 30 %}}{SLOW}{{% endif %}}{{{{ passage }}}}"
    bad = arena.variant(arena.prompt(team.project), template=template)
    assert render(template, {"passage": "some passage"}) == "some passage"
    document, other = make.document(team.project), make.document(make.project(name="Other"))
    promotions.promote_variant(bad, team.engineer)
    drafting.work_off_passages()
    states = Passage.objects.values_list("document", "state").distinct()
    assert set(states) == {(document.pk, JobState.FAILED), (other.pk, JobState.DONE)}
    text = page(browse(team.engineer).get(f"{team.url}/documents/{document.pk}/"))
    assert "Variant 2 of the prompt “Write the answer: a summary of the passage”" in text
    assert "The template was stopped: it took longer than 1 seconds." in text


@pytest.mark.parametrize(
    ("pattern", "is_taken"),
    [
        (r"^.{0,200}\n.{0,200}$", True),
        (r"^\w{1,60} \w{1,60} \w{1,60}$", True),
        (r"[(*+)]{2} \( \{3}", True),
        ("(" * 24 + "a" + ")+" * 24, False),
        ("(" * 24 + "a" + "){1,}" * 24, False),
        ("((a{6000}){6000})", False),
        ("a{" + "9" * 500 + "}", False),
        ("x" * 2000, False),
    ],
)
def test_patterns_that_would_take_all_memory_are_refused(pattern: str, is_taken: bool) -> None:
    assert (sandbox.objection_to_pattern(pattern) == "") is is_taken


@pytest.mark.parametrize(
    "pattern", [TOO_LARGE, "(?x)#[\n((((a{99}){99}){99}){99})#]", "(){20000}" * 9]
)
def test_a_pattern_that_takes_too_much_is_refused(pattern: str) -> None:
    assert sandbox.objection_to_pattern(pattern).startswith("The regular expression was stopped: ")
    with pytest.raises(CannotScore, match="The regular expression was stopped"):
        sandbox.matches_pattern(pattern, "a")


def test_a_schema_that_takes_for_ever_is_refused() -> None:
    reason = "The JSON schema was stopped: it took longer than 1 seconds. Simplify it."
    assert sandbox.objection_to_schema(DOUBLING) == reason
    with pytest.raises(CannotScore, match="The JSON schema was stopped"):
        sandbox.meets_schema(DOUBLING, "{}")
    own = {"items": {"pattern": TOO_LARGE}}
    assert sandbox.objection_to_schema(own).startswith("The JSON schema was stopped: it ")


@pytest.mark.parametrize(
    "schema",
    [{"type": "tide"}, float("nan"), {"const": "\0"}, {"const": "\ud83d"}, {"pattern": "("}],
)
def test_a_schema_that_is_not_valid_is_refused_in_words(schema: Any) -> None:
    assert " is not valid: " in sandbox.objection_to_schema(schema)


def test_a_schema_nested_too_deep_is_refused_in_words() -> None:
    nested: Any = {}
    for _ in range(5_000):
        nested = {"not": nested}
    assert "is not valid" in sandbox.objection_to_schema(nested)


@pytest.mark.django_db
def test_the_form_of_an_experiment_says_that_schema_and_pattern_take_too_much(
    team: Team, browse: Browse
) -> None:
    of = arena.prompt(team.project)
    second = arena.variant(of)
    data = {
        "question": "Which?",
        "variants": [of.production_id, second.pk],
        "typed": "The tide.",
        "schema": json.dumps(DOUBLING),
        "pattern": TOO_LARGE,
    }
    text = page(browse(team.engineer).post(f"{team.url}/prompts/{of.pk}/experiment/", data), 422)
    assert "The JSON schema was stopped: it took longer than 1 seconds. Simplify it." in text
    assert "The regular expression was stopped: it " in text


@pytest.mark.django_db
def test_a_schema_stored_before_fails_its_runs_and_holds_up_no_other(team: Team) -> None:
    bad = arena.experiment(team.project, 2, 3, is_run=False, schema=DOUBLING)
    good = arena.experiment(make.project(name="Other"), 2, 3, is_run=False)
    as_json = "Passage: {{ passage }}\n\nSum it up. [[copy]]"
    Variant.objects.filter(prompt=bad.prompt).update(template=as_json)
    bad.cases.update(values={"passage": "{}"})
    for each in (bad, good):
        experiments.start_experiment(each)
    runs.work_off_runs()
    assert set(good.runs.values_list("state", flat=True)) == {JobState.DONE}
    assert set(bad.runs.values_list("state", flat=True)) == {JobState.FAILED}
    assert all("The JSON schema was stopped" in run.error for run in bad.runs.all())
