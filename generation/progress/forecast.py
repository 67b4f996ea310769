"""Measure how fast a project is reviewed, and forecast when its review will be finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, IntegerField, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from generation.models import BEGUN, ItemState, Review
from generation.review import settling
from qareview import projects
from qareview.models import Project
from qareview.stored_sentences import stored

CHARTED_DAYS = 14  # in the chart; chosen; nobody measured
PACE_DAYS = 7  # whose pace the forecast extrapolates; chosen; nobody measured
MONTH = 30  # days; close enough for a forecast


@dataclass(frozen=True)
class Pace:
    """The number of decisions on each of the last days, up to today, and of those still to make."""

    days: list[tuple[date, int]]
    left: int

    @property
    def per_day(self) -> float:
        """Decisions per day over the last week, or since the first decision if that is later."""
        counts = [count for _, count in self.days]
        first = next((index for index, count in enumerate(counts) if count), len(counts))
        lately = counts[max(first, len(counts) - PACE_DAYS) :]
        return sum(lately) / len(lately) if lately else 0

    @property
    def forecast(self) -> str:
        """A sentence that says how long the decisions still to make will take at this pace."""
        if not self.left:
            return stored("No decisions are left to make.")
        if not self.per_day:
            return stored("No recent decisions, so no forecast.")
        return stored(
            "%(left)s left at the pace of the last %(pace_days)s days.",
            left=_in_words(self.left / self.per_day),
            pace_days=PACE_DAYS,
        )


def _in_words(days: float) -> str:
    if days < 1:
        return stored("Less than a day")
    if days < 2 * MONTH:
        return (
            stored("About a day")
            if round(days) == 1
            else stored("About %(days)s days", days=round(days))
        )
    if days < 24 * MONTH:
        return stored("About %(months)s months", months=round(days / MONTH))
    return stored("More than two years")


def pace(project: Project) -> Pace:
    """Count the decisions of the last CHARTED_DAYS in a project, and those still to make."""
    today = timezone.localdate()
    first = today - timedelta(days=CHARTED_DAYS - 1)
    counts = dict(_by_day(project, first))
    days = [first + timedelta(days=number) for number in range(CHARTED_DAYS)]
    return Pace([(day, counts.get(day, 0)) for day in days], _left(project))


def _by_day(project: Project, first: date) -> Sequence[tuple[date, int]]:
    midnight = timezone.make_aware(datetime.combine(first, time.min))
    decisions = Review.objects.of(project).of_reviewers().filter(created_at__gte=midnight)
    by_day = decisions.annotate(day=TruncDate("created_at")).order_by().values_list("day")
    return list(by_day.annotate(n=Count("pk")))


def _left(project: Project) -> int:
    """Count the decisions that pending items lack: those they need minus those they have."""
    begun = project.items.filter(BEGUN).aggregate(
        n=Sum("reviewers__len", output_field=IntegerField())
    )
    return _needed(project) - (begun["n"] or 0)


def _needed(project: Project) -> int:
    """Count the decisions that pending items need. Only a small team's are looked at one by one."""
    pending = project.items.filter(state=ItemState.PENDING)
    if projects.is_short_of_reviewers(project):
        return pending.aggregate(n=Sum(settling.needed_reviews()))["n"] or 0
    return pending.count() * project.reviews_per_item
