"""The result of an experiment, its exports, and promoting its winner."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from prompts import experiments, exports, promotions, ranking, results
from prompts.views.experiments import experiment_of
from prompts.views.prompts import tell_of_no_promotion, tell_of_promotion
from qareview import access, charts
from qareview.htmx import render_page
from qareview.models import Role
from qareview.request_numbers import number_in
from qareview.stored_sentences import stored
from qareview.translations import counted, number, percent

COMMENTS_SHOWN = 50  # the latest; chosen; nobody measured


@require_GET
def show_result(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the result, or an earlier one with ``?snapshot=``.

    Reviewers see it only once the experiment has ended.
    """
    member = access.member(request, slug)
    experiment = experiment_of(member.project, pk)
    if not experiment.ended_at and not member.is_engineer:
        raise PermissionDenied(_("The result is not available until the experiment ends."))
    snapshot = None
    if (chosen := number_in(request.GET.get("snapshot"))) is not None:
        snapshot = get_object_or_404(experiment.snapshots, pk=chosen)
    result = results.facts_of(snapshot) if snapshot else results.result_of(experiment)
    archived = experiment.variants.exclude(archived_at=None)
    context = {
        "experiment": experiment,
        "snapshot": snapshot,
        "snapshots": experiment.snapshots.select_related("created_by"),
        "result": result,
        "charts": _charts(result),
        "comments": results.comments_on(experiment, COMMENTS_SHOWN) if member.is_engineer else [],
        "production": experiment.prompt.production,
        "archived": {*archived.values_list("pk", flat=True)},
        "formats": exports.FORMATS,
        "progress": experiments.run_progress(experiment),
    }
    return render_page(request, "results/show.html", context)


@require_POST
def promote_winner(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put a variant of an experiment into production; store the result as a snapshot."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    chosen = number_in(request.POST.get("variant"))
    if chosen is None:
        return _nothing_chosen(request, slug, pk)
    variant = get_object_or_404(experiment.variants.select_related("prompt"), number=chosen)
    because = stored("variant %(number)s was promoted", number=variant.number)
    snapshot = results.keep_snapshot(experiment, request.user, because)
    promotion = promotions.promote_variant(variant, request.user, snapshot=snapshot)
    if promotion:
        tell_of_promotion(request, slug, promotion)
    else:
        snapshot.delete()
        tell_of_no_promotion(request, variant)
    return redirect("prompts-show", slug, variant.prompt_id)


@require_POST
def exclude_reviewer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Exclude a reviewer's votes, or include them with ``back``; store the result before."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    reviewer = number_in(request.POST.get("reviewer"))
    if reviewer is None:
        return _nothing_chosen(request, slug, pk)
    if not experiment.comparisons.filter(reviewer=reviewer).exists():
        raise Http404(_("This person has not compared anything in this experiment."))
    results.keep_snapshot(experiment, request.user, stored("before a change to whose votes count"))
    results.exclude_votes(experiment, reviewer, "back" not in request.POST)
    return redirect("results", slug, pk)


def _nothing_chosen(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    messages.error(request, _("Nothing was selected."))
    return redirect("results", slug, pk)


@require_GET
def export_experiment(request: HttpRequest, slug: str, pk: int, format_name: str) -> HttpResponse:
    """Download an experiment in one of the formats."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    chosen = exports.FORMATS.get(format_name)
    if chosen is None:
        raise Http404(_("Format not found."))
    response = HttpResponse(
        chosen.write(experiment).encode(), content_type=f"{chosen.media_type}; charset=utf-8"
    )
    name = exports.file_name(experiment, format_name)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _charts(result: results.Facts) -> list[Any]:
    rows = result["rows"]
    if result["verdict"] == ranking.NOT_COMPARABLE or not rows:
        return []
    return [_strengths(rows), _prices(rows)]


def _label(row: dict[str, Any]) -> str:
    """Return what a variant is called in a chart; results of earlier methods have no name."""
    text = _("Variant %(number)s") % {"number": row["variant"]}
    return f"{text}: {row['name']}" if row.get("name") else text


def _strengths(rows: list[dict[str, Any]]) -> charts.Dots:
    ends = [row[name] for row in rows for name in ("low", "high")]
    first, last = min(-1.0, *ends), max(0.5, *ends)
    estimates = [
        charts.IntervalEstimate(
            _label(row),
            row["gap"],
            row["low"],
            row["high"],
            _("%(share)s win rate") % {"share": percent(row["win_rate"])},
            (
                _label(row),
                number(row["gap"], 2),
                f"{number(row['low'], 2)} … {number(row['high'], 2)}",
                counted(row["comparisons"], "comparison"),
            ),
        )
        for row in rows
    ]
    return charts.dots(
        "strengths",
        _("Strength relative to the leader"),
        _("Difference in strength from the leader, with its 95 % interval, clustered by case."),
        (_("Variant"), _("Difference"), _("Interval"), _("Comparisons")),
        estimates,
        [(first, number(first, 1)), (0.0, "0"), (last, number(last, 1) if last > 1 else "")],
    )


def _prices(rows: list[dict[str, Any]]) -> charts.Points:
    price = "cost" if any(row["cost"] for row in rows) else "tokens"
    decimals = 6 if price == "cost" else 0
    spots = [
        charts.Spot(
            _label(row),
            row[price],
            row["win_rate"],
            row["is_efficient"],
            (
                _label(row),
                number(row[price], decimals),
                percent(row["win_rate"]),
                _("yes") if row["is_efficient"] else _("no"),
            ),
        )
        for row in rows
    ]
    axis_label = _("Cost per run") if price == "cost" else _("Tokens per run")
    return charts.points(
        "prices",
        _("Quality versus cost"),
        _(
            "Win rate on the vertical axis, cost on the horizontal axis. Filled dots are "
            "Pareto-optimal: no other variant is both better and cheaper."
        ),
        (_("Variant"), axis_label, _("Win rate"), _("Pareto-optimal")),
        spots,
        axis_label,
    )
