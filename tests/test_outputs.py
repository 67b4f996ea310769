"""Outputs of runs are stored as they come, and a server can spoil no more than its own row."""

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from prompts import experiments, outputs, runs
from prompts.models import Case, Experiment, Run, Variant
from qareview import completions
from qareview.backends import Completion
from qareview.models import JobState, Project, StoredCompletion
from tests import arena, make
from tests.conftest import Team
from tests.model_server import Server, answer, good, only, sends, told
from tests.site import until
from tests.web import page

Browse = Callable[[User], Client]


@pytest.fixture
def far(server: Server, settings: Any) -> Iterator[Server]:
    """Give a server whose model “far” costs a lot."""
    options = {"backend": "openai", "url": server.url, "name": "tiny", "tries": 1}
    settings.MODELS |= {"far": {**options, "price_in": 50_000_000, "price_out": 1}}
    return server


def experiment_on(model: str, project: Project, cases: int) -> Experiment:
    """Start an experiment of one variant, as others are held, whose cases are their numbers."""
    made = arena.experiment(project, 2, 0, is_run=False)
    Variant.objects.filter(prompt=made.prompt).update(
        model=model, template="{{ passage }}", system="", examples=[]
    )
    Case.objects.bulk_create(
        Case(experiment=made, position=number, values={"passage": f"case {number}"})
        for number in range(cases)
    )
    experiments.start_experiment(made)
    made.runs.filter(variant__number=2).update(state=JobState.HELD)
    return made


def states(of: Experiment) -> list[str]:
    own = of.runs.filter(variant__number=1)
    return list(own.order_by("case__position").values_list("state", flat=True))


def in_thread(work: Callable[[], None]) -> threading.Thread:
    def do() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_outputs_of_a_batch_are_there_as_they_come(
    far: Server, team: Team, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "STORE_SECONDS", 0)
    may_answer = threading.Event()

    def late(handler: Any, body: dict[str, Any], tries: int) -> None:
        may_answer.wait(60)
        good(handler, body, tries)

    far.script = only("case 1", late)
    of = experiment_on("far", team.project, 4)
    work = in_thread(runs.work_off_runs)
    try:
        until(lambda: states(of).count(JobState.DONE) == 3, 50)
        assert states(of) == ["done", "running", "done", "done"]
        assert StoredCompletion.objects.count() == 3
        text = page(browse(team.engineer).get(f"{team.url}/experiments/{of.pk}/"))
        assert "3 of 4 runs done" in text
    finally:
        may_answer.set()
        work.join()
    assert states(of) == [JobState.DONE] * 4
    assert of.runs.get(case__position=1, variant__number=1).scores["words"] == 3


EVIL = {
    "half a letter": (sends(200, answer("Gates \ud83d close.")), JobState.DONE),
    "NUL": (sends(200, answer("Gates\0 close.")), JobState.DONE),
    "an error with NUL": (
        sends(400, json.dumps({"error": {"message": "\0 \ud83d"}}).encode()),
        JobState.FAILED,
    ),
    "parts": (sends(200, answer([{"type": "text", "text": "Gates"}])), JobState.FAILED),
    "no list": (sends(200, b'{"choices": 7}'), JobState.FAILED),
    "many tokens": (
        sends(200, answer("x", usage={"prompt_tokens": 2**31 - 1, "completion_tokens": 9_999_999})),
        JobState.DONE,
    ),
    "many that are possible": (
        sends(200, answer("x", usage={"prompt_tokens": 9_999_999, "completion_tokens": 1})),
        JobState.DONE,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("script", "state"), EVIL.values(), ids=EVIL)
def test_whatever_a_server_sends_concerns_one_row_only(
    far: Server, team: Team, script: Any, state: str
) -> None:
    far.script = only("case 1", script)
    of = experiment_on("far", team.project, 3)
    runs.work_off_runs()
    assert states(of) == [JobState.DONE, state, JobState.DONE]
    assert {text: len(tries) for text, tries in far.tries.items()} == {
        f"case {number}": 1 for number in range(3)
    }
    assert completions.spending(team.project).cost < Decimal(1_100_000)


@pytest.mark.django_db
def test_what_was_paid_is_stored_before_anything_else_fails(far: Server) -> None:
    class Broken(Exception):
        pass

    def break_off(index: int, _: Completion) -> None:
        raise Broken

    project = make.project()
    with pytest.raises(Broken):
        completions.complete(project, "far", told("a"), break_off)
    assert StoredCompletion.objects.get().text == "Re: a"
    [found] = completions.complete(project, "far", told("a"))
    assert (found.text, len(far.tries["a"])) == ("Re: a", 1)


@pytest.mark.django_db
def test_equal_requests_of_a_batch_are_told_to_each_who_asked(far: Server) -> None:
    project = make.project()
    for _ in range(2):  # asked, and used again
        came: dict[int, Completion] = {}
        completions.complete(project, "far", told("a", "b", "a"), came.__setitem__)
        texts = {index: one.text for index, one in came.items()}
        assert texts == {0: "Re: a", 1: "Re: b", 2: "Re: a"}


@pytest.mark.django_db
def test_what_came_is_stored_although_the_server_fails_then(far: Server, team: Team) -> None:
    far.script = only("case 2", sends(401, b"{}"))
    of = experiment_on("far", team.project, 3)
    runs.work_off_runs()
    assert states(of) == [JobState.DONE, JobState.DONE, JobState.QUEUED]
    assert Run.objects.filter(state=JobState.DONE, exchange=None).count() == 0
