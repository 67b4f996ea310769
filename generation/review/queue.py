"""Choose the item that a reviewer gets next.

An item on a reviewer's desk is held for some minutes. An item has as many slots as its project asks
for reviews per item; calibration and gold items have one for each reviewer. People who have decided
on an item or hold it take a slot. An item's row is locked before its free slots are counted, so
that two people never take the last one. That an item may need fewer reviews (:mod:`settling`) makes
no difference here: if somebody may still review it, fewer people than it needs have done so.

The statements that run at every decision are written in SQL: building them with the ORM took more
than twice as long as PostgreSQL needs to run them (measured by `make bench-desk`).
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import IntegerField, JSONField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from generation.models import (
    NOT_GIVEN_OUT,
    UNSHOWN,
    UNSURE,
    Hold,
    Item,
    ItemQuerySet,
)
from qareview.fields import SentenceField
from qareview.models import DeskOrder, Project

_UNSURE = "unsure"  # not a column: see _order_term
# The columns that each order sorts by; a minus sorts from high to low.
_ORDERS = {
    DeskOrder.BEST: ("-score", "id"),
    DeskOrder.UNCERTAIN: (_UNSURE, "id"),
    DeskOrder.RANDOM: ("shuffle", "id"),
    DeskOrder.DOCUMENT: ("document_id", "passage_id", "id"),
    DeskOrder.ASSIGNED: ("-score", "id"),
}
ITEMS_TRIED = 30  # more than are likely to be locked at the same time: chosen; nobody measured
MORE_ITEMS_TRIED = 1000  # if those are locked: more than a bulk action locks (AT_ONCE, 100)

# The number of people other than the user who decided on an item or hold it; {item} is its row.
_OTHERS = """
    cardinality(array_remove({item}.reviewers, %s)) + (
        SELECT count(*) FROM generation_hold AS hold
        WHERE hold.item_id = {item}.id AND hold.until >= %s
        AND hold.reviewer_id <> %s AND NOT hold.reviewer_id = ANY ({item}.reviewers)
    )
"""
# Open items with a slot for the user. The conditions are those of OPEN and NOT_GIVEN_OUT, so that
# PostgreSQL can use their indexes.
_FREE = f"""
    SELECT item.id FROM generation_item AS item
    WHERE item.project_id = %s
    AND (item.state = 'pending' OR item.purpose IN ('calibration', 'gold'))
    AND item.state NOT IN ('aside', 'binned') AND NOT item.reviewers @> ARRAY[%s]::int[]
    AND item.author_id IS DISTINCT FROM %s
    AND (item.purpose <> '' OR {_OTHERS.format(item="item")} < %s)
"""
_SKIPPED = """
    EXISTS (
        SELECT 1 FROM generation_review AS review
        WHERE review.item_id = item.id AND review.reviewer_id = %s
        AND review.verdict = 'skipped' AND review.withdrawn_at IS NULL
    )
"""
_ASSIGNED = """
    item.id IN (SELECT item_id FROM generation_assignment WHERE reviewer_id = %s)
"""


def _order_by(order: str) -> list[Any]:
    """Return the arguments of ``order_by`` for a project's order."""
    return [UNSURE if name == _UNSURE else name for name in _ORDERS[DeskOrder(order)]]


def _order_sql(order: str) -> str:
    """Return the same order in SQL, for a table with the alias ``item``."""
    return ", ".join(map(_order_term, _ORDERS[DeskOrder(order)]))


def _order_term(name: str) -> str:
    if name == _UNSURE:
        return "abs(item.score - 0.5)"  # the expression of UNSURE, so that its index is used
    return f"item.{name.removeprefix('-')}" + (" DESC" if name.startswith("-") else "")


def live_holds() -> QuerySet[Hold]:
    """Return the holds that have not expired."""
    return Hold.objects.filter(until__gte=timezone.now())


def count_of_others(user: Any) -> RawSQL:
    """Return an expression that counts the other people who decided on an item or hold it."""
    sql = _OTHERS.format(item="generation_item")
    return RawSQL(sql, [user.pk, timezone.now(), user.pk], IntegerField())


def item_on_desk(project: Project, user: Any) -> Item | None:
    """Return the item that the user holds and has not decided on, or None."""
    held = live_holds().filter(project=project, reviewer=user).values("item")
    return load_for_desk(project.items.open_to(user).filter(pk__in=held), user).first()


