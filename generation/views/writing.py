"""The form in which a person writes an item about a passage, and what they typed and not sent."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from generation.forms.writing import UnsentItemForm, WritingForm
from generation.items import unsent, writing
from generation.models import Document, Item, Passage, UnsentItem
from qareview import access
from qareview.htmx import form_status, render_page, wants_part
from qareview.models import Project
from qareview.request_numbers import number_in
from qareview.stored_sentences import translated


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the form for a new item about a passage; a POST stores the item.

    A part of the page is told by the event "written", which has what to say and the item's address.
    """
    project = access.project(request, slug)
    passage = _passage(project, pk)
    if passage is None:
        return _keep_at_document(request, project, pk)
    form = WritingForm(request.POST if request.method == "POST" else None)
    try:
        item = _store(request, passage, form) if form.is_valid() else None
    except writing.PassageGone:
        return _keep_at_document(request, project, pk)
    return _show(request, project, passage, form) if item is None else _stored(request, item)


def _passage(project: Project, pk: int) -> Passage | None:
    """Return a passage with its document, without the document's text; None if there is none."""
    of_project = Passage.objects.in_project(project).select_related("document")
    return of_project.defer("document__text", "bands").filter(pk=pk).first()


def _document(project: Project, passage: Passage | None, form: UnsentItemForm) -> Document:
    """Return the document of a passage, or of a form whose passage is gone. Raises Http404."""
    pk = passage.document_id if passage else form.cleaned_data["document"]
    return get_object_or_404(project.documents.only("pk", "project"), pk=pk)


def _keep_at_document(request: HttpRequest, project: Project, passage: int) -> HttpResponse:
    """Store what was typed about a passage that is gone, and show it on the document's page.

    Raises Http404 if nothing was sent, or not for a document of the project.
    """
    form = UnsentItemForm(request.POST)
    if not form.is_valid():
        raise Http404(
            _("There is no such passage. Perhaps its document has been cut or read again.")
        )
    document = _document(project, None, form)
    unsent.store(document, passage, access.user(request), *form.key_and_texts())
    messages.warning(
        request,
        _("Not saved: this passage is gone, since its document has been cut or read again."),
    )
    return _redirect(request, reverse("documents-show", args=[project.slug, document.pk]))


def _redirect(request: HttpRequest, address: str) -> HttpResponse:
    if wants_part(request):
        answer: HttpResponse = HttpResponseClientRedirect(address)
        return answer
    return redirect(address)


def _store(request: HttpRequest, passage: Passage, form: WritingForm) -> Item | None:
    """Store the item; if it is refused, keep the text, add the reason to the form, return None.

    Raises PassageGone.
    """
    user, key = access.user(request), form.cleaned_data["key"]
    texts = {name: form.cleaned_data[name] for name in unsent.BLANK}
    try:
        return writing.write_item(passage, user, key, **texts)
    except writing.NotWritten as reason:
        unsent.store(passage.document, passage.pk, user, key, texts)
        form.add_error(None, translated(str(reason)))
        return None


def _stored(request: HttpRequest, item: Item) -> HttpResponse:
    """Say that an item is stored, and show it."""
    address = reverse("items-show", args=[item.project.slug, item.pk])
    said = _said(item.project, request.user)
    if not wants_part(request):
        messages.success(request, said)
        return redirect(address)
    response = HttpResponse(status=204)
    event = {"text": said, "address": address, "link": _("Item %(pk)s") % {"pk": item.pk}}
    trigger_client_event(response, "written", event)
    return response


def _said(project: Project, user: Any) -> str:
    saved = _("Your item is saved.")
    if project.has_members_besides(user):
        return f"{saved} {_('Someone else will review it.')}"
    return f"{saved} {_('Someone else has to review it, but you are the only member so far.')}"


def _show(
    request: HttpRequest, project: Project, passage: Passage, form: WritingForm
) -> HttpResponse:
    user = access.user(request)
    stored_fields, at = unsent.fields_at(passage, user)
    context = {
        "passage": passage,
        "document": passage.document,
        "form": form,
        "fields": form.data if form.is_bound else stored_fields,
        "typed_at": at,
        "key": _key(form),
        "is_alone": not project.has_members_besides(user),
        "closed": writing.why_closed(passage),
        "displaced": unsent.displaced(passage.document, user).exclude(passage=passage),
    }
    status = form_status(form)
    return render_page(request, "writing/write.html", context, part="part", status=status)


def _key(form: WritingForm) -> UUID:
    """Return the key of a form that is shown again, or a new one.

    Text that is on its way from the form that was refused comes with the same key, so that it is
    recognised as old once the form has been sent again.
    """
    key: UUID | None = form.cleaned_data.get("key") if form.is_bound else None
    return uuid4() if key is None or unsent.was_sent(key) else key


@require_POST
def typed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Store what the user has typed of a new item, so that any browser shows it again."""
    project = access.project(request, slug)
    passage, form = _passage(project, pk), UnsentItemForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422 if passage else 404)
    document = _document(project, passage, form)
    at = unsent.store(document, pk, access.user(request), *form.key_and_texts())
    response = HttpResponse(status=204)
    response["Typed-At"] = str(at.timestamp())
    return response


@require_POST
def take(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a text to this passage that was typed about another one, and show it in the form."""
    project, user = access.project(request, slug), access.user(request)
    passage = _passage(project, pk)
    if passage is None:
        return _keep_at_document(request, project, pk)
    form = UnsentItemForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    of_user = unsent.displaced(passage.document, user)
    text = get_object_or_404(of_user, pk=number_in(request.POST.get("unsent")))
    unsent.take(text, passage, user, *form.key_and_texts())
    if wants_part(request):
        return _show(request, project, passage, WritingForm())
    return redirect("passages-write", slug, pk)


@require_POST
def discard(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Delete a text that the user typed about a passage that is gone."""
    project = access.project(request, slug)
    own = UnsentItem.objects.filter(author=access.user(request), document__project=project)
    text = get_object_or_404(own, pk=pk)
    text.delete()
    return redirect("documents-show", slug, text.document_id)
