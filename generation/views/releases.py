"""Freeze accepted items into releases, and download them."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.forms.releases import ReleaseForm
from generation.models import ItemState
from generation.releases import exports, freezing
from qareview import access, jobs
from qareview.htmx import form_status, render_page
from qareview.models import JobState, Project, Role
from qareview.stored_sentences import translated

SHOWN = 20  # rows of a release; chosen; nobody measured


@require_http_methods(["GET", "POST"])
def release_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List a project's releases; a POST by an admin freezes the next release."""
    if request.method == "POST":
        return _freeze(request, access.project(request, slug, Role.ADMIN))
    return _show_list(request, access.project(request, slug), ReleaseForm())


def _show_list(request: HttpRequest, project: Project, form: ReleaseForm) -> HttpResponse:
    context = {
        "releases": project.releases.select_related("created_by"),
        "is_moving": project.releases.exclude(state__in=(JobState.DONE, JobState.FAILED)).exists(),
        "accepted": project.items.filter(state=ItemState.ACCEPTED).count(),
        "formats": exports.FORMATS,
        "form": form,
    }
    status = form_status(form)
    return render_page(request, "releases/list.html", context, part="table", status=status)


def _freeze(request: HttpRequest, project: Project) -> HttpResponse:
    form = ReleaseForm(request.POST)
    if form.is_valid():
        try:
            freezing.order_release(project, request.user, form.cleaned_data["note"])
        except freezing.NothingAccepted as reason:
            form.add_error(None, translated(str(reason)))
        else:
            return redirect("releases", project.slug)
    return _show_list(request, project, form)


@require_GET
def release(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a release with its first rows."""
    project = access.project(request, slug)
    release = get_object_or_404(project.releases.select_related("created_by"), number=number)
    context = {"release": release, "formats": exports.FORMATS, "rows": release.rows.all()[:SHOWN]}
    return render_page(request, "releases/show.html", context)


@require_POST
def retry(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Queue a release that failed again."""
    project = access.project(request, slug, Role.ADMIN)
    if not jobs.retry_job(get_object_or_404(project.releases, number=number)):
        messages.info(request, _("Release %(number)s has not failed.") % {"number": number})
    return redirect("releases", slug)


@require_GET
def download(request: HttpRequest, slug: str, number: int, format_name: str) -> FileResponse:
    """Download a release as a ZIP in one of the formats."""
    project = access.project(request, slug, Role.ENGINEER)
    release = get_object_or_404(
        project.releases.select_related("project"), number=number, state=JobState.DONE
    )
    if format_name not in exports.FORMATS:
        raise Http404(_("“%(name)s” is not an export format.") % {"name": format_name})
    return FileResponse(
        exports.zip_file(release, format_name),
        as_attachment=True,
        filename=exports.file_name(release, format_name),
    )
