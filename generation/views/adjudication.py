"""Adjudication by an admin: disputed items one after another, and single decided or gold items."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.checks.flag_trust import explained
from generation.forms.adjudication import AdjudicationForm, excerpts
from generation.models import Item, ItemState, Purpose, Review, Verdict
from generation.review import adjudication, decisions
from qareview import access
from qareview.htmx import render_page
from qareview.models import Project, Role
from qareview.request_numbers import number_in
from qareview.stored_sentences import translated

# The values of ``place``, which says where the admin came from: the queue of disputed items, or the
# link that makes an item gold. From an item's page it is empty.
QUEUE, GOLD = "queue", "gold"


@require_GET
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the next disputed item after the id ``?after=``; after the last, the first again."""
    project = access.project(request, slug, Role.ADMIN)
    waiting = project.items.disputed_for(request.user).for_item_page()
    after = number_in(request.GET.get("after")) or 0
    item = waiting.filter(pk__gt=after).first() or waiting.first()
    if item is None:
        context = {"last": adjudication.last_adjudicated(project, request.user)}
        return render_page(request, "adjudication/empty.html", context)
    return _show(request, project, item, QUEUE)


@require_http_methods(["GET", "POST"])
def item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show an item with all its versions; a POST stores an adjudication.

    Redirects to the item's page while the item waits for the admin's own review.
    """
    project = access.project(request, slug, Role.ADMIN)
    item = get_object_or_404(project.items.for_item_page(), pk=pk)
    data = request.POST or request.GET
    place = GOLD if "gold" in data else data.get("from", "")
    if place != GOLD and not item.shows_reviews_to(request.user):
        messages.info(
            request,
            _("Decide on this item at the desk first. It is still waiting for your review."),
        )
        return redirect("items-show", slug, pk)
    if not adjudication.may_adjudicate(item, request.user):
        messages.info(request, translated(decisions.OWN_ITEM))
        return redirect("items-show", slug, pk)
    if request.method == "GET":
        return _show(request, project, item, place)
    return _decide(request, project, item, place)


def _decide(request: HttpRequest, project: Project, item: Item, place: str) -> HttpResponse:
    form = AdjudicationForm(project, item, request.POST)
    if not form.is_valid():
        return _show(request, project, item, place, form, status=422)
    try:
        review = adjudication.adjudicate(project, item.pk, request.user, form.adjudication())
    except decisions.ReviewNotStored as reason:
        item = project.items.for_item_page().get(pk=item.pk)
        form.add_error(
            None,
            _("Your decision was not saved. %(reason)s Your text is kept below.")
            % {"reason": translated(str(reason))},
        )
        return _show(request, project, item, place, form, status=409)
    messages.success(request, _outcome_message(review, form.adjudication().is_gold))
    if place == QUEUE:
        return redirect(f"{reverse('adjudicate', args=[project.slug])}?after={item.pk}")
    return redirect("items-show", project.slug, item.pk)


def _outcome_message(review: Review, is_gold: bool) -> str:
    if review.verdict == "skipped":
        return _("Item %(item_id)s was sent back to its reviewers.") % {"item_id": review.item_id}
    sentences = {
        Verdict.ACCEPTED: (
            _("Item %(item_id)s is accepted."),
            _("Item %(item_id)s is accepted and is a gold item now."),
        ),
        Verdict.EDITED: (
            _("Item %(item_id)s is accepted with changes."),
            _("Item %(item_id)s is accepted with changes and is a gold item now."),
        ),
        Verdict.REJECTED: (
            _("Item %(item_id)s is rejected."),
            _("Item %(item_id)s is rejected and is a gold item now."),
        ),
    }
    return sentences[Verdict(review.verdict)][is_gold] % {"item_id": review.item_id}


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back the admin's last adjudication and show its item again.

    A page names the item that was the last when it was shown: a double click takes back one.
    """
    project = access.project(request, slug, Role.ADMIN)
    last = adjudication.last_adjudicated(project, request.user)
    if last is None or number_in(request.POST.get("item")) not in (None, last):
        messages.info(request, _("You have nothing to undo."))
        return redirect("adjudicate", slug)
    adjudication.withdraw_adjudication(project, last)
    messages.success(request, _("Undone. Here is the item again."))
    return redirect(f"{reverse('adjudicate-item', args=[slug, last])}?from={QUEUE}")


@require_POST
def take_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take back the adjudication of an item, whichever admin made it, and its gold status."""
    project = access.project(request, slug, Role.ADMIN)
    try:
        was_taken_back = adjudication.withdraw_adjudication(project, pk)
    except Item.DoesNotExist:
        raise Http404(_("Item not found.")) from None
    if was_taken_back:
        messages.success(
            request, _("Adjudication withdrawn. The reviewers’ decisions apply again.")
        )
    return redirect("items-show", slug, pk)


def _show(
    request: HttpRequest,
    project: Project,
    item: Item,
    place: str,
    form: AdjudicationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    sees_reviews = item.shows_reviews_to(request.user)
    context = {
        "item": item,
        "form": form,
        "place": place,
        "versions": adjudication.versions(item) if sees_reviews else [],
        "stands": adjudication.standing_ids(item),
        "key": uuid.uuid4(),
        "fields": _fields(item, sees_reviews, form),
        "excerpts": excerpts(item.decisions) if sees_reviews else {},
        "flags": explained(project, (*item.question.flags, *item.flags)),
        "is_disputed": sees_reviews and item.state == ItemState.DISPUTED,
        "may_go_back": place != GOLD and item.purpose != Purpose.GOLD,
        "last": adjudication.last_adjudicated(project, request.user),
        "left": project.items.disputed_for(request.user).count() if place == QUEUE else 0,
    }
    response = render_page(request, "adjudication/show.html", context, status=status)
    response["Cache-Control"] = "no-store"  # a form from a cache would be sent a second time
    return response


def _fields(item: Item, sees_reviews: bool, form: AdjudicationForm | None) -> dict[str, Any]:
    """Return the values of the form: what was sent, or the last version, or the draft."""
    latest_first = list(reversed(item.decisions)) if sees_reviews else []
    last = next((review for review in latest_first if review.accepts), None)
    question = last.question if last else item.question.text
    answer = last.answer if last else item.answer
    excerpt = f"{last.start}-{last.end}" if last and last.start is not None else ""
    reason = next((review.reason for review in latest_first if review.reason), "")
    fields = {"question": question, "answer": answer, "excerpt": excerpt, "reason": reason}
    sent = {name: form.data[name] for name in (*fields, "why") if name in form.data} if form else {}
    return {**fields, **sent}
