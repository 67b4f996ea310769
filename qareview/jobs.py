"""Claim, lease, finish, fail, wake: the one way work is done in the background.

The database is the queue. A Celery message is only a knock on the door: it may be lost or come
twice. A worker claims a batch of rows under a lease, works with no transaction open while the
lease is renewed, and stores the results in one transaction that first checks that the lease is
still its own. A row whose lease ran out goes back to the queue. Anything may kill a worker, so a
row that was lost together with others is tried again with others and then alone; it fails when
three workers were lost over it alone.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from qareview.models import Job, JobState, Worker
from qareview.stored import stored

logger = logging.getLogger(__name__)

IN_COMPANY = 3  # a row lost so often with others is claimed alone, since it may be the cause,
ALONE = 3  # and fails when it was lost so often alone
HEARTBEAT_SECONDS = 5

worker_name = "nobody"
stopping = threading.Event()

J = TypeVar("J", bound=Job)


class LeaseLost(Exception):
    """Somebody else has the rows by now; what was made of them must not be stored."""


class CannotWorkNow(Exception):
    """The job is sound, but the worker lacks something; the message says what, and the remedy."""


class JobFailed(Exception):
    """The job cannot be done; the message is shown on its row."""


def kinds() -> list[type[Job]]:
    """Return every kind of job there is."""
    return Job.__subclasses__()


def knock(kind: type[Job]) -> None:
    """Tell workers, once the transaction is through, that jobs of a kind are queued.

    A broker that is away does no harm: the sweep knocks again.
    """
    transaction.on_commit(lambda: _send(kind))


def _send(kind: type[Job]) -> None:
    try:
        current_app.send_task(kind.task, retry=False, expires=settings.SWEEP_SECONDS * 12)
    except OperationalError:
        logger.warning("The broker is away; queued work waits for the next sweep.")


def claim(kind: type[J], limit: int) -> list[J]:
    """Return up to ``limit`` queued jobs, now running under a lease of this worker.

    Fresh ones come first, then those that as many workers were lost over; one that may itself be
    the cause comes alone.
    """
    with transaction.atomic():
        rows = list(
            _queued(kind)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .order_by("attempts", "queued_at", "id")[:limit]
        )
        rows = [row for row in rows if row.attempts == rows[0].attempts]
        if rows and rows[0].attempts >= IN_COMPANY:
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
    """Return the jobs of a kind that may be worked on now."""
    return kind._default_manager.filter(state=JobState.QUEUED).exclude(kind.withheld())


@contextmanager
def renewing(rows: Sequence[J]) -> Iterator[None]:
    """Keep the lease of ``rows``, claimed together, from running out."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(settings.LEASE_SECONDS / 4):
            with _tolerating_database_errors():
                _held(rows).update(
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
    """Store a part of the results of ``rows`` in one transaction; the rows stay ours.

    Raises LeaseLost, before anything is stored, if the lease is no longer this worker's.
    """
    _drop_dead_connection()
    with transaction.atomic():
        locked = _held(rows).select_for_update(no_key=True)
        held = list(locked.order_by("pk").values_list("pk", flat=True))
        if len(held) != len(rows):
            raise LeaseLost(f"{len(rows) - len(held)} of {len(rows)} rows are no longer ours")
        yield


@contextmanager
def finishing(rows: Sequence[J], end: JobState = JobState.DONE) -> Iterator[None]:
    """Store the results of ``rows`` in one transaction that ends with the rows done, or held.

    Raises LeaseLost, before anything is stored, if the lease is no longer this worker's.
    """
    with storing(rows):
        yield
        _held(rows).update(state=end, lease="", lease_until=None, finished_at=timezone.now())


def fail(row: Job, reason: str) -> None:
    """Mark a job of ours as failed, for a reason that a person can act on."""
    _drop_dead_connection()
    _held([row]).update(
        state=JobState.FAILED,
        error=reason,
        lease="",
        lease_until=None,
        finished_at=timezone.now(),
    )


def give_back(rows: Sequence[J]) -> None:
    """Return jobs of ours to the end of the queue as if they had not been claimed."""
    _drop_dead_connection()
    _held(rows).update(
        state=JobState.QUEUED,
        attempts=F("attempts") - 1,
        lease="",
        lease_until=None,
        queued_at=timezone.now(),  # so that what can be done now is not kept waiting
    )


def retry(row: Job) -> bool:
    """Queue a failed job once more; return whether it was failed."""
    return bool(queue(type(row)._default_manager.filter(pk=row.pk, state=JobState.FAILED)))


def queue(rows: QuerySet[J]) -> int:
    """Queue jobs that are done, failed or held once more; return how many."""
    count = rows.exclude(state__in=(JobState.QUEUED, JobState.RUNNING)).update(
        state=JobState.QUEUED, attempts=0, error="", queued_at=timezone.now(), finished_at=None
    )
    knock(rows.model)
    return count


def hold(rows: QuerySet[J]) -> int:
    """Keep queued jobs from being worked on until somebody queues them; return how many."""
    return rows.filter(state=JobState.QUEUED).update(state=JobState.HELD)


def take_back(rows: QuerySet[J]) -> None:
    """Return jobs that are being worked on to the queue; what is made of them now is dropped.

    Those that wait are locked as well, so that nobody claims one at this moment.
    """
    moving = rows.filter(state__in=(JobState.QUEUED, JobState.RUNNING))
    locked = moving.select_for_update(no_key=True)
    list(locked.order_by("pk").values_list("pk", flat=True))
    rows.filter(state=JobState.RUNNING).update(
        state=JobState.QUEUED, attempts=F("attempts") - 1, lease="", lease_until=None
    )


def release_leases_of(worker: str) -> None:
    """Return at once what a worker had claimed that is known to be dead."""
    for kind in kinds():
        _return_to_queue(kind, Q(lease__startswith=f"{worker}/"))


def sweep() -> None:
    """Return what ran out of its lease, and knock wherever something waits."""
    for kind in kinds():
        _return_to_queue(kind, Q(lease_until__lt=timezone.now()))
        if _queued(kind).exists():
            knock(kind)


def _drop_dead_connection() -> None:
    """The server may have restarted during a long call to a model; then connect anew."""
    if not connection.in_atomic_block:
        close_old_connections()


def _return_to_queue(kind: type[Job], lost: Q) -> None:
    rows = kind._default_manager.filter(lost, state=JobState.RUNNING)
    rows.filter(attempts__gte=IN_COMPANY + ALONE).update(
        state=JobState.FAILED,
        error=(
            stored(
                "The worker stopped %(alone)s times while at this alone. Its log says why; then "
                "retry.",
                alone=ALONE,
            )
        ),
        lease="",
        lease_until=None,
        finished_at=timezone.now(),
    )
    rows.update(state=JobState.QUEUED, lease="", lease_until=None)


def _held(rows: Sequence[J]) -> QuerySet[J]:
    return type(rows[0])._default_manager.filter(
        pk__in=[row.pk for row in rows], state=JobState.RUNNING, lease=rows[0].lease
    )


def work_off(kind: type[J], limit: int, work: Callable[[list[J]], None]) -> None:
    """Claim and work until nothing is queued or this worker is asked to stop.

    ``work`` stores its results with :func:`finishing`. JobFailed fails the batch's rows;
    CannotWorkNow returns them to the queue and becomes the worker's trouble, shown on the pages
    that wait for it; any other error leaves them to be tried again.
    """
    while not stopping.is_set() and (rows := claim(kind, limit)):
        try:
            with renewing(rows):
                work(rows)
        except CannotWorkNow as trouble:
            give_back(rows)
            report(str(trouble))
            return
        except JobFailed as failure:
            for row in rows:
                fail(row, str(failure))
        except LeaseLost as loss:
            logger.warning("Results dropped: %s.", loss)
        report("")


# Signs of life


def report(trouble: str | None = None) -> None:
    """Write down that this worker lives and, if given, what it cannot do (empty: nothing)."""
    values: dict[str, object] = {"heard_at": timezone.now()}
    if trouble is not None:
        values["trouble"] = trouble
    Worker.objects.update_or_create(name=worker_name, defaults=values)


def start_heartbeat() -> None:
    """Report every few seconds, from a thread of its own, for as long as this process lives."""
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


def _beat() -> None:
    trouble: str | None = ""  # what an earlier process of this name lacked is over
    while True:
        with _tolerating_database_errors():
            report(trouble)
            trouble = None
        if stopping.wait(HEARTBEAT_SECONDS):
            return


@contextmanager
def _tolerating_database_errors() -> Iterator[None]:
    """Go on after a database error: the next round has a new connection."""
    try:
        yield
    except DatabaseError as error:
        logger.warning("The database did not answer: %s", error)
        connection.close()


def trouble() -> str:
    """Return, in a sentence with its remedy, why queued work does not move; or nothing."""
    silent_since = timezone.now() - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
    workers = Worker.objects.filter(heard_at__gte=silent_since)
    if not workers:
        return stored(
            "No worker has been heard from for a while, so nothing is being read or drafted. "
            "Start one with “make run”, or look into var/log/worker.log."
        )
    return next((worker.trouble for worker in workers if worker.trouble), "")
