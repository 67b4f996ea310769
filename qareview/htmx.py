"""Render whole pages, or only the part of a page that htmx asks for."""

import functools
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from qareview import access, jobs, shortcuts

NO_PROJECT = 0  # the id of no project, whose troubles are those of no project


class HtmxRequest(HttpRequest):
    """A request as ``HtmxMiddleware`` passes it on."""

    htmx: HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of a page, and not for a boosted link or its history."""
    htmx = cast(HtmxRequest, request).htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or only its partial ``part`` if htmx asks for a part."""
    is_part = bool(part) and wants_part(request)
    if is_part:
        template = f"{template}#{part}"
    response = render(request, template, {**context, "is_part": is_part}, status=status)
    response["Vary"] = "HX-Request"
    return response


def form_status(form: BaseForm) -> int:
    """Return the status of a page with a form that is not valid: 422 if the form was sent."""
    return 422 if form.is_bound else 200


def offer_undo(request: HttpRequest, text: str, address: str) -> None:
    """Show a message with a button that undoes the action by a POST to ``address``."""
    messages.success(request, text, extra_tags=address)


def sign_in_on_whole_page(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that opens the sign-in page if htmx asks for a part after the session ended.

    Otherwise htmx would follow the redirect and show the sign-in page inside the part.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_redirect = isinstance(response, HttpResponseRedirect)
        if not (is_redirect and wants_part(request) and not request.user.is_authenticated):
            return response
        page = cast(HtmxRequest, request).htmx.current_url_abs_path or "/"
        answer: HttpResponse = HttpResponseClientRedirect(redirect_to_login(page).url)
        return answer

    return middleware


def shared_context(request: HttpRequest) -> dict[str, Any]:
    """Return the context of every template: membership and project, if any, and the user's keys.

    ``trouble`` is a function, so that only pages that wait for a worker query the database.
    """
    membership = access.membership_of(request)
    project = membership.project_id if membership else NO_PROJECT
    return {
        "membership": membership,
        "project": membership.project if membership else None,
        "trouble": functools.partial(jobs.worker_trouble, project),
        "keys": shortcuts.keys_of(membership.keymap if membership else None),
    }
