"""Who gets which item next, and what becomes of a review.

An item on a reviewer's desk is held for some minutes, so that nobody else gets it. Reviews are
appended; an item's state follows from the last one that stands.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generation.models import Item, ItemState, Review, Verdict
from qareview.models import Project

STATES = {
    Verdict.ACCEPTED: ItemState.ACCEPTED,
    Verdict.EDITED: ItemState.ACCEPTED,
    Verdict.REJECTED: ItemState.REJECTED,
}


@dataclass(frozen=True)
class Submission:
    """What a reviewer sends: ``key`` tells a second click, ``version`` a changed item."""

    key: UUID
    version: int
    verdict: Verdict
    question: str = ""
    answer: str = ""
    reason: str = ""
    comment: str = ""
    seconds: int = 0


class ItemChanged(Exception):
    """The item is no longer as it was when the form was made; nothing was stored."""


@transaction.atomic
def take_next(project: Project, user: Any) -> Item | None:
    """Return the item the user is to review now, held for them; None if there is none."""
    free = project.items.free_for(user).select_for_update(skip_locked=True, of=("self",))
    item = free.first()
    if item:
        _hold(item, user)
    return item


@transaction.atomic
def take(item: Item, user: Any) -> bool:
    """Hold this very item for the user; return False if it is on somebody else's desk."""
    item = Item.objects.select_for_update().get(pk=item.pk)
    if held_by_other(item, user):
        return False
    _hold(item, user)
    return True


def held_by_other(item: Item, user: Any) -> bool:
    """Whether the item is on somebody else's desk at this moment."""
    is_held = item.held_until is not None and item.held_until > timezone.now()
    return is_held and item.held_by_id != user.pk


def _hold(item: Item, user: Any) -> None:
    item.held_by, item.held_until = user, timezone.now() + timedelta(seconds=settings.HOLD_SECONDS)
    item.save(update_fields=["held_by", "held_until"])


@transaction.atomic
def submit(item_id: int, user: Any, submission: Submission) -> Review:
    """Append a review and return it; a submission that comes twice gives the same review.

    Raises ItemChanged.
    """
    item = Item.objects.select_for_update().get(pk=item_id)
    earlier = Review.objects.filter(submission=submission.key).first()
    if earlier and (earlier.item_id, earlier.reviewer_id) == (item.pk, user.pk):
        return earlier
    if earlier or item.version != submission.version:
        raise ItemChanged
    review = Review.objects.create(
        item=item,
        reviewer=user,
        submission=submission.key,
        verdict=_verdict(item, submission),
        question=submission.question,
        answer=submission.answer,
        reason=submission.reason,
        comment=submission.comment,
        seconds=submission.seconds,
    )
    _settle(item, held_by=None, held_until=None)
    return review


def _verdict(item: Item, submission: Submission) -> Verdict:
    """Tell an edit from a plain acceptance by the text itself."""
    if submission.verdict not in (Verdict.ACCEPTED, Verdict.EDITED):
        return submission.verdict
    drafted = (item.question.text, item.answer)
    is_edited = (submission.question, submission.answer) != drafted
    return Verdict.EDITED if is_edited else Verdict.ACCEPTED


def _settle(item: Item, **changes: Any) -> None:
    """Derive the item's state from its reviews, and note that it changed."""
    last = item.decision
    undecided = ItemState.ASIDE if item.aside else ItemState.PENDING
    item.state = STATES[Verdict(last.verdict)] if last else undecided
    item.version += 1
    for field, value in changes.items():
        setattr(item, field, value)
    item.save(update_fields=["state", "version", *changes])


@transaction.atomic
def undo(project: Project, user: Any) -> Item | None:
    """Withdraw the user's last review that stands and return its item, held for them again."""
    review = (
        Review.objects.standing()
        .filter(reviewer=user, item__project=project)
        .select_for_update()
        .order_by("-id")
        .first()
    )
    if review is None:
        return None
    item = Item.objects.select_for_update().get(pk=review.item_id)
    review.withdrawn_at = timezone.now()
    review.save(update_fields=["withdrawn_at"])
    _settle(item)
    if not held_by_other(item, user):
        _hold(item, user)
    return item
