"""Pages to order candidates of a prompt and to decide on them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prompts import candidate_decisions, candidates
from prompts.experiment_forms import CandidateDecisionForm, SearchForm
from prompts.models import Candidate, Prompt, Search
from qareview import access, jobs
from qareview.htmx import form_status, render_page
from qareview.models import JobState, Role
from qareview.stored_sentences import translated
from qareview.word_differences import word_differences

SEARCHES_SHOWN = 5  # the latest; chosen; nobody measured


def _prompt(request: HttpRequest, slug: str, pk: int) -> Prompt:
    project = access.project(request, slug, Role.ENGINEER)
    rows = Prompt.objects.select_related("project", "production")
    return get_object_or_404(rows, project=project, pk=pk)


@require_http_methods(["GET", "POST"])
def candidate_list(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the pending candidates; a POST orders more."""
    prompt = _prompt(request, slug, pk)
    form = SearchForm(prompt, request.POST or None)
    if form.is_valid():
        candidates.order_candidates(prompt, request.user, **form.cleaned_data)
        return redirect("candidates", slug, pk)
    return _show(request, prompt, form)


def _show(
    request: HttpRequest,
    prompt: Prompt,
    form: SearchForm,
    refused: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show the page; ``refused`` is a decision that could not be stored, and why."""
    searches = list(prompt.searches.select_related("seed", "created_by")[:SEARCHES_SHOWN])
    waiting = candidate_decisions.pending_candidates(prompt)
    context = {
        "prompt": prompt,
        "form": form,
        "refused": refused,
        "searches": searches,
        "is_moving": any(
            search.state in (JobState.QUEUED, JobState.RUNNING) for search in searches
        ),
        "waiting": [_changed(candidate) for candidate in waiting],
        "reasons": [_("Leaves something out"), _("Not an improvement"), _("Unclear")],
    }
    status = 422 if refused else form_status(form)
    return render_page(request, "candidates/list.html", context, part="searches", status=status)


def _changed(candidate: Candidate) -> tuple[Candidate, SafeString, SafeString]:
    """Return a candidate with its changes to the system text and to the template."""
    seed = candidate.search.seed
    pairs = ((seed.system, candidate.system), (seed.template, candidate.template))
    system, template = (word_differences(*pair) for pair in pairs)
    return candidate, system, template


@require_POST
def decide_on_candidate(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Accept a candidate, edited or not, reject it, or give it a place."""
    project = access.project(request, slug, Role.ENGINEER)
    candidate = get_object_or_404(Candidate, prompt__project=project, prompt__binned_at=None, pk=pk)
    form = CandidateDecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Not a valid decision. Accept, reject or give a place."))
        return redirect("candidates", slug, candidate.prompt_id)
    data = form.cleaned_data
    try:
        if data["verdict"] == "accepted":
            variant = candidate_decisions.accept_candidate(
                candidate, request.user, data["system"], data["template"]
            )
            messages.success(request, _("Variant %(number)s created.") % {"number": variant.number})
        elif data["verdict"] == "rejected":
            candidate_decisions.reject_candidate(candidate, request.user, data["reason"])
        else:
            candidate_decisions.place_candidate(candidate, data["place"])
    except candidate_decisions.AlreadyDecided as reason:
        messages.error(request, translated(str(reason)))
    except candidate_decisions.CannotDecide as reason:
        prompt = _prompt(request, slug, candidate.prompt_id)
        refused = {**data, "pk": pk, "reason": translated(str(reason))}
        return _show(request, prompt, SearchForm(prompt), refused)
    return redirect("candidates", slug, candidate.prompt_id)


@require_POST
def undo_decision(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Undo the user's last decision on a candidate of a prompt."""
    prompt = _prompt(request, slug, pk)
    try:
        if candidate_decisions.undo_candidate_decision(prompt, request.user):
            messages.success(request, _("Undone. You can decide again."))
        else:
            messages.info(request, _("You have nothing to undo."))
    except candidate_decisions.CannotDecide as reason:
        messages.error(request, translated(str(reason)))
    return redirect("candidates", slug, pk)


@require_POST
def retry_search(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Queue a failed search again."""
    project = access.project(request, slug, Role.ENGINEER)
    search = get_object_or_404(Search, prompt__project=project, prompt__binned_at=None, pk=pk)
    jobs.retry_job(search)
    return redirect("candidates", slug, search.prompt_id)
