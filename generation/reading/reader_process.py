"""Read files in a separate process, so that a hostile file cannot stop a worker.

The process imports what reading needs, then reads one file after another. It is replaced if it died
or was stopped, after MOST_FILES files, and when it does not free enough memory. A process for each
file would be simpler but slower. ``make bench-reading`` measured on a core of a busy machine, in
milliseconds for a web page and for a small Markdown file: this process 3.6 and 0.1, a fork of a
warm parent for each file 20.6 and 7.4, a new Python for each file 314 and 167. The worker itself
cannot be that parent: it has a model in memory, and threads, whose locks a fork may copy while they
are held.

Requests and answers are JSON over a socket. What libraries print goes to a file. If the process
dies, the end of this file shows whether it ran out of memory.
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
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from generation.passages.left_out import LeftOut
from generation.reading import archives, readers
from generation.reading.readings import CannotRead, CannotReadNow, Choices, Reading
from qareview.machine import embedded
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder, stored

ROOT = Path(__file__).resolve().parents[2]
PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "HOME")  # no address and no password
MOST_FILES = 200  # read by a process; chosen; nobody measured
MOST_GROWN = 0.25  # share of the memory limit not freed after a file; chosen; nobody measured
OUT_OF_MEMORY = 4  # exit code
START_SECONDS = 60  # the longest that a process may take to start; chosen; nobody measured
MOST_PRINTED = 20_000  # bytes searched for a message about memory; chosen; nobody measured
MEMORY_ERRORS = (b"memoryerror", b"memory alloc", b"bad_alloc")  # of Python, Rust and C++


def read_isolated(
    path: Path,
    name: str,
    choices: Choices | None = None,
    *,
    seconds: int,
    megabytes: int,
) -> Reading:
    """Do what :func:`readers.read_file` does, within limits of time and memory.

    Raises CannotRead, and CannotReadNow if a limit was reached or the process died.
    """
    request = ["read", str(path), name, json.dumps(asdict(choices or Choices()))]
    answer = _run(request, seconds, megabytes)
    answer["left_out"] = [LeftOut(*part) for part in answer["left_out"]]
    return Reading(**answer)


def unpack_isolated(
    path: Path, folder: Path, limit: int, *, seconds: int, megabytes: int
) -> archives.Unpacked:
    """Do what :func:`archives.unpack_archive` does, within limits of time and memory.

    Raises CannotRead; also if the archive cannot be unpacked.
    """
    answer = _run(["unpack", str(path), str(folder), str(limit)], seconds, megabytes)
    members = [archives.Member(**member) for member in answer["members"]]
    return archives.Unpacked(members, answer["left_behind"])


class _Died(Exception):
    """The process ended before it answered."""


class _TookTooLong(Exception):
    """The process did not answer in time."""


class _Reader:
    """The worker's side of a process that reads files."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        self._connection, child = Pipe()
        self._printed = tempfile.TemporaryFile("a+b", 0)  # noqa: SIM115  as long as it runs
        with child:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(child.fileno()), str(megabytes)],
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

    def send(self, request: list[str]) -> None:
        """Send a request and wait until the process has received it. Raises _Died, _TookTooLong.

        The time until then includes the start of the process, which takes most of a second.
        """
        self._printed.truncate(0)
        try:
            self._connection.send_bytes(_as_json(request))
        except OSError:
            raise _Died from None
        self._receive(START_SECONDS)

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the answer to the request. Raises _Died, _TookTooLong."""
        answer: dict[str, Any] = json.loads(self._receive(seconds), cls=SentenceDecoder)
        return answer

    def _receive(self, seconds: float) -> bytes:
        try:
            if not self._connection.poll(seconds):
                raise _TookTooLong
            return self._connection.recv_bytes()
        except (EOFError, OSError):
            raise _Died from None

    def ran_out_of_memory(self) -> bool:
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


_lock = threading.Lock()
_readers: list[_Reader] = []  # the running process, or empty
os.register_at_fork(after_in_child=_readers.clear)  # a forked worker starts its own


def _run(request: list[str], seconds: int, megabytes: int) -> dict[str, Any]:
    with _lock:
        try:
            answer = _send(request, megabytes).answer(seconds)
        except _Died:
            raise CannotReadNow(_why_it_died(_readers[0], megabytes)) from None
        except _TookTooLong:
            _stop()
            raise CannotReadNow(
                stored(
                    "Reading took longer than %(seconds)s seconds. Split the file, or raise "
                    "QAREVIEW_READ_SECONDS.",
                    seconds=seconds,
                )
            ) from None
        except BaseException:  # or the next request would get the answer to this request
            _stop()
            raise
    if "error" in answer:
        raise (CannotReadNow if answer["is_for_now"] else CannotRead)(answer["error"])
    return answer


def _send(request: list[str], megabytes: int) -> _Reader:
    """Send a request and return the process that works on it.

    A new process is started if there is none with this memory limit, or if it died while idle.
    """
    if _readers and _readers[0].megabytes == megabytes:
        with suppress(_Died):
            _readers[0].send(request)
            return _readers[0]
    _stop()
    _readers.append(_Reader(megabytes))
    _readers[0].send(request)
    return _readers[0]


def stop_reader() -> None:
    """Stop the process if it is running; the next file starts a new one."""
    with _lock:
        _stop()


def _stop() -> None:
    while _readers:
        _readers.pop().stop()


def _why_it_died(reader: _Reader, megabytes: int) -> str:
    if reader.ran_out_of_memory():
        return stored(
            "Reading needed more than %(megabytes)s MB of memory. Split the file, or raise "
            "QAREVIEW_READ_MEGABYTES.",
            megabytes=megabytes,
        )
    return stored(
        "The file could not be read. It may be damaged: save it again and upload the new copy."
    )


def _as_json(value: Any) -> bytes:
    written = json.dumps(value, ensure_ascii=False, cls=SentenceEncoder)
    return written.encode(errors="surrogatepass")  # names of files may hold lone surrogates


# The functions below run in the process.


def main(descriptor: int, megabytes: int) -> None:
    """Answer the requests that arrive at a socket, then end this process."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = 1
    try:
        readers.load_libraries()
        _answer_requests(Connection(descriptor), megabytes)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except Exception:  # libraries raise anything; the worker searches what is printed
        traceback.print_exc()
    finally:
        os._exit(code)  # without waiting for threads that libraries started


def _answer_requests(worker: Connection, megabytes: int) -> None:
    most = _address_space() + int(megabytes * 1_000_000 * MOST_GROWN)
    for _ in range(MOST_FILES):
        request = json.loads(worker.recv_bytes())
        worker.send_bytes(b"")  # received: if this process dies after this, the file is the cause
        worker.send_bytes(_as_json(_answer(*request)))
        if _address_space() > most:
            break


def _answer(task: str, path: str, *arguments: str) -> dict[str, Any]:
    try:
        if task == "read":
            return vars(
                readers.read_file(Path(path), arguments[0], Choices(**json.loads(arguments[1])))
            )
        return asdict(archives.unpack_archive(Path(path), Path(arguments[0]), int(arguments[1])))
    except (CannotRead, archives.CannotUnpack) as reason:
        return {"error": str(reason), "is_for_now": isinstance(reason, CannotReadNow)}


def _address_space() -> int:
    """Return the bytes of address space that this process has, which RLIMIT_AS limits."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
