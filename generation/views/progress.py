"""The progress page: states of items, pace, reviewers, and outcomes by prompt variant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from generation.progress.forecast import Pace, pace
from generation.progress.outcomes import Outcome, Outcomes, outcomes
from generation.progress.reviewers import Reviewer, reviewers
from qareview import access, charts
from qareview.htmx import render_page
from qareview.models import Project
from qareview.process_cache import cached
from qareview.translations import number

COLUMNS = (
    gettext_lazy("Accepted"),
    gettext_lazy("95 % interval"),
    gettext_lazy("Edited"),
    gettext_lazy("Decided"),
)
TICKS = (
    (0.0, gettext_lazy("none accepted")),
    (0.5, gettext_lazy("half")),
    (1.0, gettext_lazy("all")),
)


@dataclass(frozen=True)
class Counted:
    """The figures of a project, which are the same for every member in one time zone."""

    states: dict[str, int]
    pace: Pace
    reviewers: list[Reviewer]
    outcomes: Outcomes

    @property
    def decided(self) -> int:
        """The number of items with all the decisions they need."""
        return sum(self.states[state] for state in ("accepted", "rejected", "disputed"))

    @property
    def reviewed_or_left(self) -> int:
        """The number of items that are decided or pending."""
        return self.decided + self.states["pending"]


def _count(project: Project) -> Counted:
    states = project.items.all().counts()
    return Counted(states, pace(project), reviewers(project), outcomes(project))


@require_GET
def progress(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the progress of a project; only admins see the figures of other people."""
    member = access.member(request, slug)
    zone = str(timezone.get_current_timezone())  # whose days are counted
    counted = cached(("progress", member.project_id, zone), lambda: _count(member.project))
    people = counted.value.reviewers
    own = [reviewer for reviewer in people if reviewer.pk == member.user_id]
    context = {
        "counted": counted.value,
        "counted_at": counted.counted_at,
        "zone": zone,
        "by_day": _by_day(counted.value.pace),
        "people": people if member.is_admin else own,
        "charts": _by_kind(counted.value.outcomes),
    }
    return render_page(request, "progress/show.html", context)


def _by_day(pace: Pace) -> charts.Bars:
    most = max(count for _, count in pace.days)
    total = sum(count for _, count in pace.days)
    return charts.bars(
        "days",
        _("Decisions by day, %(days)s to %(days2)s")
        % {"days": _day(pace.days[0][0]), "days2": _day(pace.days[-1][0])},
        _("%(total)s decisions in %(days)s days, %(most)s on the busiest day.")
        % {"total": number(total), "days": len(pace.days), "most": number(most)},
        (_("Day"), _("Decisions")),
        [
            (f"{day.day}", count, (date_format(day, "l") + ", " + _day(day), number(count)))
            for day, count in pace.days
        ],
    )


def _by_kind(outcomes: Outcomes) -> list[charts.Dots]:
    kinds: Sequence[tuple[str, str, str, list[Outcome]]] = (
        ("summarise", _("By variant of the prompt “summarise”"), _("Variant"), outcomes.summarise),
        ("ask", _("By variant of the prompt “ask”"), _("Variant"), outcomes.ask),
        ("model", _("By model"), _("Model"), outcomes.models),
        ("document", _("By document"), _("Document"), outcomes.documents),
    )
    return [_acceptance(*kind) for kind in kinds if kind[-1]]


def _acceptance(name: str, title: str, kind: str, rows: Sequence[Outcome]) -> charts.Dots:
    return charts.dots(
        f"accepted-{name}",
        title,
        _("Percentage of decided items that were accepted, with 95 %% intervals, in %(rows)s rows.")
        % {"rows": len(rows)},
        (kind, *map(str, COLUMNS)),
        [_estimate(outcome) for outcome in rows],
        [(place, str(word)) for place, word in TICKS],
    )


def _estimate(outcome: Outcome) -> charts.IntervalEstimate:
    low, high = outcome.interval
    accepted, edited = _percent(outcome.share), _percent(outcome.share_edited)
    cells = (
        outcome.name,
        f"{accepted} ({number(outcome.accepted)})",
        _("%(low)s to %(high)s %%") % {"low": round(100 * low), "high": round(100 * high)},
        f"{edited} ({number(outcome.edited)})",
        number(outcome.decided),
    )
    note = _("%(accepted)s of %(decided)s accepted, %(edited)s edited") % {
        "accepted": accepted,
        "decided": number(outcome.decided),
        "edited": edited,
    }
    return charts.IntervalEstimate(outcome.name, outcome.share, low, high, note, cells)


def _day(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
