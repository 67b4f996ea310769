"""Slow clients take no thread of the web server from others."""

import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.site import ROOT, free_port, until

THREADS = 2
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Give the port of a server with two threads."""
    chosen = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "tests.hasty_worker:application"),
            *("--worker-class", "tests.hasty_worker.HastyWorker", "--log-level=error"),
            *(f"--bind=127.0.0.1:{chosen}", "--workers=1", f"--threads={THREADS}"),
        ],
        cwd=ROOT,
    )
    until(lambda: is_listening(chosen), 30)
    yield chosen
    server.terminate()
    assert server.wait(10) == 0


def is_listening(port: int) -> bool:
    try:
        connect(port).close()
    except OSError:
        return False
    return True


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def post(length: int, *lines: bytes) -> bytes:
    head = [b"POST / HTTP/1.1", b"Host: x", b"Content-Length: %d" % length, *lines]
    return b"\r\n".join(head) + b"\r\n\r\n"


def answer(client: socket.socket) -> bytes:
    """Return the body of an answer; empty if the connection was closed without one."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(4096)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(4096)
    return body


def ask(port: int, request: bytes = GET) -> bytes:
    with connect(port) as client:
        client.sendall(request)
        return answer(client)


def is_quick(port: int) -> bool:
    begun = time.monotonic()
    return ask(port) == b"0" and time.monotonic() - begun < 0.7


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET[:-2], post(900), post(900) + b"x" * 899])
def test_many_slow_clients_leave_the_threads_to_others_and_are_ended(
    port: int, begun: bytes
) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(port)) for _ in range(10 * THREADS)]
        for client in slow:
            client.sendall(begun)
        assert is_quick(port)
        assert {answer(client) for client in slow} == {b""}


def test_a_head_that_comes_in_pieces_is_answered(port: int) -> None:
    with connect(port) as client:
        for index in range(len(GET)):
            client.sendall(GET[index : index + 1])
        assert answer(client) == b"0"


def test_bodies_of_all_sizes_arrive(port: int) -> None:
    for length in (0, 1, 999, 1_000, 1_001, 70_000, 3_000_000):
        assert ask(port, post(length) + b"x" * length) == b"%d" % length


def test_a_connection_is_used_again_and_requests_may_come_together(port: int) -> None:
    with connect(port) as client:
        for _ in range(2):
            client.sendall(GET)
            assert answer(client) == b"0"
        client.sendall(post(3) + b"abc" + post(5) + b"defgh")
        received = b""
        while not received.endswith(b"\r\n\r\n5"):
            received += client.recv(4096)
        assert b"\r\n\r\n3HTTP/1.1 200 OK" in received


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(port: int) -> None:
    with connect(port) as client:
        client.sendall(post(3, b"Expect: 100-continue"))
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert answer(client) == b"3"


def test_slow_large_bodies_take_some_threads_only_and_are_ended(port: int) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(port)) for _ in range(5)]
        for client in slow:
            client.sendall(post(100_000) + b"x")
        assert is_quick(port)
        silent, *waiting = [answer(client) for client in slow]
        assert silent in (b"too slow", b"")
        assert set(waiting) <= {b"too slow", b""}
    assert ask(port, post(70_000) + b"x" * 70_000) == b"70000"


def test_a_large_body_that_trickles_is_ended(port: int) -> None:
    with connect(port) as client:
        client.sendall(post(100_000))
        assert trickle(client) in (b"too slow", b"")


def trickle(client: socket.socket) -> bytes:
    """Send some bytes now and then until there is an answer, for some seconds at most."""
    for _ in range(30):
        client.sendall(b"x" * 100)
        if select.select([client], [], [], 0.2)[0]:
            return answer(client)
    return b"it goes on"
