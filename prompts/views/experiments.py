"""Pages that create, start, show and end experiments."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prompts import (
    case_matrix,
    cases,
    comparing,
    continuing,
    estimates,
    experiments,
    ranking,
    results,
)
from prompts.case_forms import CasesForm, MoreCasesForm
from prompts.experiment_forms import CaseOrderForm, ExperimentForm
from prompts.models import Experiment, Prompt
from qareview import access, completions, uploads
from qareview.htmx import form_status, offer_undo, render_page, wants_part
from qareview.models import Project, Role
from qareview.request_numbers import number_in
from qareview.stored_sentences import stored, translated
from qareview.translations import counted

FIRST_CASES = 10  # shown before anything runs; chosen; nobody measured


def experiment_of(project: Project, pk: int) -> Experiment:
    """Return an experiment of a project whose prompt is not in the bin. Raises Http404."""
    rows = Experiment.objects.select_related("prompt__project", "prompt__production")
    return get_object_or_404(rows, pk=pk, prompt__project=project, prompt__binned_at=None)


@require_GET
def experiment_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's experiments, with the number of the user's comparisons in each."""
    project = access.project(request, slug)
    rows = Experiment.objects.filter(prompt__project=project, prompt__binned_at=None)
    context = {
        "experiments": rows.for_list(request.user),
        "prompts": Prompt.objects.filter(project=project),
        "case_sets": project.case_sets.select_related("created_by").defer("rows"),
    }
    return render_page(request, "experiments/list.html", context)


@uploads.takes_files(Role.ENGINEER)
@require_http_methods(["GET", "POST"])
def new_experiment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Create an experiment of a prompt. Its own page shows an estimate and starts it.

    With ``?copy=``, the form has the values of the experiment with this id.
    """
    project = access.project(request, slug, Role.ENGINEER)
    prompt = get_object_or_404(
        Prompt.objects.select_related("project", "production"), project=project, pk=pk
    )
    copied = prompt.experiments.filter(pk=number_in(request.GET.get("copy")) or 0).first()
    form = ExperimentForm(prompt, request.POST or None, request.FILES or None, copied=copied)
    if form.is_valid():
        experiment = _create(request, prompt, form)
        return redirect("experiments-show", slug, experiment.pk)
    context = {"prompt": prompt, "form": form}
    return render_page(request, "experiments/new.html", context, status=form_status(form))


@transaction.atomic
def _create(request: HttpRequest, prompt: Prompt, form: ExperimentForm) -> Experiment:
    data = form.cleaned_data
    experiment = experiments.create_experiment(
        prompt, request.user, data["variants"], **form.values()
    )
    added = cases.store_cases(experiment, data["cases"])
    _tell_of_cases(request, form, added)
    if data["with_votes"]:
        votes = continuing.carry_over(data["earlier"], experiment, added.copies)
        text = _("Taken over with their outputs: %(votes)s.")
        messages.success(request, text % {"votes": counted(votes, "comparison")})
    return experiment


def _tell_of_cases(request: HttpRequest, form: CasesForm, added: cases.StoredCases) -> None:
    """Say what of the cases is not there, or not as it was given."""
    requested, drawn = form.cleaned_data["items"] or 0, form.cleaned_data["drawn"]
    if drawn < requested:
        text = _("There are fewer accepted items than you asked for: %(drawn)s.")
        messages.warning(request, text % {"drawn": drawn})
    if added.repeated:
        text = _("Left out, since another case has the same values: %(cases)s.")
        messages.warning(request, text % {"cases": counted(added.repeated, "case")})
    if added.unused:
        text = _("References of cases that were there before were not added: %(count)s.")
        messages.warning(request, text % {"count": added.unused})
    if added.empty:
        text = _("Some cases have an empty value for %(names)s.")
        messages.warning(request, text % {"names": ", ".join(added.empty)})


@uploads.takes_files(Role.ENGINEER)
@require_http_methods(["GET", "POST"])
def add_cases(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Add cases to an experiment; if it is running, they run at once."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    form = MoreCasesForm(experiment, request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            added = continuing.add_cases(experiment, form.cleaned_data["cases"])
            _tell_of_cases(request, form, added)
            text = _("Added: %(cases)s.") % {"cases": counted(len(added.cases), "case")}
            messages.success(request, text)
            return redirect("experiments-show", slug, pk)
        except continuing.CannotAddCases as reason:
            form.add_error(None, translated(str(reason)))
    context = {"experiment": experiment, "form": form}
    return render_page(request, "experiments/cases.html", context, status=form_status(form))


@require_GET
def show_experiment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show an experiment: its estimate, its progress and its outputs case by case."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    context = {
        "experiment": experiment,
        "progress": experiments.run_progress(experiment),
        "stopped": completions.why_over_budget(project),
    }
    if not wants_part(request):
        context |= _matrix_and_settings(request, experiment)
    return render_page(request, "experiments/show.html", context, part="progress")


def _matrix_and_settings(request: HttpRequest, experiment: Experiment) -> dict[str, Any]:
    """Return the context of an experiment's page except its progress."""
    form = CaseOrderForm(request.GET or None)
    entrants = case_matrix.entrants_of(experiment)
    order = form.order()
    chosen = case_matrix.ordered_cases(experiment, order)
    page = Paginator(chosen, case_matrix.CASES_PER_PAGE).get_page(request.GET.get("page"))
    kinds, averages = case_matrix.averages_by_entrant(experiment, entrants)
    is_marked = "marks" in request.GET
    return {
        "entrants": entrants,
        "kinds": kinds,
        "averages": averages,
        "form": form,
        "page": page,
        "lines": case_matrix.rows_of(
            experiment, list(page), entrants, order.by, is_marked=is_marked
        ),
        "marks": is_marked,
        **_estimates(experiment),
        "cases": experiment.cases.count(),
        "first_cases": [] if experiment.started_at else experiment.cases.all()[:FIRST_CASES],
        "fewest_cases": ranking.FEWEST_CASES,
        "own_comparisons": comparing.own_comparisons(experiment, request.user),
    }


