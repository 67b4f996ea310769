"""A private PostgreSQL and Valkey for one machine, with nothing to install or configure.

One *keeper* process per var/ folder starts both servers as its children and restarts them if they
die. A program that needs them calls :func:`ensure`, which takes a shared lock on a file. The keeper
stops when no program holds that lock. Locks are safer than process ids, since the kernel releases
them even if a process is killed.

This module needs the standard library only; the keeper is :mod:`qareview.machine.servers`.
"""

import ctypes
import fcntl
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

START_SECONDS = 60  # that the servers may take to start; chosen; nobody measured
LARGEST_LOG = 10_000_000  # bytes; chosen; nobody measured
LOG_LINES = 10  # the last lines, for a message; chosen; nobody measured
OWNER_ONLY, PASSABLE = 0o700, 0o711  # modes of folders: others may enter neither, or pass through
PR_SET_PDEATHSIG = 1  # from Linux's prctl.h

_held: list[IO[str]] = []  # the file of the shared lock, open until this process ends
_private: set[str] = set()  # names of the addresses that the environment did not set


class ServicesFailed(Exception):
    """A private server did not start; the message has the end of its log."""


def var_dir() -> Path:
    """Return the folder that QAReview writes to: ``QAREVIEW_VAR``, or ``var/``."""
    return Path(
        os.environ.get("QAREVIEW_VAR") or Path(__file__).resolve().parents[2] / "var"
    ).absolute()


def ensure() -> None:
    """Keep both servers running as long as this process; set their addresses in os.environ.

    ``DATABASE_URL`` and ``REDIS_URL`` are not changed if they are set. If both are set, nothing is
    started. Raises ServicesFailed.
    """
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    folder = services_folder()
    if not _held:
        clients = (folder / "clients").open("w")
        fcntl.flock(clients, fcntl.LOCK_SH)  # waits while a keeper is stopping
        _held.append(clients)
    _private.update({"DATABASE_URL", "REDIS_URL"} - set(os.environ))
    for name, url in wait_for_keeper(folder).items():
        os.environ.setdefault(name, url)


def is_private() -> bool:
    """Return whether the database in use is the private one."""
    return "DATABASE_URL" in _private


def keep_alive() -> None:
    """Start the keeper again if it died, and update the addresses. Raises ServicesFailed."""
    if _held:
        os.environ.update(
            (name, url) for name, url in wait_for_keeper().items() if name in _private
        )


def addresses() -> tuple[str, str]:
    """Return the addresses of the database and the broker in use."""
    return os.environ["DATABASE_URL"], os.environ["REDIS_URL"]


def wait_for_keeper(folder: Path | None = None) -> dict[str, str]:
    """Return the addresses of the servers; start a keeper if none runs. Raises ServicesFailed."""
    folder = folder or services_folder()
    deadline = time.monotonic() + START_SECONDS
    keeper: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        if urls := _published(folder):
            return urls
        if not _is_locked(folder / "keeper") and (keeper is None or keeper.poll() is not None):
            if keeper and keeper.returncode:
                break
            keeper = _spawn_keeper()
        time.sleep(0.05)
    raise ServicesFailed("The private servers did not start.\n" + log_end("services"))


def services_folder() -> Path:
    """Return the folder of the private servers; make it, and that of the logs, if missing."""
    private_folder(var_dir(), passable())
    private_folder(_log_folder())
    return private_folder(var_dir() / "services", passable())


def private_folder(path: Path, mode: int = OWNER_ONLY) -> Path:
    """Return a folder with a mode, made if it is missing; another owner's keeps its mode."""
    path.mkdir(parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != mode:
        with suppress(PermissionError):
            path.chmod(mode)
    return path


def passable() -> int:
    """Return the mode of folders above that of PostgreSQL, which root runs as another user."""
    return OWNER_ONLY if os.geteuid() else PASSABLE


def _published(folder: Path) -> dict[str, str]:
    """Return the addresses that a running keeper published; empty if its servers are not ready."""
    try:
        state = json.loads((folder / "ready.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    if not _is_locked(folder / "keeper") or not all(map(answers, state["ports"].values())):
        return {}
    urls: dict[str, str] = state["urls"]
    return urls


def _is_locked(path: Path) -> bool:
    """Return whether a process holds the exclusive lock on a file."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def answers(port: int) -> bool:
    """Return whether a server answers at a port of this machine."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _spawn_keeper() -> subprocess.Popen[bytes]:
    with _log("services").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "qareview.machine.servers"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C must not stop it: programs that end need the database
        )


def _log_folder() -> Path:
    return var_dir() / "log"


def _log(name: str) -> Path:
    return _log_folder() / f"{name}.log"


def fresh_log(name: str) -> Path:
    """Return the path of a log; if it is too large, it is begun again."""
    path = _log(name)
    _begin_again(path)
    return path


def begin_large_logs_again() -> None:
    """Keep what is in logs that are too large beside them, and empty them.

    Programs write at the end of the file that they opened, so they go on at its new beginning.
    """
    for path in _log_folder().glob("*.log"):
        _begin_again(path)


def _begin_again(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.stat().st_size > LARGEST_LOG:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)


def log_end(name: str) -> str:
    """Return the last LOG_LINES lines of a log; empty if there is no log."""
    with suppress(FileNotFoundError):
        return "\n".join(_log(name).read_text(errors="replace").splitlines()[-LOG_LINES:])
    return ""


def die_with_parent(sign: int) -> Callable[[], None]:
    """Return a ``preexec_fn`` with which the kernel signals the child when its parent dies."""
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def before_exec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, sign)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
