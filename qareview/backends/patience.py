"""Requests to servers that may never end: who waits can leave, and what is sent is bounded.

A server may send a byte a second for ever, or comments that say nothing, and no thread can break
off what another reads. So a thread of its own makes the request. It is left behind when nobody
waits any more, and ends with the next bytes that come, or when the client library gives up.
"""

import math
import queue
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

import httpx2

from qareview.backends import Told

T = TypeVar("T")

LOOK_SECONDS = 0.1  # between two looks at whether somebody still waits; chosen; nobody measured
MOST_BYTES = 16_000_000  # of an answer, whose pieces repeat an envelope; chosen; nobody measured


PIECE = 65_536  # bytes that are decompressed together; chosen; nobody measured
ASKED_FOR = "identity"  # an answer that is not compressed
UNPACKED = {"gzip", "x-gzip", "deflate"}  # what some gateways do to it nevertheless


class UnusableAnswer(ValueError):
    """A server sends more than an answer can be, or something that cannot be decompressed."""


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


def client(seconds: float, *, is_here: bool = False) -> httpx2.Client:
    """Return an HTTP client whose requests end early if nobody waits or the answer is too long.

    Each step of a request may take ``seconds``. It follows no redirects: a key is for one server
    only. A server on this machine is asked without the proxy that the environment may name.
    """
    return httpx2.Client(
        timeout=seconds,
        limits=httpx2.Limits(),  # none: whoever asks limits the requests
        follow_redirects=False,
        trust_env=not is_here,
        headers={"Accept-Encoding": ASKED_FOR},
        event_hooks={"request": [_watch], "response": [_bound]},
    )


def _watch(request: httpx2.Request) -> None:
    """Let every read of the request's connection end if nobody waits, even of a header."""
    request.extensions["trace"] = _look_at_reads


def _look_at_reads(event: str, info: dict[str, Any]) -> None:
    """Change a connection as soon as it is made; later requests may use it again."""
    if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
        return
    stream = info["return_value"]
    read = stream.read

    def read_for_somebody(*arguments: Any, **options: Any) -> bytes:
        if asking := _asking.get(None):
            asking.check()
        return bytes(read(*arguments, **options))

    stream.read = read_for_somebody


def _bound(response: httpx2.Response) -> None:
    """Let an answer end early if it is too long, also once it is decompressed."""
    encoding = response.headers.pop("Content-Encoding", ASKED_FOR).strip().lower()
    if encoding not in {ASKED_FOR, *UNPACKED}:
        raise UnusableAnswer(encoding)
    if not isinstance(response.stream, httpx2.SyncByteStream):
        raise TypeError("Only a client that is not asynchronous can be bounded.")
    response.stream = _Bounded(response.stream, encoding)


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, encoding: str) -> None:
        self.stream, self.encoding = stream, encoding

    def __iter__(self) -> Iterator[bytes]:
        chunks = _up_to_limit(self.stream)
        return chunks if self.encoding == ASKED_FOR else _up_to_limit(self._unpacked(chunks))

    def _unpacked(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # of either format, as it begins
        try:
            for packed in chunks:
                piece = unpacker.decompress(packed, PIECE)
                while piece:
                    yield piece
                    piece = unpacker.decompress(unpacker.unconsumed_tail, PIECE)
        except zlib.error as error:
            raise UnusableAnswer(self.encoding) from error

    def close(self) -> None:
        self.stream.close()


def _up_to_limit(chunks: Iterable[bytes]) -> Iterator[bytes]:
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > MOST_BYTES:
            raise UnusableAnswer(f"> {MOST_BYTES:,} B")
        yield chunk
