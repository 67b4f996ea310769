"""The lease of claimed jobs: it is renewed while their work gets on.

A worker whose work stands still is of no use, though it is alive: whatever holds it up, nobody else
gets a turn. So it lets the jobs fail, with a reason that people see, and ends itself. Whoever keeps
it running starts another, as after any death: see :mod:`qareview.machine.supervisor`.
"""

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from qareview import moving
from qareview.models import Job, JobState
from qareview.stored_sentences import stored

logger = logging.getLogger(__name__)

UNLEASED: dict[str, Any] = {"lease": "", "lease_until": None}
STOOD_STILL = 5  # exit code

J = TypeVar("J", bound=Job)


def leased(rows: Sequence[J]) -> QuerySet[J]:
    """Return those of the rows, which were claimed together, whose lease is still this worker's."""
    return type(rows[0])._default_manager.filter(
        pk__in=[row.pk for row in rows], state=JobState.RUNNING, lease=rows[0].lease
    )


@contextmanager
def renewing(rows: Sequence[J]) -> Iterator[None]:
    """While the block runs, a thread renews the lease of ``rows``, which were claimed together.

    If the block stands still for STANDSTILL_SECONDS, they fail and this process ends.
    """
    done, worker = threading.Event(), threading.get_ident()
    longest = settings.STANDSTILL_SECONDS

    def renew() -> None:
        while not done.wait(settings.LEASE_SECONDS / 4):
            if moving.seconds_still(worker) > longest:
                _give_up(rows, longest)
            with tolerating_database_errors():
                leased(rows).update(
                    lease_until=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
                )
        connection.close()

    moving.note()
    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _give_up(rows: Sequence[J], seconds: int) -> None:
    logger.error("%s of %s stood still for %s seconds.", type(rows[0]).__name__, rows, seconds)
    with tolerating_database_errors():
        leased(rows).update(
            state=JobState.FAILED,
            error=stored(
                "This took too long: its worker stood still for %(minutes)s minutes and was "
                "stopped. Retry, perhaps with less at once.",
                minutes=seconds // 60,
            ),
            finished_at=timezone.now(),
            **UNLEASED,
        )
    os._exit(STOOD_STILL)  # whatever holds up the other thread would hold up any other end


@contextmanager
def tolerating_database_errors() -> Iterator[None]:
    """Log database errors and close the connection, so that the next query opens a new one."""
    try:
        yield
    except DatabaseError as error:
        logger.warning("The database did not answer: %s", error)
        connection.close()
