import fcntl
import os
import secrets
import signal
import socket
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from qareview.machine import supervisor
from qareview.machine.supervisor import Program
from qareview.management.base import is_up_to_date

LOOPBACK = ("127.0.0.1", "localhost", "::1")
START_SECONDS = 60  # that the web server may take to start; chosen; nobody measured


class Command(BaseCommand):
    help = "Set up what is missing, then run web server, workers and beat until Ctrl-C."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        with _installation_lock(f"http://{host}:{port}/"):
            _check_port(host, port)
            self._step(1, "PostgreSQL and Valkey are running")
            if not is_up_to_date():
                call_command("migrate", verbosity=0)
            self._step(2, "The database is up to date")
            call_command("collectstatic", verbosity=0, interactive=False)
            self._step(3, "Style sheets and scripts are in place")
            self._tell_of_admin(create_admin())
            call_command("sample_project")
            self._step(4, "There is an admin, and the project “Sample”")
            supervisor.run(_programs(host, port), lambda: self._greet(host, port))
            self.stdout.write("Stopped. Everything is kept in " + str(settings.VAR_DIR))

    def _step(self, number: int, text: str) -> None:
        self.stdout.write(f"[{number}/5] {text}", ending="\n")
        self.stdout.flush()

    def _tell_of_admin(self, sentences: list[str]) -> None:
        for sentence in sentences:
            self.stdout.write(f"      {sentence}")

    def _greet(self, host: str, port: int) -> None:
        _wait_for(host, port)
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  compared, not bound
        self._step(5, "Web server, workers and beat are running")
        self.stdout.write(f"\nQAReview is at  http://{shown}:{port}/  (Ctrl-C stops it)")
        if host not in LOOPBACK and not os.environ.get("QAREVIEW_HOSTS"):
            self.stdout.write(
                "Others reach it only by a name listed in QAREVIEW_HOSTS, which is empty."
            )
        self.stdout.flush()


def create_admin() -> list[str]:
    """Create the user “admin” if there are no users; return how to sign in as the new user."""
    if User.objects.exists():
        return []
    configured = os.environ.get("QAREVIEW_ADMIN_PASSWORD")
    password = configured or secrets.token_urlsafe(12)
    User.objects.create_superuser("admin", password=password)
    if configured:
        return ["Sign in as admin with the password in QAREVIEW_ADMIN_PASSWORD."]
    return [
        f"Sign in as admin with the password {password}",
        "This is shown once; “manage.py changepassword admin” sets another.",
    ]


def _installation_lock(address: str) -> IO[str]:
    """Return the lock of this installation, taken. Raises CommandError if it runs already."""
    path: Path = settings.VAR_DIR / "up.lock"
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"QAReview is already running at {path.read_text()} with the data in {path.parent}."
        ) from None
    lock.truncate(0)
    lock.write(address)
    lock.flush()
    return lock


def _check_port(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise CommandError(
            f"Port {port} at {host} cannot be had: {error.strerror}. "
            f"Choose another: make run PORT={port + 1}"
        ) from error


def _wait_for(host: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((host, port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise CommandError(f"The web server did not start; {settings.VAR_DIR}/log/web.log says why.")


def _programs(host: str, port: int) -> list[Program]:
    celery = ["celery", "--app", "qareview.celery", "--quiet"]
    machine = socket.gethostname()

    def worker(queue: str, number: int = 1, threads: int = 0) -> Program:
        name = f"{queue}{number}@{machine}"
        options = ["--queues", queue, "--hostname", name, "--without-gossip", "--without-mingle"]
        if threads:
            options += ["--pool", "threads", "--concurrency", str(threads)]
        return Program(
            f"worker-{queue}-{number}",
            [*celery, "worker", "--loglevel", "INFO", *options],
            worker=name,
            niceness=settings.WORKER_NICENESS,
        )

    return [
        Program("web", ["gunicorn", *_gunicorn(host, port)], death_signal=signal.SIGTERM),
        worker("work"),
        *(worker("models", number + 1) for number in range(settings.MODEL_WORKERS)),
        worker("servers", threads=settings.SERVERS_AT_ONCE),
        Program("beat", [*celery, "beat", "--loglevel", "WARNING"]),
    ]


def _gunicorn(host: str, port: int) -> list[str]:
    return [
        "qareview.wsgi",
        "--preload",  # the workers share what the first process imports
        f"--bind={f'[{host}]' if ':' in host else host}:{port}",
        "--worker-class=qareview.machine.web_worker.PatientWorker",
        "--workers=2",
        "--threads=8",
        "--timeout=120",
        "--log-level=warning",
    ]
