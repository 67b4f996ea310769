"""The two steps of each kind of bulk action: do it to some locked items, and undo it."""

from collections.abc import Callable, Collection, Sequence

from django.db.models import Exists, OuterRef, QuerySet

from generation.drafting import orders
from generation.models import (
    BINNED,
    AsideReason,
    Assignment,
    BulkAction,
    BulkActionKind,
    Item,
    ItemState,
    Purpose,
    Review,
    Verdict,
    Withdrawal,
)
from generation.review import aside, decisions, settling
from generation.review.decisions import ItemChanged, ItemGone, OwnItem, Submission
from qareview.stored_sentences import stored

# Why items were skipped, or not undone. A page puts their number before it.
OUTCOMES = {
    "own": stored("already reviewed by you"),
    "written": stored("written by the reviewer"),
    "full": stored("fully reviewed"),
    "binned": stored("in the bin"),
    "desk": stored("on someone else’s desk"),
    "aside": stored("set aside"),
    "no-question": stored("without a question or answer"),
    "assigned": stored("already assigned to that member"),
    "unassigned": stored("not assigned to that member"),
    "reviewed": stored("already reviewed by that member"),
    "decided": stored("decided, imported, written by hand or on someone else’s desk"),
    "everyone": stored("already calibration or gold"),
    "usual": stored("not in the calibration set"),
    "newer": stored("changed since then"),
}
# Keys of OUTCOMES, by the ids of items. An item that is not in it was done or undone.
StepOutcomes = dict[int, str]


# Reviews in bulk


