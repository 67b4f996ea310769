"""The list of items: a fixed set of filters and orders, a page at a time.

A filter never reveals a decision that the user may not see: it ignores other people's decisions on
an item that is still open to the user.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from pgvector.django import CosineDistance
from psycopg.errors import QueryCanceled

from generation import search
from generation.models import (
    Assignment,
    Item,
    ItemQuerySet,
    Review,
    reviews_shown_to,
    state_shown,
)
from qareview.embeddings import nearest
from qareview.models import Project

ITEMS_A_PAGE = 50  # chosen; nobody measured
COUNTED = 10_000  # the most items that are counted; chosen; nobody measured
COUNT_MILLISECONDS = 60  # the longest that counting may take; chosen; nobody measured
CERTAINLY_MANY = 5 * COUNTED  # not counted if the planner expects more; chosen; nobody measured
NEWEST_SEARCHED = 5000  # items searched first, for frequent words; chosen; nobody measured
MOST_SIMILAR = 50  # items shown as similar to an item; chosen; nobody measured

NEWEST = ""
ORDERS: dict[str, tuple[StrOrPromise, tuple[str, ...]]] = {
    NEWEST: (_("Newest first"), ("-created_at", "-id")),
    "best": (_("Highest score first"), ("-score", "-id")),
    "lowest": (_("Lowest score first"), ("score", "id")),
    "document": (_("By document"), ("document_id", "passage_id", "id")),
}

FilterValues = Mapping[str, Any]  # the values of the filters that are set, by the filters' names


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _after(day: date) -> datetime:
    return _midnight(day + timedelta(days=1))


def _decided_by(reviewer: Any, user: Any) -> Q:
    return Q(reviewers__contains=[reviewer.pk]) & reviews_shown_to(user)


def _assigned_to(member: Any, user: Any) -> Q:
    return Q(Exists(Assignment.objects.filter(item=OuterRef("pk"), reviewer=member)))


ORIGINS: dict[str, tuple[StrOrPromise, Q]] = {
    "model": (_("Drafted by a model"), Q(variant__isnull=False)),
    "table": (_("Imported from a table"), Q(variant=None, author=None)),
    "person": (_("Written by hand"), Q(author__isnull=False)),
}

CONDITIONS: dict[str, Callable[[Any, Any], Q]] = {
    "text": lambda text, _: search.with_words(text),
    "state": state_shown,
    "document": lambda document, _: Q(document=document),
    "flag": lambda flag, _: search.with_label("FLAG", flag),
    "reviewer": _decided_by,
    "score_from": lambda score, _: Q(score__gte=score),
    "score_to": lambda score, _: Q(score__lte=score),
    "drafted_from": lambda day, _: Q(created_at__gte=_midnight(day)),
    "drafted_to": lambda day, _: Q(created_at__lt=_after(day)),
    "origin": lambda origin, _: ORIGINS[origin][1],
    "model": lambda model, _: search.with_label("MODEL", model),
    "variant": lambda variant, _: search.with_label("VARIANT", variant.pk),
    "purpose": lambda purpose, _: Q(purpose="" if purpose == "usual" else purpose),
    "assigned": _assigned_to,
}


def _decided_between(first: date | None, last: date | None, user: Any) -> Q:
    """Return the condition that an item was decided from ``first`` to ``last``, if not None."""
    reviews = Review.objects.decisions().filter(item=OuterRef("pk"))
    if first:
        reviews = reviews.filter(created_at__gte=_midnight(first))
    shown = reviews_shown_to(user)
    if last:
        reviews = reviews.filter(created_at__lt=_after(last))
        # An item is drafted before it is decided. This condition adds nothing, but has an index.
        shown &= Q(created_at__lt=_after(last))
    return Q(Exists(reviews)) & shown


def matching_items(project: Project, values: FilterValues, user: Any) -> ItemQuerySet:
    """Return the items of a project that match all filters, without an order."""
    items: ItemQuerySet = project.items.order_by()
    for name, condition in CONDITIONS.items():
        if name in values:
            items = items.filter(condition(values[name], user))
    days = values.get("decided_from"), values.get("decided_to")
    if any(days):
        items = items.filter(_decided_between(*days, user))
    if "like" in values:
        similar = nearest(items, values["like"].embedding, MOST_SIMILAR)
        return project.items.order_by().filter(pk__in=[pk for pk, _ in similar])
    return items


def _order(values: FilterValues) -> tuple[Any, ...]:
    if "like" in values:
        return (CosineDistance("embedding", values["like"].embedding), "id")
    return ORDERS[values.get("order", NEWEST)][1]


@dataclass(frozen=True)
class ListedItem:
    """An item as a user may see it."""

    item: Item
    state: str
    review: Review | None  # the decision whose texts the item has


@dataclass(frozen=True)
class Page:
    """A page of the items that match a filter."""

    rows: list[ListedItem]
    number: int
    has_next: bool
    count: int | None  # of all that match, at most COUNTED + 1; None if counting takes too long

    @property
    def is_counted(self) -> bool:
        """Whether ``count`` is the number of all items that match."""
        return self.count is not None and self.count <= COUNTED

    @property
    def most(self) -> int:
        """The most items that are counted."""
        return COUNTED

    @property
    def previous(self) -> int:
        """The number of the page before."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The number of the page after."""
        return self.number + 1


