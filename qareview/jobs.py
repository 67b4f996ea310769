"""Jobs in the background: how they are queued, claimed under a lease, finished or failed.

The database is the queue. A Celery message only wakes a worker: it may be lost or arrive twice. A
worker claims a batch of rows under a lease and works without an open transaction, while a thread
renews the lease. It stores the results in one transaction, which first checks that the lease is
still its own. A row whose lease ran out goes back to the queue.

Anything may kill a worker. A row that was claimed when workers died is claimed with others again,
then alone; it fails once three workers died while working on it alone.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from qareview.backends import ModelUnavailable
from qareview.locking import lock_rows
from qareview.models import Job, JobState, Worker
from qareview.stored_sentences import stored

logger = logging.getLogger(__name__)

# How often a row may lose its worker; both chosen; nobody measured.
LOSSES_IN_BATCH = 3  # then it is claimed alone, since it may be the cause
LOSSES_ALONE = 3  # then it fails
HEARTBEAT_SECONDS = 5  # a sixth of WORKER_SILENT_SECONDS; chosen; nobody measured

worker_name = "nobody"
stopping = threading.Event()

J = TypeVar("J", bound=Job)


class LeaseLost(Exception):
    """The rows are no longer leased to this worker; their results must not be stored."""


class CannotWorkNow(Exception):
    """The worker lacks something that the job needs; the message says what, and what to do."""


class JobFailed(Exception):
    """The job cannot be done; the message is shown on its row."""


def job_kinds() -> list[type[Job]]:
    """Return all models that are jobs."""
    return Job.__subclasses__()


def wake_workers(kind: type[Job]) -> None:
    """Tell workers, after the transaction is committed, that jobs of a kind are queued.

    If the broker is down, :func:`sweep` tells them later.
    """
    transaction.on_commit(lambda: _send(kind))


def _send(kind: type[Job]) -> None:
    try:
        current_app.send_task(kind.task, retry=False, expires=settings.SWEEP_SECONDS * 12)
    except OperationalError:
        logger.warning("The broker is away; queued work waits for the next sweep.")


def claim(kind: type[J], limit: int) -> list[J]:
    """Return up to ``limit`` queued jobs, now running under a lease of this worker.

    Those with the fewest attempts come first, and only rows with equally many come together. One
    that lost LOSSES_IN_BATCH workers comes alone.
    """
    with transaction.atomic():
        rows = list(
            _queued(kind)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .order_by("attempts", "queued_at", "id")[:limit]
        )
        rows = [row for row in rows if row.attempts == rows[0].attempts]
        if rows and rows[0].attempts >= LOSSES_IN_BATCH:
            rows = rows[:1]
        now = timezone.now()
        lease = f"{worker_name}/{uuid.uuid4().hex}"
        for row in rows:
            row.state, row.lease, row.started_at = JobState.RUNNING, lease, now
            row.lease_until = now + timedelta(seconds=settings.LEASE_SECONDS)
            row.attempts, row.error = row.attempts + 1, ""
        kind._default_manager.bulk_update(
            rows, ["state", "lease", "lease_until", "started_at", "attempts", "error"]
        )
    return rows


def _queued(kind: type[J]) -> QuerySet[J]:
    """Return the queued jobs of a kind that may be claimed now."""
    return kind._default_manager.filter(state=JobState.QUEUED).exclude(kind.withheld())


@contextmanager
def renewing_lease(rows: Sequence[J]) -> Iterator[None]:
    """Renew the lease of ``rows``, claimed together, from a thread while the block runs."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(settings.LEASE_SECONDS / 4):
            with _tolerating_database_errors():
                _leased(rows).update(
                    lease_until=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
                )
        connection.close()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def storing(rows: Sequence[J]) -> Iterator[None]:
    """Store a part of the results of ``rows`` in one transaction; they stay claimed.

    Raises LeaseLost, before anything is stored, if the lease is no longer this worker's.
    """
    _drop_dead_connection()
    with transaction.atomic():
        leased = lock_rows(_leased(rows), no_key=True)
        if len(leased) != len(rows):
            raise LeaseLost(f"{len(rows) - len(leased)} of {len(rows)} rows are no longer ours")
        yield


@contextmanager
def finishing(rows: Sequence[J], end: JobState = JobState.DONE) -> Iterator[None]:
    """Store the results of ``rows`` and their end state in one transaction.

    Raises LeaseLost, before anything is stored, if the lease is no longer this worker's.
    """
    with storing(rows):
        yield
        _leased(rows).update(state=end, lease="", lease_until=None, finished_at=timezone.now())


def fail_job(row: Job, reason: str) -> None:
    """Mark a job that this worker claimed as failed, with a reason that a person can act on."""
    _drop_dead_connection()
    _leased([row]).update(
        state=JobState.FAILED,
        error=reason,
        lease="",
        lease_until=None,
        finished_at=timezone.now(),
    )


def return_jobs(rows: Sequence[J]) -> None:
    """Return jobs that this worker claimed to the end of the queue, as if never claimed."""
    _drop_dead_connection()
    _leased(rows).update(
        state=JobState.QUEUED,
        attempts=F("attempts") - 1,
        lease="",
        lease_until=None,
        queued_at=timezone.now(),  # behind jobs that can be done now
    )


def retry_job(row: Job) -> bool:
    """Queue a failed job again; return whether it had failed."""
    return bool(queue_again(type(row)._default_manager.filter(pk=row.pk, state=JobState.FAILED)))


