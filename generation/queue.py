"""Who gets which item next.

An item on a reviewer's desk is held for some minutes. A project asks for so many reviews of each
item; it is given to so many people, those counted who have decided on it and those who hold it.
Whoever takes one locks its row first and counts then, so that two at once never take the last
place.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from generation.models import (
    NOT_GIVEN_OUT,
    UNSHOWN,
    UNSURE,
    Assignment,
    Hold,
    Item,
    ItemQuerySet,
    Purpose,
    Question,
    Review,
    Typed,
    Verdict,
)
from qareview.models import Order, Project

ORDERS: dict[str, tuple[Any, ...]] = {
    Order.BEST: ("-score", "id"),
    Order.UNCERTAIN: (UNSURE, "id"),
    Order.RANDOM: ("shuffle", "id"),
    Order.DOCUMENT: ("document_id", "passage_id", "id"),
    Order.ASSIGNED: ("-score", "id"),
}
SHOWN_OF_QUESTION = ("id", "rank", "text", "flags", "scores")
LOOKED_AT = 30  # items, when one is looked for


def live() -> QuerySet[Hold]:
    """Return the holds that have not run out."""
    return Hold.objects.filter(until__gte=timezone.now())


def others(user: Any) -> Any:
    """Count, as an expression, the people besides ``user`` who decided on an item or hold it."""
    has_decided = Func(
        F("reviewer_id"),
        OuterRef("reviewers"),
        arg_joiner=" = ANY(",
        template="%(expressions)s)",
        output_field=BooleanField(),
    )
    holds = live().filter(item=OuterRef("pk")).exclude(reviewer=user).exclude(has_decided)
    holding = holds.order_by().values("item").annotate(n=Count("pk")).values("n")
    deciding = Func(F("reviewers"), Value(user.pk), function="array_remove")
    return Func(deciding, function="cardinality", output_field=IntegerField()) + Coalesce(
        Subquery(holding), 0
    )


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
    for candidates in (_fresh(project, user), _skipped(project, user)):
        while item := _first_unlocked(candidates, passed_over):
            if hold(item, user, project.reviews_per_item):
                return item
            passed_over.append(item.pk)  # somebody got the last place at it this very moment
    Hold.objects.filter(project=project, reviewer=user).delete()
    return None


def _first_unlocked(candidates: ItemQuerySet, passed_over: list[int]) -> Item | None:
    return (
        candidates.exclude(pk__in=passed_over)
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )


def _free(project: Project, user: Any) -> ItemQuerySet:
    """Return what has a place for the user."""
    place = Q(others__lt=project.reviews_per_item) | ~Q(purpose=Purpose.USUAL)
    return project.items.open_to(user).annotate(others=others(user)).filter(place)


def _fresh(project: Project, user: Any) -> ItemQuerySet:
    """Return the first items that the user has not skipped; what is assigned to them leads.

    Of each kind only so many as are likely to be locked by others at one moment.
    """
    order = ORDERS[project.order]
    is_assigned = Exists(Assignment.objects.filter(item=OuterRef("pk"), reviewer=user))
    fresh = _free(project, user).exclude(Exists(_skips(user))).order_by(*order)
    mine = Assignment.objects.filter(reviewer=user, item__project=project).values("item")
    first = fresh.filter(pk__in=mine).values("pk")[:LOOKED_AT]
    if project.order != Order.ASSIGNED:
        first = first.union(fresh.values("pk")[:LOOKED_AT], all=True)
    found = shown(Item.objects.filter(pk__in=first), user)
    return found.annotate(is_assigned=is_assigned).order_by("-is_assigned", *order)


def _skipped(project: Project, user: Any) -> ItemQuerySet:
    last = _skips(user).order_by("-id").values("id")[:1]
    free = _free(project, user).filter(Exists(_skips(user)))
    if project.order == Order.ASSIGNED:
        free = free.filter(Exists(Assignment.objects.filter(item=OuterRef("pk"), reviewer=user)))
    return shown(free, user).annotate(skip=Subquery(last)).order_by("skip")


def _skips(user: Any) -> QuerySet[Review]:
    return Review.objects.standing().filter(
        item=OuterRef("pk"), reviewer=user, verdict=Verdict.SKIPPED
    )


def shown(items: ItemQuerySet, user: Any) -> ItemQuerySet:
    """Load what the desk shows of items to a user, in one query.

    Along come the candidate questions, and what the user typed there earlier and has not sent.
    """
    questions = Question.objects.filter(item=OuterRef("pk")).order_by("rank")
    listed = questions.values(json=JSONObject(**{name: name for name in SHOWN_OF_QUESTION}))
    typed = Typed.objects.filter(item=OuterRef("pk"), reviewer=user)
    return (
        items.select_related("passage", "document", "variant__prompt")
        .defer(*(f"document__{name}" for name in UNSHOWN), "passage__bands", "embedding", "search")
        .annotate(candidates=ArraySubquery(listed), typed_earlier=Subquery(typed.values("fields")))
    )


@transaction.atomic
def take(item: Item, user: Any, reviews_per_item: int) -> bool:
    """Hold this very item for the user; return False if it has no place for them."""
    item = Item.everything.select_for_update().get(pk=item.pk)
    is_theirs = user.pk in item.reviewers
    if item.state in NOT_GIVEN_OUT or not (item.is_open or is_theirs):
        return False
    return hold(item, user, reviews_per_item)


def hold(item: Item, user: Any, reviews_per_item: int) -> bool:
    """Put an item, locked by the caller, on the user's desk in place of what is there.

    Returns False if there is no place for them. It is one statement, begun when the row is locked:
    so it counts whatever those before stored.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLD,
            {
                "item": item.pk,
                "user": user.pk,
                "now": now,
                "until": now + timedelta(seconds=settings.HOLD_SECONDS),
                "places": reviews_per_item,
            },
        )
        return bool(cursor.rowcount)


_HOLD = """
    INSERT INTO generation_hold (project_id, reviewer_id, item_id, until)
    SELECT item.project_id, %(user)s, item.id, %(until)s
    FROM generation_item AS item
    WHERE item.id = %(item)s AND (
        item.purpose <> ''
        OR cardinality(array_remove(item.reviewers, %(user)s)) + (
            SELECT count(*) FROM generation_hold AS hold
            WHERE hold.item_id = item.id AND hold.until >= %(now)s
            AND hold.reviewer_id <> %(user)s AND NOT hold.reviewer_id = ANY (item.reviewers)
        ) < %(places)s
    )
    ON CONFLICT (project_id, reviewer_id)
    DO UPDATE SET item_id = EXCLUDED.item_id, until = EXCLUDED.until
"""
