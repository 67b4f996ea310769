"""Acts on many items: confirmed, watched and undone."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation import acts, acts_told, filters
from generation.act_forms import ActForm
from generation.item_forms import ItemFilterForm
from generation.models import Act, ActKind, ItemQuerySet
from qareview import access, jobs
from qareview.htmx import render_page
from qareview.models import Membership, Project, Role
from qareview.wording import translated

ACTS_SHOWN = 50
MOST_TICKED = 1000


@dataclass(frozen=True)
class Chosen:
    """The items somebody chose in the list, the filter they saw, and why they are none if so."""

    items: ItemQuerySet
    address: str
    trouble: str = ""


def _chosen(membership: Membership, user: object, query: QueryDict) -> Chosen:
    """Return the items that were ticked, or all that match."""
    form = ItemFilterForm(membership, query)
    items: ItemQuerySet = membership.project.items.all()
    if query.get("all"):
        if form.doubts:
            trouble = _("The filter is not understood, so it would be done to too many items.")
            return Chosen(items.none(), form.address, trouble)
        return Chosen(filters.matching(membership.project, form.chosen, user), form.address)
    ticked = [
        int(pk) for pk in query.getlist("item")[:MOST_TICKED] if pk.isdecimal() and len(pk) < 19
    ]
    trouble = "" if ticked else _("No item is ticked.")
    return Chosen(items.filter(pk__in=ticked), form.address, trouble)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Say to how many items something is to be done; a POST orders it."""
    project = access.project(request, slug, Role.ENGINEER)
    if kind not in ActKind.values:
        raise Http404(_("There is no such act."))
    membership = access.membership(request.user, slug, acts.ROLES[ActKind(kind)])
    chosen = _chosen(membership, request.user, request.GET)
    if request.method == "POST" and not chosen.trouble:
        return _order(request, project, ActKind(kind), chosen)
    count = chosen.items.count()
    form = ActForm(project, ActKind(kind), count)
    return _confirm(request, ActKind(kind), chosen, form, count)


def _order(request: HttpRequest, project: Project, kind: ActKind, chosen: Chosen) -> HttpResponse:
    count = chosen.items.count()
    form = ActForm(project, kind, count, request.POST)
    if form.is_valid():
        key, told = form.cleaned_data["key"], form.cleaned_data["told"]
        options = {**form.options(), "address": chosen.address}
        try:
            acts.order(project, request.user, kind, chosen.items, told, key, **options)
        except acts.CountChanged as reason:
            form = ActForm(project, kind, count)
            messages.warning(request, translated(str(reason)))
        else:
            return redirect(f"{reverse('items', args=[project.slug])}?{chosen.address}".rstrip("?"))
    return _confirm(request, kind, chosen, form, count, status=422)


def _confirm(
    request: HttpRequest,
    kind: ActKind,
    chosen: Chosen,
    form: ActForm,
    count: int,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "title": acts_told.title(kind, count),
        "explained": acts_told.EXPLAINED[kind],
        "count": count,
        "chosen": chosen,
        "is_bad": kind == ActKind.REJECT,
    }
    return render_page(request, "acts/new.html", context, status=422 if chosen.trouble else status)


@require_GET
def act_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the latest acts of a project."""
    project = access.project(request, slug, Role.ENGINEER)
    found = project.acts.select_related("by", "member", "undo_by")[:ACTS_SHOWN]
    context = {"acts": [acts_told.tell(act) for act in found]}
    return render_page(request, "acts/list.html", context)


@require_GET
def act(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one act; its part follows it until it is through."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(project.acts.select_related("by", "member", "undo_by"), pk=pk)
    return render_page(request, "acts/show.html", {"told": acts_told.tell(found)}, part="act")


@require_POST
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Undo an act as a whole: who ordered it may, and admins may."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(project.acts, pk=pk)
    _check_owner(request, found, slug)
    try:
        acts.undo(found, request.user)
    except acts.CannotUndo as reason:
        messages.info(request, translated(str(reason)))
    return redirect("acts-show", slug, pk)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Go on with an act that failed."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(project.acts, pk=pk)
    _check_owner(request, found, slug)
    if not jobs.retry(found):
        messages.info(request, _("This has not failed."))
    return redirect("acts-show", slug, pk)


def _check_owner(request: HttpRequest, found: Act, slug: str) -> None:
    """Raise PermissionDenied for whoever neither ordered an act nor is an admin."""
    if found.by_id != request.user.pk and not access.membership(request.user, slug).is_admin:
        raise PermissionDenied(_("This is for who ordered it, and for admins."))
