"""Keep the programs of one machine running: web server, workers and beat.

A program that dies is started again, and the jobs of a dead worker go back to the queue. When this
process ends, even if it is killed, its programs end as well.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DatabaseError, close_old_connections

from qareview import jobs
from qareview.machine import embedded

logger = logging.getLogger(__name__)

# Chosen; nobody measured.
STOP_SECONDS = 10  # after which programs that were asked to end are killed
EARLY_SECONDS = 2  # a program that dies sooner after its start has to wait for the next start
LONGEST_PAUSE_SECONDS = 30  # between two starts of a program
CHECK_SERVICES_SECONDS = 2
CHECK_HEARTS_SECONDS = 30
SILENT_SECONDS = 300  # after which a worker is taken for dead, though its process runs
AUTOGROUP_TRIES = 20  # a tenth of a second apart


def _lower_session_priority(niceness: int) -> None:
    """Set the niceness of this process's session.

    Linux may schedule processes by session (autogroup). Then the niceness of a process has no
    effect on other sessions. Linux allows one such change per tenth of a second, by any process.
    """
    for _ in range(AUTOGROUP_TRIES):
        try:
            Path("/proc/self/autogroup").write_text(str(niceness))
        except BlockingIOError:
            time.sleep(0.1)
        except OSError:  # this system has no autogroups
            return
        else:
            return


@dataclass
class Program:
    """A program to keep running; ``worker`` is the name that a worker claims jobs with."""

    name: str
    arguments: Sequence[str]
    worker: str = ""
    death_signal: int = signal.SIGKILL  # sent when this process dies
    niceness: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = field(default=0, init=False)  # seconds before the next start
    started_at: float = field(default=0, init=False)
    is_silent: bool = field(default=False, init=False)  # when it was looked at last

    def start(self) -> None:
        """Start the program, with its output in its own log."""
        with embedded.fresh_log(self.name).open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                env={**os.environ, "CELERY_SKIP_CHECKS": "1"},  # “up” made them for all programs
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must reach only the supervisor
                preexec_fn=self._before_exec(),
            )
        self.started_at = time.monotonic()

    def _before_exec(self) -> Callable[[], None]:
        die = embedded.die_with_parent(self.death_signal)

        def before_exec() -> None:
            die()
            if self.niceness:
                os.nice(self.niceness)
                _lower_session_priority(self.niceness)

        return before_exec

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def restart_if_dead(self) -> None:
        """Start the program again if it died; if it dies early, wait longer each time."""
        if self.is_running:
            return
        now = time.monotonic()
        if self.process is not None:
            logger.warning(
                "%s stopped (%s) and is started again.", self.name, self.process.returncode
            )
            is_early = now - self.started_at < EARLY_SECONDS
            self.pause = min(self.pause * 2 + 1, LONGEST_PAUSE_SECONDS) if is_early else 0
            self.process = None
            self.return_jobs()
        if now - self.started_at >= self.pause:
            self.start()

    def end_if_silent(self) -> None:
        """Kill a worker whose heart has stopped though it runs, such as in a call that never ends.

        It is killed when it was found silent twice, as a machine that slept was silent once.
        """
        was_silent, self.is_silent = self.is_silent, self.is_running and self._has_been_silent()
        if was_silent and self.is_silent and self.process:
            logger.warning("%s does not respond and is stopped.", self.name)
            self.process.kill()

    def _has_been_silent(self) -> bool:
        if not self.worker or time.monotonic() - self.started_at < SILENT_SECONDS:
            return False
        close_old_connections()
        with suppress(DatabaseError):
            return jobs.seconds_silent(self.worker) > SILENT_SECONDS
        return False

    def return_jobs(self) -> None:
        """Return this worker's jobs to the queue. If the database is down, their leases run out."""
        if not self.worker:
            return
        close_old_connections()
        with suppress(DatabaseError):
            jobs.release_leases_of(self.worker)


def run(programs: Sequence[Program], on_start: Callable[[], None]) -> None:
    """Keep programs running until SIGINT or SIGTERM; call ``on_start`` after starting them."""
    stop = _StopSignal()
    addresses = embedded.addresses()
    try:
        for program in programs:
            program.return_jobs()  # in case an earlier supervisor was killed
            program.start()
        on_start()
        checked_at = hearts_at = time.monotonic()
        while not stop.was_received:
            time.sleep(0.2)
            if time.monotonic() - hearts_at > CHECK_HEARTS_SECONDS:
                hearts_at = time.monotonic()
                for program in programs:
                    program.end_if_silent()
            if time.monotonic() - checked_at > CHECK_SERVICES_SECONDS:
                _keep_services_alive()
                embedded.begin_large_logs_again()
                checked_at = time.monotonic()
                if embedded.addresses() != addresses:
                    addresses = embedded.addresses()
                    _stop(programs)
            for program in programs:
                program.restart_if_dead()
    finally:
        _stop(programs)


def _keep_services_alive() -> None:
    try:
        embedded.keep_alive()
    except embedded.ServicesFailed as reason:
        logger.error("%s It is tried again.", reason)


class _StopSignal:
    """Remembers that the process was asked to stop."""

    def __init__(self) -> None:
        self.was_received = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        if self.was_received:
            raise KeyboardInterrupt  # the second time, programs are not waited for
        self.was_received = True


def _stop(programs: Sequence[Program]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    running = [program.process for program in programs if program.process]
    for process in running:
        process.terminate()
    for process in running:
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(max(0, deadline - time.monotonic()))
        process.kill()
        process.wait()
    for program in programs:
        program.process = None
        program.return_jobs()
