"""The pages of the messages that were sent to models for a run and for a candidate of a prompt."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from prompts.models import Candidate, Run
from qareview import access
from qareview.htmx import render_page
from qareview.models import Role


@require_GET
def run_messages(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the request that was sent for a run, and the raw reply: not blind, so for engineers."""
    project = access.project(request, slug, Role.ENGINEER)
    rows = Run.objects.select_related("exchange", "experiment__prompt", "variant__prompt", "case")
    run = get_object_or_404(
        rows, experiment__prompt__project=project, experiment__prompt__binned_at=None, pk=pk
    )
    context = {"run": run, "experiment": run.experiment}
    return render_page(request, "exchanges/run.html", context)


@require_GET
def candidate_messages(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the request that was sent for a candidate, and the raw reply."""
    project = access.project(request, slug, Role.ENGINEER)
    rows = Candidate.objects.select_related("exchange", "prompt")
    candidate = get_object_or_404(rows, prompt__project=project, prompt__binned_at=None, pk=pk)
    return render_page(request, "exchanges/candidate.html", {"candidate": candidate})
