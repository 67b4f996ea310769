"""The time zone in which a person sees times: the one they chose, or else their browser's."""

import functools
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qareview.models import OwnZone

COOKIE = "zone"  # set by static/app.js


@functools.cache
def names() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(zoneinfo.available_timezones())


def of_browser(request: HttpRequest) -> str:
    """Return the zone that the browser told, or the installation's."""
    told = request.COOKIES.get(COOKIE, "")
    return told if told in names() else settings.TIME_ZONE


def of_browser_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that shows times in the browser's zone, until :func:`use_own` knows better."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override(of_browser(request)):
            return get_response(request)

    return middleware


def use_own(user: Any) -> None:
    """Show times in the zone that a user chose, if they chose one, for the rest of the request."""
    own: OwnZone | None = getattr(user, "own_zone", None)
    if own and own.name in names():
        timezone.activate(own.name)


def choose(user: Any, name: str) -> None:
    """Store the zone that a user chose; without a name, it is their browser's again."""
    if name:
        OwnZone.objects.update_or_create(user=user, defaults={"name": name})
    else:
        OwnZone.objects.filter(user=user).delete()
