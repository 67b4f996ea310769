"""The page of the messages that were sent to models for an item."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from generation import exchanges
from qareview import access
from qareview.htmx import render_page


@require_GET
def item_messages(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show each request that was sent for an item, and the raw reply."""
    project = access.project(request, slug)
    item = get_object_or_404(project.items, pk=pk)
    context = {"item": item, "sent": exchanges.of_item(item)}
    return render_page(request, "exchanges/item.html", context)
