"""Store and withdraw reviews.

``standing`` reviews are those that were not withdrawn. :mod:`queue` says what a slot is, and
:mod:`settling` what the reviews make of an item.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Substr
from django.utils import timezone

from generation import search
from generation.models import (
    ACCEPTING,
    BINNED,
    Item,
    ItemState,
    Review,
    Typed,
    Verdict,
    Withdrawal,
)
from generation.review import desk, queue, settling
from qareview.locking import lock_rows
from qareview.models import Project
from qareview.stored_sentences import joined, stored


@dataclass(frozen=True)
class Submission:
    """What a reviewer sends. A form that is sent twice has the same ``key``.

    ``replaces`` is the id of the reviewer's own decision on the item when the form was made, or 0.
    ``start`` and ``end`` are offsets of the excerpt in the document's text, None for the passage as
    it was cut. ``ranking`` maps ids of candidate questions to their places.
    """

    key: UUID
    verdict: Verdict
    replaces: int = 0
    question: str = ""
    answer: str = ""
    start: int | None = None
    end: int | None = None
    ranking: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    comment: str = ""
    seconds: int = 0


OWN_ITEM = stored("You wrote this item, so someone else has to review it.")


class ReviewNotStored(Exception):
    """The review was not stored; the message says why. It can be sent again."""


class ItemChanged(ReviewNotStored):
    """The reviewer decided on the item, or withdrew a decision, since the form was made."""


class ItemGone(ReviewNotStored):
    """The item has enough reviewers, or is no longer reviewed."""


class OwnItem(ItemGone):
    """The reviewer wrote the item, so another person reviews it."""


class _MustLock(ItemGone):
    """Only a transaction that locks the item first can tell whether it has a free slot."""


def submit(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    """Store a review and return it; if the same was sent before, return the stored review.

    Raises ItemChanged, ItemGone, and Item.DoesNotExist if the project has no such item.
    """
    try:
        return _submit(project, item_id, user, submission)
    except (ReviewNotStored, IntegrityError):  # may be wrong: it read the row before locking it
        with transaction.atomic():
            Item.everything.filter(pk=item_id).lock()
            return submit_locked(project, item_id, user, submission)


@transaction.atomic
def _submit(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    item = _locked(project, item_id, user, submission.key)
    if not (item.own or item.is_held or item.is_for_everyone):
        raise _MustLock
    return _append(project, item, user, submission)


@transaction.atomic
def submit_locked(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    """Do the same as :func:`submit`, with the same exceptions, if the item is already locked."""
    return _append(project, _locked(project, item_id, user, submission.key), user, submission)


def _append(project: Project, item: Any, user: Any, submission: Submission) -> Review:
    if item.earlier is not None:
        return _sent_before(item, user, submission)
    if item.author_id == user.pk:
        raise OwnItem(OWN_ITEM)
    _check_unchanged(item, submission)
    _free_slot(item, submission, project.reviews_per_item)
    review = _create_review(item, user, submission)
    if review.is_decision:
        settling.settle([item.pk])
    if item.was_edited or review.verdict == Verdict.EDITED:
        search.index_items([item.pk])
    if item.was_typed and review.is_decision:
        Typed.objects.filter(item=item, reviewer=user).delete()
    return review


SENT_ELSEWHERE = stored("This form has already been sent for another item.")
SENT_OTHERWISE = stored(
    "This form has been sent before, and what it said was withdrawn or is different now."
)
# What a review and a submission with its key have in common if one is a repeat of the other.
_SAID = {
    Verdict.ACCEPTED: ("question", "answer", "start", "end", "ranking"),
    Verdict.EDITED: ("question", "answer", "start", "end", "ranking"),
    Verdict.REJECTED: ("reason", "ranking"),
    Verdict.SKIPPED: (),
}


def _sent_before(item: Any, user: Any, submission: Submission) -> Review:
    """Return the review that the same form stored, if it still stands and says the same.

    Otherwise a person sends another decision with a form that a browser has shown again, for
    example after an undo. Raises ItemChanged.
    """
    earlier = Review.objects.get(pk=item.earlier)
    if (earlier.item_id, earlier.reviewer_id) != (item.pk, user.pk):
        raise ItemChanged(SENT_ELSEWHERE)
    verdict = verdict_of(submission, item.first_question, item.answer)
    is_same = verdict == earlier.verdict and all(
        getattr(submission, name) == getattr(earlier, name) for name in _SAID[verdict]
    )
    if earlier.withdrawn_at or not is_same:
        raise ItemChanged(SENT_OTHERWISE)
    return earlier


def _create_review(item: Any, user: Any, submission: Submission) -> Review:
    return Review.objects.create(
        item=item,
        reviewer=user,
        submission=submission.key,
        verdict=verdict_of(submission, item.first_question, item.answer),
        question=submission.question,
        answer=submission.answer,
        start=submission.start,
        end=submission.end,
        context=_excerpt(item, submission),
        ranking=_own_ranking(item, submission.ranking),
        reason=submission.reason,
        comment=submission.comment,
        seconds=submission.seconds,
    )


def _own_ranking(item: Any, ranking: Mapping[str, int]) -> dict[str, int]:
    """Return the places of the item's own questions: a request may name any others."""
    if not ranking:
        return {}
    own = set(item.questions.filter(pk__in=ranking).values_list("pk", flat=True))
    return {question: place for question, place in ranking.items() if int(question) in own}


