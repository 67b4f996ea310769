"""The orders to drafting: fill up, pause, resume, cancel, restore, draft again."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generation.drafting import orders
from generation.forms.drafting import AgainForm
from generation.models import AsideReason, ItemQuerySet
from generation.review import aside
from qareview import access
from qareview.htmx import form_status, render_page
from qareview.models import Project, Role
from qareview.translations import counted


def _pause(project: Project) -> str:
    orders.pause(project)
    return _("Drafting paused. Drafts in progress will be finished; the rest will wait.")


def _resume(project: Project) -> str:
    orders.resume(project)
    return _("Drafting resumed.")


def _cancel(project: Project) -> str:
    count = orders.cancel(project)
    if not count:
        return _("Nothing is queued. Drafts in progress will be finished.")
    return _("Drafting cancelled for %(count)s.") % {"count": counted(count, "passage")}


def _fill_up(project: Project) -> str:
    return _("%(fill_up)s queued for drafting.") % {
        "fill_up": counted(orders.fill_up(project), "passage")
    }


def _restore(project: Project) -> str:
    count = aside.restore_items(project.items.filter(aside_reason=AsideReason.LOW_SCORE))
    return _("%(count)s restored.") % {"count": counted(count, "item")}


ORDERS: dict[str, Callable[[Project], str]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "fill-up": _fill_up,
    "restore": _restore,
}


@require_POST
def order(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Carry out one of ORDERS on the whole project."""
    project = access.project(request, slug, Role.ENGINEER)
    if name not in ORDERS:
        raise Http404(_("Drafting action not found."))
    messages.success(request, ORDERS[name](project))
    return redirect("documents", slug)


@require_http_methods(["GET", "POST"])
def all_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Draft all pending items of a project again."""
    project = access.project(request, slug, Role.ENGINEER)
    return _again(request, project, project.items.all(), reverse("documents", args=[slug]))


@require_http_methods(["GET", "POST"])
def document_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Draft the pending items of a document again."""
    project = access.project(request, slug, Role.ENGINEER)
    document = get_object_or_404(project.documents, pk=pk)
    items = project.items.filter(document=document)
    return _again(request, project, items, reverse("documents-show", args=[slug, pk]))


@require_http_methods(["GET", "POST"])
def item_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Draft an item again, if nobody has decided on it."""
    project = access.project(request, slug, Role.ENGINEER)
    item = get_object_or_404(project.items, pk=pk)
    items = project.items.filter(pk=item.pk)
    return _again(request, project, items, reverse("items-show", args=[slug, pk]))


def _again(request: HttpRequest, project: Project, items: ItemQuerySet, place: str) -> HttpResponse:
    """Ask which model and prompts to draft items again with; a POST orders it."""
    form = AgainForm(project, request.POST if request.method == "POST" else None)
    if form.is_valid():
        count = orders.draft_again(items, form.draft_with(), request.user)
        messages.success(request, _drafted_again_message(count))
        return redirect(place)
    count = orders.may_be_drafted_again(items, request.user).count()
    context = {"form": form, "count": count, "place": place}
    return render_page(request, "drafting/again.html", context, status=form_status(form))


@require_POST
def item_restore(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Restore an item that was set aside."""
    project = access.project(request, slug, Role.ENGINEER)
    item = get_object_or_404(project.items, pk=pk)
    if aside.restore_items(project.items.filter(pk=item.pk)):
        messages.success(request, _("Item restored. It is waiting for review again."))
    return redirect("items-show", slug, pk)


def _drafted_again_message(count: int) -> str:
    if not count:
        return _(
            "There is nothing to draft again. Items that are decided, imported or on "
            "someone else’s desk are kept."
        )
    return _("%(count)s set aside and queued to be drafted again.") % {
        "count": counted(count, "item")
    }
