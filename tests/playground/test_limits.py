"""What the playground refuses, what ends a run, and how a wording is saved."""

from typing import Any

import pytest
import redis
from django.test import Client

from prompts import playground, playing
from prompts.models import Prompt
from prompts.playground import Output, State
from qareview import completions
from qareview.broker import broker
from qareview.models import Project
from tests import make
from tests.conftest import Team
from tests.model_server import Server, first, pieces
from tests.playground.playgrounds import (
    latest,
    passages_of,
    progress,
    start,
    url_of,
    use,
    wording,
    worked_off,
)
from tests.web import page

pytestmark = pytest.mark.django_db

# Limits, and what goes wrong


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (wording(template="{{ passage }}\n{% if %}"), "Expected an expression, got 'end of state"),
        (wording(template="{{ passage }}\n{{ passage"), "line 2"),
        (wording(template="a\n{% macro m() %}{% endmacro %}"), "Line 2 uses “Macro”"),
        (wording(template="{{ passage }} {{ colour }}"), "have no value here: colour"),
        (wording(template="{{ headings }}"), "Add {{ passage }} to the template"),
        (wording(max_tokens=0), "Maximum output tokens</b>: "),
        (wording("second", template=""), "Wording 2: Template</b>: This field is required."),
        ({"typed-passage": ""}, "Choose a passage, or type a text."),
        ({"typed-passage": "", "typed-headings": "Tides"}, "passage</code></b>: Type this as well"),
        ({"typed-passage": "a" * 20_001}, "at most 20000 characters"),
        ({"model": "unheard-of"}, "unheard-of is not one of the available choices"),
    ],
)
def test_what_cannot_be_run_is_told_beside_the_button(
    client: Client, team: Team, prompt: Prompt, values: dict[str, Any], sentence: str
) -> None:
    data = {"typed-passage": "The gate.", **values}
    text = start(client, prompt, 422, **data).replace("&#x27;", "'")
    assert sentence in text
    assert "<form" not in text
    assert sentence in page(client.post(url_of(prompt), {**wording(), **data}), 422).replace(
        "&#x27;", "'"
    )
    assert playground.latest_run(team.engineer.pk, prompt.pk) is None


def test_at_most_five_passages_are_run(client: Client, prompt: Prompt) -> None:
    items = make.items(prompt.project, 5)
    chosen = [item.passage_id for item in items]
    text = start(client, prompt, 422, passage=chosen, **{"typed-passage": "Fog."})
    assert "Choose at most 5 passages; a typed text counts as one." in text
    assert start(client, prompt, passage=chosen).count("<article") == 5


def test_outputs_are_bounded_in_length_and_prompts_too(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server)
    long = "Passage: {{ passage }}{% for n in range(9) %}{{ passage }}{% endfor %}"
    values = {"typed-passage": "word " * 4000, "model": "far"}
    start(client, prompt, **values, **wording(max_tokens=4096), **wording("second", template=long))
    run = worked_off(prompt, team.engineer)
    assert server.bodies[0]["max_tokens"] == playground.MOST_TOKENS
    assert run.outputs[0].state == State.DONE
    assert run.outputs[1].error.startswith("The prompt has 2")
    assert run.outputs[1].error.endswith("The playground sends at most 100,000.")
    assert len(server.bodies) == 1


def test_a_run_ends_when_its_time_is_up(
    team: Team, client: Client, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "RUN_SECONDS", 0)
    start(client, prompt, passage=passages_of(prompt))
    run = worked_off(prompt, team.engineer)
    assert run.state == State.STOPPED
    assert run.error == "The run was stopped after 0 seconds, the limit of the playground."
    assert run.error in progress(client, run, "www")


def test_a_server_that_refuses_is_told_at_each_output(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server)
    server.script = first(401, 99)
    start(client, prompt, passage=passages_of(prompt), model="far")
    run = worked_off(prompt, team.engineer)
    assert [output.state for output in run.outputs] == [State.FAILED] * 2
    assert progress(client, run, "www").count("does not accept the key; check it") == 2
    assert len(server.bodies) == 2