def _free_slot(item: Any, submission: Submission, reviews_per_item: int) -> None:
    """Withdraw the decision that the submission replaces. Raises ItemGone if no slot is free."""
    if not item.own:
        _check_slot(item, reviews_per_item)
    elif submission.verdict != Verdict.SKIPPED:
        own = Review.objects.standing().filter(pk=item.own)
        if not withdraw(own, Withdrawal.REPLACED):  # it has just been sent back or undone
            raise _MustLock


def _locked(project: Project, item_id: int, user: Any, key: UUID) -> Any:
    """Lock an item and return it with all that checking a submission needs, in one query."""
    facts = {name: RawSQL(sql, params) for name, (sql, params) in _facts(user, key).items()}
    return (
        Item.everything.filter(project=project)
        .select_for_update(of=("self",))
        .defer("embedding", "search", "support")
        .annotate(others=queue.count_of_others(user), **facts)
        .get(pk=item_id)
    )


def _facts(user: Any, key: UUID) -> dict[str, tuple[str, list[Any]]]:
    """Return the SQL and parameters of the values that are not columns of an item, by name."""
    decision = "withdrawn_at IS NULL AND verdict <> 'skipped'"
    of_item = "item_id = generation_item.id"
    own = f"{of_item} AND reviewer_id = %s"
    reviews, questions = "generation_review", "generation_question"
    return {
        "earlier": (f"SELECT id FROM {reviews} WHERE submission = %s", [key]),
        "own": (
            f"SELECT id FROM {reviews} WHERE {own} AND {decision} AND NOT is_adjudication",
            [user.pk],
        ),
        "was_edited": (
            f"EXISTS (SELECT 1 FROM {reviews} WHERE {of_item} AND {decision} AND verdict = %s)",
            [Verdict.EDITED.value],
        ),
        "first_question": (
            f"SELECT text FROM {questions} WHERE {of_item} ORDER BY rank LIMIT 1",
            [],
        ),
        "is_held": (
            f"EXISTS (SELECT 1 FROM generation_hold WHERE {own} AND until >= %s)",
            [user.pk, timezone.now()],
        ),
        "was_typed": (f"EXISTS (SELECT 1 FROM generation_typed WHERE {own})", [user.pk]),
    }


def _check_unchanged(item: Any, submission: Submission) -> None:
    """Refuse a submission made for an earlier state of the item. Raises ItemGone, ItemChanged."""
    if item.state == BINNED:
        raise ItemGone(
            stored("The document was moved to the bin while you were reviewing this item.")
        )
    if (item.own or 0) != submission.replaces:
        raise ItemChanged(stored("You have already reviewed this item in another window."))


def _check_slot(item: Any, reviews_per_item: int) -> None:
    """Refuse a reviewer who has no slot and cannot get one. Raises ItemGone."""
    if item.state == ItemState.ASIDE:
        raise ItemGone(
            joined([stored("This item has been set aside in the meantime."), item.aside])
        )
    if not item.is_open:
        raise ItemGone(stored("While you were away, others finished reviewing this item."))
    free_slots = reviews_per_item - item.others
    if not (item.is_held or item.is_for_everyone or free_slots > 0):
        raise ItemGone(stored("While you were away, this item went to someone else."))


