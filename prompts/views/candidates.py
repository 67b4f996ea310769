"""Wordings that were proposed are ordered, and reviewed by keyboard like items."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prompts import candidates
from prompts.experiment_forms import CandidateForm, SearchForm
from prompts.models import Candidate, Prompt, Search
from qareview import access, jobs
from qareview.htmx import form_status, render_page
from qareview.models import JobState, Role
from qareview.translations import translated
from qareview.word_differences import word_differences

SHOWN = 5  # searches


def _prompt(request: HttpRequest, slug: str, pk: int) -> Prompt:
    project = access.project(request, slug, Role.ENGINEER)
    rows = Prompt.objects.select_related("project", "production")
    return get_object_or_404(rows, project=project, pk=pk)


@require_http_methods(["GET", "POST"])
def candidate_list(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the candidates that wait; a POST orders more."""
    prompt = _prompt(request, slug, pk)
    form = SearchForm(prompt, request.POST or None)
    if form.is_valid():
        candidates.order(prompt, request.user, **form.cleaned_data)
        return redirect("candidates", slug, pk)
    return _show(request, prompt, form)


def _show(
    request: HttpRequest,
    prompt: Prompt,
    form: SearchForm,
    refused: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show the page; ``refused`` is a decision that could not be stored, and why."""
    searches = list(prompt.searches.select_related("seed", "created_by")[:SHOWN])
    waiting = candidates.waiting(prompt)
    context = {
        "prompt": prompt,
        "form": form,
        "refused": refused,
        "searches": searches,
        "is_moving": any(one.state in (JobState.QUEUED, JobState.RUNNING) for one in searches),
        "waiting": [_changed(one) for one in waiting],
        "reasons": [_("It says less than it should"), _("It is no better"), _("It is unclear")],
    }
    status = 422 if refused else form_status(form)
    return render_page(request, "candidates/list.html", context, part="searches", status=status)


def _changed(candidate: Candidate) -> tuple[Candidate, SafeString, SafeString]:
    """Return a candidate with what it changed in the system text and in the template."""
    seed = candidate.search.seed
    pairs = ((seed.system, candidate.system), (seed.template, candidate.template))
    system, template = (word_differences(*pair) for pair in pairs)
    return candidate, system, template


@require_POST
def decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Accept a candidate, edited or not, reject it, or give it a place."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(Candidate, prompt__project=project, prompt__binned_at=None, pk=pk)
    form = CandidateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("That is no decision."))
        return redirect("candidates", slug, found.prompt_id)
    given = form.cleaned_data
    try:
        if given["verdict"] == "accepted":
            made = candidates.accept(found, request.user, given["system"], given["template"])
            messages.success(request, _("Variant %(number)s is made.") % {"number": made.number})
        elif given["verdict"] == "rejected":
            candidates.reject(found, request.user, given["reason"])
        else:
            candidates.place(found, given["place"])
    except candidates.TooLate as reason:
        messages.error(request, translated(str(reason)))
    except candidates.CannotDecide as reason:
        prompt = _prompt(request, slug, found.prompt_id)
        refused = {**given, "pk": pk, "reason": translated(str(reason))}
        return _show(request, prompt, SearchForm(prompt), refused)
    return redirect("candidates", slug, found.prompt_id)


@require_POST
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back the user's last decision on a candidate of a prompt."""
    prompt = _prompt(request, slug, pk)
    try:
        if candidates.undo(prompt, request.user):
            messages.success(request, _("Undone. Here it is again."))
        else:
            messages.info(request, _("There is nothing of yours to undo."))
    except candidates.CannotDecide as reason:
        messages.error(request, translated(str(reason)))
    return redirect("candidates", slug, pk)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Queue a search that failed once more."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(Search, prompt__project=project, prompt__binned_at=None, pk=pk)
    jobs.retry_job(found)
    return redirect("candidates", slug, found.prompt_id)
