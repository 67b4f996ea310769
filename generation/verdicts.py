"""What becomes of a review: it is appended, and its item's state follows from all that stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields import TextField
from django.db.models.functions import Cast, Coalesce, Concat, Substr
from django.utils import timezone

from generation import queue, search
from generation.models import (
    BINNED,
    Document,
    Item,
    ItemQuerySet,
    ItemState,
    Purpose,
    Question,
    Review,
    Typed,
    Verdict,
)
from qareview.models import Project

REPLACED = "replaced by a later one"


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


@transaction.atomic
def submit(project: Project, item_id: int, user: Any, submission: Submission) -> Review:
    """Append a review and return it; a submission that comes twice gives the same review.

    Raises ItemChanged, ItemGone, and Item.DoesNotExist if the project has no such item.
    """
    item = _locked(project, item_id, user, submission.key)
    if item.earlier is not None:
        earlier = Review.objects.get(pk=item.earlier)
        if (earlier.item_id, earlier.reviewer_id) == (item.pk, user.pk):
            return earlier
        raise ItemChanged("This form was sent before, for another item.")
    _check_there(item, submission)
    if not item.own:
        _check_place(item, project.reviews_per_item)
    elif submission.verdict != Verdict.SKIPPED:
        _withdraw(Review.objects.filter(pk=item.own), REPLACED)
    review = Review.objects.create(
        item=item,
        reviewer=user,
        submission=submission.key,
        verdict=_verdict(item, submission),
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
        settle(Item.objects.filter(pk=item.pk), project.reviews_per_item)
    if item.was_edited or review.verdict == Verdict.EDITED:
        search.note([item.pk])
    if item.was_typed:
        Typed.objects.filter(item=item, reviewer=user).delete()
    return review


def _locked(project: Project, item_id: int, user: Any, key: UUID) -> Any:
    """Return an item, locked, with all that is needed to judge a submission, in one query."""
    own = Review.objects.of_reviewers().filter(item=OuterRef("pk"), reviewer=user)
    edits = Review.objects.decisions().filter(item=OuterRef("pk"), verdict=Verdict.EDITED)
    best = Question.objects.filter(item=OuterRef("pk")).order_by("rank")
    return (
        Item.everything.filter(project=project)
        .select_for_update(of=("self",))
        .annotate(
            earlier=Subquery(Review.objects.filter(submission=key).values("pk")),
            own=Subquery(own.values("pk")),
            first_question=Subquery(best.values("text")[:1]),
            others=queue.others(user),
            is_held=Exists(queue.live().filter(item=OuterRef("pk"), reviewer=user)),
            was_edited=Exists(edits),
            was_typed=Exists(Typed.objects.filter(item=OuterRef("pk"), reviewer=user)),
        )
        .get(pk=item_id)
    )


def _check_there(item: Any, submission: Submission) -> None:
    """Refuse what was sent of an item that is another by now. Raises ItemGone, ItemChanged."""
    if item.state == BINNED:
        raise ItemGone("The document of this item was moved to the bin while you were at it.")
    if (item.own or 0) != submission.replaces:
        raise ItemChanged("You reviewed this item since, in another window.")


def _check_place(item: Any, reviews_per_item: int) -> None:
    """Refuse whoever has no place at an item any more, and has none to get. Raises ItemGone."""
    if item.state == ItemState.ASIDE:
        raise ItemGone(f"The item was put aside meanwhile. {item.aside}".strip())
    if not item.is_open:
        raise ItemGone("The item went on to others while you were away, and has all its reviews.")
    places = reviews_per_item - item.others
    if not (item.is_held or item.is_for_everyone or places > 0):
        raise ItemGone("The item went on to somebody else while you were away.")


def _verdict(item: Any, submission: Submission) -> Verdict:
    """Tell an edit from a plain acceptance by the text itself."""
    if submission.verdict not in (Verdict.ACCEPTED, Verdict.EDITED):
        return submission.verdict
    drafted = (item.first_question, item.answer, None)
    given = (submission.question, submission.answer, submission.start)
    return Verdict.ACCEPTED if given == drafted else Verdict.EDITED


def _excerpt(item: Item, submission: Submission) -> str:
    """Return the excerpt a reviewer chose; nothing if it is the passage."""
    if submission.start is None or submission.end is None:
        return ""
    part = Substr("text", submission.start + 1, submission.end - submission.start)
    return str(Document.objects.filter(pk=item.document_id).values_list(part, flat=True).get())


def _withdraw(reviews: QuerySet[Review], because: str = "") -> None:
    reviews.update(withdrawn_at=timezone.now(), withdrawn_because=because)


def _number(name: str) -> Coalesce:
    return Coalesce(Cast(name, TextField()), Value("", TextField()))


_NEXT = Value("\x1f", TextField())  # between texts; no text has it
_TEXTS = Concat("question", _NEXT, "answer", _NEXT, _number("start"), _NEXT, _number("end"))


def settle(items: ItemQuerySet, reviews_per_item: int) -> None:
    """Derive the state of items of one project, and who decided on them, from their reviews.

    They are pending until so many people decided. Then they are what all of these say, with the
    same texts; disputed if they differ; and what an admin says, if one has decided.
    """
    decisions = Review.objects.decisions().filter(item=OuterRef("pk"))
    by_admin = decisions.filter(is_adjudication=True)
    of_reviewers = decisions.filter(is_adjudication=False)
    rejections = of_reviewers.filter(verdict=Verdict.REJECTED)
    acceptances = of_reviewers.exclude(verdict=Verdict.REJECTED)
    enough = Q(decided__gte=reviews_per_item)
    items.annotate(
        decided=_count(of_reviewers, Count("pk")),
        texts=_count(acceptances, Count(_TEXTS, distinct=True)),
    ).update(
        reviewers=ArraySubquery(decisions.order_by("reviewer").values("reviewer").distinct()),
        state=Case(
            When(Exists(by_admin.filter(verdict=Verdict.REJECTED)), Value(ItemState.REJECTED)),
            When(Exists(by_admin), Value(ItemState.ACCEPTED)),
            When(~enough & ~Q(aside=""), Value(ItemState.ASIDE)),
            When(~enough, Value(ItemState.PENDING)),
            When(texts=0, then=Value(ItemState.REJECTED)),
            When(~Exists(rejections) & Q(texts=1), Value(ItemState.ACCEPTED)),
            default=Value(ItemState.DISPUTED),
        ),
    )


def _count(reviews: QuerySet[Review], count: Count) -> Coalesce:
    grouped = reviews.order_by().values("item").annotate(n=count)
    return Coalesce(Subquery(grouped.values("n")), 0)


def settle_project(project: Project) -> None:
    """Follow a change of the settings: who items go to, and the state of all that have reviews."""
    drawn = Q(shuffle__lt=project.calibration_percent / 100)
    usual = Value(Purpose.USUAL)
    project.items.exclude(purpose=Purpose.GOLD).update(
        purpose=Case(When(drawn, Value(Purpose.CALIBRATION)), default=usual)
    )
    reviewed = Review.objects.decisions().filter(item=OuterRef("pk"))
    settle(project.items.filter(Exists(reviewed)), project.reviews_per_item)


@transaction.atomic
def undo(project: Project, user: Any) -> Item | None:
    """Withdraw the user's last review that stands and return its item, held for them again."""
    review = (
        Review.objects.of(project)
        .standing()
        .filter(reviewer=user, is_adjudication=False, act=None)  # an act is undone as a whole
        .select_for_update(of=("self",))
        .order_by("-id")
        .first()
    )
    if review is None:
        return None
    item = Item.objects.select_for_update().get(pk=review.item_id)
    _withdraw(Review.objects.filter(pk=review.pk))
    settle(Item.objects.filter(pk=item.pk), project.reviews_per_item)
    search.note([item.pk])
    item.refresh_from_db()
    queue.hold(item, user, project.reviews_per_item)
    return item
