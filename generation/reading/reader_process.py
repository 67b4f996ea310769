"""Read files in a separate process, so that a hostile file cannot stop a worker.

:mod:`qareview.limited_processes` keeps the process warm. ``make bench-reading`` measured on a core
of a busy machine, in milliseconds for a web page and for a small Markdown file: this process 3.6
and 0.1, a fork of a warm parent for each file 20.6 and 7.4, a new Python for each file 314 and 167.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from generation.passages.left_out import LeftOut
from generation.reading import archives, readers
from generation.reading.readings import CannotRead, CannotReadNow, Choices, Reading
from qareview.limited_processes import (
    LimitedProcesses,
    NeededTooMuchMemory,
    Stopped,
    TookTooLong,
)
from qareview.stored_sentences import stored

MOST_FILES = 200  # read by a process; chosen; nobody measured
AT_ONCE = 2  # files of different projects that are read side by side; chosen; nobody measured

_processes = LimitedProcesses(__name__, most=AT_ONCE, requests=MOST_FILES)
stop_reader = _processes.stop  # which reads nothing; the next file starts a new one


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
    request = ["read", str(path), name, asdict(choices or Choices())]
    answer = _run(request, seconds, megabytes)
    answer["left_out"] = [LeftOut(*part) for part in answer["left_out"]]
    return Reading(**answer)


def unpack_isolated(
    path: Path, folder: Path, limit: int, *, seconds: int, megabytes: int
) -> archives.Unpacked:
    """Do what :func:`archives.unpack_archive` does, within limits of time and memory.

    Raises CannotRead; also if the archive cannot be unpacked.
    """
    answer = _run(["unpack", str(path), str(folder), limit], seconds, megabytes)
    members = [archives.Member(**member) for member in answer["members"]]
    return archives.Unpacked(members, answer["left_behind"])


def _run(request: list[Any], seconds: int, megabytes: int) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = _processes.ask(request, seconds=seconds, megabytes=megabytes)
    except TookTooLong:
        raise CannotReadNow(
            stored(
                "Reading took longer than %(seconds)s seconds. Split the file, or raise "
                "QAREVIEW_READ_SECONDS.",
                seconds=seconds,
            )
        ) from None
    except Stopped as reason:
        raise CannotReadNow(_why_it_died(reason, megabytes)) from None
    if "error" in answer:
        raise (CannotReadNow if answer["is_for_now"] else CannotRead)(answer["error"])
    return answer


def _why_it_died(reason: Stopped, megabytes: int) -> str:
    if isinstance(reason, NeededTooMuchMemory):
        return stored(
            "Reading needed more than %(megabytes)s MB of memory. Split the file, or raise "
            "QAREVIEW_READ_MEGABYTES.",
            megabytes=megabytes,
        )
    return stored(
        "The file could not be read. It may be damaged: save it again and upload the new copy."
    )


# The functions below run in the process.

load = readers.load_libraries


def answer(request: list[Any]) -> dict[str, Any]:
    """Read a file, or unpack an archive; return what came of it, or a reason under “error”."""
    task, path, *arguments = request
    try:
        if task == "read":
            name, choices = arguments
            return vars(readers.read_file(Path(path), name, Choices(**choices)))
        folder, limit = arguments
        return asdict(archives.unpack_archive(Path(path), Path(folder), limit))
    except (CannotRead, archives.CannotUnpack) as reason:
        return {"error": str(reason), "is_for_now": isinstance(reason, CannotReadNow)}
