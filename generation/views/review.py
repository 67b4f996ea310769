"""The desk, on which a reviewer decides on one item after another."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from generation.forms.review import ReviewForm, TypedForm, ranking_of
from generation.models import Item
from generation.progress.counts import own_progress, project_progress
from generation.prompt_values import language_of
from generation.review import decisions, queue
from generation.review import desk as desks
from qareview import access, shortcuts
from qareview.htmx import render_page, wants_part
from qareview.models import Membership
from qareview.request_numbers import number_in
from qareview.stored_sentences import translated
from qareview.word_differences import word_differences

MICROSECONDS = 1_000_000  # of a second, as exactly as the database stores times
LATEST = 10**17  # microseconds since 1970: the year 5138
LANGUAGE = re.compile(r"\{\{\s*language\s*\}\}")  # a placeholder in a project's guidelines


@require_GET
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the item with the id ``?item=``, or the next item to review."""
    member = access.member(request, slug)
    project = member.project
    pk = number_in(request.GET.get("item"))
    if pk is None:
        held = queue.item_on_desk(project, request.user)
        return _show(request, member, held or queue.take_next_item(project, request.user))
    item = _shown_item(member, pk)
    if not queue.take_item(item, request.user, project.reviews_per_item):
        is_own = item.author_id == member.user_id
        enough = _("This item has enough reviewers for now.")
        messages.info(request, translated(decisions.OWN_ITEM) if is_own else enough)
        return redirect("items-show", slug, item.pk)
    return _show(request, member, item)


@require_POST
def submit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Store a review and show the next item; if it is refused, show the item and typed texts."""
    member = access.member(request, slug)
    form = ReviewForm(member.project, pk, request.POST)
    if not form.is_valid():
        return _show(request, member, _shown_item(member, pk), form, status=422)
    try:
        review = decisions.submit(member.project, pk, request.user, form.submission())
    except Item.DoesNotExist:
        raise Http404(_("Item not found.")) from None
    except decisions.ReviewNotStored as reason:
        return _show_conflict(request, member, pk, form, reason)
    response = _next(request, member)
    is_new = review.is_decision and not form.cleaned_data["replaces"]
    trigger_client_event(response, "decided", {"done": int(is_new)})
    return response


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Withdraw the user's last review and show its item again."""
    member = access.member(request, slug)
    made = number_in(request.POST.get("made"), LATEST)
    made_at = datetime.fromtimestamp(made / MICROSECONDS, tz=UTC) if made else None
    item = decisions.undo_review(member.project, request.user, made_at)
    said = _("Undone. Here is the item again.") if item else _("You have nothing to undo.")
    if not wants_part(request):
        messages.info(request, said)
        place = reverse("review", args=[slug])
        return redirect(f"{place}?item={item.pk}" if item else place)
    if item is None:
        response = _next(request, member)
    else:
        response = _show(request, member, _shown_item(member, item.pk))
        trigger_client_event(response, "undone")
    trigger_client_event(response, "told", {"text": said}, after="swap")
    return response


