"""The page on which a document is read again."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from generation.forms.rereading import ReadAgainForm
from generation.models import Document
from generation.passages.left_out import explain_left_out
from generation.reading import pipeline
from generation.reading.readings import CannotRead
from qareview import access
from qareview.backends import ModelUnavailable
from qareview.htmx import form_status, render_page
from qareview.models import JobState, Role

SHOWN = 40  # parts of the text shown on each side; chosen; nobody measured


@require_http_methods(["GET", "POST"])
def read_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Preview what a document would be if it were read again; a POST has it read again."""
    member = access.member(request, slug, Role.ENGINEER)
    document = get_object_or_404(member.project.documents, pk=pk)
    if not document.can_be_read_again:
        raise Http404(_("Only a document whose text was read from its file can be read again."))
    if document.state not in (JobState.DONE, JobState.FAILED):
        messages.info(request, _("%(name)s is being read already.") % {"name": document.name})
        return redirect("documents-show", slug, pk)
    data = request.POST if request.method == "POST" else request.GET or None
    form = ReadAgainForm(document, data, may_ask_for_ocr=member.is_admin)
    if request.method == "POST" and form.is_valid():
        pipeline.read_again(document, **form.choices())
        text = _("%(name)s will be read again. Reviewed items are kept.")
        messages.success(request, text % {"name": document.name})
        return redirect("documents-show", slug, pk)
    context = {"document": document, "form": form, **_preview(document, form)}
    status = form_status(form) if request.method == "POST" else 200
    return render_page(request, "documents/read_again.html", context, part="preview", status=status)


def _preview(document: Document, form: ReadAgainForm) -> dict[str, Any]:
    """Return what the text is now and what it would be, without the text of pictures."""
    passages = document.passages.filter(superseded_at=None)
    before = list(passages.values_list("text", flat=True))
    now = _summary(document, before)
    chosen = form.choices() if form.is_bound and form.is_valid() else form.initial
    try:
        cuts = pipeline.propose_reading(document, chosen["extent"])
    except (CannotRead, ModelUnavailable) as reason:
        return {"sides": [now], "trouble": str(reason)}
    texts = [document.text[cut.start : cut.end] for cut in cuts]
    return {"sides": [now, _summary(document, texts)], "is_same": texts == before}


def _summary(document: Document, texts: list[str]) -> dict[str, Any]:
    left_out: dict[str, int] = {}
    for gap in document.left_out:
        if document.text[gap["start"] : gap["end"]].strip():
            reason = explain_left_out(gap["reason"])
            left_out[reason] = left_out.get(reason, 0) + gap["end"] - gap["start"]
    return {
        "passages": len(texts),
        "characters": sum(map(len, texts)),
        "left_out": left_out,
        "texts": texts[:SHOWN],
        "more": max(0, len(texts) - SHOWN),
    }
