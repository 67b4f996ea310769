"""Servers that never come to an end: nobody waits for them longer than allowed, or keeps it all."""

import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qareview.backends import ModelUnavailable, patience, servers
from tests.model_server import (
    BEGINNING,
    Script,
    Server,
    answer,
    dripping,
    good,
    only,
    sends,
    told,
)

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


def asking() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "asking"}


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Threads that still ask a server that goes on for longer than this takes, are a failure."""
    before = asking()
    yield
    until = time.monotonic() + LONG_AGO
    for thread in asking() - before:
        thread.join(max(0, until - time.monotonic()))
    assert asking() <= before


class Enough(Exception):
    """Nobody wants more."""


@each_drip
@pytest.mark.usefixtures("no_thread_left")
def test_a_server_that_sends_no_answer_can_be_stopped(server: Server, script: Script) -> None:
    server.script = script
    until = time.monotonic() + 0.3

    def stop(_: str) -> None:
        if time.monotonic() > until:
            raise Enough

    with pytest.raises(Enough):
        server.load(seconds=1).stream(told("a")[0], stop)
    assert time.monotonic() < until + LONG_AGO


@each_drip
@pytest.mark.usefixtures("no_thread_left")
def test_an_answer_that_does_not_end_is_given_up_in_time(server: Server, script: Script) -> None:
    server.script = script
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="took too long to answer"):
        server.load(seconds=0.3, tries=1).complete(told("a"))
    assert time.monotonic() < began + LONG_AGO


@each_drip
@pytest.mark.usefixtures("no_thread_left")
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
    with pytest.raises(ModelUnavailable, match="sends answers that are too long or cannot"):
        backend.stream(told("a")[0], str) if is_stream else backend.complete(told("a"))


@pytest.mark.usefixtures("no_thread_left")
def test_a_connection_that_is_used_again_can_be_left_as_well(server: Server) -> None:
    handlers: Any = server.http.RequestHandlerClass
    handlers.protocol_version = "HTTP/1.1"  # keeps connections
    clients: set[Any] = set()

    def noting(handler: Any, body: dict[str, Any], tries: int) -> None:
        clients.add(handler.client_address)
        only("b", DRIPPING["a header"])(handler, body, tries)

    server.script = noting
    backend = server.load(seconds=0.3, tries=1)
    assert backend.complete(told("a"))[0].text == "Re: a"
    with pytest.raises(ModelUnavailable, match="took too long to answer"):
        backend.complete(told("b"))
    assert len(clients) == 1


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize(("encoding", "pack"), PACKED.items(), ids=PACKED)
def test_an_answer_that_is_compressed_unasked_is_read(
    server: Server, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    encodings: list[str] = []

    def compressing(handler: Any, _: Any, __: Any) -> None:
        encodings.append(handler.headers["Accept-Encoding"])
        sends(200, pack(answer("Re: a " * 30_000)), Content_Encoding=encoding)(handler, {}, 1)

    server.script = compressing
    assert server.load().complete(told("a"))[0].text == ("Re: a " * 30_000).strip()
    assert encodings == ["identity"]


def test_a_compressed_stream_is_told_as_it_comes(server: Server) -> None:
    def compressing(handler: Any, _: Any, __: Any) -> None:
        packer, sent = zlib.compressobj(wbits=zlib.MAX_WBITS | 16), handler.wfile
        sent.write(BEGINNING.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
        for line in (b'{"choices": [{"index": 0, "delta": {"content": "Re: a"}}]}', b"[DONE]"):
            sent.write(packer.compress(b"data: " + line + b"\n\n"))
            sent.write(packer.flush(zlib.Z_SYNC_FLUSH))

    server.script = compressing
    heard: list[str] = []
    server.load().stream(told("a")[0], heard.append)
    assert "Re: a" in heard


BAD = {
    "a bomb": ("gzip", gzip.compress(b" " * 10_000_000)),
    "empty pieces": ("deflate", b"\x78\x9c" + b"\x00\x00\x00\xff\xff" * 30_000),
    "not compressed": ("gzip", answer("Re: a")),
    "an unknown encoding": ("br", answer("Re: a")),
}


@pytest.mark.parametrize(("encoding", "body"), BAD.values(), ids=BAD)
def test_what_is_too_long_once_decompressed_or_cannot_be_is_refused(
    server: Server, encoding: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_BYTES", 100_000)
    server.script = sends(200, body, Content_Encoding=encoding)
    with pytest.raises(ModelUnavailable, match="sends answers that are too long or cannot be"):
        server.load().complete(told("a"))
