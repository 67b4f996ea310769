"""A complete QAReview in processes of its own, started with ``manage.py up``."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import requests

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a-password-for-tests"


class Site:
    """Starts, kills and asks one installation under ``var``."""

    def __init__(self, var: Path, **environment: str) -> None:
        self.var = var
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_URL")},
            "QAREVIEW_VAR": str(var),
            "QAREVIEW_FILES_DIR": str(var / "files"),
            "QAREVIEW_MODELS_DIR": str(ROOT / "var" / "models"),
            "QAREVIEW_MODEL": "scripted",
            "QAREVIEW_ADMIN_PASSWORD": PASSWORD,
            "QAREVIEW_WORKER_NICENESS": "0",  # or it would wait for all tests that run beside it
            **environment,
        }
        self.output = var / "up.out"
        self.process: subprocess.Popen[bytes] | None = None
        self.connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Site":
        self.var.mkdir(exist_ok=True)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "QAReview is at" in self.output.read_text() or self._has_ended(), 120)
        assert not self._has_ended(), self.output.read_text()
        return self

    def _has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        if self.connection:
            self.connection.close()
        if self.process and not self._has_ended():
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    def manage(self, *arguments: str, timeout: float = 330) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def status(self, project: str) -> dict[str, Any]:
        answer = self.manage("status", project, "--json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the site's database. If its server has died, ask the one that replaced it."""
        try:
            return self._connected().execute(query, values).fetchall()
        except psycopg.OperationalError:
            return self._connected().execute(query, values).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        self._connected().execute(statement, values)

    def _connected(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """Return a connection that is kept, since a new one for each question costs much more.

        The keeper left the address in the site's folder.
        """
        if self.connection is None or self.connection.closed:
            ready = json.loads((self.var / "services" / "ready.json").read_text())
            self.connection = psycopg.connect(ready["urls"]["DATABASE_URL"], autocommit=True)
        return self.connection

    def pids(self, pattern: str) -> list[int]:
        """Return the processes of this site whose command line matches."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (folder / "environ").read_bytes()
                place = (folder / "cwd").readlink()
            except OSError:
                continue
            # the servers write over their environment, but stand in their folder
            is_ours = f"QAREVIEW_VAR={self.var}\0".encode() in environment
            if (is_ours or place.is_relative_to(self.var)) and re.search(pattern, command):
                found.append(int(folder.name))
        return sorted(found)

    def kill(self, pattern: str) -> None:
        """Kill -9 the oldest process that matches."""
        until(lambda: self.pids(pattern), 30)
        os.kill(self.pids(pattern)[0], signal.SIGKILL)

    def sign_in(self) -> requests.Session:
        session = requests.Session()
        page = session.get(f"{self.url}/accounts/sign-in/")
        answer = session.post(
            f"{self.url}/accounts/sign-in/",
            data={
                "login": "admin",
                "password": PASSWORD,
                "csrfmiddlewaretoken": session.cookies["csrftoken"],
            },
            headers={"Referer": page.url},
        )
        assert answer.ok, answer.text
        return session


def prepared(var: Path, **environment: str) -> Site:
    """Return a site, not started, whose folder is set up and whose sample is drafted.

    The folder is a copy of one that the first test to ask makes, for all processes of a run.
    """
    original = Path(os.environ["QAREVIEW_TEST_RUN"]) / "prepared-site"
    with Path(f"{original}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not original.exists():
            _prepare(original)
    subprocess.run(["cp", "-a", original, var], check=True)
    return Site(var, **environment)


def _prepare(folder: Path) -> None:
    site = Site(folder.with_name("preparing"))
    site.start()
    assert site.manage("wait", "sample", "--timeout", "300").returncode == 0
    site.stop()
    until(lambda: site.pids("") == [], 30)  # so that the files of the database are complete
    # Two copies that start at the same time would both find these ports free.
    (site.var / "services" / "ports.json").unlink()
    site.var.rename(folder)


def until(is_true: Callable[[], Any], seconds: float) -> None:
    """Wait for something that must come; fail if it does not come in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
