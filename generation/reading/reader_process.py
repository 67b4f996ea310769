"""Files are read in processes of their own: a hostile one costs its row an error, never a worker.

A program started on first use imports what reading needs, once, and forks the reader: a process
that reads one file after the other and is forked anew when it died, has read many files or has
grown. To fork for every file would be cleaner still, but takes 7 ms, of which an HTML page needs
no more than 3; a fresh Python takes 300 ms. The program itself never reads, because the threads
that reading starts are lost in a fork.

Requests and answers are lines of JSON over pipes of their own. What libraries print goes to a file,
of which no more than the end is looked at, when a reader died.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from generation.reading import archives, readers
from qareview.machine import embedded
from qareview.stored import SentenceDecoder, SentenceEncoder, stored

ROOT = Path(__file__).resolve().parents[2]
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "HOME")  # no address or password goes along
MOST_FILES = 200  # for one reader
MOST_GROWN = 0.25  # of the memory allowed, kept by a reader between files
NO_MORE = 3  # a reader's exit code when nobody will ask again
OUT_OF_MEMORY = 4
START_SECONDS = 60
PRINTED = 20_000  # bytes looked at of what a reader printed
AT_ONCE = 1_000_000  # bytes


def read(
    path: Path,
    name: str,
    chosen: Mapping[str, str] | None = None,
    *,
    seconds: int,
    megabytes: int,
) -> readers.Reading:
    """Read a file as :func:`readers.read` does, within limits of time and memory.

    Raises CannotRead, also where a limit was reached or the process died.
    """
    arguments = ["read", str(path), name, json.dumps(chosen or {})]
    return readers.Reading(**_run(arguments, seconds, megabytes))


def unpack(
    path: Path, folder: Path, limit: int, *, seconds: int, megabytes: int
) -> list[archives.Member]:
    """Unpack an archive as :func:`archives.unpack` does, within limits. Raises CannotRead."""
    found = _run(["unpack", str(path), str(folder), str(limit)], seconds, megabytes)
    return [archives.Member(**member) for member in found["members"]]


class _TookTooLong(Exception):
    """No answer came in time."""


class _Gone(Exception):
    """The process ended, or its reader did, with ``code``; negative is the signal's number.

    ``printed`` is the end of what it printed.
    """

    def __init__(self, code: int, printed: bytes) -> None:
        self.code, self.printed = code, printed.lower()

    def needed_too_much_memory(self) -> bool:
        return self.code in (-signal.SIGKILL, OUT_OF_MEMORY) or any(
            word in self.printed for word in (b"memoryerror", b"memory alloc", b"bad_alloc")
        )


class _Process:
    """The program that reads, from the worker's side."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        self._printed = tempfile.TemporaryFile("a+b", 0)  # noqa: SIM115  as long as it runs
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "generation.reading.reader_process", str(megabytes)],
            cwd=ROOT,
            env={
                **{key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ},
                "MALLOC_ARENA_MAX": "1",  # else each thread claims address space it never uses
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            bufsize=0,
            preexec_fn=embedded.die_with_parent(signal.SIGKILL),
        )
        self._requests = cast(IO[bytes], self._popen.stdin)
        self._answers = cast(IO[bytes], self._popen.stdout)
        self._ahead = b""  # read beyond the answer asked for

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def send(self, request: list[str]) -> None:
        """Hand over a request and wait until it is taken. Raises _Gone, _TookTooLong."""
        self._printed.truncate(0)
        try:
            self._requests.write(_line(request))
        except OSError:
            raise self._gone() from None
        self.answer(START_SECONDS)

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return the next answer. Raises _Gone, _TookTooLong."""
        deadline = time.monotonic() + seconds
        line = self._read_line(deadline)
        try:
            found: dict[str, Any] = json.loads(line, cls=SentenceDecoder)
        except ValueError:  # its reader died over the answer; what follows says so
            found = json.loads(self._read_line(deadline), cls=SentenceDecoder)
        if "died" in found:
            raise self._gone(found["died"])
        return found

    def _read_line(self, deadline: float) -> bytes:
        parts = [self._ahead]
        while b"\n" not in parts[-1]:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise _TookTooLong
            parts.append(self._answers.read(AT_ONCE))
            if not parts[-1]:
                raise self._gone()
        line, _, self._ahead = b"".join(parts).partition(b"\n")
        return line

    def _gone(self, code: int | None = None) -> _Gone:
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size - PRINTED))
        return _Gone(self._popen.wait() if code is None else code, self._printed.read())

    def stop(self) -> None:
        self._popen.kill()
        self._popen.wait()
        for file in (self._requests, self._answers, self._printed):
            file.close()


_lock = threading.Lock()
_processes: list[_Process] = []  # the one that runs, if one does
os.register_at_fork(after_in_child=_processes.clear)  # its pipes are the parent's


def _run(request: list[str], seconds: int, megabytes: int) -> dict[str, Any]:
    with _lock:
        try:
            found = _hand_over(request, megabytes).answer(seconds)
        except _Gone as end:
            raise readers.CannotRead(_reason(end, megabytes)) from None
        except _TookTooLong:
            _stop()
            raise readers.CannotRead(
                stored(
                    "Reading took longer than %(seconds)s seconds. Split the file, or raise "
                    "QAREVIEW_READ_SECONDS.",
                    seconds=seconds,
                )
            ) from None
        except BaseException:  # an answer that nobody waited for would be taken for the next one
            _stop()
            raise
    if "error" in found:
        raise readers.CannotRead(found["error"])
    return found


def _hand_over(request: list[str], megabytes: int) -> _Process:
    """Return the process, which has now begun with a request; one that died idle is replaced."""
    with suppress(_Gone):
        process = _running(megabytes)
        process.send(request)
        return process
    _stop()
    process = _running(megabytes)
    process.send(request)
    return process


def _running(megabytes: int) -> _Process:
    if not _processes or not _processes[0].is_alive() or _processes[0].megabytes != megabytes:
        _stop()
        _processes.append(_Process(megabytes))
    return _processes[0]


def _stop() -> None:
    while _processes:
        _processes.pop().stop()


def _reason(end: _Gone, megabytes: int) -> str:
    if end.needed_too_much_memory():
        return stored(
            "Reading needed more than %(megabytes)s MB of memory. Split the file, or raise "
            "QAREVIEW_READ_MEGABYTES.",
            megabytes=megabytes,
        )
    return stored("The file made its reader stop. It may be damaged: save it anew and upload that.")


def _line(value: Any) -> bytes:
    return (
        json.dumps(value, ensure_ascii=False, cls=SentenceEncoder).encode(errors="surrogatepass")
        + b"\n"
    )


# The program


def main(megabytes: int) -> None:
    """Fork readers, one after the other, until nobody asks any more."""
    requests, answers = os.dup(0), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what libraries print is no answer
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    readers.load_libraries()
    die_with_parent = embedded.die_with_parent(signal.SIGKILL)
    code = 0
    while code != NO_MORE:
        child = os.fork()
        if not child:
            die_with_parent()
            _read_files(requests, answers, megabytes)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, NO_MORE):
            answers.write(b"\n")  # ends what the reader may have begun
            _write(answers, {"died": code})


def _read_files(requests: int, answers: IO[bytes], megabytes: int) -> NoReturn:
    code = 1
    try:
        code = _answer(requests, answers, megabytes)
    except MemoryError:
        code = OUT_OF_MEMORY
    except Exception:  # whatever a library raises: the process ends, and its log tells
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(requests: int, answers: IO[bytes], megabytes: int) -> int:
    """Answer requests until there are no more, or a fresh reader is due; return the code."""
    most = _size() + int(megabytes * 1_000_000 * MOST_GROWN)
    for _ in range(MOST_FILES):
        request = b""
        while not request.endswith(b"\n"):
            part = os.read(requests, AT_ONCE)
            if not part:
                return NO_MORE
            request += part
        _write(answers, {})  # it is taken: should this process die now, the file is the cause
        _write(answers, _found(*json.loads(request)))
        if _size() > most:
            break
    return 0


def _found(work: str, path: str, *more: str) -> dict[str, Any]:
    try:
        if work == "read":
            return vars(readers.read(Path(path), more[0], json.loads(more[1])))
        members = archives.unpack(Path(path), Path(more[0]), int(more[1]))
        return {"members": [vars(member) for member in members]}
    except (readers.CannotRead, archives.CannotUnpack) as reason:
        return {"error": str(reason)}


def _write(answers: IO[bytes], answer: dict[str, Any]) -> None:
    answers.write(_line(answer))
    answers.flush()


def _size() -> int:
    """Return how many bytes of address space this process has: what its limit counts."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(int(sys.argv[1]))