class _SentReview(Protocol):
    """A verdict and its texts, as reviewers and admins send them."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def start(self) -> int | None: ...


def verdict_of(sent: _SentReview, question: str, answer: str) -> Verdict:
    """Return the verdict that was sent, or EDITED if it accepts other texts than the draft's."""
    if sent.verdict not in ACCEPTING:
        return sent.verdict
    is_draft = (sent.question, sent.answer, sent.start) == (question, answer, None)
    return Verdict.ACCEPTED if is_draft else Verdict.EDITED


def _excerpt(item: Item, submission: Submission) -> str:
    """Return the text of the excerpt that a reviewer chose; "" for the passage."""
    if submission.start is None or submission.end is None:
        return ""
    part = Substr("text", submission.start + 1, submission.end - submission.start)
    return str(item.passage.whole_text().values_list(part, flat=True).get())


SENTENCES = {
    Withdrawal.BY_AUTHOR: "",
    Withdrawal.REPLACED: stored("replaced by a later one"),
    Withdrawal.BULK_UNDONE: stored("It was part of a bulk action that was undone."),
}


def withdraw(
    reviews: QuerySet[Review], reason: Withdrawal = Withdrawal.BY_AUTHOR, because: str = ""
) -> int:
    """Withdraw reviews of locked items; return how many.

    ``because`` is the reason as a sentence, where SENTENCES has none.
    """
    return reviews.update(
        withdrawn_at=timezone.now(),
        withdrawal=reason,
        withdrawn_because=because or SENTENCES[reason],
    )


def _restore_replaced(review: Review) -> None:
    """Keep a withdrawn review's texts at the desk, and restore the decision that it replaced."""
    is_edited = review.verdict == Verdict.EDITED
    if is_edited or review.ranking:
        texts = {name: getattr(review, name) for name in desk.FIELDS if is_edited}
        desk.store_typed(review.item, review.reviewer, {**texts, "ranking": review.ranking})
    if not review.is_decision:
        return
    own = Review.objects.filter(item=review.item_id, reviewer=review.reviewer_id)
    before = own.filter(is_adjudication=False, pk__lt=review.pk).exclude(verdict=Verdict.SKIPPED)
    last = before.select_related("bulk_action").order_by("-pk").first()
    if last is None or last.withdrawal != Withdrawal.REPLACED:
        return
    if last.bulk_action and last.bulk_action.undo_at:  # it stays undone with its bulk action
        return
    Review.objects.filter(pk=last.pk).update(
        withdrawn_at=None, withdrawal=Withdrawal.BY_AUTHOR, withdrawn_because=""
    )


def _has_undone_since(project: Project, user: Any, moment: datetime) -> bool:
    own = Review.objects.of(project).filter(reviewer=user, withdrawal=Withdrawal.BY_AUTHOR)
    return own.filter(withdrawn_at__gt=moment).exists()


@transaction.atomic
def undo_review(project: Project, user: Any, made_at: datetime | None = None) -> Item | None:
    """Withdraw the user's last review and return its item, held for them again; None if none.

    The decision that the review replaced counts again, and an edited text stays at the desk.
    ``made_at`` is when the user's page was made. If they have undone something since, as with the
    first of two clicks, nothing is undone.
    """
    lock_rows(project.memberships.filter(user=user))  # so that a second click waits for the first
    if made_at and _has_undone_since(project, user, made_at):
        return None
    own = Review.objects.of(project).standing().filter(reviewer=user, is_adjudication=False)
    # without reviews of a bulk action, which is undone as a whole
    review = own.filter(bulk_action=None).order_by("-id").first()
    if review is None:
        return None
    item = Item.objects.select_for_update().filter(pk=review.item_id).first()
    if item is None:  # its document has just been moved to the bin
        return None
    if not withdraw(Review.objects.standing().filter(pk=review.pk)):
        return None  # an admin has just withdrawn it
    _restore_replaced(review)
    settling.settle([item.pk])
    search.index_items([item.pk])
    item.refresh_from_db()
    queue.hold_item(item, user, project.reviews_per_item)
    return item
