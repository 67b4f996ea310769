"""The bin: nothing is deleted at once. What is in it comes back whole, until its days are over.

From then on it cannot come back, and what stands on it is removed piece by piece: so removing it
may be interrupted, and goes on.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from qareview.models import Binnable

B = TypeVar("B", bound=Binnable)

PIECE = 1000  # rows that are deleted together


def put(rows: "models.QuerySet[B]", user: Any) -> bool:
    """Put rows into the bin, but for those that are there; return whether there were any."""
    now = timezone.now()
    goes_at = now + timedelta(days=settings.BIN_DAYS)
    return bool(rows.filter(binned_at=None).update(binned_at=now, binned_by=user, goes_at=goes_at))


def take_out(rows: "models.QuerySet[B]") -> bool:
    """Take rows out of the bin whose days are not over; return whether there were any."""
    waiting = rows.filter(goes_at__gt=timezone.now())
    return bool(waiting.update(binned_at=None, binned_by=None, goes_at=None))


def give_up(rows: "models.QuerySet[B]") -> bool:
    """End the days of rows in the bin now; return whether there were any."""
    now = timezone.now()
    return bool(rows.filter(goes_at__gt=now).update(goes_at=now))


def due() -> Q:
    """Return which rows have been in the bin for all their days."""
    return Q(goes_at__lte=timezone.now())


def delete_in_pieces(
    rows: "models.QuerySet[Any]", before: Callable[[list[int]], object] = lambda ids: None
) -> None:
    """Delete rows some at a time, each some in a transaction that begins with ``before``."""
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:PIECE]):
        with transaction.atomic():
            before(ids)
            rows.filter(pk__in=ids).delete()
