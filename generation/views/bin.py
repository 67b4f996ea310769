"""The bin of a project: list, restore, and remove early."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation import bin as bins
from generation.models import Document
from prompts.models import Prompt
from qareview import access
from qareview import bin as all_bins
from qareview.forms import SameNameForm
from qareview.htmx import offer_undo, render_page
from qareview.models import Project, Role
from qareview.stored_sentences import translated

DOCUMENTS_A_PAGE = 50  # chosen; nobody measured


@require_GET
def bin_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List what is in the bin of a project, and until which date it can be restored."""
    project = access.project(request, slug, Role.ENGINEER)
    documents = Document.everything.filter(project=project).for_bin()
    prompts = Prompt.everything.filter(project=project, goes_at__gt=timezone.now())
    context = {
        "documents": Paginator(documents, DOCUMENTS_A_PAGE).get_page(request.GET.get("page")),
        "prompts": prompts.select_related("binned_by").order_by("-binned_at"),
    }
    return render_page(request, "bin/list.html", context)


@require_POST
def put_document(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Move a document to the bin, and offer to undo it."""
    project = access.project(request, slug, Role.ENGINEER)
    # `everything`, since a second click finds the document in the bin
    document = get_object_or_404(Document.everything, project=project, pk=pk)
    bins.bin_document(document, access.user(request))
    undo = reverse("documents-restore", args=[slug, pk])
    offer_undo(
        request,
        _("%(name)s and its items have been moved to the bin.") % {"name": document.name},
        undo,
    )
    return redirect("documents", slug)


@require_POST
def restore_document(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Restore a document from the bin."""
    project = access.project(request, slug, Role.ENGINEER)
    document = get_object_or_404(Document.everything, project=project, pk=pk)
    try:
        if bins.restore_document(document):
            messages.success(
                request, _("%(name)s and its items have been restored.") % {"name": document.name}
            )
        else:
            messages.info(request, _("%(name)s is not in the bin.") % {"name": document.name})
    except bins.CannotRestore as reason:
        messages.error(request, translated(str(reason)))
        return redirect("bin", slug)
    return redirect("documents", slug)


@require_http_methods(["GET", "POST"])
def remove_document(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show what is lost if a document in the bin is permanently deleted; a POST deletes it."""
    project = access.project(request, slug, Role.ADMIN)
    document = get_object_or_404(Document.everything, project=project, pk=pk)
    if not document.is_in_bin:
        messages.info(request, _("%(name)s is not in the bin.") % {"name": document.name})
        return redirect("bin", slug)
    if request.method == "POST":
        all_bins.expire_rows(Document.everything.filter(pk=pk))
        messages.success(
            request, _("%(name)s has been permanently deleted.") % {"name": document.name}
        )
        return redirect("bin", slug)
    context = {
        "name": document.name,
        "losses": bins.losses(Document.everything.filter(pk=pk)),
        "place": reverse("bin", args=[slug]),
        "releases_stay": True,
    }
    return render_page(request, "bin/remove.html", context)


@require_http_methods(["GET", "POST"])
def put_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Move a project to the bin after the user has typed its name."""
    if request.method == "POST" and access.project_in_bin(request, slug).is_in_bin:
        return redirect("projects")  # a second click
    project = access.project(request, slug, Role.ADMIN)
    form = SameNameForm(project, request.POST or None)
    if request.method == "GET" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render_page(request, "bin/project.html", {"same_name": form}, status=status)
    all_bins.bin_rows(Project.everything.filter(pk=project.pk), access.user(request))
    undo = reverse("project-restore", args=[slug])
    offer_undo(
        request,
        _("%(name)s and everything in it have been moved to the bin.") % {"name": project.name},
        undo,
    )
    return redirect("projects")


@require_POST
def restore_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Restore a project from the bin."""
    project = access.project_in_bin(request, slug)
    if not bins.restore_project(project):
        messages.info(request, _("%(name)s is not in the bin.") % {"name": project.name})
        return redirect("projects")
    messages.success(
        request, _("%(name)s and everything in it have been restored.") % {"name": project.name}
    )
    is_member = project.memberships.filter(user=access.user(request)).exists()
    return redirect("documents", slug) if is_member else redirect("projects")


@require_http_methods(["GET", "POST"])
def remove_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is lost if a project in the bin is permanently deleted; a POST deletes it."""
    project = access.project_in_bin(request, slug)
    if not project.is_in_bin:
        messages.info(request, _("%(name)s is not in the bin.") % {"name": project.name})
        return redirect("projects")
    if request.method == "POST":
        all_bins.expire_rows(Project.everything.filter(pk=project.pk))
        messages.success(
            request, _("%(name)s has been permanently deleted.") % {"name": project.name}
        )
        return redirect("projects")
    context = {
        "name": project.name,
        "losses": bins.losses_of_project(project),
        "place": reverse("projects"),
    }
    return render_page(request, "bin/remove.html", context)