def _estimates(experiment: Experiment) -> dict[str, Any]:
    """Return what an experiment that was not started takes, and can tell."""
    if experiment.started_at:
        return {}
    return {
        "estimate": estimates.estimate_cost(experiment),
        "power": estimates.comparisons_by_win_rate(experiment),
        "possible": estimates.possible_comparisons(experiment),
    }


@require_POST
def remove_experiment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Delete an experiment that was not started."""
    project = access.project(request, slug, Role.ENGINEER)
    if experiments.remove_experiment(experiment_of(project, pk)):
        messages.success(request, _("Experiment removed."))
        return redirect("experiments", slug)
    messages.error(request, _("You cannot remove an experiment that has started. End it instead."))
    return redirect("experiments-show", slug, pk)


@require_POST
def start_experiment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Queue an experiment's runs; a second click changes nothing."""
    project = access.project(request, slug, Role.ENGINEER)
    experiments.start_experiment(experiment_of(project, pk))
    return redirect("experiments-show", slug, pk)


@require_POST
def retry_runs(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Queue the failed runs again."""
    project = access.project(request, slug, Role.ENGINEER)
    count = experiments.retry_failed_runs(experiment_of(project, pk))
    messages.info(request, _("Retrying %(runs)s.") % {"runs": counted(count, "run")})
    return redirect("experiments-show", slug, pk)


@require_POST
def end_experiment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End an experiment, so that all members see the result; with ``again``, reopen it."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    is_ended = "again" not in request.POST
    if experiments.end_experiment(experiment, is_ended) and is_ended:
        results.keep_snapshot(experiment, request.user, stored("the experiment ended"))
        messages.success(
            request, _("The experiment has ended. All members can now see the result.")
        )
    return redirect("results", slug, pk)


@require_POST
def set_aside(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """Drop a variant; with ``back``, take it back."""
    project = access.project(request, slug, Role.ENGINEER)
    experiment = experiment_of(project, pk)
    entrant = get_object_or_404(experiment.entrants, variant__number=number)
    values = {"number": number}
    if "back" in request.POST or "back" in request.GET:
        experiments.restore_entrant(entrant)
        messages.success(request, _("Variant %(number)s is being compared again.") % values)
    elif experiments.set_entrant_aside(entrant, stored("dropped by %(name)s", name=request.user)):
        undo = reverse("experiments-aside", args=[slug, pk, number])
        offer_undo(request, _("Variant %(number)s dropped.") % values, f"{undo}?back=1")
    else:
        messages.error(request, _("An experiment needs at least two variants."))
    return redirect("experiments-show", slug, pk)