def test_a_model_that_is_gone_or_cannot_be_loaded_is_told(
    team: Team, client: Client, prompt: Prompt, settings: Any
) -> None:
    settings.MODELS = {**settings.MODELS, "lost": {"backend": "transformers", "path": "/nowhere"}}
    start(client, prompt, **{"typed-passage": "The gate.", "model": "lost"})
    run = worked_off(prompt, team.engineer)
    assert run.state == State.FAILED
    assert "The model in /nowhere could not be loaded" in progress(client, run, "ww")
    start(client, prompt, **{"typed-passage": "The gate.", "model": "lost"})
    del settings.MODELS["lost"]
    assert "There is no model named “lost”" in worked_off(prompt, team.engineer).error


def test_a_used_up_budget_is_told_before_and_while_it_runs(
    team: Team, client: Client, prompt: Prompt
) -> None:
    start(client, prompt, **{"typed-passage": "The gate."})
    Project.objects.filter(pk=team.project.pk).update(budget_tokens=0)
    assert worked_off(prompt, team.engineer).error.startswith("The budget of 0 tokens is used up")
    text = start(client, prompt, 422, **{"typed-passage": "The gate."})
    assert "The budget of 0 tokens is used up" in text


def test_a_worker_that_died_is_told(
    team: Team, client: Client, prompt: Prompt, settings: Any
) -> None:
    start(client, prompt, **{"typed-passage": "The gate."})
    key = playground.take_run(1)
    assert key
    playground.note_state(key, State.RUNNING)
    assert not latest(prompt, team.engineer).has_ended
    settings.WORKER_SILENT_SECONDS = -1
    assert "The worker stopped. Run again." in progress(client, latest(prompt, team.engineer), "rw")


def test_a_broker_that_is_away_is_told(
    team: Team, client: Client, prompt: Prompt, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    broker.cache_clear()
    try:
        text = start(client, prompt, 422, **{"typed-passage": "The gate."})
        assert "The broker is away. Try again in a moment." in text
        assert page(client.get(url_of(prompt, "?run=x")))
        assert client.get(url_of(prompt, "progress/?run=x")).status_code == 503
        assert client.post(url_of(prompt, "stop/")).status_code == 503
    finally:
        broker.cache_clear()


def test_what_was_spent_is_counted_even_if_the_broker_goes_away(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(playing, "NOTE_SECONDS", 0)
    use(settings, server)
    address = settings.REDIS_URL
    reachable = broker()  # kept to the end: a client without references closes its connections

    def going_away(handler: Any, _: Any, __: Any) -> None:
        for _ in pieces(handler, "It ", "closes."):
            settings.REDIS_URL = "redis://127.0.0.1:1/0"
            broker.cache_clear()

    server.script = going_away
    start(client, prompt, passage=passages_of(prompt), model="far")
    key = playground.take_run(1)
    assert key
    try:
        with pytest.raises(redis.RedisError):
            playing.work_off_run(key)
    finally:
        settings.REDIS_URL = address
        broker.cache_clear()
        reachable.close()
    assert completions.spending(team.project).tokens > 0


def test_a_run_that_the_broker_lost_leaves_nothing_for_ever(prompt: Prompt) -> None:
    playground.note_output("lost", 0, Output(State.STOPPED))
    assert 0 < broker().ttl("playground:run:lost") <= playground.KEPT_SECONDS


# Saving


def test_a_wording_is_saved_as_the_editor_does(team: Team, client: Client, prompt: Prompt) -> None:
    data = {**wording(), **wording("second", template="{{ passage }} In verse!"), "save": "second"}
    response = client.post(url_of(prompt, "save/"), {**data, "model": "scripted"})
    assert response.url == f"/projects/harbour/prompts/{prompt.pk}/"
    saved = prompt.variants.get(number=2)
    assert (saved.template, saved.model) == ("{{ passage }} In verse!", "scripted")
    assert (saved.origin, saved.parent) == ("changed by eve", prompt.production)
    again = client.post(url_of(prompt, "save/"), {**data, "model": "scripted"})
    assert "Variant 2 is identical" in page(again, 422)
    wrong = client.post(
        url_of(prompt, "save/"), {**data, **wording(template="{{ passage"), "save": ""}
    )
    assert "The template is not valid" in page(wrong, 422)
    unheard_of = client.post(url_of(prompt, "save/"), {**wording(), "model": "unheard-of" * 20})
    assert "is not one of the available choices" in page(unheard_of, 422)
    assert prompt.variants.count() == 2
