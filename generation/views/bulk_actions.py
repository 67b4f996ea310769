"""Acts on many items: confirmed, watched and undone."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.forms.bulk_actions import BulkActionForm
from generation.forms.items import ItemFilterForm
from generation.items import bulk_actions, bulk_sentences, listing
from generation.models import BulkAction, BulkActionKind, ItemQuerySet
from qareview import access, jobs
from qareview.htmx import render_page
from qareview.models import Membership, Project, Role
from qareview.translations import translated

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
        return Chosen(listing.matching(membership.project, form.chosen, user), form.address)
    ticked = [
        int(pk) for pk in query.getlist("item")[:MOST_TICKED] if pk.isdecimal() and len(pk) < 19
    ]
    trouble = "" if ticked else _("No item is ticked.")
    return Chosen(items.filter(pk__in=ticked), form.address, trouble)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Say to how many items something is to be done; a POST orders it."""
    project = access.project(request, slug, Role.ENGINEER)
    if kind not in BulkActionKind.values:
        raise Http404(_("There is no such action."))
    membership = access.membership(request.user, slug, bulk_actions.ROLES[BulkActionKind(kind)])
    chosen = _chosen(membership, request.user, request.GET)
    if request.method == "POST" and not chosen.trouble:
        return _order(request, project, BulkActionKind(kind), chosen)
    count = chosen.items.count()
    form = BulkActionForm(project, BulkActionKind(kind), count)
    return _confirm(request, BulkActionKind(kind), chosen, form, count)


def _order(
    request: HttpRequest, project: Project, kind: BulkActionKind, chosen: Chosen
) -> HttpResponse:
    count = chosen.items.count()
    form = BulkActionForm(project, kind, count, request.POST)
    if form.is_valid():
        key, told = form.cleaned_data["key"], form.cleaned_data["told"]
        options = {**form.options(), "address": chosen.address}
        try:
            bulk_actions.order(project, request.user, kind, chosen.items, told, key, **options)
        except bulk_actions.CountChanged as reason:
            form = BulkActionForm(project, kind, count)
            messages.warning(request, translated(str(reason)))
        else:
            return redirect(f"{reverse('items', args=[project.slug])}?{chosen.address}".rstrip("?"))
    return _confirm(request, kind, chosen, form, count, status=422)


def _confirm(
    request: HttpRequest,
    kind: BulkActionKind,
    chosen: Chosen,
    form: BulkActionForm,
    count: int,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "title": bulk_sentences.title(kind, count),
        "explained": bulk_sentences.EXPLAINED[kind],
        "count": count,
        "chosen": chosen,
        "is_bad": kind == BulkActionKind.REJECT,
    }
    return render_page(
        request, "bulk_actions/new.html", context, status=422 if chosen.trouble else status
    )


@require_GET
def bulk_action_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the latest bulk actions of a project."""
    project = access.project(request, slug, Role.ENGINEER)
    found = project.bulk_actions.select_related("by", "member", "undo_by")[:ACTS_SHOWN]
    context = {"bulk_actions": [bulk_sentences.tell(action) for action in found]}
    return render_page(request, "bulk_actions/list.html", context)


@require_GET
def bulk_action(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one; its part follows it until it is through."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(project.bulk_actions.select_related("by", "member", "undo_by"), pk=pk)
    return render_page(
        request, "bulk_actions/show.html", {"told": bulk_sentences.tell(found)}, part="bulk_action"
    )


@require_POST
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Undo a bulk action as a whole: who ordered it may, and admins may."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(project.bulk_actions, pk=pk)
    _check_owner(request, found, slug)
    try:
        bulk_actions.undo(found, request.user)
    except bulk_actions.CannotUndo as reason:
        messages.info(request, translated(str(reason)))
    return redirect("bulk-actions-show", slug, pk)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Go on with a bulk action that failed."""
    project = access.project(request, slug, Role.ENGINEER)
    found = get_object_or_404(project.bulk_actions, pk=pk)
    _check_owner(request, found, slug)
    if not jobs.retry(found):
        messages.info(request, _("This has not failed."))
    return redirect("bulk-actions-show", slug, pk)


def _check_owner(request: HttpRequest, found: BulkAction, slug: str) -> None:
    """Raise PermissionDenied for whoever neither ordered a bulk action nor is an admin."""
    if found.by_id != request.user.pk and not access.membership(request.user, slug).is_admin:
        raise PermissionDenied(_("This is for who ordered it, and for admins."))
