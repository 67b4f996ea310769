"""The pages on which a document is cut again and its passages are changed by hand."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generation.forms.passages import CutForm
from generation.models import Document, Passage
from generation.passages import editing
from qareview import access
from qareview.backends import ModelUnavailable
from qareview.htmx import render_page
from qareview.models import Role
from qareview.request_numbers import LARGEST_POSITION, number_in
from qareview.stored_sentences import stored, translated
from qareview.time_limits import TimeIsUp, time_limit

SHOWN = 60  # passages of a preview; chosen; nobody measured
LONGEST_SECONDS = 30  # that cutting may keep somebody waiting; chosen; nobody measured
TOO_LONG = stored(
    "The document is too long to be cut while you wait. Set the length of passages in the settings "
    "of the project, then have the document read again."
)


@require_http_methods(["GET", "POST"])
def cut(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Preview how a document would be cut at a length; a POST cuts it, unless for a preview."""
    project = access.project(request, slug, Role.ENGINEER)
    document = get_object_or_404(project.documents, pk=pk)
    if document.is_table:
        raise Http404(_("The passages of a table are its rows, so it cannot be cut."))
    form = CutForm(request.POST or request.GET or {"length": project.passage_length})
    is_order = request.method == "POST" and "preview" not in request.POST
    if is_order and form.is_valid() and _recut(document, form):
        messages.success(
            request, _("The document has been cut into new passages. Reviewed items are kept.")
        )
        return redirect("documents-show", slug, pk)
    status = 422 if is_order else 200
    context = {"document": document, "form": form, **_preview(document, form)}
    return render_page(request, "documents/cut.html", context, part="preview", status=status)


def _recut(document: Document, form: CutForm) -> bool:
    """Cut a document again; return False, with an error in the form, if it takes too long."""
    length = form.cleaned_data["length"]
    try:
        with time_limit(LONGEST_SECONDS):
            editing.recut(document, length)
    except TimeIsUp:
        form.add_error("length", translated(TOO_LONG))
        return False
    if form.cleaned_data["for_project"]:
        document.project.passage_length = length
        document.project.save(update_fields=["passage_length"])
    return True


def _preview(document: Document, form: CutForm) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    try:
        with time_limit(LONGEST_SECONDS):
            cuts, _ = editing.propose_cuts(document, form.cleaned_data["length"])
    except ModelUnavailable as reason:
        return {"trouble": str(reason)}
    except TimeIsUp:
        return {"trouble": TOO_LONG}
    texts = [document.text[cut.start : cut.end] for cut in cuts]
    return {
        "count": len(cuts),
        "now": document.passages.filter(superseded_at=None).count(),
        "texts": texts[:SHOWN],
        "more": max(0, len(cuts) - SHOWN),
    }


@require_POST
def change(request: HttpRequest, slug: str, pk: int, change: str) -> HttpResponse:
    """Merge a passage with the next, cut it in two at ``offset``, exclude it or restore it."""
    project = access.project(request, slug, Role.ENGINEER)
    passage = get_object_or_404(Passage.objects.in_project(project), pk=pk)
    try:
        if change == "merge":
            editing.merge_with_next(passage)
        elif change == "split":
            editing.split_passage(passage, _offset(request))
        elif change == "exclude":
            editing.exclude_passage(passage, request.user)
        elif change == "restore":
            editing.restore_passage(passage)
        else:
            raise Http404(_("A passage can only be merged, cut, excluded or restored."))
    except editing.CannotCut as reason:
        messages.error(request, translated(str(reason)))
    position = passage.position
    place = reverse("documents-show", args=[slug, passage.document_id])
    return redirect(f"{place}?passage={position}#passage-{position}")


def _offset(request: HttpRequest) -> int:
    return number_in(request.POST.get("offset"), LARGEST_POSITION) or 0
