"""What the desk asks for beside the item: what stands around it, what was typed, what changed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from generation import desk, queue
from generation.forms import TypedForm
from generation.models import Item
from qareview import access
from qareview.differences import word_differences
from qareview.htmx import render_page
from qareview.models import Project


def _item(request: HttpRequest, project: Project, pk: int) -> Item:
    return get_object_or_404(queue.shown(project.items.all(), request.user), pk=pk)


@require_GET
def neighbours(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what stands before and after the passage in its document."""
    project = access.project(request, slug)
    item = _item(request, project, pk)
    context = {"item": item, "around": desk.around(item, item.passage.start, item.passage.end)}
    return render_page(request, "review/neighbours.html", context, part="text")


@require_GET
def excerpt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the document around the excerpt, to choose another: that between the two offsets."""
    project = access.project(request, slug)
    item = _item(request, project, pk)
    form = TypedForm(request.GET)
    start, end = item.passage.start, item.passage.end
    if form.is_valid() and form.cleaned_data["end"]:
        start, end = form.cleaned_data["start"] or 0, form.cleaned_data["end"]
    context = {"item": item, "around": desk.around(item, start, end)}
    return render_page(request, "review/excerpt.html", context, part="text")


@require_POST
def typed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep what is typed at an item, so that it is there again in any browser.

    What was typed before the user's decision that stands comes too late.
    """
    project = access.project(request, slug)
    item = get_object_or_404(project.items.only("pk", "project"), pk=pk)
    form = TypedForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    own = item.decision_of(request.user)
    response = HttpResponse(status=204)
    if form.cleaned_data["replaces"] == (own and own.pk):
        at = desk.keep(item, access.user(request), form.typed())
        response["Typed-At"] = str(at.timestamp())
    return response


@require_POST
def changes(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show how what is typed differs from what the model wrote."""
    project = access.project(request, slug)
    item = _item(request, project, pk)
    form = TypedForm(request.POST)
    given: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    context = {
        "item": item,
        "question": word_differences(desk.candidates(item)[0]["text"], given.get("question", "")),
        "answer": word_differences(item.answer, given.get("answer", "")),
    }
    return render_page(request, "review/changes.html", context, part="text")


@require_GET
def mine(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """Go on to the item that the user reviewed before or after the one on the desk, ``?from=``."""
    project = access.project(request, slug)
    given = request.GET.get("from", "")
    start = int(given) if given.isdecimal() else 0
    pk = desk.beside(project, request.user, start, step)
    if not pk and step == desk.PREVIOUS:
        messages.info(request, _("That was the first one you reviewed."))
        pk = start
    place = reverse("review", args=[slug])
    return redirect(f"{place}?item={pk}" if pk else place)
