"""The form in which a person writes an item about a passage."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from generation.forms.writing import UnsentItemForm, WritingForm
from generation.items import writing
from generation.models import Item, Passage
from qareview import access
from qareview.htmx import form_status, render_page, wants_part
from qareview.models import Project
from qareview.stored_sentences import translated


def _passage(project: Project, pk: int) -> Passage:
    """Return a passage with its document, without the document's text. Raises Http404."""
    of_project = Passage.objects.in_project(project).select_related("document")
    return get_object_or_404(of_project.defer("document__text", "bands"), pk=pk)


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the form for a new item about a passage; a POST stores the item.

    A part of the page is told by the event "written", which has what to say and the item's address.
    """
    project = access.project(request, slug)
    passage = _passage(project, pk)
    form = WritingForm(request.POST if request.method == "POST" else None)
    item = _store(request, passage, form) if form.is_valid() else None
    if item is None:
        return _show(request, project, passage, form)
    address = reverse("items-show", args=[slug, item.pk])
    said = _said(project, item, request.user)
    if wants_part(request):
        response = HttpResponse(status=204)
        event = {"text": said, "address": address, "link": _("Item %(pk)s") % {"pk": item.pk}}
        trigger_client_event(response, "written", event)
        return response
    messages.success(request, said)
    return redirect(address)


def _store(request: HttpRequest, passage: Passage, form: WritingForm) -> Item | None:
    """Store the item; if it is refused, add the reason to the form and return None."""
    texts = form.cleaned_data["question"], form.cleaned_data["answer"]
    try:
        return writing.write_item(passage, request.user, form.cleaned_data["key"], *texts)
    except writing.NotWritten as reason:
        form.add_error(None, translated(str(reason)))
        return None


def _said(project: Project, item: Item, user: Any) -> str:
    saved = _("Your item is saved.")
    if project.has_members_besides(user):
        return f"{saved} {_('Someone else will review it.')}"
    return f"{saved} {_('Someone else has to review it, but you are the only member so far.')}"


def _show(
    request: HttpRequest, project: Project, passage: Passage, form: WritingForm
) -> HttpResponse:
    unsent, at = writing.unsent_fields(passage, request.user)
    context = {
        "passage": passage,
        "document": passage.document,
        "form": form,
        "fields": form.data if form.is_bound else unsent,
        "typed_at": at,
        "key": uuid.uuid4(),
        "is_alone": not project.has_members_besides(request.user),
    }
    status = form_status(form)
    return render_page(request, "writing/write.html", context, part="part", status=status)


@require_POST
def typed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Store what the user has typed of a new item, so that any browser shows it again."""
    passage = _passage(access.project(request, slug), pk)
    form = UnsentItemForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    key = form.cleaned_data.pop("key")
    at = writing.store_unsent(passage, access.user(request), key, form.cleaned_data)
    response = HttpResponse(status=204)
    response["Typed-At"] = str(at.timestamp())
    return response