@transaction.atomic
def take_next_item(project: Project, user: Any) -> Item | None:
    """Return the next item for a user, held for them and loaded for the desk; None if none is left.

    Items assigned to them come first. Items they skipped come last, the earliest skipped first.
    """
    full: list[int] = []
    first, more = (_not_skipped(project, user, count) for count in (ITEMS_TRIED, MORE_ITEMS_TRIED))
    for items in (first, more, _skipped(project, user)):
        while item := _first_unlocked(items, full):
            if hold_item(item, user, project.reviews_per_item, is_only_statement=True):
                return item
            full.append(item.pk)  # somebody else has just taken the last slot
    Hold.objects.filter(project=project, reviewer=user).delete()
    return None


def _first_unlocked(items: ItemQuerySet, full: list[int]) -> Item | None:
    if full:
        items = items.exclude(pk__in=full)
    return items.select_for_update(skip_locked=True, of=("self",)).first()


def _free(project: Project, user: Any, *conditions: str) -> tuple[str, list[Any]]:
    """Return SQL and its parameters for the ids of open items with a slot for the user.

    Each of the conditions has one parameter, the user's id.
    """
    sql = " AND ".join((_FREE, *conditions))
    others = [user.pk, timezone.now(), user.pk]  # the parameters of _OTHERS
    ids = [user.pk] * len(conditions)
    return sql, [project.pk, user.pk, user.pk, *others, project.reviews_per_item, *ids]


def _not_skipped(project: Project, user: Any, count: int) -> ItemQuerySet:
    """Return the first items that the user has not skipped, those assigned to them first."""
    ending = f"ORDER BY {_order_sql(project.order)} LIMIT {count}"
    sql, params = _free(project, user, f"NOT {_SKIPPED}", _ASSIGNED)
    sql = f"({sql} {ending})"
    if project.order != DeskOrder.ASSIGNED:
        all_sql, all_params = _free(project, user, f"NOT {_SKIPPED}")
        sql, params = f"{sql} UNION ALL ({all_sql} {ending})", [*params, *all_params]
    items = load_for_desk(Item.objects.filter(pk__in=RawSQL(sql, params)), user)
    is_assigned = RawSQL(_ASSIGNED.replace("item.id", "generation_item.id", 1), [user.pk])
    return items.annotate(is_assigned=is_assigned).order_by(
        "-is_assigned", *_order_by(project.order)
    )


def _skipped(project: Project, user: Any) -> ItemQuerySet:
    """Return the items that the user skipped, the earliest skipped first."""
    conditions = [_ASSIGNED] if project.order == DeskOrder.ASSIGNED else []
    sql, params = _free(project, user, _SKIPPED, *conditions)
    last = RawSQL(
        "SELECT max(review.id) FROM generation_review AS review WHERE review.reviewer_id = %s "
        "AND review.item_id = generation_item.id AND review.verdict = 'skipped'",
        [user.pk],
        IntegerField(),
    )
    items = load_for_desk(Item.objects.filter(pk__in=RawSQL(sql, params)), user)
    return items.annotate(skip=last).order_by("skip")


_CANDIDATES = """
    ARRAY(
        SELECT jsonb_build_object(
            'id', id, 'rank', rank, 'text', text, 'flags', flags, 'scores', scores
        ) FROM generation_question WHERE item_id = generation_item.id ORDER BY rank
    )
"""
_TYPED = (
    "SELECT fields || jsonb_build_object('at', extract(epoch FROM saved_at)) FROM generation_typed "
    "WHERE item_id = generation_item.id AND reviewer_id = %s"
)
# Why a user gets an item again: an admin sent it back, or a colleague answered their question.
_SENT_BACK = """
    SELECT withdrawn_because FROM generation_review
    WHERE item_id = generation_item.id AND reviewer_id = %s
    AND withdrawal = 'sent back' AND NOT is_adjudication
    ORDER BY id DESC LIMIT 1
"""
_ANSWERED = """
    SELECT jsonb_build_object('by', username, 'text', answer.text)
    FROM generation_comment AS question
    JOIN generation_comment AS answer ON answer.item_id = question.item_id
        AND answer.author_id = question.asks_id AND answer.id > question.id
        AND question.author_id = ANY (answer.mentioned)  -- an answer mentions the asker
    JOIN auth_user ON auth_user.id = answer.author_id
    WHERE question.item_id = generation_item.id AND question.author_id = %s
    ORDER BY question.id DESC, answer.id LIMIT 1
"""


