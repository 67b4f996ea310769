"""Bring requests into the shape that views expect, or refuse them before anything reads them."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse

CHARSETS = {"", "utf-8", "utf8", "us-ascii", "ascii"}  # of a body; browsers send the page's, UTF-8


def as_expected(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers HEAD as GET, and refuses what no page can have sent.

    That is a body in another encoding than UTF-8, and NUL, which PostgreSQL cannot compare with
    anything: in the path of an address, or in its query if the view does not see to it. The server
    leaves out the body of the answer to HEAD.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if (request.content_params or {}).get("charset", "").lower() not in CHARSETS:
            request.encoding = "utf-8"  # so that the page that refuses it can be made
            raise BadRequest("charset")
        if "\0" in request.path:
            raise Http404
        return _as_get(request) if request.method == "HEAD" else get_response(request)

    def _as_get(request: HttpRequest) -> HttpResponse:
        request.method = "GET"
        response = get_response(request)
        request.method = "HEAD"
        return response

    middleware.process_exception = _refuse_nul  # type: ignore[attr-defined]  # Django's way
    return middleware


def _refuse_nul(request: HttpRequest, exception: Exception) -> None:
    """Raise Http404 if a view failed at a query with NUL."""
    if isinstance(exception, ValueError | DataError) and "%00" in request.META["QUERY_STRING"]:
        raise Http404 from exception
