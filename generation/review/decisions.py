"""What becomes of a review: it is appended, and its item's state follows from all that stand."""

from collections.abc import Iterable, Mapping
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
    Document,
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
from qareview.stored import joined, stored


@dataclass(frozen=True)
class Submission:
    """What a reviewer sends: ``key`` tells a second click.

    ``replaces`` is the reviewer's own decision on the item that the form was made from, 0 if there
    was none. ``start`` and ``end`` are offsets of the excerpt in the document's text, None if it
    is the passage as it was cut; ``ranking`` gives candidate questions their places by their ids.
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


class NotStored(Exception):
    """The review was not stored; the message says why, and what was sent can be sent anew."""


class ItemChanged(NotStored):
    """The reviewer decided on the item, or took that back, after the form was made."""


class ItemGone(NotStored):
    """The item has gone on to others, or is not reviewed at all any more."""


class _LookAgain(ItemGone):
    """Whether there is a place can be told only by who has the item locked."""


def submit(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    """Append a review and return it; a submission that comes twice gives the same review.

    Raises ItemChanged, ItemGone, and Item.DoesNotExist if the project has no such item.
    """
    try:
        return _submit(project, item_id, user, submission)
    except (NotStored, IntegrityError):  # what it read may be older than the lock it waited for
        with transaction.atomic():
            Item.everything.filter(pk=item_id).lock()
            return submit_locked(project, item_id, user, submission)


@transaction.atomic
def _submit(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    item = _locked(project, item_id, user, submission.key)
    if not (item.own or item.is_held or item.is_for_everyone):
        raise _LookAgain
    return _append(project, item, user, submission)


@transaction.atomic
def submit_locked(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    """Do the same, for a caller who has locked the item in an earlier statement."""
    return _append(project, _locked(project, item_id, user, submission.key), user, submission)


def _append(project: Project, item: Any, user: Any, submission: Submission) -> Review:
    if item.earlier is not None:
        earlier = Review.objects.get(pk=item.earlier)
        if (earlier.item_id, earlier.reviewer_id) == (item.pk, user.pk):
            return earlier
        raise ItemChanged(stored("This form was sent before, for another item."))
    _check_there(item, submission)
    _make_place(item, submission, project.reviews_per_item)
    review = Review.objects.create(
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
    if review.is_decision:
        settle([item.pk])
    if item.was_edited or review.verdict == Verdict.EDITED:
        search.index_items([item.pk])
    if item.was_typed and review.is_decision:
        Typed.objects.filter(item=item, reviewer=user).delete()
    return review


def _make_place(item: Any, submission: Submission, reviews_per_item: int) -> None:
    """Withdraw the decision that this one replaces. Raises ItemGone if there is no place."""
    if not item.own:
        _check_place(item, reviews_per_item)
    elif submission.verdict != Verdict.SKIPPED:
        own = Review.objects.standing().filter(pk=item.own)
        if not withdraw(own, Withdrawal.REPLACED):  # it was sent back, or undone, this very moment
            raise _LookAgain


def _locked(project: Project, item_id: int, user: Any, key: UUID) -> Any:
    """Return an item, locked, with all that is needed to judge a submission, in one query."""
    found = {name: RawSQL(sql, params) for name, (sql, params) in _facts(user, key).items()}
    return (
        Item.everything.filter(project=project)
        .select_for_update(of=("self",))
        .defer("embedding", "search", "support")
        .annotate(others=queue.others(user), **found)
        .get(pk=item_id)
    )


def _facts(user: Any, key: UUID) -> dict[str, tuple[str, list[Any]]]:
    """Return, as SQL with its parameters, what is to be known beside an item's own columns."""
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


def _check_there(item: Any, submission: Submission) -> None:
    """Refuse what was sent of an item that is another by now. Raises ItemGone, ItemChanged."""
    if item.state == BINNED:
        raise ItemGone(
            stored("The document of this item was moved to the bin while you were at it.")
        )
    if (item.own or 0) != submission.replaces:
        raise ItemChanged(stored("You reviewed this item since, in another window."))


def _check_place(item: Any, reviews_per_item: int) -> None:
    """Refuse whoever has no place at an item any more, and has none to get. Raises ItemGone."""
    if item.state == ItemState.ASIDE:
        raise ItemGone(joined([stored("The item was put aside meanwhile."), item.aside]))
    if not item.is_open:
        raise ItemGone(
            stored("The item went on to others while you were away, and has all its reviews.")
        )
    places = reviews_per_item - item.others
    if not (item.is_held or item.is_for_everyone or places > 0):
        raise ItemGone(stored("The item went on to somebody else while you were away."))