def load_for_desk(items: ItemQuerySet, user: Any) -> ItemQuerySet:
    """Load all that the desk shows a user of these items, in one query.

    This includes the candidate questions, what the user typed earlier and has not sent, and the
    reason if they get an item again.
    """
    return (
        items.select_related("passage", "document", "author", "variant__prompt")
        .defer(*(f"document__{name}" for name in UNSHOWN), "passage__bands", "embedding", "search")
        .annotate(
            candidates=RawSQL(_CANDIDATES, [], ArrayField(JSONField())),
            typed_earlier=RawSQL(_TYPED, [user.pk], JSONField()),
            sent_back=RawSQL(_SENT_BACK, [user.pk], SentenceField()),
            answered=RawSQL(_ANSWERED, [user.pk], JSONField()),
        )
    )


@transaction.atomic
def take_item(item: Item, user: Any, reviews_per_item: int) -> bool:
    """Hold an item for the user; return False if they may not get it or no slot is free."""
    item = Item.everything.select_for_update().get(pk=item.pk)
    if not _is_for(item, user):
        return False
    return hold_item(item, user, reviews_per_item, is_only_statement=True)


def _is_for(item: Item, user: Any) -> bool:
    """Whether a user may review an item, or review it again, if a slot is free."""
    if item.author_id == user.pk or item.state in NOT_GIVEN_OUT:
        return False
    return item.is_open or user.pk in item.reviewers


def may_take_item(item: Item, user: Any, reviews_per_item: int) -> bool:
    """Whether :func:`take_item` would give a user the item now."""
    if not _is_for(item, user):
        return False
    if item.is_for_everyone or user.pk in item.reviewers:
        return True
    counted = Item.objects.filter(pk=item.pk).values_list(count_of_others(user), flat=True)
    return bool(counted.get() < reviews_per_item)


@transaction.atomic
def lengthen_hold(item: Item, user: Any, reviews_per_item: int) -> bool:
    """Hold the item on the user's desk for longer; return False if it is no longer there.

    It never replaces another item, which the user has opened in another window since.
    """
    item = Item.everything.select_for_update().get(pk=item.pk)
    own = Hold.objects.select_for_update().filter(item=item, reviewer=user).first()
    if own is None or not _is_for(item, user):
        return False
    return hold_item(item, user, reviews_per_item, is_only_statement=True)


def has_other_item(item: Item, user: Any) -> bool:
    """Whether the user holds another item of the project than this one."""
    others = live_holds().filter(project=item.project_id, reviewer=user)
    return others.exclude(item=item).exists()


def hold_item(
    item: Item, user: Any, reviews_per_item: int, *, is_only_statement: bool = False
) -> bool:
    """Put an item that the caller has locked on the user's desk, replacing the item there.

    Returns False if the user has no slot and none is free. A single statement does it, which starts
    after the row is locked, so it sees what earlier holders of the lock stored.
    ``is_only_statement`` says that the transaction does nothing else: then it does not wait for the
    disk, since a hold need not survive a power cut.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        until = now + timedelta(seconds=settings.HOLD_SECONDS)
        others = [user.pk, now, user.pk]  # the parameters of _OTHERS
        values = [user.pk, until, item.pk, user.pk, *others, reviews_per_item]
        cursor.execute(_NO_WAIT + _HOLD if is_only_statement else _HOLD, values)
        while cursor.nextset():  # the rowcount of the last statement is the answer
            pass
        return bool(cursor.rowcount)


_NO_WAIT = "SET LOCAL synchronous_commit TO off;"
_HOLD = f"""
    INSERT INTO generation_hold (project_id, reviewer_id, item_id, until)
    SELECT item.project_id, %s, item.id, %s FROM generation_item AS item
    WHERE item.id = %s AND (
        item.purpose <> '' OR %s = ANY (item.reviewers) OR {_OTHERS.format(item="item")} < %s
    )
    ON CONFLICT (project_id, reviewer_id)
    DO UPDATE SET item_id = EXCLUDED.item_id, until = EXCLUDED.until
"""
