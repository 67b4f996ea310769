"""The list of documents, where they are uploaded, and the page of a document."""

import functools
from pathlib import PurePosixPath
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from generation.drafting import orders
from generation.forms.documents import ColumnsForm, UploadForm, column_forms
from generation.items import unsent
from generation.models import Document, Passage
from generation.passages import editing
from generation.passages.left_out import explain_left_out
from generation.progress.counts import project_progress
from generation.reading import documents, uploading
from generation.reading.readings import READABLE
from qareview import access, jobs, uploads
from qareview.htmx import form_status, render_page, wants_part
from qareview.models import JobState, Project, Role
from qareview.stored_sentences import translated

DOCUMENTS_A_PAGE = 50  # chosen; nobody measured
PARTS_A_PAGE = 60  # chosen; nobody measured


@uploads.takes_files(Role.ENGINEER)
@require_http_methods(["GET", "POST"])
def document_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's documents; a POST uploads files."""
    if request.method == "POST":
        return _upload(request, access.project(request, slug, Role.ENGINEER))
    return _show_list(request, access.project(request, slug), UploadForm())


def _show_list(request: HttpRequest, project: Project, form: UploadForm) -> HttpResponse:
    documents = Paginator(project.documents.for_list(), DOCUMENTS_A_PAGE)
    context = {
        "documents": documents.get_page(request.GET.get("page")),
        "progress": project_progress(project),
        "can_fill_up": functools.partial(orders.can_fill_up, project),
        "form": form,
        "readable": translated(READABLE),
        "upload_limit_mb": uploads.limit_bytes() // 1_000_000,
    }
    status = form_status(form)
    return render_page(request, "documents/list.html", context, part="table", status=status)


def _upload(request: HttpRequest, project: Project) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show_list(request, project, form)
    for sentence in uploading.add_uploads(project, form.cleaned_data["files"], request.user):
        messages.warning(request, translated(sentence))
    return redirect("documents", project.slug)


@require_GET
def document(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the passages of a document and the ranges left out, in the order of its text.

    ``?passage=`` opens the page of the list that has the passage at this position. While a document
    waits to be read, its page asks for news.
    """
    project = access.project(request, slug)
    if wants_part(request):
        return _news(get_object_or_404(project.documents.only("state"), pk=pk))
    return _show(request, get_object_or_404(project.documents, pk=pk))


def _news(document: Document) -> HttpResponse:
    """Have the page load again once the document has been read."""
    if document.state in (JobState.QUEUED, JobState.RUNNING):
        return HttpResponse(status=204)
    answer: HttpResponse = HttpResponseClientRefresh()
    return answer


def _show(
    request: HttpRequest, document: Document, forms: list[ColumnsForm] | None = None
) -> HttpResponse:
    parts = document.parts()
    number = request.GET.get("page") or _page_of(parts, request.GET.get("passage", ""))
    page = Paginator(parts, PARTS_A_PAGE).get_page(number)
    for part in page:
        if "reason" in part:
            part["reason"] = explain_left_out(part["reason"])
        elif not document.is_triples:
            part["passage"].pieces = editing.sentences_and_paragraphs(part["passage"].text)
    forms = forms or column_forms(document.survey)
    context = {
        "document": document,
        "parts": page,
        "forms": forms,
        "displaced": unsent.displaced(document, access.user(request)),
    }
    status = max(map(form_status, forms))
    return render_page(request, "documents/show.html", context, status=status)


def _page_of(parts: list[dict[str, Any]], position: str) -> int:
    """Return the number of the page that has a passage; 1 if there is no such passage."""
    for index, part in enumerate(parts):
        if "passage" in part and str(part["passage"].position) == position:
            return index // PARTS_A_PAGE + 1
    return 1


@require_POST
def columns(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Choose the columns of a table that is on hold until they are chosen, or none of a workbook.

    ``all_sheets`` in the form means none: the workbook is read as text.
    """
    project = access.project(request, slug, Role.ENGINEER)
    document = get_object_or_404(project.documents, pk=pk)
    forms = column_forms(document.survey, request.POST)
    [form] = [form for form in forms if form.is_bound]
    if "all_sheets" in request.POST:
        is_taken = documents.take_all_sheets(document)
    elif document.state == JobState.HELD and not form.is_valid():
        return _show(request, document, forms)
    else:
        is_taken = form.is_valid() and documents.choose_columns(document, form.chosen_columns())
    if not is_taken:
        messages.info(
            request,
            _("%(name)s is not waiting for you to choose columns.") % {"name": document.name},
        )
    return redirect("documents", slug)


@require_GET
def original(request: HttpRequest, slug: str, pk: int) -> FileResponse:
    """Download the original file."""
    project = access.project(request, slug)
    document = get_object_or_404(project.documents, pk=pk)
    if not document.original or not document.original.storage.exists(str(document.original.name)):
        raise Http404(_("The original file is missing from storage."))
    name = PurePosixPath(document.name).name  # without its folders in an archive
    return FileResponse(document.original.open(), as_attachment=True, filename=name)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Queue a failed document, or the failed passages of a document, again."""
    project = access.project(request, slug, Role.ENGINEER)
    document = get_object_or_404(project.documents, pk=pk)
    rows: list[Document | Passage] = [document, *document.passages.filter(state=JobState.FAILED)]
    if not sum(jobs.retry_job(row) for row in rows):
        messages.info(request, _("Nothing in %(name)s has failed.") % {"name": document.name})
    return redirect("documents", slug)
