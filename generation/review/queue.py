"""Who gets which item next.

An item on a reviewer's desk is held for some minutes. A project asks for so many reviews of each
item; it is given to so many people, those counted who have decided on it and those who hold it.
Whoever takes one locks its row first and counts then, so that two at once never take the last
place.

What every decision waits for is written in SQL: to have the ORM build these statements anew each
time took more than twice as long as PostgreSQL needs to answer them (see `make bench-desk`).
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

_UNSURE = "unsure"  # no column: see _term
# What an item's place in the queue depends on, for each order; a minus: the highest first.
_ORDERS = {
    DeskOrder.BEST: ("-score", "id"),
    DeskOrder.UNCERTAIN: (_UNSURE, "id"),
    DeskOrder.RANDOM: ("shuffle", "id"),
    DeskOrder.DOCUMENT: ("document_id", "passage_id", "id"),
    DeskOrder.ASSIGNED: ("-score", "id"),
}
LOOKED_AT = 30  # items, when one is looked for: more than are likely to be locked at one moment,
LOOKED_FURTHER = 1000  # and if they all are: more than a bulk action locks at once

# {item}: the item's row. The people besides a user who decided on it or hold it.
_OTHERS = """
    cardinality(array_remove({item}.reviewers, %s)) + (
        SELECT count(*) FROM generation_hold AS hold
        WHERE hold.item_id = {item}.id AND hold.until >= %s
        AND hold.reviewer_id <> %s AND NOT hold.reviewer_id = ANY ({item}.reviewers)
    )
"""
# As OPEN and NOT_GIVEN_OUT say, so that their indexes serve; and with a place for the user.
_FREE = f"""
    SELECT item.id FROM generation_item AS item
    WHERE item.project_id = %s
    AND (item.state = 'pending' OR item.purpose IN ('calibration', 'gold'))
    AND item.state NOT IN ('aside', 'binned') AND NOT item.reviewers @> ARRAY[%s]::int[]
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
    """Return what `order_by` takes for the items of a queryset."""
    return [UNSURE if name == _UNSURE else name for name in _ORDERS[DeskOrder(order)]]


def _order_sql(order: str) -> str:
    """Return the same order as SQL, for rows called ``item``."""
    return ", ".join(map(_term, _ORDERS[DeskOrder(order)]))


def _term(name: str) -> str:
    if name == _UNSURE:
        return "abs(item.score - 0.5)"  # as UNSURE says, so that its index serves
    return f"item.{name[1:]} DESC" if name.startswith("-") else f"item.{name}"


def live() -> QuerySet[Hold]:
    """Return the holds that have not run out."""
    return Hold.objects.filter(until__gte=timezone.now())


def others(user: Any) -> RawSQL:
    """Count, as an expression, the people besides ``user`` who decided on an item or hold it."""
    sql = _OTHERS.format(item="generation_item")
    return RawSQL(sql, [user.pk, timezone.now(), user.pk], IntegerField())


def on_desk(project: Project, user: Any) -> Item | None:
    """Return the item that is held for the user and waits for their decision, if one does."""
    held = live().filter(project=project, reviewer=user).values("item")
    return shown(project.items.open_to(user).filter(pk__in=held), user).first()


@transaction.atomic
def take_next(project: Project, user: Any) -> Item | None:
    """Return the next item for a user, held for them and loaded for the desk; None if none is left.

    What is assigned to them comes first. What they skipped comes last, longest ago first.
    """
    passed_over: list[int] = []
    near, further = (_fresh(project, user, count) for count in (LOOKED_AT, LOOKED_FURTHER))
    for candidates in (near, further, _skipped(project, user)):
        while item := _first_unlocked(candidates, passed_over):
            if hold(item, user, project.reviews_per_item, is_all=True):
                return item
            passed_over.append(item.pk)  # somebody got the last place at it this very moment
    Hold.objects.filter(project=project, reviewer=user).delete()
    return None


def _first_unlocked(candidates: ItemQuerySet, passed_over: list[int]) -> Item | None:
    if passed_over:
        candidates = candidates.exclude(pk__in=passed_over)
    return candidates.select_for_update(skip_locked=True, of=("self",)).first()


def _free(project: Project, user: Any, *conditions: str) -> tuple[str, list[Any]]:
    """Return SQL, with its parameters, for the ids of what has a place for the user.

    Each of the conditions takes the user's id.
    """
    who = user.pk
    sql = " AND ".join((_FREE, *conditions))
    counted = [who, timezone.now(), who, project.reviews_per_item]
    return sql, [project.pk, who, *counted, *[who] * len(conditions)]


