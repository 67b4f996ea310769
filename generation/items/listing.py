"""Which items a list shows: a fixed set of filters, orders, and a page at a time.

Nobody learns a verdict by filtering who may not see it: what stands on an item that is still open
to the one who asks is as good as not there.
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

ITEMS_A_PAGE = 50
COUNTED = 10_000  # more are not counted,
COUNT_MILLISECONDS = 60  # and not for longer;
CERTAINLY_MANY = 5 * COUNTED  # by the planner's estimate: counting is not even begun
LOOKED_THROUGH = 5000  # of the newest items, for words that many have
ALIKE = 50  # items shown as similar to one

NEWEST = ""
ORDERS: dict[str, tuple[StrOrPromise, tuple[str, ...]]] = {
    NEWEST: (_("newest first"), ("-created_at", "-id")),
    "best": (_("best score first"), ("-score", "-id")),
    "lowest": (_("lowest score first"), ("score", "id")),
    "document": (_("by document"), ("document_id", "passage_id", "id")),
}

Chosen = Mapping[str, Any]  # the values of the filters that are set, by their names


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _after(day: date) -> datetime:
    return _midnight(day + timedelta(days=1))


def _decided_by(reviewer: Any, user: Any) -> Q:
    return Q(reviewers__contains=[reviewer.pk]) & reviews_shown_to(user)


def _assigned_to(member: Any, user: Any) -> Q:
    return Q(Exists(Assignment.objects.filter(item=OuterRef("pk"), reviewer=member)))


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
    "model": lambda model, _: search.with_label("MODEL", model),
    "variant": lambda variant, _: search.with_label("VARIANT", variant.pk),
    "purpose": lambda purpose, _: Q(purpose="" if purpose == "usual" else purpose),
    "assigned": _assigned_to,
}


def _decided_between(first: date | None, last: date | None, user: Any) -> Q:
    """Return the condition of a decision having been made on these days, one of them or between."""
    reviews = Review.objects.decisions().filter(item=OuterRef("pk"))
    if first:
        reviews = reviews.filter(created_at__gte=_midnight(first))
    shown = reviews_shown_to(user)
    if last:
        reviews = reviews.filter(created_at__lt=_after(last))
        shown &= Q(created_at__lt=_after(last))  # it was drafted before, and an index knows when
    return Q(Exists(reviews)) & shown


def matching(project: Project, chosen: Chosen, user: Any) -> ItemQuerySet:
    """Return the items of a project that match, in no order."""
    items: ItemQuerySet = project.items.order_by()
    for name, condition in CONDITIONS.items():
        if name in chosen:
            items = items.filter(condition(chosen[name], user))
    decided = chosen.get("decided_from"), chosen.get("decided_to")
    if any(decided):
        items = items.filter(_decided_between(*decided, user))
    if "like" in chosen:
        similar = nearest(items, chosen["like"].embedding, ALIKE)
        return project.items.order_by().filter(pk__in=[pk for pk, _ in similar])
    return items


def _order(chosen: Chosen) -> tuple[Any, ...]:
    if "like" in chosen:
        return (CosineDistance("embedding", chosen["like"].embedding), "id")
    return ORDERS[chosen.get("order", NEWEST)][1]


@dataclass(frozen=True)
class Row:
    """An item as a user may see it."""

    item: Item
    state: str
    review: Review | None  # whose text is the item's


@dataclass(frozen=True)
class Page:
    """Some of the items that match, and how many those are if they are not too many to count."""

    rows: list[Row]
    number: int
    has_next: bool
    count: int | None

    @property
    def is_counted(self) -> bool:
        return self.count is not None and self.count <= COUNTED

    @property
    def most(self) -> int:
        return COUNTED

    @property
    def previous(self) -> int:
        return self.number - 1

    @property
    def next(self) -> int:
        return self.number + 1


def page(project: Project, chosen: Chosen, user: Any, number: int) -> Page:
    """Return a page of the items that match; the first one has number 1."""
    items = matching(project, chosen, user)
    start = (number - 1) * ITEMS_A_PAGE
    ids = _ids(project, items, chosen, start)
    shown = project.items.for_list().defer("embedding").in_bulk(ids[:ITEMS_A_PAGE])
    rows = [_row(shown[pk], user) for pk in ids[:ITEMS_A_PAGE] if pk in shown]
    has_next = len(ids) > ITEMS_A_PAGE
    is_last = not has_next and (ids or number == 1)
    return Page(rows, number, has_next, start + len(ids) if is_last else _count(items))


def _ids(project: Project, items: ItemQuerySet, chosen: Chosen, start: int) -> list[int]:
    """Return the ids of a page from ``start`` on, and one more if there is one.

    PostgreSQL cannot tell how many items have the beginning of a word, or a word it did not
    sample, so it is told: what is frequent among the newest is soon found in any order, and else
    the index of words gives all that match, to be put in order then.
    """
    ordered = items.order_by(*_order(chosen)).values_list("pk", flat=True)
    page = ordered[start : start + ITEMS_A_PAGE + 1]
    if "text" not in chosen or "like" in chosen:
        return list(page)
    newest = _among_newest(project, items)
    if len(newest) > ITEMS_A_PAGE:
        return list(page) if start or chosen.get("order") else newest
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off")  # those that give an order
        return list(page)


def _among_newest(project: Project, items: ItemQuerySet) -> list[int]:
    """Return the first of the newest items of a project that match; none if it has not many."""
    order = ORDERS[NEWEST][1]
    newest = project.items.order_by(*order).values_list("pk", flat=True)
    bound = next(iter(newest[LOOKED_THROUGH : LOOKED_THROUGH + 1]), None)
    if bound is None:
        return []
    found = items.filter(pk__gte=bound).order_by(*order).values_list("pk", flat=True)
    return list(found[: ITEMS_A_PAGE + 1])


def _row(item: Item, user: Any) -> Row:
    return Row(item, item.state_for(user), item.decision_for(user))


def _count(items: ItemQuerySet) -> int | None:
    """Return how many there are, or one more than are counted; None if that takes too long."""
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
