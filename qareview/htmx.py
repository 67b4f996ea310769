"""Page or part: the same view answers a full request and one for a part of its page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from qareview import jobs


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part: not for a boosted link, nor to restore a page on going back."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or only its partial ``part`` where htmx asks for that."""
    if part and wants_part(request):
        template = f"{template}#{part}"
    response = render(request, template, context, status=status)
    response["Vary"] = "HX-Request"
    return response


def house(request: HttpRequest) -> dict[str, Any]:
    """Give every template the membership in whose project the page stands, if any.

    ``trouble`` is a function, so that only a page that waits for a worker asks the database.
    """
    membership = getattr(request, "membership", None)
    trouble: Callable[[], str] = jobs.trouble
    return {
        "membership": membership,
        "project": membership.project if membership else None,
        "trouble": trouble,
    }
