"""Derive the state of items from their reviews, and derive it again when their project changes.

An item needs as many reviews as its project asks for. If fewer people may review it, it needs only
theirs, or it would wait for ever. Members may, except for what they wrote themselves. Who has left
the project and decided before counts, too. Where nobody may, the item waits for a new member.
"""

from collections.abc import Collection, Iterable

from django.db import connection, transaction
from django.db.models import Exists, IntegerField, OuterRef
from django.db.models.expressions import RawSQL

from generation import search
from generation.models import ItemQuerySet, Purpose, Review, Verdict
from qareview import projects
from qareview.models import Project

# How many reviews an item needs; {item} is a row with what this needs of an item.
_NEEDED = """
    least(
        (SELECT reviews_per_item FROM qareview_project WHERE id = {item}.project_id),
        greatest(1, (
            SELECT count(*) FROM (
                SELECT user_id FROM qareview_membership WHERE project_id = {item}.project_id
                UNION SELECT unnest({item}.reviewers)
            ) AS person (id) WHERE person.id IS DISTINCT FROM {item}.author_id
        ))
    )
"""

_SETTLE = f"""
    SELECT {projects.SHARE_SETTINGS} FROM (
        SELECT DISTINCT project_id FROM generation_item WHERE id = ANY (%(items)s)
    ) AS own;
    UPDATE generation_item AS item SET reviewers = settled.reviewers, state = CASE
        WHEN settled.by_admin = 'rejected' THEN 'rejected'
        WHEN settled.by_admin IS NOT NULL THEN 'accepted'
        WHEN item.aside_reason <> '' AND item.state IN ('aside', 'binned') THEN 'aside'
        WHEN item.aside_reason <> '' AND settled.decided < needed.reviews THEN 'aside'
        WHEN settled.decided < needed.reviews THEN 'pending'
        WHEN settled.accepting = 0 THEN 'rejected'
        WHEN settled.accepting = settled.decided AND settled.texts = 1 THEN 'accepted'
        ELSE 'disputed'
    END
    FROM (
        SELECT own.id, own.project_id, own.author_id,
            coalesce(array_agg(DISTINCT reviewer_id) FILTER (WHERE review.id IS NOT NULL), '{{}}')
                AS reviewers,
            max(verdict) FILTER (WHERE is_adjudication) AS by_admin,
            count(review.id) FILTER (WHERE NOT is_adjudication) AS decided,
            count(*) FILTER (WHERE NOT is_adjudication AND verdict <> 'rejected') AS accepting,
            count(DISTINCT (review.question, review.answer, review.start, review."end"))
                FILTER (WHERE NOT is_adjudication AND verdict <> 'rejected') AS texts
        FROM generation_item AS own
        LEFT JOIN generation_review AS review ON review.item_id = own.id
            AND review.withdrawn_at IS NULL AND review.verdict <> 'skipped'
        WHERE own.id = ANY (%(items)s) GROUP BY own.id
    ) AS settled
    CROSS JOIN LATERAL (SELECT {_NEEDED.format(item="settled")} AS reviews) AS needed
    WHERE settled.id = item.id
"""


def settle(items: Iterable[int]) -> None:
    """Derive the state and the reviewers of locked items; ``items`` are their ids.

    An item is pending until it has the reviews that it needs. Then it is accepted or rejected if
    they agree, also on the texts, or else disputed. An admin's decision overrides theirs. The
    project's settings and members cannot change until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"items": list(items)})


def needed_reviews() -> RawSQL:
    """Return an expression for the number of reviews that an item needs."""
    return RawSQL(_NEEDED.format(item="generation_item"), [], IntegerField())


def follow_settings(project: Project, before: Project) -> None:
    """Apply a project's changed settings to its items; ``before`` has the earlier settings."""
    if project.calibration_percent != before.calibration_percent:
        _redraw_calibration(project, before.calibration_percent)
    if project.reviews_per_item != before.reviews_per_item:
        settle_project(project)


def follow_members(project: Project) -> None:
    """Settle the items of a project again to which it matters that somebody came or went."""
    asked = project.reviews_per_item
    if asked > 1 and project.memberships.count() <= asked + 1:  # one may just have come
        _settle_reviewed(project.items.filter(reviewers__len__lt=asked))


def settle_project(project: Project) -> None:
    """Derive the state of all items of a project that have decisions."""
    _settle_reviewed(project.items.all())


@transaction.atomic
def _settle_reviewed(items: ItemQuerySet) -> None:
    reviewed = Review.objects.decisions().filter(item=OuterRef("pk"))
    settle(items.filter(Exists(reviewed)).lock())
    index_edited(items.order_by())


@transaction.atomic
def _redraw_calibration(project: Project, percent: int) -> None:
    """Change the purpose of the items between the earlier ``percent`` and the new percentage.

    All other items keep their purpose, since somebody may have set it by hand.
    """
    low, high = sorted((percent, project.calibration_percent))
    between = project.items.filter(shuffle__gte=low / 100, shuffle__lt=high / 100)
    is_larger = project.calibration_percent > percent
    purpose = Purpose.CALIBRATION if is_larger else Purpose.USUAL
    changing = between.exclude(purpose=Purpose.GOLD)
    changing.lock()
    changing.update(purpose=purpose)
    index_edited(between.order_by())


def index_edited(items: ItemQuerySet | Collection[int]) -> None:
    """Update the search index for edited texts, whose visibility may have changed.

    The items are an unordered query or ids.
    """
    edited = Review.objects.decisions().filter(item__in=items, verdict=Verdict.EDITED)
    search.index_items(edited.order_by().values_list("item", flat=True).distinct())
