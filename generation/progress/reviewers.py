"""Count the decisions of each reviewer in a project."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import (
    Aggregate,
    Count,
    Exists,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce

from generation.models import ACCEPTING, Review, Verdict
from qareview.models import Project


@dataclass(frozen=True)
class Reviewer:
    """The numbers of a person's decisions, without adjudications."""

    pk: int
    name: str
    decided: int
    seconds: float | None  # the median time per item; None if no times are stored
    edited: int
    rejected: int
    adjudicated: int  # decisions on items that an admin adjudicated
    overturned: int  # of these, decisions that differ from the admin's


class Median(Aggregate):
    """The median of an expression; for an even number of values, the mean of the middle two."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def reviewers(project: Project) -> list[Reviewer]:
    """Return the reviewers who decided on items of a project, those with most decisions first."""
    decisions = Review.objects.of(project).of_reviewers()
    rows: Iterable[tuple[int, str, int, float | None, int, int]] = (
        decisions.order_by()
        .values_list("reviewer", "reviewer__username")
        .annotate(
            decided=Count("pk"),
            median=Median("seconds", filter=Q(seconds__gt=0)),
            edited=Count("pk", filter=Q(verdict=Verdict.EDITED)),
            rejected=Count("pk", filter=Q(verdict=Verdict.REJECTED)),
        )
        .order_by("-decided", "reviewer__username")
    )
    adjudicated = _adjudicated(decisions)
    return [Reviewer(*row, *adjudicated.get(row[0], (0, 0))) for row in rows]


def _adjudicated(decisions: QuerySet[Review]) -> dict[int, tuple[int, int]]:
    """Count each reviewer's decisions on adjudicated items, and how many an admin overturned.

    A decision is overturned by the opposite verdict, or by other texts if both accepted.
    """
    offsets = {
        "from_": Coalesce("start", Value(-1), output_field=IntegerField()),
        "to": Coalesce("end", Value(-1), output_field=IntegerField()),
    }
    same = {name: OuterRef(name) for name in ("question", "answer", *offsets)}
    by_admin = Review.objects.decisions().filter(is_adjudication=True, item=OuterRef("item"))
    accepted_same = by_admin.annotate(**offsets).filter(verdict__in=ACCEPTING, **same)
    is_upheld = Q(verdict__in=ACCEPTING) & Q(Exists(accepted_same)) | Q(
        verdict=Verdict.REJECTED
    ) & Q(Exists(by_admin.filter(verdict=Verdict.REJECTED)))
    rows = (
        decisions.filter(Exists(by_admin))
        .annotate(**offsets)
        .annotate(is_upheld=is_upheld)
        .order_by()
        .values_list("reviewer")
        .annotate(n=Count("pk"), overturned=Count("pk", filter=Q(is_upheld=False)))
    )
    return {pk: (count, overturned) for pk, count, overturned in rows}
