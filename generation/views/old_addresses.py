"""Redirects from old addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from qareview import access
from qareview.models import Role


@require_http_methods(["GET", "POST"])
def bulk_actions(request: HttpRequest, slug: str, rest: str) -> HttpResponse:
    """Redirect ``acts/…`` to ``bulk-actions/…``; the request keeps its query and method."""
    access.project(request, slug, Role.ENGINEER)
    query = request.META["QUERY_STRING"]
    place = reverse("bulk-actions", args=[slug]) + rest + (f"?{query}" if query else "")
    return redirect(place, permanent=True, preserve_request=True)
