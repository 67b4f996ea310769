"""Decisions by an admin over the reviewers: on disputed and decided items, and on gold items.

An adjudication is a review that overrides the others; the item takes its texts. When an admin sends
an item back, a review is stored too: it says who did it and why, and is withdrawn at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.safestring import SafeString

from generation import search
from generation.models import (
    Item,
    ItemState,
    NoticeKind,
    Purpose,
    Review,
    ReviewQuerySet,
    Verdict,
    Withdrawal,
)
from generation.review import decisions, inbox, settling
from generation.review.decisions import ReviewNotStored, verdict_of, withdraw
from qareview.models import Project
from qareview.stored_sentences import joined, stored
from qareview.word_differences import word_differences

DECIDED = (ItemState.ACCEPTED, ItemState.REJECTED, ItemState.DISPUTED)
NOTICES = (NoticeKind.ADJUDICATED, NoticeKind.SENT_BACK)


@dataclass(frozen=True)
class Adjudication:
    """What an admin sends. A form that is sent twice has the same ``key``.

    ``stands`` is what :func:`standing_ids` returned when the form was made. The verdict SKIPPED
    sends the item back to its reviewers.
    """

    key: UUID
    verdict: Verdict
    stands: str
    question: str = ""
    answer: str = ""
    start: int | None = None
    end: int | None = None
    context: str = ""  # the excerpt from start to end, empty for the passage
    reason: str = ""
    comment: str = ""
    is_gold: bool = False


@dataclass(frozen=True)
class Version:
    """The same decision by one or more people, with their changes to the draft marked."""

    reviews: list[Review]
    question: SafeString
    answer: SafeString

    @property
    def review(self) -> Review:
        """The first of the reviews, which all have the same content."""
        return self.reviews[0]


def standing_ids(item: Item) -> str:
    """Return the ids of the decisions on an item as text, to notice later if they changed."""
    return _joined(review.pk for review in item.decisions)


def _joined(ids: Iterable[int]) -> str:
    return ",".join(str(pk) for pk in sorted(ids))


def versions(item: Item) -> list[Version]:
    """Return the versions of an item; people who decided the same share one."""
    by_content: dict[tuple[Any, ...], list[Review]] = {}
    for review in item.decisions:
        texts = (review.question, review.answer, review.start, review.end)
        content = texts if review.accepts else (review.reason,)
        by_content.setdefault((review.is_adjudication, *content), []).append(review)
    return [_version(item, reviews) for reviews in by_content.values()]


def _version(item: Item, reviews: list[Review]) -> Version:
    first = reviews[0]
    if not first.accepts:
        return Version(reviews, SafeString(), SafeString())
    return Version(
        reviews,
        word_differences(item.question.text, first.question),
        word_differences(item.answer, first.answer),
    )


@transaction.atomic
def adjudicate(project: Project, item_id: int, admin: Any, adjudication: Adjudication) -> Review:
    """Store an adjudication and return its review; if the same was sent before, return that.

    Raises ReviewNotStored, and Item.DoesNotExist if the project has no such item.
    """
    item = project.items.select_for_update(of=("self",)).select_related("project").get(pk=item_id)
    if earlier := Review.objects.filter(submission=adjudication.key).first():
        return _sent_before(earlier, item, admin, adjudication)
    of_item = Review.objects.decisions().filter(item=item)
    if not may_adjudicate(item, admin):
        raise ReviewNotStored(decisions.OWN_ITEM)
    _check(item, of_item, adjudication)
    if adjudication.verdict == Verdict.SKIPPED:
        return _send_back(item, of_item, admin, adjudication)
    return _adjudicate(item, of_item, admin, adjudication)


def _sent_before(earlier: Review, item: Item, admin: Any, adjudication: Adjudication) -> Review:
    """Return the review that the same form stored, if it still stands and says the same.

    What sent the item back is withdrawn at once, so it stands as long as nobody has decided again.
    Raises ReviewNotStored.
    """
    if (earlier.item_id, earlier.reviewer_id) != (item.pk, admin.pk):
        raise ReviewNotStored(decisions.SENT_ELSEWHERE)
    sent_back = adjudication.verdict == Verdict.SKIPPED
    stands = not item.reviewers if sent_back else earlier.withdrawn_at is None
    verdict = verdict_of(adjudication, item.question.text, item.answer)
    names = ("question", "answer", "start", "end", "reason", "comment")
    is_same = verdict == earlier.verdict and all(
        getattr(adjudication, name) == getattr(earlier, name) for name in names
    )
    is_gold = item.purpose == Purpose.GOLD or not adjudication.is_gold
    if not (stands and is_same and is_gold):
        raise ReviewNotStored(decisions.SENT_OTHERWISE)
    return earlier


def may_adjudicate(item: Item, admin: Any) -> bool:
    """Whether an admin may decide over reviewers: not on an item that they wrote themselves.

    If nobody else is in the project, they may, since nobody else could.
    """
    return item.author_id != admin.pk or not item.project.has_members_besides(admin)


def _check(item: Item, of_item: ReviewQuerySet, adjudication: Adjudication) -> None:
    """Refuse an adjudication made for an earlier state of the item. Raises ReviewNotStored."""
    if item.state == ItemState.ASIDE:
        raise ReviewNotStored(
            joined([stored("This item has been set aside in the meantime."), item.aside])
        )
    by_admin = of_item.filter(is_adjudication=True).select_related("reviewer").first()
    if _joined(of_item.values_list("pk", flat=True)) != adjudication.stands:
        if by_admin and str(by_admin.pk) not in adjudication.stands.split(","):
            raise ReviewNotStored(
                stored("%(reviewer)s has since decided on this item.", reviewer=by_admin.reviewer)
            )
        raise ReviewNotStored(stored("The reviews of this item have changed since you opened it."))
    if item.state not in DECIDED and not adjudication.is_gold:
        raise ReviewNotStored(
            stored("This item has not been decided yet. Its reviewers decide first.")
        )
    if adjudication.verdict == Verdict.SKIPPED and item.purpose == Purpose.GOLD:
        raise ReviewNotStored(
            stored("A gold item cannot be sent back. Remove its gold status first.")
        )


def _adjudicate(
    item: Item, of_item: ReviewQuerySet, admin: Any, adjudication: Adjudication
) -> Review:
    differing = [review for review in of_item if _differs(review, adjudication)]
    withdraw(of_item.filter(is_adjudication=True), Withdrawal.REPLACED)
    review = _create_review(
        item, admin, adjudication, verdict_of(adjudication, item.question.text, item.answer)
    )
    purpose = Purpose.GOLD if adjudication.is_gold else item.purpose
    Item.objects.filter(pk=item.pk).update(purpose=purpose, aside_reason="", aside="")
    _settle(item)
    notice = stored(
        "%(admin)s decided on item %(pk)s: %(review)s",
        admin=admin,
        pk=str(item.pk),
        review=_outcome_text(review),
    )
    _notify(item, differing, admin, NoticeKind.ADJUDICATED, notice)
    return review


def _send_back(
    item: Item, of_item: ReviewQuerySet, admin: Any, adjudication: Adjudication
) -> Review:
    withdrawn = list(of_item)
    because = stored("sent back: %(comment)s", comment=adjudication.comment)
    withdraw(of_item, Withdrawal.SENT_BACK, because)
    now = timezone.now()
    review = _create_review(item, admin, adjudication, Verdict.SKIPPED, withdrawn_at=now)
    _settle(item)
    inbox.remove_notices(item, *NOTICES)
    notice = stored(
        "%(admin)s sent item %(pk)s back. You can decide on it again. %(comment)s",
        admin=admin,
        pk=str(item.pk),
        comment=adjudication.comment,
    )
    _notify(item, withdrawn, admin, NoticeKind.SENT_BACK, notice)
    return review


def _create_review(
    item: Item,
    admin: Any,
    adjudication: Adjudication,
    verdict: Verdict,
    withdrawn_at: Any = None,
) -> Review:
    return Review.objects.create(
        item=item,
        reviewer=admin,
        submission=adjudication.key,
        is_adjudication=True,
        verdict=verdict,
        question=adjudication.question,
        answer=adjudication.answer,
        start=adjudication.start,
        end=adjudication.end,
        context=adjudication.context,
        reason=adjudication.reason,
        comment=adjudication.comment,
        withdrawn_at=withdrawn_at,
        withdrawal=Withdrawal.SENT_BACK if withdrawn_at else Withdrawal.BY_AUTHOR,
    )


def _differs(review: Review, adjudication: Adjudication) -> bool:
    if review.accepts != (adjudication.verdict != Verdict.REJECTED):
        return True
    texts = (review.question, review.answer, review.start, review.end)
    return review.accepts and texts != (
        adjudication.question,
        adjudication.answer,
        adjudication.start,
        adjudication.end,
    )


def _outcome_text(review: Review) -> str:
    """Return the decision and its reasons, in one to three sentences."""
    words = {
        Verdict.ACCEPTED: stored("accepted"),
        Verdict.EDITED: stored("accepted with changes"),
        Verdict.REJECTED: stored("rejected"),
    }[Verdict(review.verdict)]
    return joined([words, review.reason, review.comment], ". ")


def _settle(item: Item) -> None:
    settling.settle([item.pk])
    search.index_items([item.pk])


def _notify(item: Item, reviews: list[Review], admin: Any, kind: NoticeKind, text: str) -> None:
    users = {review.reviewer_id for review in reviews} - {admin.pk}
    inbox.notify(item, users, kind, text)


@transaction.atomic
def withdraw_adjudication(project: Project, item_id: int) -> bool:
    """Withdraw the adjudication of an item and end its gold status; return False if it has none.

    Raises Item.DoesNotExist if the project has no such item.
    """
    item = project.items.select_for_update(of=("self",)).select_related("project").get(pk=item_id)
    by_admin = Review.objects.decisions().filter(item=item, is_adjudication=True)
    if not withdraw(by_admin):
        return False
    Item.objects.filter(pk=item.pk, purpose=Purpose.GOLD).update(purpose=Purpose.USUAL)
    _settle(item)
    inbox.remove_notices(item, NoticeKind.ADJUDICATED)
    return True


def last_adjudicated(project: Project, admin: Any) -> int | None:
    """Return the id of the item that an admin adjudicated last, or None if there is none.

    Withdrawn adjudications do not count.
    """
    own = Review.objects.of(project).decisions().filter(reviewer=admin, is_adjudication=True)
    last = own.order_by("-id").first()
    return last.item_id if last else None
