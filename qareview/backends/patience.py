"""Requests to servers that may never end: who waits can leave, and what is sent is bounded.

A server may send a byte a second for ever, or comments that say nothing, and no thread can break
off what another reads. So a thread of its own makes the request. It is left behind when nobody
waits any more, and ends with the next bytes that come, or when the client library gives up.
"""

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

import httpx2

from qareview.backends import Told

T = TypeVar("T")

LOOK_SECONDS = 0.1  # between two looks at whether somebody still waits; chosen; nobody measured
MOST_BYTES = 16_000_000  # of an answer, whose pieces repeat an envelope; chosen; nobody measured


class UnusableAnswer(ValueError):
    """A server sends more than an answer can be, or compresses it although asked not to."""


class _LeftBehind(Exception):
    """Nobody waits for the request any more."""


class _Asking(Generic[T]):
    """A request that a thread makes; ``heard`` are the texts it tells, None after the last."""

    def __init__(self, ask: Callable[[Told], T]) -> None:
        self.heard: queue.Queue[str | None] = queue.Queue(1)
        self.outcome: Future[T] = Future()
        self.is_left = threading.Event()
        threading.Thread(target=self._work, args=(ask,), name="asking", daemon=True).start()

    def _work(self, ask: Callable[[Told], T]) -> None:
        _asking.set(self)
        try:
            self.outcome.set_result(ask(self._tell))
        except BaseException as error:  # it is raised to those who wait
            self.outcome.set_exception(error)
        with suppress(_LeftBehind):
            self._tell(None)

    def _tell(self, text: str | None) -> None:
        while True:
            self.check()
            with suppress(queue.Full):
                self.heard.put(text, timeout=LOOK_SECONDS)
                return

    def check(self) -> None:
        """Raise _LeftBehind if nobody waits any more."""
        if self.is_left.is_set():
            raise _LeftBehind


_asking: ContextVar[_Asking[Any]] = ContextVar("asking")


def ask_apart(ask: Callable[[Told], T], told: Told | None = None, seconds: float = math.inf) -> T:
    """Return what ``ask`` returns, which is called in another thread with a function to tell texts.

    ``told`` is called here with each of these texts, and with the last one again and again while
    nothing comes. Raises what both raise, and TimeoutError after ``seconds``.
    """
    asking, text, until = _Asking(ask), "", time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0:
            with suppress(queue.Empty):
                heard = asking.heard.get(timeout=LOOK_SECONDS if told else min(left, 1))
                if heard is None:
                    return asking.outcome.result()
                text = heard
            if told:
                told(text)
        raise TimeoutError
    finally:
        asking.is_left.set()


def bound(response: httpx2.Response) -> None:
    """Let an answer end early if it is too long, or if nobody waits: a hook of an HTTP client.

    Raises UnusableAnswer for a compressed one, which may be much longer than what is sent.
    """
    encoding = response.headers.get("Content-Encoding", PLAIN["Accept-Encoding"]).lower()
    if encoding != PLAIN["Accept-Encoding"]:
        raise UnusableAnswer(encoding)
    if not isinstance(response.stream, httpx2.SyncByteStream):
        raise TypeError("Only a client that is not asynchronous can be bounded.")
    response.stream = _Bounded(response.stream)


PLAIN = {"Accept-Encoding": "identity"}  # headers of a request for an answer that is not compressed


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self.stream = stream

    def __iter__(self) -> Iterator[bytes]:
        asking, length = _asking.get(None), 0
        for chunk in self.stream:
            length += len(chunk)
            if length > MOST_BYTES:
                raise UnusableAnswer(f"> {MOST_BYTES:,} B")
            if asking:
                asking.check()
            yield chunk

    def close(self) -> None:
        self.stream.close()
