"""The review desk: one item at a time, and the next at once."""

import re
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from generation import checks, queue, scoring
from generation.differences import word_differences
from generation.forms import ReviewForm
from generation.models import Item
from generation.progress import progress
from generation.variables import language_of
from qareview import access
from qareview.htmx import render_page, wants_part
from qareview.models import Project

LANGUAGE = re.compile(r"\{\{\s*language\s*\}\}")


@require_GET
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the item to review now: the one asked for by ``?item=``, else the next."""
    project = access.project(request, slug)
    wanted = request.GET.get("item", "")
    if not wanted.isdecimal():
        return _show(request, project, queue.take_next(project, request.user))
    item = get_object_or_404(project.items, pk=int(wanted))
    if not queue.take(item, request.user):
        messages.info(request, f"{item.held_by} has this item on the desk at present.")
        return redirect("items-show", slug, item.pk)
    return _show(request, project, item)


@require_POST
def submit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Store a review and show the next item; what is refused comes back with the text typed."""
    project = access.project(request, slug)
    item = get_object_or_404(project.items.for_desk(), pk=pk)
    form = ReviewForm(project, item, request.POST)
    if not form.is_valid():
        return _show(request, project, item, form, status=422)
    try:
        queue.submit(item.pk, request.user, form.submission())
    except queue.ItemChanged:
        return _show_conflict(request, project, item, form)
    return _next(request, project)


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Withdraw the user's last review and put its item back on their desk."""
    project = access.project(request, slug)
    item = queue.undo(project, request.user)
    if item is None:
        messages.info(request, "There is nothing of yours to undo.")
        return _next(request, project)
    messages.success(request, "Undone. Here is the item again.")
    if wants_part(request):
        return _show(request, project, item)
    return redirect(f"{reverse('review', args=[slug])}?item={item.pk}")


@require_POST
def hold(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep an item on the user's desk; 409 if somebody else has it by now."""
    project = access.project(request, slug)
    item = get_object_or_404(project.items, pk=pk)
    return HttpResponse(status=204 if queue.take(item, request.user) else 409)


def _next(request: HttpRequest, project: Project) -> HttpResponse:
    if not wants_part(request):
        return redirect("review", project.slug)
    response = _show(request, project, queue.take_next(project, request.user))
    response["HX-Replace-Url"] = reverse("review", args=[project.slug])
    return response


def _show_conflict(
    request: HttpRequest, project: Project, item: Item, form: ReviewForm
) -> HttpResponse:
    """Refuse a review of an item that changed meanwhile: tell what changed, keep what was typed."""
    item = project.items.for_desk().get(pk=item.pk)  # as it stands now
    decided = item.decision
    question = decided.question if decided and decided.question else item.question.text
    answer = decided.answer if decided and decided.answer else item.answer
    conflict = {
        "review": decided,
        "question": word_differences(question, form.cleaned_data["question"]),
        "answer": word_differences(answer, form.cleaned_data["answer"]),
    }
    return _show(request, project, item, form, conflict, status=409)


def _show(
    request: HttpRequest,
    project: Project,
    item: Item | None,
    form: ReviewForm | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"progress": progress(project), "conflict": conflict, "form": form}
    if item:
        item = project.items.for_desk().get(pk=item.pk)
        context |= _item_context(item, form)
    return render_page(request, "review/desk.html", context, part="desk", status=status)


def _item_context(item: Item, form: ReviewForm | None) -> dict[str, Any]:
    question = item.question
    typed = form.data if form else {}
    decided = None if form else item.decision
    stands = decided if decided and decided.question else None
    return {
        "item": item,
        "question_text": typed.get("question", stands.question if stands else question.text),
        "answer_text": typed.get("answer", stands.answer if stands else item.answer),
        "question_flags": [checks.EXPLANATIONS[flag] for flag in question.flags],
        "answer_flags": [checks.EXPLANATIONS[flag] for flag in item.flags],
        "scores": scoring.explained(item),
        "decided": decided,
        "guidelines": LANGUAGE.sub(
            language_of(item.project, item.passage.document), item.project.guidelines
        ),
        "key": uuid.uuid4(),
    }
