"""Exchanges with models: stored once for each reply, and kept as long as a row refers to them.

Every model with a foreign key to :class:`qareview.models.Exchange` counts. Those who delete rows of
such a model for good delete the exchanges that are unused after that.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from qareview.models import Exchange


def store(exchanges: Iterable[Exchange | None]) -> None:
    """Store exchanges in the caller's transaction, which stores the rows that refer to them.

    Of equal ones, one is stored; all get its id. It stays locked until the transaction ends, so
    that :func:`delete_unused` cannot delete it before rows refer to it.
    """
    rows = [exchange for exchange in exchanges if exchange]
    by_key = {exchange.key: exchange for exchange in rows}
    Exchange.objects.bulk_create(
        [by_key[key] for key in sorted(by_key)],  # in one order, so that no two wait in a circle
        update_conflicts=True,  # which changes nothing, but returns and locks what is stored
        unique_fields=["key"],
        update_fields=["key"],
    )
    for exchange in rows:
        exchange.pk = by_key[exchange.key].pk


def used_by(*rows: QuerySet[Any]) -> set[int]:
    """Return the ids of the exchanges that rows refer to."""
    return {
        pk
        for own in rows
        for field in own.model._meta.fields
        if field.related_model is Exchange
        for pk in own.order_by().values_list(field.attname, flat=True)
        if pk is not None
    }


def delete_unused(ids: Iterable[int]) -> None:
    """Delete those exchanges that nothing refers to; the caller has opened a transaction."""
    rows = Exchange.objects.filter(pk__in=list(ids))
    list(rows.select_for_update().order_by("key").values_list("pk"))  # in the order of store
    unused = rows
    for relation in Exchange._meta.related_objects:
        own = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
        unused = unused.exclude(Exists(own))
    unused.delete()
