"""The bin. Rows that are moved to it can be restored until a date.

After that date they are deleted in batches, so that deleting can be interrupted and continued.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from qareview import exchanges
from qareview.models import Binnable

B = TypeVar("B", bound=Binnable)

BATCH = 1000  # rows deleted in one transaction; chosen; nobody measured


def bin_rows(rows: "models.QuerySet[B]", user: Any) -> bool:
    """Move rows to the bin, except those already in it; return whether there were any."""
    now = timezone.now()
    goes_at = now + timedelta(days=settings.BIN_DAYS)
    return bool(rows.filter(binned_at=None).update(binned_at=now, binned_by=user, goes_at=goes_at))


def restore_rows(rows: "models.QuerySet[B]") -> bool:
    """Restore the rows whose time in the bin is not over; return whether there were any."""
    restorable = rows.filter(goes_at__gt=timezone.now())
    return bool(restorable.update(binned_at=None, binned_by=None, goes_at=None))


def expire_rows(rows: "models.QuerySet[B]") -> bool:
    """Let the time of rows in the bin end now; return whether there were any."""
    now = timezone.now()
    return bool(rows.filter(goes_at__gt=now).update(goes_at=now))


def expired() -> Q:
    """Return the condition for rows whose time in the bin is over."""
    return Q(goes_at__lte=timezone.now())


def delete_in_batches(
    rows: "models.QuerySet[Any]",
    before: Callable[[list[int]], object] = lambda ids: None,
    exchanges_of: Callable[[Any], set[int]] = lambda rows: set(),
) -> None:
    """Delete rows in batches, each in a transaction that first calls ``before`` with the ids.

    The exchanges whose ids ``exchanges_of`` returns are deleted if nothing else refers to them.
    """
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            batch = rows.filter(pk__in=ids)
            used = exchanges_of(batch)
            before(ids)
            batch.delete()
            exchanges.delete_unused(used)