def queue_again(rows: QuerySet[J]) -> int:
    """Queue jobs again that are done, failed or held; return how many."""
    count = rows.exclude(state__in=(JobState.QUEUED, JobState.RUNNING)).update(
        state=JobState.QUEUED, attempts=0, error="", queued_at=timezone.now(), finished_at=None
    )
    wake_workers(rows.model)
    return count


def hold_jobs(rows: QuerySet[J]) -> int:
    """Put queued jobs on hold until somebody queues them again; return how many."""
    return rows.filter(state=JobState.QUEUED).update(state=JobState.HELD)


def take_from_workers(rows: QuerySet[J]) -> None:
    """Return running jobs to the queue; the results that workers still compute are dropped.

    Queued jobs are locked as well, so that nobody claims one before the transaction ends.
    """
    lock_rows(rows.filter(state__in=(JobState.QUEUED, JobState.RUNNING)), no_key=True)
    rows.filter(state=JobState.RUNNING).update(
        state=JobState.QUEUED, attempts=F("attempts") - 1, lease="", lease_until=None
    )


def release_leases_of(worker: str) -> None:
    """Return the jobs of a worker that is known to be dead to the queue."""
    for kind in job_kinds():
        _return_lost_jobs(kind, Q(lease__startswith=f"{worker}/"))


def sweep() -> None:
    """Return jobs whose lease ran out to the queue, and wake workers for all that is queued."""
    for kind in job_kinds():
        _return_lost_jobs(kind, Q(lease_until__lt=timezone.now()))
        if _queued(kind).exists():
            wake_workers(kind)


def _drop_dead_connection() -> None:
    """Close a connection that broke during a long call to a model; Django then opens a new one."""
    if not connection.in_atomic_block:
        close_old_connections()


def _return_lost_jobs(kind: type[Job], lost: Q) -> None:
    rows = kind._default_manager.filter(lost, state=JobState.RUNNING)
    rows.filter(attempts__gte=LOSSES_IN_BATCH + LOSSES_ALONE).update(
        state=JobState.FAILED,
        error=(
            stored(
                "The worker crashed %(alone)s times while working on this. Check its log "
                "for the cause, then retry.",
                alone=LOSSES_ALONE,
            )
        ),
        lease="",
        lease_until=None,
        finished_at=timezone.now(),
    )
    rows.update(state=JobState.QUEUED, lease="", lease_until=None)


def _leased(rows: Sequence[J]) -> QuerySet[J]:
    return type(rows[0])._default_manager.filter(
        pk__in=[row.pk for row in rows], state=JobState.RUNNING, lease=rows[0].lease
    )


def work_off(kind: type[J], limit: int, work: Callable[[list[J]], None]) -> None:
    """Claim jobs and call ``work`` with them until none is queued or this worker has to stop.

    ``work`` stores its results with :func:`finishing`. If it raises JobFailed, the rows fail. If
    it raises CannotWorkNow, they go back to the queue, and pages that wait for the worker show the
    message. After any other error they are claimed again once their lease runs out.
    """
    while not stopping.is_set() and (rows := claim(kind, limit)):
        try:
            with renewing_lease(rows):
                work(rows)
        except CannotWorkNow as trouble:
            return_jobs(rows)
            report_worker(str(trouble))
            return
        except JobFailed as failure:
            for row in rows:
                fail_job(row, str(failure))
        except LeaseLost as loss:
            logger.warning("Results dropped: %s.", loss)
        report_worker("")


def work_in_groups(
    rows: Sequence[J], alike: Callable[[J], Any], work: Callable[[list[J]], None]
) -> None:
    """Work on claimed jobs group by group: those with equal ``alike`` together, in its order.

    A group whose model is unavailable is left for the queue, and the other groups are still worked
    on. Raises CannotWorkNow at the end if there was such a group.
    """
    trouble = ""
    for _, group in groupby(sorted(rows, key=lambda row: (alike(row), row.pk)), key=alike):
        try:
            work(list(group))
        except ModelUnavailable as reason:
            trouble = str(reason)
    if trouble:
        raise CannotWorkNow(trouble)


# Whether workers run


def report_worker(trouble: str | None = None) -> None:
    """Store that this worker runs and, unless None, what keeps it from working (empty: nothing)."""
    values: dict[str, object] = {"heard_at": timezone.now()}
    if trouble is not None:
        values["trouble"] = trouble
    Worker.objects.update_or_create(name=worker_name, defaults=values)


def start_heartbeat() -> None:
    """Call :func:`report_worker` every few seconds from a thread, until this process stops."""
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


def _beat() -> None:
    trouble: str | None = ""  # an earlier process of this name may have left one
    while True:
        with _tolerating_database_errors():
            report_worker(trouble)
            trouble = None
        if stopping.wait(HEARTBEAT_SECONDS):
            return


@contextmanager
def _tolerating_database_errors() -> Iterator[None]:
    """Log a database error and close the connection, so that the next query opens a new one."""
    try:
        yield
    except DatabaseError as error:
        logger.warning("The database did not answer: %s", error)
        connection.close()


def worker_trouble() -> str:
    """Return why queued jobs are not worked on and what to do; empty if they are."""
    silent_since = timezone.now() - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
    workers = Worker.objects.filter(heard_at__gte=silent_since)
    if not workers:
        return stored(
            "No worker has responded for a while, so nothing is being read or drafted. "
            "Start one with “make run”, or check var/log/worker.log."
        )
    return next((worker.trouble for worker in workers if worker.trouble), "")
