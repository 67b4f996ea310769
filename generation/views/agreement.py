"""How far reviewers agree."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from generation import agreement as agreements
from generation import alpha
from generation.alpha import Agreement
from qareview import access, charts
from qareview.htmx import render_page
from qareview.keeping import kept
from qareview.models import Membership

COLUMNS = ("Alpha", "95 % interval", "Items", "Decisions", "Pairs")
TICKS = ((0.0, "0: by chance"), (0.5, "0.5"), (1.0, "1"))
BELOW_CHANCE = ((-1.0, "-1"), (-0.5, "-0.5"), (0.0, "0: by chance"), (0.5, "0.5"), (1.0, "1"))


@require_GET
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    """Show alpha, who agrees with whom, and what splits people; to admins the gold items too."""
    membership = access.membership(request.user, slug)
    project = access.project(request, slug)
    key = ("agreement", project.pk, membership.user_id, membership.role)
    found = kept(key, lambda: agreements.overview(membership))
    overview = found.value
    documents = [(one.name, one.agreement) for one in overview.documents]
    weeks = [
        (_("Week of %(begins)s") % {"begins": f"{one.begins:%-d %B %Y}"}, one.agreement)
        for one in overview.weeks
    ]
    context = {
        "overview": overview,
        "counted_at": found.counted_at,
        "reliable": alpha.RELIABLE,
        "tentative": alpha.TENTATIVE,
        "by_document": _chart("documents", _("Alpha by document"), "Document", documents),
        "by_week": _chart("weeks", _("Alpha by week"), "Week", weeks),
        "gold": _gold(membership),
    }
    return render_page(request, "agreement/show.html", context)


def _gold(membership: Membership) -> list[agreements.Known]:
    if not membership.is_admin:
        return []
    project = membership.project
    return kept(("gold", project.pk), lambda: agreements.against_gold(project)).value


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
        (kind, *COLUMNS),
        [_estimate(label, one) for label, one in rows],
        BELOW_CHANCE if lowest < 0 else TICKS,
    )


def _estimate(label: str, one: Agreement) -> charts.Estimate:
    counts = (f"{one.items:,}", f"{one.values:,}", f"{one.pairs:,}")
    if one.alpha is None:
        cells = (label, "–", one.note, *counts)
        return charts.Estimate(label, None, None, None, _in_short(one), cells)
    interval = one.note if one.low is None else f"{one.low:.2f} to {one.high:.2f}"
    cells = (label, f"{one.alpha:.2f}", interval, *counts)
    note = f"{one.alpha:.2f} on {one.items:,} items"
    return charts.Estimate(label, one.alpha, one.low, one.high, note, cells)


def _in_short(one: Agreement) -> str:
    """Say why there is no alpha, in words that fit beside a line."""
    if one.items < alpha.FEWEST_ITEMS:
        return f"too little: {one.items} of {alpha.FEWEST_ITEMS} items"
    return f"all alike: {one.items:,} items"
