"""The inbox: notices to the user about items of a project."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.review.inbox import MOST_COUNTED, notices_of, unread_count
from qareview import access
from qareview.htmx import render_page
from qareview.models import Membership

NOTICES_A_PAGE = 50  # chosen; nobody measured


@require_http_methods(["GET", "POST"])
def inbox(request: HttpRequest, slug: str) -> HttpResponse:
    """List the user's notices; a POST marks all of them as read."""
    member = access.member(request, slug)
    notices = notices_of(member.project, request.user)
    if request.method == "POST":
        notices.mark_read()
        return redirect("inbox", slug)
    page = Paginator(notices, NOTICES_A_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "inbox/list.html", {"notices": page, "count": _count(member)})


@require_POST
def read(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Mark a notice as read; with ``open``, redirect to its item."""
    project = access.project(request, slug)
    notice = get_object_or_404(notices_of(project, request.user), pk=pk)
    notices_of(project, request.user).filter(pk=pk).mark_read()
    if "open" in request.POST:
        return redirect("items-show", slug, notice.item_id)
    return redirect("inbox", slug)


@require_GET
def waiting(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits for the user; the header of each page requests it.

    These are unread notices and, for admins, disputes.
    """
    member = access.member(request, slug)
    notices = unread_count(member.project, member.user)
    disputes = 0
    if member.is_admin:
        disputes = member.project.items.disputed_for(member.user)[:MOST_COUNTED].count()
    context = {
        "notices": _shown(notices),
        "disputes": _shown(disputes),
        "all": _shown(min(notices + disputes, MOST_COUNTED)),
    }
    return render_page(request, "inbox/waiting.html", context)


def _count(member: Membership) -> str:
    return _shown(unread_count(member.project, member.user))


def _shown(number: int) -> str:
    """Return a number such as "3" or "99+"; "" if it is 0."""
    return f"{number - 1}+" if number == MOST_COUNTED else str(number or "")
