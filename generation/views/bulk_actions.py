"""The pages on which bulk actions are confirmed, watched and undone."""

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
from qareview.request_numbers import number_in
from qareview.stored_sentences import translated

MOST_LISTED = 50  # bulk actions; chosen; nobody measured
MOST_TICKED = 1000  # items; chosen; nobody measured


@dataclass(frozen=True)
class Selection:
    """The items that a person selected in the list, and the filter of the list.

    ``address`` is the filter as a query string. ``trouble`` says why no item is selected.
    """

    items: ItemQuerySet
    address: str
    trouble: str = ""


def _selected(member: Membership, query: QueryDict) -> Selection:
    """Return the items that were ticked, or all that match the filter."""
    form = ItemFilterForm(member, query)
    items: ItemQuerySet = member.project.items.all()
    if query.get("all"):
        if form.doubts:
            trouble = _("The filter is not valid, so this would affect too many items.")
            return Selection(items.none(), form.address, trouble)
        return Selection(
            listing.matching_items(member.project, form.filter_values, member.user), form.address
        )
    texts = query.getlist("item")[:MOST_TICKED]
    ticked = [pk for text in texts if (pk := number_in(text)) is not None]
    trouble = "" if ticked else _("No items are selected.")
    return Selection(items.filter(pk__in=ticked), form.address, trouble)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Ask the user to confirm a bulk action on a number of items; a POST orders it."""
    member = access.member(request, slug, Role.ENGINEER)
    if kind not in BulkActionKind.values:
        raise Http404(_("Bulk action not found."))
    access.check_role(member, bulk_actions.ROLES[BulkActionKind(kind)])
    selection = _selected(member, request.GET)
    if request.method == "POST" and not selection.trouble:
        return _order(request, member.project, BulkActionKind(kind), selection)
    count = selection.items.count()
    form = BulkActionForm(member.project, BulkActionKind(kind), count)
    return _confirm(request, BulkActionKind(kind), selection, form, count)


def _order(
    request: HttpRequest, project: Project, kind: BulkActionKind, selection: Selection
) -> HttpResponse:
    count = selection.items.count()
    form = BulkActionForm(project, kind, count, request.POST)
    if form.is_valid():
        key, confirmed = form.cleaned_data["key"], form.cleaned_data["confirmed"]
        options = {**form.options(), "address": selection.address}
        try:
            bulk_actions.order_bulk_action(
                project, request.user, kind, selection.items, confirmed, key, **options
            )
        except bulk_actions.CountChanged as reason:
            form = BulkActionForm(project, kind, count)
            messages.warning(request, translated(str(reason)))
        else:
            return redirect(
                f"{reverse('items', args=[project.slug])}?{selection.address}".rstrip("?")
            )
    return _confirm(request, kind, selection, form, count, status=422)


def _confirm(
    request: HttpRequest,
    kind: BulkActionKind,
    selection: Selection,
    form: BulkActionForm,
    count: int,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "title": bulk_sentences.bulk_action_title(kind, count),
        "explained": bulk_sentences.EXPLANATIONS[kind],
        "count": count,
        "selection": selection,
        "is_bad": kind == BulkActionKind.REJECT,
    }
    return render_page(
        request, "bulk_actions/new.html", context, status=422 if selection.trouble else status
    )


@require_GET
def bulk_action_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the latest bulk actions of a project."""
    project = access.project(request, slug, Role.ENGINEER)
    actions = project.bulk_actions.select_related("by", "member", "undo_by")[:MOST_LISTED]
    context = {"bulk_actions": [bulk_sentences.bulk_action_status(action) for action in actions]}
    return render_page(request, "bulk_actions/list.html", context)


@require_GET
def bulk_action(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a bulk action; a part of the page polls until it is finished."""
    project = access.project(request, slug, Role.ENGINEER)
    action = get_object_or_404(
        project.bulk_actions.select_related("by", "member", "undo_by"), pk=pk
    )
    return render_page(
        request,
        "bulk_actions/show.html",
        {"action_status": bulk_sentences.bulk_action_status(action)},
        part="bulk_action",
    )


@require_POST
def undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Undo a bulk action as a whole; only the person who ordered it and admins may."""
    action = _own_action(request, slug, pk)
    try:
        bulk_actions.undo_bulk_action(action, request.user)
    except bulk_actions.CannotUndo as reason:
        messages.info(request, translated(str(reason)))
    return redirect("bulk-actions-show", slug, pk)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Continue a bulk action that failed."""
    if not jobs.retry_job(_own_action(request, slug, pk)):
        messages.info(request, _("This bulk action has not failed."))
    return redirect("bulk-actions-show", slug, pk)


def _own_action(request: HttpRequest, slug: str, pk: int) -> BulkAction:
    """Return a bulk action that the user ordered; for admins, anyone's. Raises PermissionDenied."""
    member = access.member(request, slug, Role.ENGINEER)
    action = get_object_or_404(member.project.bulk_actions, pk=pk)
    if action.by_id != member.user_id and not member.is_admin:
        raise PermissionDenied(
            _("Only admins and the person who started this bulk action can do this.")
        )
    return action
