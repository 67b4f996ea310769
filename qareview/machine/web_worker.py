"""The worker of the web server: threads are for requests that have arrived, not for slow clients.

gunicorn's threads read a request as it comes, so a few clients that send a byte a second take all
of them. Here, the loop that accepts connections receives heads and small bodies of all clients, and
hands a request to a thread when it is complete. A large body is read by a thread, as gunicorn does
it, but only by half of them at the same time, and none waits for long.
"""

import math
import re
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import ThreadWorker

HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_IN_PARTS = re.compile(rb"\r\n(?:transfer-encoding|expect):", re.IGNORECASE)
RECEIVED_AT_ONCE = 65_536  # bytes; chosen; nobody measured
LARGEST_HEAD = 65_536  # bytes that are awaited; chosen; nobody measured


@dataclass(eq=False)
class Arrival:
    """A request of which not everything has been received that a thread needs to begin."""

    connection: Any
    until: float
    data: bytearray = field(default_factory=bytearray)

    @property
    def is_large(self) -> bool:
        """Whether a thread has to read the body."""
        return len(self.data) < self._end()

    def is_complete(self, small: int) -> bool:
        """Return whether a thread can begin, where bodies up to ``small`` bytes are awaited."""
        if HEAD_END not in self.data:
            return len(self.data) > LARGEST_HEAD
        end = self._end()
        return len(self.data) >= end or end > self.data.index(HEAD_END) + len(HEAD_END) + small

    def _end(self) -> float:
        """Return the number of bytes of the whole request; infinite if only a thread can tell."""
        head, found, _ = self.data.partition(HEAD_END)
        if not found or _IN_PARTS.search(head + b"\r\n"):
            return math.inf
        length = _LENGTH.search(head + b"\r\n")
        return len(head) + len(HEAD_END) + (int(length[1]) if length else 0)


class PacedUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn has no types
    """Reads a body, but from no client that is silent or slow for long."""

    def __init__(self, sock: socket.socket, silence: float, slowest: int) -> None:
        super().__init__(sock)
        self.silence, self.slowest = silence, slowest
        self.begun = time.monotonic()
        self.received = 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes. Raises TimeoutError if they do not come, or come too slowly."""
        before = self.sock.gettimeout()
        self.sock.settimeout(self.silence if before is None else min(before, self.silence))
        try:
            data: bytes = super().chunk(size_hint)
        finally:
            self.sock.settimeout(before)
        self.received += len(data)
        seconds = time.monotonic() - self.begun
        if seconds > self.silence and self.received < self.slowest * seconds:
            raise TimeoutError
        return data


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Hands requests to threads once they have arrived."""

    # Chosen; nobody measured.
    head_seconds = 20.0  # until the head and a small body must have arrived
    small_body = 65_536  # bytes; most forms have less
    wait_seconds = 300.0  # that a large body may wait until a thread may read it
    silence_seconds = 30.0  # in which some bytes of a large body, or of an answer, must pass
    slowest = 2_000  # bytes a second of a large body

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # socket.sendfile heeds no SO_SNDTIMEO: it waits for ever for a client that stops reading.
        self.cfg.set("sendfile", False)
        self.arriving: set[Arrival] = set()
        self.waiting: deque[Arrival] = deque()  # large bodies whose turn has not come
        self.large: set[Any] = set()  # connections whose body a thread reads

    def enqueue_req(self, conn: Any) -> None:
        """Receive the next request of a connection, then have a thread answer it."""
        arrival = Arrival(conn, time.monotonic() + self.head_seconds)
        if conn.parser:
            arrival.data += conn.parser.unreader.take_buffered()
        conn.sock.setblocking(False)
        self.arriving.add(arrival)
        self.poller.register(conn.sock, EVENT_READ, partial(self._receive, arrival))
        if arrival.is_complete(self.small_body):
            self._arrived(arrival)

    def _receive(self, arrival: Arrival, sock: socket.socket) -> None:
        try:
            data = sock.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arrival.data += data
        if not data:
            self._give_up(arrival)
        elif arrival.is_complete(self.small_body):
            self._arrived(arrival)

    def _arrived(self, arrival: Arrival) -> None:
        self._forget(arrival)
        if not arrival.is_large:
            self._hand_over(arrival)
        elif len(self.large) < max(1, self.cfg.threads // 2):
            self._hand_over_large(arrival)
        else:
            arrival.until = time.monotonic() + self.wait_seconds
            self.waiting.append(arrival)

    def _hand_over_large(self, arrival: Arrival) -> None:
        self.large.add(arrival.connection)
        self._hand_over(arrival)

    def _hand_over(self, arrival: Arrival) -> None:
        conn = arrival.connection
        conn.init()
        conn.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(self.silence_seconds), 0)
        )
        conn.parser.unreader = PacedUnreader(conn.sock, self.silence_seconds, self.slowest)
        conn.parser.unreader.unread(bytes(arrival.data))
        super().enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Go on with the connection, and with the next large body that waits."""
        was_large = conn in self.large
        self.large.discard(conn)
        if fs.cancelled() or fs.exception() or not fs.result():
            self.nr_conns -= 1
            self.tpool.submit(conn.close, graceful=True)  # which waits for the client
        else:
            super().finish_request(conn, fs)
        if was_large and self.waiting:
            self._hand_over_large(self.waiting.popleft())

    def murder_pending(self) -> None:
        """Close connections whose request does not come in time, or of a worker that stops."""
        super().murder_pending()
        now = time.monotonic()
        for arrival in [*self.arriving]:
            if arrival.until < now or not (self.alive or arrival.data):
                self._give_up(arrival)
        while self.waiting and (self.waiting[0].until < now or not self.alive):
            self._close(self.waiting.popleft())

    def _give_up(self, arrival: Arrival) -> None:
        self._forget(arrival)
        self._close(arrival)

    def _forget(self, arrival: Arrival) -> None:
        self.arriving.remove(arrival)
        self.poller.unregister(arrival.connection.sock)

    def _close(self, arrival: Arrival) -> None:
        self.nr_conns -= 1
        arrival.connection.close()
