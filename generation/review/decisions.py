"""Store and withdraw reviews, and derive the state of an item from those that still count.

``standing`` reviews are those that were not withdrawn. :mod:`queue` says what a slot is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Substr
from django.utils import timezone

from generation import search
from generation.models import (
    ACCEPTING,
    BINNED,
    Item,
    ItemQuerySet,
    ItemState,
    Purpose,
    Review,
    Typed,
    Verdict,
    Withdrawal,
)
from generation.review import desk, queue
from qareview import projects
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
    """The reviewer decided on the item, or withdrew a decision, after the form was made."""


class ItemGone(ReviewNotStored):
    """The item has enough reviewers, or is no longer reviewed."""


class OwnItem(ItemGone):
    """The reviewer wrote the item, so another person reviews it."""


class _MustLock(ItemGone):
    """Only a transaction that locks the item first can tell whether it has a free slot."""


def submit(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    """Store a review and return it; if it was sent before, return the stored review.

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
        earlier = Review.objects.get(pk=item.earlier)
        if (earlier.item_id, earlier.reviewer_id) == (item.pk, user.pk):
            return earlier
        raise ItemChanged(stored("This form has already been sent for another item."))
    if item.author_id == user.pk:
        raise OwnItem(OWN_ITEM)
    _check_unchanged(item, submission)
    _free_slot(item, submission, project.reviews_per_item)
    review = _create_review(item, user, submission)
    if review.is_decision:
        settle([item.pk])
    if item.was_edited or review.verdict == Verdict.EDITED:
        search.index_items([item.pk])
    if item.was_typed and review.is_decision:
        Typed.objects.filter(item=item, reviewer=user).delete()
    return review


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
        ranking=dict(submission.ranking),
        reason=submission.reason,
        comment=submission.comment,
        seconds=submission.seconds,
    )


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


_SETTLE = f"""
    SELECT {projects.SHARE_SETTINGS} FROM (
        SELECT DISTINCT project_id FROM generation_item WHERE id = ANY (%(items)s)
    ) AS own;
    UPDATE generation_item AS item SET reviewers = settled.reviewers, state = CASE
        WHEN settled.by_admin = 'rejected' THEN 'rejected'
        WHEN settled.by_admin IS NOT NULL THEN 'accepted'
        WHEN item.aside_reason <> '' AND item.state IN ('aside', 'binned') THEN 'aside'
        WHEN item.aside_reason <> '' AND settled.decided < settled.slots THEN 'aside'
        WHEN settled.decided < settled.slots THEN 'pending'
        WHEN settled.accepting = 0 THEN 'rejected'
        WHEN settled.accepting = settled.decided AND settled.texts = 1 THEN 'accepted'
        ELSE 'disputed'
    END
    FROM (
        SELECT own.id, project.reviews_per_item AS slots,
            coalesce(array_agg(DISTINCT reviewer_id) FILTER (WHERE review.id IS NOT NULL), '{{}}')
                AS reviewers,
            max(verdict) FILTER (WHERE is_adjudication) AS by_admin,
            count(review.id) FILTER (WHERE NOT is_adjudication) AS decided,
            count(*) FILTER (WHERE NOT is_adjudication AND verdict <> 'rejected') AS accepting,
            count(DISTINCT (review.question, review.answer, review.start, review."end"))
                FILTER (WHERE NOT is_adjudication AND verdict <> 'rejected') AS texts
        FROM generation_item AS own
        JOIN qareview_project AS project ON project.id = own.project_id
        LEFT JOIN generation_review AS review ON review.item_id = own.id
            AND review.withdrawn_at IS NULL AND review.verdict <> 'skipped'
        WHERE own.id = ANY (%(items)s) GROUP BY own.id, project.id
    ) AS settled
    WHERE settled.id = item.id
"""


def settle(items: Iterable[int]) -> None:
    """Derive the state and the reviewers of locked items; ``items`` are their ids.

    An item is pending until as many people have decided as the project asks for. Then it is
    accepted or rejected if they agree, also on the texts, or else disputed. An admin's decision
    overrides theirs. The project's settings cannot change until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"items": list(items)})


def follow_settings(project: Project, before: Project) -> None:
    """Apply a project's changed settings to its items; ``before`` has the earlier settings."""
    if project.calibration_percent != before.calibration_percent:
        _redraw_calibration(project, before.calibration_percent)
    if project.reviews_per_item != before.reviews_per_item:
        settle_project(project)


@transaction.atomic
def settle_project(project: Project) -> None:
    """Derive the state of all items of a project that have decisions."""
    reviewed = Review.objects.decisions().filter(item=OuterRef("pk"))
    settle(project.items.filter(Exists(reviewed)).lock())
    index_edited(project.items.order_by())


@transaction.atomic
def _redraw_calibration(project: Project, percent: int) -> None:
    """Change the purpose of the items between the earlier ``percent`` and the new percentage.

    All other items keep their purpose, since somebody may have set it by hand.
    """
    low, high = sorted((percent, project.calibration_percent))
    between = project.items.filter(shuffle__gte=low / 100, shuffle__lt=high / 100)
    is_larger = project.calibration_percent > percent
    purpose = Purpose.CALIBRATION if is_larger else Purpose.USUAL
    changing = between.exclude(purpose=Purpose.GOLD)
    changing.lock()
    changing.update(purpose=purpose)
    index_edited(between.order_by())


def index_edited(items: ItemQuerySet | Collection[int]) -> None:
    """Update the search index for edited texts, whose visibility may have changed.

    The items are an unordered query or ids.
    """
    edited = Review.objects.decisions().filter(item__in=items, verdict=Verdict.EDITED)
    search.index_items(edited.order_by().values_list("item", flat=True).distinct())


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


@transaction.atomic
def undo_review(project: Project, user: Any) -> Item | None:
    """Withdraw the user's last review and return its item, held for them again; None if none.

    The decision that the review replaced counts again, and an edited text stays at the desk.
    """
    own = Review.objects.of(project).standing().filter(reviewer=user, is_adjudication=False)
    # without reviews of a bulk action, which is undone as a whole
    review = own.filter(bulk_action=None).order_by("-id").first()
    if review is None:
        return None
    item = Item.objects.select_for_update().filter(pk=review.item_id).first()
    if item is None:  # its document has just been moved to the bin
        return None
    if not withdraw(Review.objects.standing().filter(pk=review.pk)):
        return undo_review(project, user)  # it has just been withdrawn: undo the one before
    _restore_replaced(review)
    settle([item.pk])
    search.index_items([item.pk])
    item.refresh_from_db()
    queue.hold_item(item, user, project.reviews_per_item)
    return item