def _accept(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    return _review(action, items, Verdict.ACCEPTED)


def _reject(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    return _review(action, items, Verdict.REJECTED)


def _review(action: BulkAction, items: Sequence[Item], verdict: Verdict) -> StepOutcomes:
    """Review the drafted text of each item that has a slot for the user."""
    outcomes = {item.pk: _submit(action, item, verdict) for item in items}
    skipped = {pk: outcome for pk, outcome in outcomes.items() if outcome}
    keys = [action.submission(pk) for pk in outcomes if pk not in skipped]
    Review.objects.filter(submission__in=keys).update(bulk_action=action)
    settling.index_edited(outcomes.keys() - skipped.keys())
    return skipped


def _submit(action: BulkAction, item: Item, verdict: Verdict) -> str:
    """Submit a review; return the outcome if it was refused, "" if it was stored."""
    questions = list(item.questions.all())
    if not (questions and questions[0].text.strip() and item.answer.strip()):
        return "no-question"
    submission = Submission(
        key=action.submission(item.pk),
        verdict=verdict,
        question=questions[0].text,
        answer=item.answer,
        reason=action.reason,
    )
    try:
        decisions.submit_locked(action.project, item.pk, action.by, submission)
    except ItemChanged:
        return "own"
    except OwnItem:
        return "written"
    except ItemGone:
        if item.state == ItemState.ASIDE:
            return "aside"
        return "desk" if item.is_open else "full"
    return ""


def _withdraw(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    """Withdraw the reviews of the bulk action, except on items adjudicated since."""
    reviews = Review.objects.decisions().filter(bulk_action=action, item__in=items)
    review_ids = dict(reviews.exclude(Exists(_later_adjudications())).values_list("item", "pk"))
    decisions.withdraw(Review.objects.filter(pk__in=review_ids.values()), Withdrawal.BULK_UNDONE)
    settling.settle(item.pk for item in items if item.pk in review_ids and item.state != BINNED)
    settling.index_edited(review_ids)
    return _newer(items, review_ids)


def _later_adjudications() -> QuerySet[Review]:
    later = Review.objects.decisions().filter(item=OuterRef("item"), pk__gt=OuterRef("pk"))
    return later.filter(is_adjudication=True)


def _newer(items: Sequence[Item], undone_ids: Collection[int]) -> StepOutcomes:
    """Return the outcome of the items that were not undone, since somebody changed them."""
    return {item.pk: "newer" for item in items if item.pk not in undone_ids}


# Assignments


def _assign(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    outcomes = {item.pk: _why_not_assigned(item, action.member_id) for item in items}
    outcomes.update(dict.fromkeys(_assigned(action, items), "assigned"))
    Assignment.objects.bulk_create(
        (
            Assignment(
                item_id=pk, reviewer=action.member, assigned_by=action.by, bulk_action=action
            )
            for pk, outcome in outcomes.items()
            if not outcome
        ),
        ignore_conflicts=True,
    )
    return {pk: outcome for pk, outcome in outcomes.items() if outcome}


def _why_not_assigned(item: Item, member: int | None) -> str:
    """Return why an item cannot be assigned to a member; "" if it can."""
    if member in item.reviewers:
        return "reviewed"
    if member == item.author_id:
        return "written"
    if item.state == ItemState.ASIDE:
        return "aside"
    return "" if item.is_open else "full"


def _assigned(action: BulkAction, items: Sequence[Item]) -> set[int]:
    """Return the ids of the items that are assigned to the bulk action's member."""
    rows = Assignment.objects.filter(item__in=items, reviewer=action.member_id)
    return set(rows.values_list("item", flat=True))


def _delete_assignments(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    Assignment.objects.filter(bulk_action=action, item__in=items).delete()
    return {}


def _unassign(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    assigned = _assigned(action, items)
    Assignment.objects.filter(item__in=assigned, reviewer=action.member_id).delete()
    return {item.pk: "unassigned" for item in items if item.pk not in assigned}


def _assign_again(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    Assignment.objects.bulk_create(
        (Assignment(item=item, reviewer=action.member, assigned_by=action.by) for item in items),
        ignore_conflicts=True,
    )
    return {}


# Drafting again


def _redraft(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    candidates = Item.objects.filter(pk__in=[item.pk for item in items])
    ids = set(orders.may_be_drafted_again(candidates, action.by).values_list("pk", flat=True))
    orders.draft_again(Item.objects.filter(pk__in=ids), action.draft_with, action.by)
    return {item.pk: "decided" for item in items if item.pk not in ids}


def _restore(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    """Restore items that were set aside, unless their passage has items drafted since."""
    drafted_since = Item.everything.filter(
        passage=OuterRef("passage"), created_at__gt=action.ordered_at, aside_reason="", author=None
    )
    to_restore = Item.everything.filter(
        pk__in=[item.pk for item in items], aside_reason=AsideReason.DRAFTED_AGAIN
    ).exclude(Exists(drafted_since))
    ids = set(to_restore.values_list("pk", flat=True))
    Item.everything.filter(pk__in=ids, state=BINNED).update(aside_reason="", aside="")
    aside.restore_items(Item.objects.filter(pk__in=ids))
    return _newer(items, ids)


# The calibration set


def _calibrate(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    skipped = {item.pk: "aside" for item in items if item.state == ItemState.ASIDE}
    skipped.update((item.pk, "everyone") for item in items if item.is_for_everyone)
    _set_purpose(items, skipped, Purpose.CALIBRATION)
    return skipped


def _uncalibrate(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    skipped = {item.pk: "usual" for item in items if item.purpose != Purpose.CALIBRATION}
    _set_purpose(items, skipped, Purpose.USUAL)
    return skipped


def _restore_usual(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    return _restore_purpose(action, items, Purpose.CALIBRATION, Purpose.USUAL)


def _restore_calibration(action: BulkAction, items: Sequence[Item]) -> StepOutcomes:
    return _restore_purpose(action, items, Purpose.USUAL, Purpose.CALIBRATION)


def _restore_purpose(
    action: BulkAction, items: Sequence[Item], current: Purpose, earlier: Purpose
) -> StepOutcomes:
    """Restore the earlier purpose of items, except those reviewed or changed since."""
    since = Review.objects.decisions().filter(item__in=items, created_at__gt=action.ordered_at)
    reviewed = set(since.values_list("item", flat=True))
    newer = {
        item.pk: "newer" for item in items if item.pk in reviewed or item.purpose != current.value
    }
    _set_purpose(items, newer, earlier)
    return newer


def _set_purpose(items: Sequence[Item], skipped: StepOutcomes, purpose: Purpose) -> None:
    ids = [item.pk for item in items if item.pk not in skipped]
    Item.everything.filter(pk__in=ids).update(purpose=purpose)
    settling.index_edited(ids)


Step = Callable[[BulkAction, Sequence[Item]], StepOutcomes]
STEPS: dict[BulkActionKind, tuple[Step, Step]] = {  # how it is done and how it is undone
    BulkActionKind.ACCEPT: (_accept, _withdraw),
    BulkActionKind.REJECT: (_reject, _withdraw),
    BulkActionKind.ASSIGN: (_assign, _delete_assignments),
    BulkActionKind.UNASSIGN: (_unassign, _assign_again),
    BulkActionKind.REDRAFT: (_redraft, _restore),
    BulkActionKind.CALIBRATE: (_calibrate, _restore_usual),
    BulkActionKind.UNCALIBRATE: (_uncalibrate, _restore_calibration),
}
