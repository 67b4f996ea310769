"""Runs that are stopped, lost or left behind, and what is kept of them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from generation.models import Passage
from prompts import playground, playground_forms
from prompts.models import Prompt
from prompts.playground import Order, State
from qareview import completions
from qareview.broker import broker
from tests import make
from tests.conftest import Team
from tests.model_server import Server, dripping, pieces, sends
from tests.playground.playgrounds import (
    latest,
    passages_of,
    start,
    url_of,
    use,
    wait_for_text,
    worked_off,
)
from tests.web import PART, page

pytestmark = pytest.mark.django_db

ROUNDS = 100  # of what goes wrong only now and then


def side_by_side(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def order(user: int = 1) -> Order:
    return Order(user, 1, 1, "scripted", [{}], [], [])


# Stopping


def test_a_stop_is_not_overwritten_by_what_a_worker_notes() -> None:
    key = playground.start_run(order(), "")
    for _ in range(ROUNDS):
        broker().hset(f"playground:run:{key}", "state", State.LOADING)
        side_by_side(
            lambda: playground.note_state(key, State.RUNNING), lambda: playground.stop_run(1)
        )
        assert not playground.is_wanted(key)


def test_of_two_runs_begun_at_once_one_is_stopped() -> None:
    keys: list[str] = []
    for _ in range(ROUNDS):
        side_by_side(*[lambda: keys.append(playground.start_run(order(), ""))] * 2)
        assert sorted(map(playground.is_wanted, keys[-2:])) == [False, True]


@pytest.mark.parametrize("piece", [b": ping\n\n", b"d", b""])
def test_a_server_that_says_nothing_is_given_up_when_the_time_is_up(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any, piece: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(playground, "RUN_SECONDS", 0.3)
    use(settings, server)
    server.script = dripping(piece)
    start(client, prompt, **{"typed-passage": "The gate.", "model": "far"})
    run = worked_off(prompt, team.engineer)
    assert (run.state, run.outputs[0].state) == (State.STOPPED, State.STOPPED)
    assert run.error.startswith("The run was stopped after")
    assert len(server.bodies) == 1


# Workers that die


def test_a_run_that_a_worker_took_and_did_not_begin_is_taken_by_another(
    team: Team, client: Client, prompt: Prompt
) -> None:
    start(client, prompt, **{"typed-passage": "The gate."})
    key = playground.take_run(1)
    assert key
    playground.return_lost_runs([key])
    assert playground.take_run(0.01) is None
    playground.return_lost_runs([])
    assert worked_off(prompt, team.engineer).state == State.DONE
    playground.return_lost_runs([])
    assert broker().llen(playground.TAKEN_RUNS) == 0


def test_a_run_is_begun_by_one_worker_only() -> None:
    key = playground.start_run(order(), "")
    begun: list[Order | None] = []
    side_by_side(*[lambda: begun.append(playground.begin_run(key))] * 4)
    assert [one for one in begun if one] == [order()]
    playground.return_lost_runs([])
    assert playground.latest_run(1, 1).state == State.LOADING


# What was spent


def test_what_was_spent_is_counted_even_if_the_model_is_removed(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server, price_in=1_000_000, price_out=1_000_000)

    def removing(handler: Any, _: Any, __: Any) -> None:
        for _ in pieces(handler, "It ", "closes."):
            settings.MODELS.pop("far", None)

    server.script = removing
    start(client, prompt, passage=passages_of(prompt), model="far")
    run = worked_off(prompt, team.engineer)
    assert [output.state for output in run.outputs] == [State.DONE] * 2
    assert [output.cost for output in run.outputs] == ["10"] * 2
    assert completions.spending(team.project).cost == 20


def test_what_a_server_sent_before_it_broke_off_is_counted(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server)
    piece = b'data: {"id": "1", "choices": [{"index": 0, "delta": {"content": "It "}}]}\n\n'
    server.script = sends(200, piece, claimed=9999, Content_Type="text/event-stream")
    start(client, prompt, **{"typed-passage": "The gate.", "model": "far"})
    [output] = worked_off(prompt, team.engineer).outputs
    assert (output.state, output.text) == (State.FAILED, "It")
    assert "cannot be reached" in output.error
    assert completions.spending(team.project).tokens == output.tokens_in + output.tokens_out > 0


# What is kept, and what is shown


def test_words_that_came_soon_after_others_are_shown_while_the_server_pauses(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server)
    shown = []

    def pausing(handler: Any, _: Any, __: Any) -> None:
        for number, _ in enumerate(pieces(handler, "It ", "closes ", "at ", "dusk."), 1):
            if number == 3:
                wait_for_text(prompt, team.engineer, 2)
                shown.append(latest(prompt, team.engineer).outputs[0].text)

    server.script = pausing
    start(client, prompt, **{"typed-passage": "The gate.", "model": "far"})
    assert worked_off(prompt, team.engineer).outputs[0].text == "It closes at dusk."
    assert shown == ["It closes at"]


def test_what_a_page_asks_for_all_the_time_is_kept_apart_from_what_is_long(
    team: Team, client: Client, prompt: Prompt
) -> None:
    passage = "word " * 3000
    values = {"typed-passage": passage, "csrfmiddlewaretoken": "a-token-of-the-page"}
    start(client, prompt, passage=passages_of(prompt), **values)
    Passage.objects.update(text=passage)
    run = worked_off(prompt, team.engineer)
    kept = broker().hgetall(f"playground:run:{run.key}")
    assert "a-token-of-the-page" not in "".join(kept.values())
    small = [text for name, text in kept.items() if name in ("head", "state", "output:2")]
    assert all(len(text) < 500 for text in small[:2])
    seen = playground.read_run(run.key, run.seen)
    assert seen
    assert [output.messages for output in seen.outputs] == [[]] * 3
    assert all(output.messages for output in run.outputs)
    assert passage.strip() in page(client.get(url_of(prompt, f"?run={run.key}")))


def test_no_more_passages_are_read_than_a_page_shows(
    client: Client, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground_forms, "MOST_CHOSEN", 6)
    chosen = [item.passage_id for item in make.items(prompt.project, 8)]
    text = page(
        client.get(url_of(prompt, "passages/"), {"passage": chosen, "words": "x"}, headers=PART)
    )
    assert text.count(" checked") == 6
    assert "Choose at most 5 passages" in start(client, prompt, 422, passage=chosen)