def page_of_items(project: Project, values: FilterValues, user: Any, number: int) -> Page:
    """Return a page of the items that match; the first page has number 1."""
    items = matching_items(project, values, user)
    start = (number - 1) * ITEMS_A_PAGE
    ids = _ids(project, items, values, start)
    items_by_id = project.items.for_list().defer("embedding").in_bulk(ids[:ITEMS_A_PAGE])
    rows = [_listed(items_by_id[pk], user) for pk in ids[:ITEMS_A_PAGE] if pk in items_by_id]
    has_next = len(ids) > ITEMS_A_PAGE
    is_last = not has_next and (ids or number == 1)
    return Page(rows, number, has_next, start + len(ids) if is_last else _count(items))


def _ids(project: Project, items: ItemQuerySet, values: FilterValues, start: int) -> list[int]:
    """Return the ids of a page from ``start`` on, and the next id if there is one.

    PostgreSQL cannot estimate how many items have a prefix, or a word that it did not sample, and
    may choose a slow plan. So this function chooses: a search that matches many of the newest items
    reads items in the order of the page; any other search first collects all matches from the word
    index.
    """
    ordered = items.order_by(*_order(values)).values_list("pk", flat=True)
    page = ordered[start : start + ITEMS_A_PAGE + 1]
    if "text" not in values or "like" in values:
        return list(page)
    newest = _among_newest(project, items)
    if len(newest) > ITEMS_A_PAGE:
        return list(page) if start or values.get("order") else newest
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off")  # so that it uses the word index
        return list(page)


def _among_newest(project: Project, items: ItemQuerySet) -> list[int]:
    """Return the first matches among the newest items; empty if the project has few items."""
    order = ORDERS[NEWEST][1]
    newest = project.items.order_by(*order).values_list("pk", flat=True)
    oldest_id = next(iter(newest[NEWEST_SEARCHED : NEWEST_SEARCHED + 1]), None)
    if oldest_id is None:
        return []
    matches = items.filter(pk__gte=oldest_id).order_by(*order).values_list("pk", flat=True)
    return list(matches[: ITEMS_A_PAGE + 1])


def _listed(item: Item, user: Any) -> ListedItem:
    return ListedItem(item, item.state_for(user), item.decision_for(user))


def _count(items: ItemQuerySet) -> int | None:
    """Count the items, up to ``COUNTED + 1``; return None if it takes too long."""
    plan = re.search(r"rows=(\d+)", items.order_by().values("pk").explain())
    if plan and int(plan[1]) > CERTAINLY_MANY:
        return None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [COUNT_MILLISECONDS])
            count = items.values("pk")[: COUNTED + 1].count()
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return None
    return count
