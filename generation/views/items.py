"""The list of items, and the page of an item."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from generation.checks import scoring
from generation.checks.flag_trust import explained
from generation.forms.items import ItemFilterForm
from generation.items import bulk_actions, bulk_sentences, listing
from generation.models import Acceptance, AsideReason, Item, ItemState, Purpose, Verdict
from generation.review import adjudication, queue, settling, unsent_comments
from generation.views.comments import comments_context
from qareview import access
from qareview.htmx import render_page
from qareview.word_differences import word_differences


@require_GET
def item_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List items; redirect to an address without the filters that are not set."""
    member = access.member(request, slug)
    project = member.project
    form = ItemFilterForm(member, request.GET)
    if "" in request.GET.values() and not form.doubts:
        return redirect(f"{reverse('items', args=[slug])}?{form.address}".rstrip("?"))
    latest = bulk_actions.latest_bulk_action(project, request.user) if member.is_engineer else None
    low = project.items.filter(state=ItemState.ASIDE, aside_reason=AsideReason.LOW_SCORE).count()
    context = {
        "page": listing.page_of_items(project, form.filter_values, request.user, form.page),
        "form": form,
        "query": form.filter_values.get("text", ""),
        "low": low,
        "acceptance": Acceptance.objects.filter(project=project).first(),
        "action_status": bulk_sentences.bulk_action_status(latest) if latest else None,
    }
    return render_page(request, "items/list.html", context)


@require_GET
def item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show an item with its passage, provenance, reviews and comments."""
    member = access.member(request, slug)
    items = unsent_comments.with_unsent(member.project.items.for_item_page(), request.user)
    item = get_object_or_404(items.annotate(needed_reviews=settling.needed_reviews()), pk=pk)
    question = item.question
    reviews = [
        {
            "review": review,
            "question": word_differences(question.text, review.question),
            "answer": word_differences(item.answer, review.answer),
        }
        for review in item.reviews_for(request.user)
    ]
    context = {
        "item": item,
        "question": question,
        "reviews": reviews,
        "flags": explained(member.project, (*question.flags, *item.flags)),
        "scores": scoring.explained_scores(item),
        **_state_context(item, request.user),
        **comments_context(member, item),
        "may_review": queue.may_take_item(item, request.user, member.project.reviews_per_item),
        "may_adjudicate": member.is_admin and adjudication.may_adjudicate(item, request.user),
        "is_alone": item.author == request.user
        and not item.project.has_members_besides(request.user),
    }
    return render_page(request, "items/show.html", context)


def _state_context(item: Item, user: Any) -> dict[str, Any]:
    """Return the template context of an item's state and decision, if the user may see them."""
    decision = item.decision_for(user)
    is_accepted = item.state_for(user) == ItemState.ACCEPTED
    is_edited = is_accepted and decision is not None and decision.verdict == Verdict.EDITED
    return {
        "state": item.state_for(user),
        "final": decision if is_edited else None,
        "own": item.decision_of(user),
        "may_ask": item.is_open and user.pk not in (*item.reviewers, item.author_id),
        "is_author": user.pk == item.author_id,
        "is_gold": item.shows_reviews_to(user) and item.purpose == Purpose.GOLD,
        "is_adjudicated": decision is not None and decision.is_adjudication,
    }
