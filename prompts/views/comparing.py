"""The comparing desk: blind, two outputs of a case at a time, and the next at once.

Nothing that is sent tells which variant, run or model an output is of.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from prompts import comparing, experiments
from prompts.experiment_forms import DecisionForm
from prompts.models import Case, Comparison, Experiment, Run
from prompts.rendering import NEEDED
from prompts.views.experiments import of_project
from qareview import access
from qareview.htmx import form_status, render_page, wants_part
from qareview.translations import translated
from qareview.word_differences import side_by_side


@require_GET
def compare(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the outputs that the user compares now."""
    project = access.project(request, slug)
    experiment = of_project(project, pk)
    return _show(request, experiment, comparing.take_next(experiment, request.user))


@require_POST
def decide(request: HttpRequest, slug: str, token: UUID) -> HttpResponse:
    """Store what the user says of a comparison and show the next."""
    project = access.project(request, slug)
    found, experiment = _of_user(request, project, token)
    form = DecisionForm(len(found.runs), experiment.shown_at_once > 2, request.POST)
    if not form.is_valid():
        return _show(request, experiment, found, form)
    decision = comparing.Decision(
        choice=form.cleaned_data["choice"],
        places=form.places(),
        comment=form.cleaned_data["comment"],
        seconds=form.cleaned_data["seconds"] or 0,
    )
    try:
        comparing.decide(found, decision)
    except comparing.NotStored as reason:
        messages.error(request, translated(str(reason)))
    return _next(request, experiment)


@require_POST
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back the user's last decision and show its outputs again."""
    project = access.project(request, slug)
    experiment = of_project(project, pk)
    try:
        found = comparing.undo(experiment, request.user, _shown(request))
    except comparing.NotStored as reason:
        messages.error(request, translated(str(reason)))
        return _next(request, experiment)
    if found:
        messages.success(request, _("Undone. Here it is again."))
    else:
        messages.info(request, _("There is nothing of yours to undo."))
    return _next(request, experiment)


def _shown(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("shown", ""))
    except ValueError:
        return None


@require_POST
def hold(request: HttpRequest, slug: str, token: UUID) -> HttpResponse:
    """Keep the user's place at what they compare; 409 if it ran out."""
    project = access.project(request, slug)
    found, _experiment = _of_user(request, project, token)
    return HttpResponse(status=204 if comparing.renew(found) else 409)


def _of_user(request: HttpRequest, project: Any, token: UUID) -> tuple[Comparison, Experiment]:
    rows = comparing.of(request.user, token).filter(experiment__prompt__project=project)
    found = get_object_or_404(rows)
    return found, of_project(project, found.experiment_id)


def _next(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    if not wants_part(request):
        return redirect("compare", experiment.prompt.project.slug, experiment.pk)
    return _show(request, experiment, comparing.take_next(experiment, request.user))


def _show(
    request: HttpRequest,
    experiment: Experiment,
    comparison: Comparison | None,
    form: DecisionForm | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "experiment": experiment,
        "comparison": comparison,
        "form": form,
        "share": comparing.share(experiment, request.user),
        "is_ranking": experiment.shown_at_once > 2,
    }
    if comparison:
        case = Case.objects.get(pk=comparison.case_id)
        typed = form.data if form else {}
        context |= {
            "given": _given(experiment, case),
            "outputs": _outputs(comparison, typed),
            "comment": typed.get("comment", comparison.comment),
        }
    elif experiment.is_open:
        context["progress"] = experiments.progress(experiment)
    status = form_status(form) if form else 200
    response = render_page(request, "comparing/show.html", context, part="desk", status=status)
    response["Cache-Control"] = "no-store"
    if wants_part(request):
        trigger_client_event(response, "compared")
    return response


def _given(experiment: Experiment, case: Case) -> list[tuple[str, str]]:
    """Return the values of a case by their names, the one that matters most first."""
    needed = NEEDED.get(experiment.prompt.task, "")
    names = sorted(case.values, key=lambda name: (name != needed, name))
    return [(name, case.values[name]) for name in names if case.values[name]]


def _outputs(comparison: Comparison, typed: Any) -> list[dict[str, Any]]:
    """Return the outputs in the order they are shown; of two, with what differs marked."""
    found = Run.objects.in_bulk(comparison.runs)
    texts = [found[run].output for run in comparison.runs]
    marked = side_by_side(*texts) if len(texts) == 2 else [None] * len(texts)
    places = [typed.get(f"place-{number}", "") for number in range(1, len(texts) + 1)]
    if not any(places):
        places = [str(place) for place in comparison.places] or places
    return [
        {"number": number, "text": text, "marked": mark, "place": place}
        for number, (text, mark, place) in enumerate(zip(texts, marked, places, strict=False), 1)
    ]
