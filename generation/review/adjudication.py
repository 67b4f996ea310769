"""What an admin decides over the reviewers: on disputed items, on decided ones, on gold.

An adjudication is a review that stands above the others; the item's texts are its own. Sending an
item back leaves one, too, withdrawn at once: it says who did it and why.
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
from generation.review import decisions, inbox
from generation.review.decisions import NotStored, verdict_of, withdraw
from qareview.models import Project
from qareview.stored import joined, stored
from qareview.word_differences import word_differences

DECIDED = (ItemState.ACCEPTED, ItemState.REJECTED, ItemState.DISPUTED)
NOTICES = (NoticeKind.ADJUDICATED, NoticeKind.SENT_BACK)


@dataclass(frozen=True)
class Ruling:
    """What an admin sends: ``key`` tells a second click, ``stands`` what they had before them.

    A verdict of SKIPPED sends the item back to its reviewers.
    """

    key: UUID
    verdict: Verdict
    stands: str
    question: str = ""
    answer: str = ""
    start: int | None = None
    end: int | None = None
    context: str = ""  # the excerpt from start to end, nothing if it is the passage
    reason: str = ""
    comment: str = ""
    is_gold: bool = False


@dataclass(frozen=True)
class Version:
    """What one or more people made of an item, with what it changes of the draft marked."""

    reviews: list[Review]
    question: SafeString
    answer: SafeString

    @property
    def review(self) -> Review:
        return self.reviews[0]


def stands(item: Item) -> str:
    """Name the decisions on an item that stand, so that a change is noticed."""
    return _named(review.pk for review in item.decisions)


def _named(ids: Iterable[int]) -> str:
    return ",".join(str(pk) for pk in sorted(ids))


def versions(item: Item) -> list[Version]:
    """Return what people made of an item; those who said the same share a version."""
    alike: dict[tuple[Any, ...], list[Review]] = {}
    for review in item.decisions:
        said = (review.question, review.answer, review.start, review.end)
        key = said if review.accepts else (review.reason,)
        alike.setdefault((review.is_adjudication, *key), []).append(review)
    return [_version(item, reviews) for reviews in alike.values()]


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
def decide(project: Project, item_id: int, admin: Any, ruling: Ruling) -> Review:
    """Store an admin's word on an item; a ruling that comes twice gives the same review.

    Raises NotStored, and Item.DoesNotExist if the project has no such item.
    """
    item = project.items.select_for_update(of=("self",)).select_related("project").get(pk=item_id)
    if earlier := Review.objects.filter(submission=ruling.key).first():
        if (earlier.item_id, earlier.reviewer_id) == (item.pk, admin.pk):
            return earlier
        raise NotStored(stored("This form was sent before, for another item."))
    decisions = Review.objects.decisions().filter(item=item)
    _check(item, decisions, ruling)
    return (_send_back if ruling.verdict == Verdict.SKIPPED else _rule)(
        item, decisions, admin, ruling
    )


def _check(item: Item, decisions: ReviewQuerySet, ruling: Ruling) -> None:
    """Refuse what was decided on other grounds than those that stand. Raises NotStored."""
    if item.state == ItemState.ASIDE:
        raise NotStored(joined([stored("The item was put aside meanwhile."), item.aside]))
    by_admin = decisions.filter(is_adjudication=True).select_related("reviewer").first()
    if _named(decisions.values_list("pk", flat=True)) != ruling.stands:
        if by_admin and str(by_admin.pk) not in ruling.stands.split(","):
            raise NotStored(
                stored("%(reviewer)s decided on this item meanwhile.", reviewer=by_admin.reviewer)
            )
        raise NotStored(stored("What reviewers say of this item changed meanwhile."))
    if item.state not in DECIDED and not ruling.is_gold:
        raise NotStored(stored("This item is not decided yet: its reviewers come first."))
    if ruling.verdict == Verdict.SKIPPED and item.purpose == Purpose.GOLD:
        raise NotStored(stored("A gold item cannot be sent back; end its being gold first."))


def _rule(item: Item, decisions: ReviewQuerySet, admin: Any, ruling: Ruling) -> Review:
    differing = [review for review in decisions if _differs(review, ruling)]
    withdraw(decisions.filter(is_adjudication=True), Withdrawal.REPLACED)
    review = _stored(item, admin, ruling, verdict_of(ruling, item.question.text, item.answer))
    purpose = Purpose.GOLD if ruling.is_gold else item.purpose
    Item.objects.filter(pk=item.pk).update(purpose=purpose, aside_reason="", aside="")
    _settle(item)
    told = stored(
        "%(admin)s decided on item %(pk)s: %(review)s",
        admin=admin,
        pk=str(item.pk),
        review=_told(review),
    )
    _tell(item, differing, admin, NoticeKind.ADJUDICATED, told)
    return review


def _send_back(item: Item, decisions: ReviewQuerySet, admin: Any, ruling: Ruling) -> Review:
    withdrawn = list(decisions)
    because = stored("sent back: %(comment)s", comment=ruling.comment)
    withdraw(decisions, Withdrawal.SENT_BACK, because)
    now = timezone.now()
    review = _stored(item, admin, ruling, Verdict.SKIPPED, withdrawn_at=now)
    _settle(item)
    inbox.take_back(item, *NOTICES)
    told = stored(
        "%(admin)s sent item %(pk)s back, so you may decide anew. %(comment)s",
        admin=admin,
        pk=str(item.pk),
        comment=ruling.comment,
    )
    _tell(item, withdrawn, admin, NoticeKind.SENT_BACK, told)
    return review


def _stored(
    item: Item,
    admin: Any,
    ruling: Ruling,
    verdict: Verdict,
    withdrawn_at: Any = None,
) -> Review:
    return Review.objects.create(
        item=item,
        reviewer=admin,
        submission=ruling.key,
        is_adjudication=True,
        verdict=verdict,
        question=ruling.question,
        answer=ruling.answer,
        start=ruling.start,
        end=ruling.end,
        context=ruling.context,
        reason=ruling.reason,
        comment=ruling.comment,
        withdrawn_at=withdrawn_at,
        withdrawal=Withdrawal.SENT_BACK if withdrawn_at else Withdrawal.BY_AUTHOR,
    )


def _differs(review: Review, ruling: Ruling) -> bool:
    if review.accepts != (ruling.verdict != Verdict.REJECTED):
        return True
    said = (review.question, review.answer, review.start, review.end)
    return review.accepts and said != (ruling.question, ruling.answer, ruling.start, ruling.end)


def _told(review: Review) -> str:
    """Return what was decided and why, in a sentence or three."""
    words = {
        Verdict.ACCEPTED: stored("accepted"),
        Verdict.EDITED: stored("accepted with changes"),
        Verdict.REJECTED: stored("rejected"),
    }[Verdict(review.verdict)]
    return joined([words, review.reason, review.comment], ". ")


def _settle(item: Item) -> None:
    decisions.settle([item.pk])
    search.index_items([item.pk])


def _tell(item: Item, reviews: list[Review], admin: Any, kind: NoticeKind, text: str) -> None:
    users = {review.reviewer_id for review in reviews} - {admin.pk}
    inbox.tell(item, users, kind, text)


@transaction.atomic
def take_back(project: Project, item_id: int) -> bool:
    """Withdraw the adjudication of an item, which is no longer gold; False if there is none.

    Raises Item.DoesNotExist if the project has no such item.
    """
    item = project.items.select_for_update(of=("self",)).select_related("project").get(pk=item_id)
    by_admin = Review.objects.decisions().filter(item=item, is_adjudication=True)
    if not withdraw(by_admin):
        return False
    Item.objects.filter(pk=item.pk, purpose=Purpose.GOLD).update(purpose=Purpose.USUAL)
    _settle(item)
    inbox.take_back(item, NoticeKind.ADJUDICATED)
    return True


def last_of(project: Project, admin: Any) -> int | None:
    """Return the id of the item that an admin adjudicated last, if that stands."""
    own = Review.objects.of(project).decisions().filter(reviewer=admin, is_adjudication=True)
    last = own.order_by("-id").first()
    return last.item_id if last else None
