"""The page of agreement between reviewers."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from generation.progress import agreement as agreements
from qareview import access, charts, krippendorff
from qareview.htmx import render_page
from qareview.krippendorff import Agreement
from qareview.models import Membership
from qareview.process_cache import cached
from qareview.stored_sentences import translated
from qareview.translations import counted, number

COLUMNS = (
    gettext_lazy("Alpha"),
    gettext_lazy("95 % interval"),
    gettext_lazy("Items"),
    gettext_lazy("Decisions"),
    gettext_lazy("Pairs"),
)


@require_GET
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    """Show alpha, who agrees with whom, and disagreements; admins see gold items too."""
    member = access.member(request, slug)
    key = ("agreement", member.project_id, member.user_id, member.role)
    cached_overview = cached(key, lambda: agreements.overview(member))
    overview = cached_overview.value
    documents = [(document.name, document.agreement) for document in overview.documents]
    weeks = [
        (
            _("Week of %(begins)s") % {"begins": date_format(week.begins, "DATE_FORMAT")},
            week.agreement,
        )
        for week in overview.weeks
    ]
    context = {
        "overview": overview,
        "counted_at": cached_overview.counted_at,
        "reliable": krippendorff.RELIABLE,
        "tentative": krippendorff.TENTATIVE,
        "by_document": _chart("documents", _("Alpha by document"), _("Document"), documents),
        "by_week": _chart("weeks", _("Alpha by week"), _("Week"), weeks),
        "gold": _gold(member),
    }
    return render_page(request, "agreement/show.html", context)


def _gold(member: Membership) -> list[agreements.GoldAgreement]:
    if not member.is_admin:
        return []
    project = member.project
    return cached(("gold", project.pk), lambda: agreements.against_gold(project)).value


def _chart(
    name: str, title: str, kind: str, rows: Sequence[tuple[str, Agreement]]
) -> charts.Dots | None:
    """Return a chart of the agreement in each row, with its interval; None if there are no rows."""
    alphas = [result.alpha for _, result in rows if result.alpha is not None]
    if not rows:
        return None
    lowest = min(
        [*alphas, *(result.low for _, result in rows if result.low is not None)], default=0
    )
    description = _(
        "Alpha with its 95 %% interval in %(rows)s rows. %(told)s of them have enough data."
    ) % {
        "rows": len(rows),
        "told": len(alphas),
    }
    return charts.dots(
        f"agreement-{name}",
        title,
        description,
        (kind, *map(str, COLUMNS)),
        [_estimate(label, result) for label, result in rows],
        _ticks(-1 if lowest < 0 else 0),
    )


def _ticks(lowest: float) -> list[tuple[float, str]]:
    halves = range(round(2 * lowest), 3)
    words = {half: number(half / 2, half % 2) for half in halves} | {0: _("0: chance")}
    return [(half / 2, words[half]) for half in halves]


def _estimate(label: str, result: Agreement) -> charts.IntervalEstimate:
    counts = (number(result.items), number(result.values), number(result.pairs))
    if result.alpha is None:
        cells = (label, "–", translated(result.note), *counts)
        return charts.IntervalEstimate(label, None, None, None, _why_no_alpha(result), cells)
    alpha = number(result.alpha, 2)
    interval = (
        translated(result.note) if result.low is None else _interval(result.low, result.high or 0)
    )
    items = counted(result.items, "item")
    note = _("%(alpha)s on %(items)s") % {"alpha": alpha, "items": items}
    return charts.IntervalEstimate(
        label, result.alpha, result.low, result.high, note, (label, alpha, interval, *counts)
    )


def _interval(low: float, high: float) -> str:
    return _("%(low)s to %(high)s") % {"low": number(low, 2), "high": number(high, 2)}


def _why_no_alpha(result: Agreement) -> str:
    """Return why there is no alpha, in a few words for the chart."""
    if result.items < krippendorff.FEWEST_ITEMS:
        counts = {"items": result.items, "fewest": krippendorff.FEWEST_ITEMS}
        return _("too few: %(items)s of %(fewest)s items") % counts
    return _("all alike: %(items)s") % {"items": counted(result.items, "item")}
