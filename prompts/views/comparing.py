"""The page on which people compare outputs without knowing which variant wrote them.

No response reveals the variant, run or model of an output.
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
from prompts.experiment_forms import VoteForm
from prompts.models import Case, Comparison, Experiment, Run
from prompts.rendering import NEEDED_VARIABLE
from prompts.views.experiments import experiment_of
from qareview import access
from qareview.htmx import form_status, render_page, wants_part
from qareview.stored_sentences import translated
from qareview.word_differences import side_by_side


@require_GET
def compare(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the user's next comparison."""
    project = access.project(request, slug)
    experiment = experiment_of(project, pk)
    return _show(request, experiment, comparing.take_next_comparison(experiment, request.user))


@require_POST
def vote(request: HttpRequest, slug: str, token: UUID) -> HttpResponse:
    """Store the user's vote on a comparison and show the next one."""
    project = access.project(request, slug)
    comparison, experiment = _of_user(request, project, token)
    form = VoteForm(len(comparison.runs), experiment.shown_at_once > 2, request.POST)
    if not form.is_valid():
        return _show(request, experiment, comparison, form)
    ballot = comparing.Vote(
        choice=form.cleaned_data["choice"],
        places=form.places(),
        comment=form.cleaned_data["comment"],
        seconds=form.cleaned_data["seconds"] or 0,
    )
    try:
        comparing.store_vote(comparison, ballot)
    except comparing.VoteNotStored as reason:
        messages.error(request, translated(str(reason)))
    return _next(request, experiment)


@require_POST
def undo_vote(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Undo the user's last vote and show its comparison again."""
    project = access.project(request, slug)
    experiment = experiment_of(project, pk)
    try:
        comparison = comparing.undo_vote(experiment, request.user, _token_shown(request))
    except comparing.VoteNotStored as reason:
        messages.error(request, translated(str(reason)))
        return _next(request, experiment)
    if comparison:
        messages.success(request, _("Undone. You can decide again."))
    else:
        messages.info(request, _("You have nothing to undo."))
    return _next(request, experiment)


def _token_shown(request: HttpRequest) -> UUID | None:
    """Return the token of the comparison on the user's page, or None."""
    try:
        return UUID(request.POST.get("shown", ""))
    except ValueError:
        return None


@require_POST
def hold(request: HttpRequest, slug: str, token: UUID) -> HttpResponse:
    """Hold the user's open comparison for longer; 409 if that is no longer possible."""
    project = access.project(request, slug)
    comparison, _experiment = _of_user(request, project, token)
    return HttpResponse(status=204 if comparing.extend_hold(comparison) else 409)


def _of_user(request: HttpRequest, project: Any, token: UUID) -> tuple[Comparison, Experiment]:
    rows = comparing.comparisons_of(request.user, token).filter(experiment__prompt__project=project)
    comparison = get_object_or_404(rows)
    return comparison, experiment_of(project, comparison.experiment_id)


def _next(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    if not wants_part(request):
        return redirect("compare", experiment.prompt.project.slug, experiment.pk)
    return _show(request, experiment, comparing.take_next_comparison(experiment, request.user))


def _show(
    request: HttpRequest,
    experiment: Experiment,
    comparison: Comparison | None,
    form: VoteForm | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "experiment": experiment,
        "comparison": comparison,
        "form": form,
        "own_comparisons": comparing.own_comparisons(experiment, request.user),
        "is_ranking": experiment.shown_at_once > 2,
    }
    if comparison:
        case = Case.objects.get(pk=comparison.case_id)
        typed = form.data if form else {}
        context |= {
            "values": _case_values(experiment, case),
            "outputs": _outputs(comparison, typed),
            "comment": typed.get("comment", comparison.comment),
        }
    elif experiment.is_open:
        context["progress"] = experiments.run_progress(experiment)
    status = form_status(form) if form else 200
    response = render_page(request, "comparing/show.html", context, part="desk", status=status)
    response["Cache-Control"] = "no-store"
    if wants_part(request):
        trigger_client_event(response, "compared")
    return response


def _case_values(experiment: Experiment, case: Case) -> list[tuple[str, str]]:
    """Return the names and values of a case, starting with the variable that the prompt needs."""
    needed = NEEDED_VARIABLE.get(experiment.prompt.task, "")
    names = sorted(case.values, key=lambda name: (name != needed, name))
    return [(name, case.values[name]) for name in names if case.values[name]]


def _outputs(comparison: Comparison, typed: Any) -> list[dict[str, Any]]:
    """Return the outputs from left to right; of two, with their differences marked."""
    runs = Run.objects.in_bulk(comparison.runs)
    texts = [runs[pk].output for pk in comparison.runs]
    marked = side_by_side(*texts) if len(texts) == 2 else [None] * len(texts)
    places = [typed.get(f"place-{number}", "") for number in range(1, len(texts) + 1)]
    if not any(places):
        places = [str(place) for place in comparison.places] or places
    return [
        {"number": number, "text": text, "marked": mark, "place": place}
        for number, (text, mark, place) in enumerate(zip(texts, marked, places, strict=False), 1)
    ]
