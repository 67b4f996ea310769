"""How far the reviewing is, how fast it goes, and which wording makes work."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from generation.outcomes import Outcome, Outcomes, outcomes
from generation.pace import Pace, pace
from generation.reviewing import Reviewer, reviewers
from qareview import access, charts
from qareview.htmx import render_page
from qareview.keeping import kept
from qareview.models import Project

COLUMNS = ("Accepted", "95 % interval", "Edited", "Decided")
TICKS = ((0.0, "none accepted"), (0.5, "half"), (1.0, "all"))


@dataclass(frozen=True)
class Counted:
    """All that the page shows of a project, whoever looks at it."""

    states: dict[str, int]
    pace: Pace
    reviewers: list[Reviewer]
    outcomes: Outcomes

    @property
    def decided(self) -> int:
        return sum(self.states[state] for state in ("accepted", "rejected", "disputed"))

    @property
    def reviewed_or_left(self) -> int:
        return self.decided + self.states["pending"]


def _count(project: Project) -> Counted:
    states = project.items.all().counts()
    return Counted(states, pace(project), reviewers(project), outcomes(project))


@require_GET
def progress(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the progress of a project; of other people's figures only to admins."""
    membership = access.membership(request.user, slug)
    project = access.project(request, slug)
    found = kept(("progress", project.pk), lambda: _count(project))
    people = found.value.reviewers
    own = [one for one in people if one.pk == request.user.pk]
    context = {
        "counted": found.value,
        "counted_at": found.counted_at,
        "by_day": _by_day(found.value.pace),
        "people": people if membership.is_admin else own,
        "charts": _by_kind(found.value.outcomes),
    }
    return render_page(request, "progress/show.html", context)


def _by_day(pace: Pace) -> charts.Bars:
    most = max(count for _, count in pace.days)
    total = sum(count for _, count in pace.days)
    return charts.bars(
        "days",
        _("Decisions by day, %(days)s to %(days2)s")
        % {"days": f"{pace.days[0][0]:%-d %B}", "days2": f"{pace.days[-1][0]:%-d %B}"},
        _("%(total)s decisions in %(days)s days, %(most)s on the busiest.")
        % {"total": f"{total:,}", "days": len(pace.days), "most": f"{most:,}"},
        ("Day", "Decisions"),
        [(f"{day.day}", count, (f"{day:%A, %-d %B}", f"{count:,}")) for day, count in pace.days],
    )


def _by_kind(found: Outcomes) -> list[charts.Dots]:
    kinds: Sequence[tuple[str, str, str, list[Outcome]]] = (
        ("summarise", _("By variant of the prompt “summarise”"), "Variant", found.summarise),
        ("ask", _("By variant of the prompt “ask”"), "Variant", found.ask),
        ("model", _("By model"), "Model", found.models),
        ("document", _("By document"), "Document", found.documents),
    )
    return [_acceptance(*kind) for kind in kinds if kind[-1]]


def _acceptance(name: str, title: str, kind: str, rows: Sequence[Outcome]) -> charts.Dots:
    return charts.dots(
        f"accepted-{name}",
        title,
        _("Shares of decided items that were accepted, with 95 %% intervals, in %(rows)s rows.")
        % {"rows": len(rows)},
        (kind, *COLUMNS),
        [_estimate(one) for one in rows],
        TICKS,
    )


def _estimate(one: Outcome) -> charts.Estimate:
    low, high = one.interval
    cells = (
        one.name,
        f"{_percent(one.share)} ({one.accepted:,})",
        f"{100 * low:.0f} to {100 * high:.0f} %",
        f"{_percent(one.share_edited)} ({one.edited:,})",
        f"{one.decided:,}",
    )
    note = f"{_percent(one.share)} of {one.decided:,} accepted, {_percent(one.share_edited)} edited"
    return charts.Estimate(one.name, one.share, low, high, note, cells)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