@require_POST
def hold(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Hold the item on the user's desk for longer; 409 and the reason if it is no longer there."""
    project = access.project(request, slug)
    item = get_object_or_404(project.items, pk=pk)
    if queue.lengthen_hold(item, request.user, project.reviews_per_item):
        return HttpResponse(status=204)
    if queue.has_other_item(item, request.user):
        reason = _(
            "You have opened another item in another window, so this one may go to someone else. "
            "Your text is kept."
        )
    else:
        reason = _("You were away, so this item went to someone else. Your text is kept.")
    return HttpResponse(reason, status=409, content_type="text/plain; charset=utf-8")


@require_GET
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how many items the user has decided on and how many are left.

    The page makes a separate request for this, so that the desk does not wait for the counting.
    Between these requests it counts in the browser.
    """
    project = access.project(request, slug)
    context = {"own_progress": own_progress(project, request.user)}
    return render_page(request, "review/share.html", context)


def _shown_item(member: Membership, pk: int) -> Item:
    """Return an item, loaded for the desk. Raises Http404."""
    return get_object_or_404(queue.load_for_desk(member.project.items.all(), member.user), pk=pk)


@require_GET
def neighbours(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the text before and after the passage in its document."""
    item = _shown_item(access.member(request, slug), pk)
    context = {
        "item": item,
        "around": desks.text_around(item, item.passage.start, item.passage.end),
    }
    return render_page(request, "review/neighbours.html", context, part="text")


@require_GET
def excerpt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the document around the excerpt from ``start`` to ``end``, to choose another excerpt."""
    item = _shown_item(access.member(request, slug), pk)
    form = TypedForm(request.GET)
    start, end = item.passage.start, item.passage.end
    if form.is_valid() and form.cleaned_data["end"]:
        start, end = form.cleaned_data["start"] or 0, form.cleaned_data["end"]
    context = {"item": item, "around": desks.text_around(item, start, end)}
    return render_page(request, "review/excerpt.html", context, part="text")


@require_POST
def typed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Store what the user has typed at an item, so that any browser shows it again.

    It is not stored if they have decided on the item since the form was made.
    """
    project = access.project(request, slug)
    items = Item.everything.filter(project=project)  # includes items in the bin
    item = get_object_or_404(items.only("pk", "project"), pk=pk)
    form = TypedForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    user, replaces = access.user(request), form.cleaned_data["replaces"]
    try:
        at = desks.store_unless_decided(item, user, replaces, form.typed())
    except Item.DoesNotExist:
        raise Http404(_("Item not found.")) from None
    response = HttpResponse(status=204)
    if at:
        response["Typed-At"] = str(at.timestamp())
    return response


@require_POST
def changes(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show how the typed texts differ from the draft."""
    item = _shown_item(access.member(request, slug), pk)
    form = TypedForm(request.POST)
    typed: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    context = {
        "item": item,
        "question": word_differences(desks.drafted_question(item), typed.get("question", "")),
        "answer": word_differences(item.answer, typed.get("answer", "")),
    }
    return render_page(request, "review/changes.html", context, part="text")


@require_GET
def mine(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """Redirect to the item that the user reviewed before or after the item ``?from=``."""
    project = access.project(request, slug)
    start = number_in(request.GET.get("from")) or 0
    pk = desks.neighbouring_item(project, request.user, start, step)
    if not pk and step == desks.PREVIOUS:
        messages.info(request, _("This is the first item you reviewed."))
        pk = start
    place = reverse("review", args=[slug])
    return redirect(f"{place}?item={pk}" if pk else place)


def _next(request: HttpRequest, member: Membership) -> HttpResponse:
    project = member.project
    if not wants_part(request):
        return redirect("review", project.slug)
    response = _show(request, member, queue.take_next_item(project, member.user))
    response["HX-Replace-Url"] = reverse("review", args=[project.slug])
    return response


def _show_conflict(
    request: HttpRequest,
    member: Membership,
    pk: int,
    form: ReviewForm,
    reason: decisions.ReviewNotStored,
) -> HttpResponse:
    """Show why a review was refused, what is stored now, and what was typed."""
    items = Item.everything.filter(project=member.project)  # includes items in the bin
    item = queue.load_for_desk(items, member.user).get(pk=pk)
    own = item.decision_of(member.user)
    current = own or item.decision_for(member.user)
    drafted_question = desks.drafted_question(item)
    question = current.question if current and current.question else drafted_question
    answer = current.answer if current and current.answer else item.answer
    conflict = {
        "reason": str(reason),
        "review": current,
        "is_gone": isinstance(reason, decisions.ItemGone),
        "question": word_differences(question, form.cleaned_data["question"]),
        "answer": word_differences(answer, form.cleaned_data["answer"]),
    }
    return _show(request, member, item, form, conflict, status=409)


def _show(
    request: HttpRequest,
    member: Membership,
    item: Item | None,
    form: ReviewForm | None = None,
    conflict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "conflict": conflict,
        "form": form,
        "made": int(timezone.now().timestamp() * MICROSECONDS),
        "actions": shortcuts.actions_for(member.keymap),
        "fixed_keys": shortcuts.FIXED_KEYS.items(),
    }
    if item:
        context |= _item_context(member, item, form)
    else:
        context["progress"] = project_progress(member.project)
    response = render_page(request, "review/desk.html", context, part="desk", status=status)
    response["Cache-Control"] = "no-store"  # a form from a cache would be sent a second time
    return response


def _item_context(member: Membership, item: Item, form: ReviewForm | None) -> dict[str, Any]:
    project = member.project
    own = item.decision_of(member.user) if member.user_id in item.reviewers else None
    typed = desks.typed_earlier(item)
    fields = desks.form_fields(item, own, form.data if form else typed)
    own_ranking = own.ranking if own else {}
    ranking = ranking_of(form.data) if form else typed.get("ranking", own_ranking)
    unchanged_fields = desks.form_fields(item, own, {})
    return {
        "item": item,
        "own": own,
        "fields": fields,
        "stands": unchanged_fields,
        "excerpt": desks.chosen_excerpt(item, fields),
        "candidates": desks.candidate_questions(project, item, ranking),
        "sentences": desks.answer_pieces(item),
        "flags": desks.answer_flags(project, item),
        "is_edited": any(fields[name] != unchanged_fields[name] for name in desks.FIELDS),
        "guidelines": LANGUAGE.sub(language_of(project, item.document), project.guidelines),
        "seconds": form.data.get("seconds") if form else 0,
        "typed_at": typed.get("at", 0),
        "key": uuid.uuid4(),
    }
