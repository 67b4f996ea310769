"""Jobs in the background: they are queued, claimed under a lease, then done or failed.

The database is the queue. A Celery message only wakes a worker: it may be lost or arrive twice. A
worker claims a batch of rows under a lease and works without an open transaction, while a thread
renews the lease. It stores the results in one transaction, which first checks that the lease is
still its own. A row whose lease ran out goes back to the queue.

A worker whose work stands still ends itself: see :mod:`qareview.leases`.

A worker can die at any time. The rows that it had claimed are claimed again, first with others,
then alone. A row fails after three workers died while they worked on it alone.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

from celery import current_app
from django.conf import settings
from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from qareview import moving
from qareview.backends import ModelUnavailable
from qareview.leases import UNLEASED, leased, renewing, tolerating_database_errors
from qareview.locking import lock_rows
from qareview.models import Job, JobState, Worker
from qareview.stored_sentences import stored

logger = logging.getLogger(__name__)

# How often a row may lose its worker; both chosen; nobody measured.
LOSSES_IN_BATCH = 3  # after that it is claimed alone, since it may be the cause
LOSSES_ALONE = 3  # after that it fails
HEARTBEAT_SECONDS = 5  # a sixth of WORKER_SILENT_SECONDS; chosen; nobody measured

EVERY = Q()  # the condition that all rows fulfil

worker_name = "nobody"
stopping = threading.Event()
troubles: dict[type[Job], str] = {}  # what keeps this worker from kinds of jobs
_interrupted: list[Sequence[Job]] = []  # claimed by this worker when the database went away

J = TypeVar("J", bound=Job)


class LeaseLost(Exception):
    """The rows are no longer leased to this worker; their results must not be stored."""


class CannotWorkNow(Exception):
    """The worker lacks something that the job needs; the message says what, and how to help."""


class JobFailed(Exception):
    """The job cannot be done; the message is shown on its row."""


def job_kinds() -> list[type[Job]]:
    """Return all models that are jobs."""
    return Job.__subclasses__()


def wake_workers(kind: type[Job]) -> None:
    """After the transaction is committed, wake workers for queued jobs of a kind.

    If the broker is down, :func:`sweep` wakes them later.
    """
    transaction.on_commit(lambda: _send(kind))


def _send(kind: type[Job]) -> None:
    expires = settings.SWEEP_SECONDS * 12  # so that few pile up; chosen; nobody measured
    try:
        for task in kind.tasks:
            current_app.send_task(task, retry=False, expires=expires)
    except BrokerError:
        logger.warning("The broker is away; queued work waits for the next sweep.")


def claim(kind: type[J], limit: int, among: Q = EVERY) -> list[J]:
    """Claim up to ``limit`` queued jobs ``among`` which one may claim; return them.

    They are under a lease of this worker.

    Jobs with the fewest attempts are claimed first, and only together with jobs that have as many.
    A job that lost LOSSES_IN_BATCH workers is claimed alone.
    """
    with transaction.atomic():
        rows = list(
            next_in_queue(kind, among).select_for_update(
                skip_locked=True, of=("self",), no_key=True
            )[:limit]
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


def queued(kind: type[J]) -> QuerySet[J]:
    """Return the queued jobs of a kind that may be claimed now."""
    return kind._default_manager.filter(state=JobState.QUEUED).exclude(kind.withheld())


def next_in_queue(kind: type[J], among: Q = EVERY) -> QuerySet[J]:
    """Return the queued jobs ``among`` which one may claim, in the order they are claimed in."""
    return queued(kind).filter(among).order_by("attempts", "queued_at", "id")


@contextmanager
def storing(rows: Sequence[J]) -> Iterator[None]:
    """Run the block, which stores some of the results of ``rows``, in one transaction.

    The rows stay claimed. Raises LeaseLost before the block if the lease is no longer this
    worker's.
    """
    moving.note()
    _drop_dead_connection()
    with transaction.atomic():
        ours = lock_rows(leased(rows), no_key=True)
        if len(ours) != len(rows):
            raise LeaseLost(f"{len(rows) - len(ours)} of {len(rows)} rows are no longer ours")
        yield


@contextmanager
def finishing(rows: Sequence[J], end: JobState = JobState.DONE) -> Iterator[None]:
    """Run the block, which stores the results of ``rows``, and end them, in one transaction.

    Raises LeaseLost before the block if the lease is no longer this worker's.
    """
    with storing(rows):
        yield
        leased(rows).update(state=end, finished_at=timezone.now(), **UNLEASED)


def fail_job(row: Job, reason: str) -> None:
    """Let a job that this worker claimed fail, for a reason that a person can act on."""
    _drop_dead_connection()
    leased([row]).update(
        state=JobState.FAILED, error=reason, finished_at=timezone.now(), **UNLEASED
    )


def return_jobs(rows: Sequence[J]) -> None:
    """Put jobs that this worker claimed at the end of the queue, as if they were never claimed."""
    _drop_dead_connection()
    leased(rows).update(
        state=JobState.QUEUED,
        attempts=F("attempts") - 1,
        **UNLEASED,
        queued_at=timezone.now(),  # behind jobs that can be done now
    )


def retry_job(row: Job) -> bool:
    """Queue a failed job again; return False if it has not failed."""
    return bool(queue_again(type(row)._default_manager.filter(pk=row.pk, state=JobState.FAILED)))


def queue_again(rows: QuerySet[J]) -> int:
    """Queue jobs again that are done, failed or on hold; return their number."""
    count = rows.exclude(state__in=(JobState.QUEUED, JobState.RUNNING)).update(
        state=JobState.QUEUED, attempts=0, error="", queued_at=timezone.now(), finished_at=None
    )
    wake_workers(rows.model)
    return count


def hold_jobs(rows: QuerySet[J]) -> int:
    """Put queued jobs on hold until somebody queues them again; return their number."""
    return rows.filter(state=JobState.QUEUED).update(state=JobState.HELD)


def take_from_workers(rows: QuerySet[J]) -> None:
    """Return running jobs to the queue; results that workers are still computing are dropped.

    Queued jobs are locked as well, so that no worker claims them before the transaction ends.
    """
    lock_rows(rows.filter(state__in=(JobState.QUEUED, JobState.RUNNING)), no_key=True)
    rows.filter(state=JobState.RUNNING).update(
        state=JobState.QUEUED, attempts=F("attempts") - 1, **UNLEASED
    )


def release_leases_of(worker: str) -> None:
    """Return to the queue the jobs of a worker that has died."""
    for kind in job_kinds():
        _return_lost_jobs(kind, Q(lease__startswith=f"{worker}/"))


def sweep() -> None:
    """Return jobs whose lease ran out to the queue, and wake workers for all queued jobs.

    While one tells of trouble, they are woken in any case: nothing may have it any more.
    """
    is_trouble = any(worker.trouble or worker.project_troubles for worker in _workers())
    for kind in job_kinds():
        _return_lost_jobs(kind, Q(lease_until__lt=timezone.now()))
        if is_trouble or queued(kind).exists():
            wake_workers(kind)


def _drop_dead_connection() -> None:
    """Close a connection that broke during a long call to a model, so that a new one is opened."""
    if not connection.in_atomic_block:
        close_old_connections()


def _return_lost_jobs(kind: type[Job], lost: Q) -> None:
    """Return lost jobs to the queue, or let them fail if they lost too many workers."""
    rows = kind._default_manager.filter(lost, state=JobState.RUNNING)
    rows.filter(attempts__gte=LOSSES_IN_BATCH + LOSSES_ALONE).update(
        state=JobState.FAILED,
        error=stored(
            "The worker crashed %(alone)s times while working on this. Check its log "
            "for the cause, then retry.",
            alone=LOSSES_ALONE,
        ),
        finished_at=timezone.now(),
        **UNLEASED,
    )
    rows.update(state=JobState.QUEUED, **UNLEASED)


Turn = Callable[[], AbstractContextManager[Q]]  # gives the jobs among which one may claim


def work_off(
    kind: type[J],
    limit: int,
    work: Callable[[list[J]], None],
    turn: Turn = lambda: nullcontext(EVERY),
) -> None:
    """Claim jobs and call ``work`` with them until none is queued or this worker has to stop.

    Each time, they are claimed among those that ``turn`` gives. Stops as well if :func:`work_on`
    returns trouble; pages that wait for the worker show it.
    """
    return_interrupted()
    while not stopping.is_set():
        with turn() as among:
            rows, former = claim(kind, limit, among), troubles.pop(kind, "")
            if rows and (trouble := work_on(rows, work)):
                troubles[kind] = trouble
        if rows or former:
            report_worker(next(iter(troubles.values()), ""))
        if kind in troubles or not rows:
            return


def work_on(rows: list[J], work: Callable[[list[J]], None]) -> str:
    """Call ``work`` with claimed jobs; return what keeps the worker from doing them, or "".

    ``work`` stores its results with :func:`finishing`. If it raises JobFailed, the jobs fail. If
    it raises CannotWorkNow, they go back to the queue. After any other error, they are claimed
    again when their lease has run out; if the database went away, as soon as it is back.
    """
    try:
        with renewing(rows):
            work(rows)
    except CannotWorkNow as trouble:
        return_jobs(rows)
        return str(trouble)
    except JobFailed as failure:
        for row in rows:
            fail_job(row, str(failure))
    except LeaseLost as loss:
        logger.warning("Results dropped: %s.", loss)
    except (OperationalError, InterfaceError):
        _interrupted.append(rows)
        raise
    return ""


def return_interrupted() -> None:
    """Return to the queue what this worker worked on when the database went away."""
    while _interrupted:
        rows = _interrupted[-1]
        _return_lost_jobs(type(rows[0]), Q(lease=rows[0].lease))
        with suppress(ValueError):  # another thread has removed it
            _interrupted.remove(rows)


def work_in_groups(
    rows: Sequence[J], key: Callable[[J], Any], work: Callable[[list[J]], None]
) -> None:
    """Work on claimed jobs in groups of equal ``key``, in the order of the keys.

    If the model of a group is unavailable, the other groups are still worked on. In the end
    CannotWorkNow is raised, and the jobs that are not done go back to the queue.
    """
    trouble = ""
    for _, group in groupby(sorted(rows, key=lambda row: (key(row), row.pk)), key=key):
        try:
            work(list(group))
        except ModelUnavailable as reason:
            trouble = str(reason)
    if trouble:
        raise CannotWorkNow(trouble)


# Whether workers run


def report_worker(trouble: str | None = None, of_projects: Mapping[int, str] | None = None) -> None:
    """Record that this worker is alive, and what keeps it from working, or from single projects.

    Both are empty if nothing does. None leaves what was recorded before.
    """
    values: dict[str, object] = {"heard_at": timezone.now()}
    if trouble is not None:
        values["trouble"] = trouble
    if of_projects is not None:
        values["project_troubles"] = {str(pk): own for pk, own in of_projects.items()}
    Worker.objects.update_or_create(name=worker_name, defaults=values)


def start_heartbeat() -> None:
    """Call :func:`report_worker` every few seconds from a thread, until this process stops."""
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


def _beat() -> None:
    values: tuple[Any, ...] = ("", {})  # clear the troubles of an earlier process of this name
    while True:
        with tolerating_database_errors():
            report_worker(*values)
            values = ()
        if stopping.wait(HEARTBEAT_SECONDS):
            return


def seconds_silent(worker: str) -> float:
    """Return how long ago a worker reported; 0 if it never did."""
    heard_at = Worker.objects.filter(name=worker).values_list("heard_at", flat=True).first()
    return (timezone.now() - heard_at).total_seconds() if heard_at else 0.0


def _workers() -> list[Worker]:
    silent_since = timezone.now() - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
    return list(Worker.objects.filter(heard_at__gte=silent_since))


def worker_trouble(project: int) -> str:
    """Return why queued jobs are not worked on, and what to do; empty if they are worked on.

    What keeps workers from a single project is told only of this one.
    """
    workers = _workers()
    if not workers:
        return stored(
            "No worker has responded for a while, so nothing is being read or drafted. "
            "Start one with “make run”, or check the logs in var/log."
        )
    told = [worker.trouble for worker in workers]
    told += [worker.project_troubles.get(str(project), "") for worker in workers]
    return next(filter(None, told), "")
