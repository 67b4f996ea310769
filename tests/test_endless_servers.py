"""Servers that never come to an end: nobody waits for them longer than allowed, or keeps it all."""

import time
from typing import Any

import pytest

from qareview.backends import ModelUnavailable, patience, servers
from tests.model_server import BEGINNING, Script, Server, answer, dripping, good, sends, told

LONG_AGO = 5  # seconds, less than the scripts below go on
DRIPPING: dict[str, Script] = {
    "comments": dripping(b": ping\n\n"),
    "bytes of a line": dripping(b"d"),
    "blanks before an answer": dripping(b" ", BEGINNING.replace(b"event-stream", b"json")),
    "that it still works on it": dripping(b"HTTP/1.1 102 Processing\r\n\r\n", b""),
    "a header": dripping(b"x", b"HTTP/1.1 200 OK\r\nX-Name: "),
    "nothing": dripping(b"", b""),
}
each_drip = pytest.mark.parametrize("script", DRIPPING.values(), ids=DRIPPING)


class Enough(Exception):
    """Nobody wants more."""


@each_drip
def test_a_server_that_sends_no_answer_can_be_stopped(server: Server, script: Script) -> None:
    server.script = script
    until = time.monotonic() + 0.3

    def stop(_: str) -> None:
        if time.monotonic() > until:
            raise Enough

    with pytest.raises(Enough):
        server.load().stream(told("a")[0], stop)
    assert time.monotonic() < until + LONG_AGO


@each_drip
def test_an_answer_that_does_not_end_is_given_up_in_time(server: Server, script: Script) -> None:
    server.script = script
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="took too long to answer"):
        server.load(seconds=0.3, tries=1).complete(told("a"))
    assert time.monotonic() < began + LONG_AGO


@each_drip
def test_a_list_of_models_that_does_not_end_is_given_up(server: Server, script: Script) -> None:
    server.listing = script
    began = time.monotonic()
    assert servers.names_at(server.url, "", 0.3) is None
    assert time.monotonic() < began + LONG_AGO


def test_others_are_answered_while_one_is_given_up(server: Server) -> None:
    def some(handler: Any, body: dict[str, Any], tries: int) -> None:
        is_bad = body["messages"][-1]["content"] == "bad"
        (DRIPPING["bytes of a line"] if is_bad else good)(handler, body, tries)

    server.script = some
    found = server.load(seconds=1, tries=1).complete(told("a", "bad", "b"))
    assert [one.text for one in found] == ["Re: a", "", "Re: b"]
    assert "took too long to answer" in found[1].error


ENDLESS = {
    "lines": b"data: 1\n" * 1000,
    "comments": b": ping\n\n" * 1000,
    "a line": b"d" * 10_000,
}


@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("is_stream", [True, False])
def test_an_answer_without_end_is_not_kept(
    server: Server, piece: bytes, is_stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_BYTES", 100_000)
    server.script = dripping(piece, every=0)
    backend = server.load(tries=1)
    with pytest.raises(ModelUnavailable, match="sends answers that are too long or compressed"):
        backend.stream(told("a")[0], str) if is_stream else backend.complete(told("a"))


def test_an_answer_is_asked_for_and_taken_only_as_it_is(server: Server) -> None:
    encodings: list[str] = []

    def compressing(handler: Any, _: Any, __: Any) -> None:
        encodings.append(handler.headers["Accept-Encoding"])
        sends(200, answer("Re: a"), Content_Encoding="gzip")(handler, {}, 1)

    server.script = compressing
    with pytest.raises(ModelUnavailable, match="too long or compressed: gzip"):
        server.load().complete(told("a"))
    assert encodings == ["identity"]
