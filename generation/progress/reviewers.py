"""What each reviewer has done in a project."""

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
    """The standing decisions of one person; those over other reviewers do not count."""

    pk: int
    name: str
    decided: int
    seconds: float | None  # the median of an item; None: no time was taken
    edited: int
    rejected: int
    adjudicated: int  # how many of these an admin decided on too,
    overturned: int  # and on how many of those otherwise


class Median(Aggregate):
    """The median, between two values where their number is even."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def reviewers(project: Project) -> list[Reviewer]:
    """Return what each person did, who did most first."""
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
    """Count whose decisions an admin decided on too, and on how many of these otherwise.

    Otherwise is the other kind of verdict, or another text for what both accepted.
    """
    places = {
        "from_": Coalesce("start", Value(-1), output_field=IntegerField()),
        "to": Coalesce("end", Value(-1), output_field=IntegerField()),
    }
    same = {name: OuterRef(name) for name in ("question", "answer", *places)}
    by_admin = Review.objects.decisions().filter(is_adjudication=True, item=OuterRef("item"))
    accepted_alike = by_admin.annotate(**places).filter(verdict__in=ACCEPTING, **same)
    is_upheld = Q(verdict__in=ACCEPTING) & Q(Exists(accepted_alike)) | Q(
        verdict=Verdict.REJECTED
    ) & Q(Exists(by_admin.filter(verdict=Verdict.REJECTED)))
    rows = (
        decisions.filter(Exists(by_admin))
        .annotate(**places)
        .annotate(is_upheld=is_upheld)
        .order_by()
        .values_list("reviewer")
        .annotate(n=Count("pk"), overturned=Count("pk", filter=Q(is_upheld=False)))
    )
    return {pk: (count, overturned) for pk, count, overturned in rows}
