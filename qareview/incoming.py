"""Bring requests into the shape that views expect, or refuse them before anything reads them."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}  # of a body; browsers send the page's, UTF-8


def as_expected(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers HEAD as GET, and refuses what no page can have sent.

    That is a body in another encoding than UTF-8, and an address with NUL, which PostgreSQL cannot
    compare with anything. The server leaves out the body of the answer to HEAD.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if (request.content_params or {}).get("charset", "").lower() not in CHARSETS:
            request.encoding = "utf-8"  # so that the page that refuses it can be made
            raise BadRequest("charset")
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        return _as_get(request) if request.method == "HEAD" else get_response(request)

    def _as_get(request: HttpRequest) -> HttpResponse:
        request.method = "GET"
        response = get_response(request)
        request.method = "HEAD"
        return response

    return middleware
