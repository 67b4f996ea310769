"""How far reviewers agree."""

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
from qareview.translations import counted, number, translated

COLUMNS = (
    gettext_lazy("Alpha"),
    gettext_lazy("95 % interval"),
    gettext_lazy("Items"),
    gettext_lazy("Decisions"),
    gettext_lazy("Pairs"),
)


@require_GET
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    """Show alpha, who agrees with whom, and what splits people; to admins the gold items too."""
    member = access.member(request, slug)
    key = ("agreement", member.project_id, member.user_id, member.role)
    counted = cached(key, lambda: agreements.overview(member))
    overview = counted.value
    documents = [(one.name, one.agreement) for one in overview.documents]
    weeks = [
        (
            _("Week of %(begins)s") % {"begins": date_format(one.begins, "DATE_FORMAT")},
            one.agreement,
        )
        for one in overview.weeks
    ]
    context = {
        "overview": overview,
        "counted_at": counted.counted_at,
        "reliable": krippendorff.RELIABLE,
        "tentative": krippendorff.TENTATIVE,
        "by_document": _chart("documents", _("Alpha by document"), _("Document"), documents),
        "by_week": _chart("weeks", _("Alpha by week"), _("Week"), weeks),
        "gold": _gold(member),
    }
    return render_page(request, "agreement/show.html", context)


def _gold(member: Membership) -> list[agreements.Known]:
    if not member.is_admin:
        return []
    project = member.project
    return cached(("gold", project.pk), lambda: agreements.against_gold(project)).value


def _chart(
    name: str, title: str, kind: str, rows: Sequence[tuple[str, Agreement]]
) -> charts.Dots | None:
    """Draw what can be told; None where nothing can, for then the words say enough."""
    told = [one.alpha for _, one in rows if one.alpha is not None]
    if not rows:
        return None
    lowest = min([*told, *(one.low for _, one in rows if one.low is not None)], default=0)
    description = _("Alpha with its 95 %% interval for %(rows)s rows, %(told)s of which tell.") % {
        "rows": len(rows),
        "told": len(told),
    }
    return charts.dots(
        f"agreement-{name}",
        title,
        description,
        (kind, *map(str, COLUMNS)),
        [_estimate(label, one) for label, one in rows],
        _ticks(-1 if lowest < 0 else 0),
    )


def _ticks(lowest: float) -> list[tuple[float, str]]:
    halves = range(round(2 * lowest), 3)
    words = {half: number(half / 2, half % 2) for half in halves} | {0: _("0: by chance")}
    return [(half / 2, words[half]) for half in halves]


def _estimate(label: str, one: Agreement) -> charts.IntervalEstimate:
    counts = (number(one.items), number(one.values), number(one.pairs))
    if one.alpha is None:
        cells = (label, "–", translated(one.note), *counts)
        return charts.IntervalEstimate(label, None, None, None, _in_short(one), cells)
    found = number(one.alpha, 2)
    interval = translated(one.note) if one.low is None else _interval(one.low, one.high or 0)
    items = counted(one.items, "item")
    note = _("%(alpha)s on %(items)s") % {"alpha": found, "items": items}
    return charts.IntervalEstimate(
        label, one.alpha, one.low, one.high, note, (label, found, interval, *counts)
    )


def _interval(low: float, high: float) -> str:
    return _("%(low)s to %(high)s") % {"low": number(low, 2), "high": number(high, 2)}


def _in_short(one: Agreement) -> str:
    """Say why there is no alpha, in words that fit beside a line."""
    if one.items < krippendorff.FEWEST_ITEMS:
        told = {"items": one.items, "fewest": krippendorff.FEWEST_ITEMS}
        return _("too little: %(items)s of %(fewest)s items") % told
    return _("all alike: %(items)s") % {"items": counted(one.items, "item")}
