"""Do work in other processes, so that hostile input cannot stop this one.

A module that is trusted with such input has a function ``answer``, which gets a request and returns
an answer; both are JSON. It runs in a process of its own, with limits of time and memory. Not even
a single call into C that never returns can hold up more than that process: it is killed, and the
next request gets a new one.

The process imports what the module needs, calls its ``load``, then answers one request after
another. It is replaced if it died or was stopped, after the most requests that it may answer, and
when it does not free enough memory. A process for each request would be simpler but slower:
``make bench-reading`` and ``make bench-rendering`` tell how much. The process that asks cannot be
forked for it: it may have a model in memory, and threads, whose locks a fork may copy while they
are held.

What libraries print goes to a file. If the process dies, the end of this file shows whether it ran
out of memory.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from qareview.machine import embedded
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder

ROOT = Path(__file__).resolve().parents[1]
PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "HOME")  # no address and no password
MOST_GROWN = 0.25  # share of the memory limit not freed after a request; chosen; nobody measured
OUT_OF_MEMORY = 4  # exit code
START_SECONDS = 60  # the longest that a process may take to start; chosen; nobody measured
MOST_PRINTED = 20_000  # bytes searched for a message about memory; chosen; nobody measured
MEMORY_ERRORS = (b"memoryerror", b"memory alloc", b"bad_alloc")  # of Python, Rust and C++


class Stopped(Exception):
    """The process did not answer: it died, or was stopped at a limit."""


class TookTooLong(Stopped):
    """The process did not answer in time."""


class NeededTooMuchMemory(Stopped):
    """The process needed more memory than its limit or the machine's."""


class LimitedProcesses:
    """Processes that run ``module``, at most ``most`` at once, each for ``requests`` requests."""

    def __init__(self, module: str, *, most: int = 1, requests: int = 10_000) -> None:
        self.module, self.most, self.requests = module, most, requests
        self._forget()
        os.register_at_fork(after_in_child=self._forget)  # a forked process starts its own

    def _forget(self) -> None:
        self._turns = threading.Semaphore(self.most)
        self.idle: list[_Process] = []
        # The kernel ends a process with the thread that started it, so this one starts all.
        self._starter = ThreadPoolExecutor(1, self.module)

    def ask(self, request: Any, *, seconds: float, megabytes: int) -> Any:
        """Return the module's answer to a request, which is made of what JSON has.

        Waits until a process is free; ``seconds`` are counted from then. Raises Stopped.
        """
        with self._turns:
            process = self._process_for(request, megabytes)
            try:
                answer = process.answer(seconds)
                self.idle.append(process)
            except BaseException:  # or the next request would get the answer to this one
                process.stop()
                raise
        return answer

    def stop(self) -> None:
        """Stop the processes that work on nothing; the next request starts a new one."""
        while process := self._take():
            process.stop()

    def _take(self) -> "_Process | None":
        with suppress(IndexError):  # none is idle
            return self.idle.pop()
        return None

    def _process_for(self, request: Any, megabytes: int) -> "_Process":
        """Return a process that has received a request.

        A new one is started if none with this limit of memory is idle, or if it has died.
        """
        while process := self._take():
            if process.megabytes == megabytes and _received(process, request):
                return process
            process.stop()
        process = self._starter.submit(_Process, self.module, megabytes, self.requests).result()
        try:
            process.send(request)
        except BaseException:
            process.stop()
            raise
        return process


class _Process:
    """This side of a process that answers requests."""

    def __init__(self, module: str, megabytes: int, requests: int) -> None:
        self.megabytes = megabytes
        self._connection, child = Pipe()
        self._printed = tempfile.TemporaryFile("a+b", 0)  # noqa: SIM115  as long as it runs
        arguments = [module, str(child.fileno()), str(megabytes), str(requests)]
        with child:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, *arguments],
                cwd=ROOT,
                env={
                    **{key: os.environ[key] for key in PASSED_VARIABLES if key in os.environ},
                    # Otherwise each thread reserves address space, which the memory limit counts.
                    "MALLOC_ARENA_MAX": "1",
                },
                stdin=subprocess.DEVNULL,
                stdout=self._printed,
                stderr=self._printed,
                pass_fds=[child.fileno()],
                preexec_fn=embedded.die_with_parent(signal.SIGKILL),
            )

    def send(self, request: Any) -> None:
        """Send a request and wait until the process has received it. Raises Stopped.

        The time until then includes the start of the process, which takes most of a second.
        """
        self._printed.truncate(0)
        try:
            self._connection.send_bytes(_as_json(request))
        except OSError:
            raise Stopped from None
        try:
            self._receive(START_SECONDS)
        except TookTooLong:  # to start, which says nothing of the request
            raise Stopped from None

    def answer(self, seconds: float) -> Any:
        """Return the answer to the request. Raises Stopped."""
        return json.loads(self._receive(seconds), cls=SentenceDecoder)

    def _receive(self, seconds: float) -> bytes:
        try:
            if not self._connection.poll(seconds):
                raise TookTooLong
            return self._connection.recv_bytes()
        except (EOFError, OSError):
            raise (NeededTooMuchMemory if self._ran_out_of_memory() else Stopped) from None

    def _ran_out_of_memory(self) -> bool:
        """Whether a process that died needed more memory than its limit or the machine's."""
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size - MOST_PRINTED))
        printed = self._printed.read().lower()
        return self._process.wait() in (-signal.SIGKILL, OUT_OF_MEMORY) or any(
            message in printed for message in MEMORY_ERRORS
        )

    def stop(self) -> None:
        """Kill the process, and close what it was connected to."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        self._printed.close()


def _received(process: _Process, request: Any) -> bool:
    """Send a request to a process that may have died while it was idle; whether it has it."""
    try:
        process.send(request)
    except Stopped:
        return False
    return True


def _as_json(value: Any) -> bytes:
    written = json.dumps(value, ensure_ascii=False, cls=SentenceEncoder)
    return written.encode(errors="surrogatepass")  # names of files may hold lone surrogates


# The functions below run in the process.


def main(module: str, descriptor: int, megabytes: int, requests: int) -> None:
    """Answer the requests that arrive at a socket, then end this process."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = 1
    try:
        served = import_module(module)
        served.load()
        _answer_requests(Connection(descriptor), served.answer, megabytes, requests)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except Exception:  # libraries raise anything; whoever asked searches what is printed
        traceback.print_exc()
    finally:
        os._exit(code)  # without waiting for threads that libraries started


def _answer_requests(
    asking: Connection, answer: Callable[[Any], Any], megabytes: int, requests: int
) -> None:
    most = _address_space() + int(megabytes * 1_000_000 * MOST_GROWN)
    for _ in range(requests):
        request = json.loads(asking.recv_bytes())
        asking.send_bytes(b"")  # received: if this process dies after this, the request is why
        asking.send_bytes(_as_json(answer(request)))
        if _address_space() > most:
            break


def _address_space() -> int:
    """Return the bytes of address space that this process has, which RLIMIT_AS limits."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