def _fresh(project: Project, user: Any, count: int) -> ItemQuerySet:
    """Return the first items that the user has not skipped; what is assigned to them leads."""
    ending = f"ORDER BY {_order_sql(project.order)} LIMIT {count}"
    sql, params = _free(project, user, f"NOT {_SKIPPED}", _ASSIGNED)
    sql = f"({sql} {ending})"
    if project.order != DeskOrder.ASSIGNED:
        rest, more = _free(project, user, f"NOT {_SKIPPED}")
        sql, params = f"{sql} UNION ALL ({rest} {ending})", [*params, *more]
    found = shown(Item.objects.filter(pk__in=RawSQL(sql, params)), user)
    is_assigned = RawSQL(_ASSIGNED.replace("item.id", "generation_item.id", 1), [user.pk])
    return found.annotate(is_assigned=is_assigned).order_by(
        "-is_assigned", *_order_by(project.order)
    )


def _skipped(project: Project, user: Any) -> ItemQuerySet:
    """Return what the user skipped, the longest ago first."""
    only = [_ASSIGNED] if project.order == DeskOrder.ASSIGNED else []
    sql, params = _free(project, user, _SKIPPED, *only)
    last = RawSQL(
        "SELECT max(review.id) FROM generation_review AS review WHERE review.reviewer_id = %s "
        "AND review.item_id = generation_item.id AND review.verdict = 'skipped'",
        [user.pk],
        IntegerField(),
    )
    found = shown(Item.objects.filter(pk__in=RawSQL(sql, params)), user)
    return found.annotate(skip=last).order_by("skip")


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
# Why it comes to somebody once more: an admin sent it back, or a colleague answered.
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
        AND question.author_id = ANY (answer.mentioned)  -- as the answer's asker is
    JOIN auth_user ON auth_user.id = answer.author_id
    WHERE question.item_id = generation_item.id AND question.author_id = %s
    ORDER BY question.id DESC, answer.id LIMIT 1
"""


def shown(items: ItemQuerySet, user: Any) -> ItemQuerySet:
    """Load what the desk shows of items to a user, in one query.

    Along come the candidate questions, what the user typed there earlier and has not sent, and why
    it comes to them once more, if it does.
    """
    return (
        items.select_related("passage", "document", "variant__prompt")
        .defer(*(f"document__{name}" for name in UNSHOWN), "passage__bands", "embedding", "search")
        .annotate(
            candidates=RawSQL(_CANDIDATES, [], ArrayField(JSONField())),
            typed_earlier=RawSQL(_TYPED, [user.pk], JSONField()),
            sent_back=RawSQL(_SENT_BACK, [user.pk], SentenceField()),
            answered=RawSQL(_ANSWERED, [user.pk], JSONField()),
        )
    )


@transaction.atomic
def take(item: Item, user: Any, reviews_per_item: int) -> bool:
    """Hold this very item for the user; return False if it has no place for them."""
    item = Item.everything.select_for_update().get(pk=item.pk)
    is_theirs = user.pk in item.reviewers
    if item.state in NOT_GIVEN_OUT or not (item.is_open or is_theirs):
        return False
    return hold(item, user, reviews_per_item, is_all=True)


def hold(item: Item, user: Any, reviews_per_item: int, *, is_all: bool = False) -> bool:
    """Put an item, locked by the caller, on the user's desk in place of what is there.

    Returns False if there is no place for them; whoever decided on it has one. It is one
    statement, begun when the row is locked: so it counts whatever those before stored. Where it
    is all that the transaction does, nobody waits for the disk: that a hold outlives a power cut
    is worth nothing.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        until = now + timedelta(seconds=settings.HOLD_SECONDS)
        counted = [user.pk, now, user.pk, reviews_per_item]
        values = [user.pk, until, item.pk, user.pk, *counted]
        cursor.execute(_SOON + _HOLD if is_all else _HOLD, values)
        while cursor.nextset():  # the last of what was executed tells
            pass
        return bool(cursor.rowcount)


_SOON = "SET LOCAL synchronous_commit TO off;"
_HOLD = f"""
    INSERT INTO generation_hold (project_id, reviewer_id, item_id, until)
    SELECT item.project_id, %s, item.id, %s FROM generation_item AS item
    WHERE item.id = %s AND (
        item.purpose <> '' OR %s = ANY (item.reviewers) OR {_OTHERS.format(item="item")} < %s
    )
    ON CONFLICT (project_id, reviewer_id)
    DO UPDATE SET item_id = EXCLUDED.item_id, until = EXCLUDED.until
"""
