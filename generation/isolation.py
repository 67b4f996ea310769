"""Files are read in a process of its own: a hostile one costs its row an error, never a worker.

Run as a program it reads one file, or unpacks one, and writes what it found as JSON.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from generation import archives, readers
from qareview import embedded

ROOT = Path(__file__).resolve().parent.parent
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "HOME")  # no address or password goes along


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


def _run(arguments: list[str], seconds: int, megabytes: int) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "generation.isolation", *arguments],
            cwd=ROOT,
            env={key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            preexec_fn=_limited(seconds, megabytes),
        )
    except subprocess.TimeoutExpired:
        raise readers.CannotRead(
            f"Reading took longer than {seconds} seconds. Split the file, or raise "
            "QAREVIEW_READ_SECONDS."
        ) from None
    if done.returncode:
        raise readers.CannotRead(_reason(done, megabytes))
    found: dict[str, Any] = json.loads(done.stdout)
    if "error" in found:
        raise readers.CannotRead(found["error"])
    return found


def _limited(seconds: int, megabytes: int) -> Callable[[], None]:
    die = embedded.die_with_parent(signal.SIGKILL)

    def before_exec() -> None:
        die()
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds * (os.cpu_count() or 1),) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return before_exec


def _reason(done: "subprocess.CompletedProcess[bytes]", megabytes: int) -> str:
    words = done.stderr.lower()
    if b"memory" in words or b"alloc" in words or done.returncode == -signal.SIGKILL:
        return (
            f"Reading needed more than {megabytes} MB of memory. Split the file, or raise "
            "QAREVIEW_READ_MEGABYTES."
        )
    return "The file made its reader stop. It may be damaged: save it anew and upload that."


def main(work: str, path: str, *more: str) -> None:
    found: dict[str, Any]
    try:
        if work == "read":
            found = asdict(readers.read(Path(path), more[0], json.loads(more[1])))
        else:
            members = archives.unpack(Path(path), Path(more[0]), int(more[1]))
            found = {"members": [asdict(member) for member in members]}
    except (readers.CannotRead, archives.CannotUnpack) as reason:
        found = {"error": str(reason)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