class _Said(Protocol):
    """A verdict with the texts it is on, as reviewers and admins send it."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def start(self) -> int | None: ...


def verdict_of(said: _Said, question: str, answer: str) -> Verdict:
    """Tell an edit from a plain acceptance by what was drafted."""
    if said.verdict not in ACCEPTING:
        return said.verdict
    is_draft = (said.question, said.answer, said.start) == (question, answer, None)
    return Verdict.ACCEPTED if is_draft else Verdict.EDITED


def _excerpt(item: Item, submission: Submission) -> str:
    """Return the excerpt a reviewer chose; nothing if it is the passage."""
    if submission.start is None or submission.end is None:
        return ""
    part = Substr("text", submission.start + 1, submission.end - submission.start)
    return str(Document.objects.filter(pk=item.document_id).values_list(part, flat=True).get())


SENTENCES = {
    Withdrawal.BY_AUTHOR: "",
    Withdrawal.REPLACED: stored("replaced by a later one"),
    Withdrawal.BULK_UNDONE: stored("It was given in bulk, and that was undone."),
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
    UPDATE generation_item AS item SET reviewers = found.reviewers, state = CASE
        WHEN found.by_admin = 'rejected' THEN 'rejected'
        WHEN found.by_admin IS NOT NULL THEN 'accepted'
        WHEN item.aside_reason <> '' AND item.state IN ('aside', 'binned') THEN 'aside'
        WHEN item.aside_reason <> '' AND found.decided < found.places THEN 'aside'
        WHEN found.decided < found.places THEN 'pending'
        WHEN found.accepting = 0 THEN 'rejected'
        WHEN found.accepting = found.decided AND found.texts = 1 THEN 'accepted'
        ELSE 'disputed'
    END
    FROM (
        SELECT own.id, project.reviews_per_item AS places,
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
    ) AS found
    WHERE found.id = item.id
"""


def settle(items: Iterable[int]) -> None:
    """Derive the state of locked items, by their ids, and who decided on them.

    They are pending until so many people decided. Then they are what all of these say, with the
    same texts; disputed if they differ; and what an admin says, if one has decided. How many are
    asked for stays so until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"items": list(items)})


def follow_settings(project: Project, before: Project) -> None:
    """Follow a change of a project's settings: who items go to, and the state of those reviewed."""
    if project.calibration_percent != before.calibration_percent:
        _draw_anew(project, before.calibration_percent)
    if project.reviews_per_item != before.reviews_per_item:
        settle_project(project)


@transaction.atomic
def settle_project(project: Project) -> None:
    """Derive the state of all items of a project that have decisions."""
    reviewed = Review.objects.decisions().filter(item=OuterRef("pk"))
    settle(project.items.filter(Exists(reviewed)).lock())
    _note_edited(project.items.all())


@transaction.atomic
def _draw_anew(project: Project, percent: int) -> None:
    """Change the purpose of those items alone that the share no longer or newly has.

    What was put into the calibration set by hand, or taken out of it, stays so elsewhere.
    """
    low, high = sorted((percent, project.calibration_percent))
    between = project.items.filter(shuffle__gte=low / 100, shuffle__lt=high / 100)
    is_larger = project.calibration_percent > percent
    purpose = Purpose.CALIBRATION if is_larger else Purpose.USUAL
    changing = between.exclude(purpose=Purpose.GOLD)
    changing.lock()
    changing.update(purpose=purpose)
    _note_edited(between)


def _note_edited(items: ItemQuerySet) -> None:
    edited = Review.objects.decisions().filter(verdict=Verdict.EDITED, item__in=items.order_by())
    search.index_items(edited.order_by().values_list("item", flat=True).distinct())


def _take_back(review: Review) -> None:
    is_edited = review.verdict == Verdict.EDITED
    if is_edited or review.ranking:
        texts = {name: getattr(review, name) for name in desk.FIELDS if is_edited}
        desk.keep(review.item, review.reviewer, {**texts, "ranking": review.ranking})
    if not review.is_decision:
        return
    own = Review.objects.filter(item=review.item_id, reviewer=review.reviewer_id)
    before = own.filter(is_adjudication=False, pk__lt=review.pk).exclude(verdict=Verdict.SKIPPED)
    last = before.select_related("bulk_action").order_by("-pk").first()
    if last is None or last.withdrawal != Withdrawal.REPLACED:
        return
    if (
        last.bulk_action is None or last.bulk_action.undo_at is None
    ):  # else it was taken back by itself
        Review.objects.filter(pk=last.pk).update(
            withdrawn_at=None, withdrawal=Withdrawal.BY_AUTHOR, withdrawn_because=""
        )


@transaction.atomic
def undo(project: Project, user: Any) -> Item | None:
    """Withdraw the user's last review that stands and return its item, held for them again.

    What it replaced stands again, and a text that was edited is kept at the desk.
    """
    review = (
        Review.objects.of(project)
        .standing()
        .filter(
            reviewer=user, is_adjudication=False, bulk_action=None
        )  # a bulk action is undone as a whole
        .order_by("-id")
        .first()
    )
    if review is None:
        return None
    item = Item.objects.select_for_update().filter(pk=review.item_id).first()
    if item is None:  # its document went to the bin this very moment
        return None
    if not withdraw(Review.objects.standing().filter(pk=review.pk)):
        return undo(project, user)  # it was withdrawn this very moment: the one before is meant
    _take_back(review)
    settle([item.pk])
    search.index_items([item.pk])
    item.refresh_from_db()
    queue.hold(item, user, project.reviews_per_item)
    return item
