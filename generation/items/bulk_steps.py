"""What each kind of bulk action does to some locked items, and how it is undone."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from generation import search
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
from generation.review import aside, decisions
from generation.review.decisions import ItemChanged, ItemGone, Submission
from qareview.stored import stored

# why an item was left out, or kept when the bulk action was undone; after its number
OUTCOMES = {
    "own": stored("reviewed by you already"),
    "full": stored("with all their reviews"),
    "binned": stored("in the bin"),
    "desk": stored("on others’ desks"),
    "aside": stored("put aside"),
    "no-question": stored("without a question"),
    "assigned": stored("assigned so already"),
    "unassigned": stored("not assigned so"),
    "reviewed": stored("reviewed by that member already"),
    "decided": stored("decided, on others’ desks or imported"),
    "everyone": stored("given to everyone already"),
    "usual": stored("not in the calibration set"),
    "newer": stored("with something newer on them"),
}
Outcomes = dict[int, str]  # of items, by their ids; those that are missing are done, or undone


# Reviews in bulk


def _accept(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    return _review(action, items, Verdict.ACCEPTED)


def _reject(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    return _review(action, items, Verdict.REJECTED)


def _review(action: BulkAction, items: Sequence[Item], verdict: Verdict) -> Outcomes:
    """Give each item, where there is a place, a review of its text as drafted."""
    outcomes = {item.pk: _submit(action, item, verdict) for item in items}
    left_out = {pk: outcome for pk, outcome in outcomes.items() if outcome}
    given = [action.submission(pk) for pk in outcomes if pk not in left_out]
    Review.objects.filter(submission__in=given).update(bulk_action=action)
    _note_edited(outcomes.keys() - left_out.keys())
    return left_out


def _submit(action: BulkAction, item: Item, verdict: Verdict) -> str:
    """Submit a review; return why it has no place if so."""
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
    except ItemGone:
        if item.state == ItemState.ASIDE:
            return "aside"
        return "desk" if item.is_open else "full"
    return ""


def _note_edited(ids: Any) -> None:
    """Let edited texts be found that everybody may see by now, or no longer."""
    edited = Review.objects.decisions().filter(item__in=ids, verdict=Verdict.EDITED)
    search.index_items(edited.values_list("item", flat=True).distinct())


def _withdraw(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    """Withdraw what the bulk action gave, but where an admin decided between reviewers later."""
    given = Review.objects.decisions().filter(bulk_action=action, item__in=items)
    last = dict(given.exclude(Exists(_later_rulings())).values_list("item", "pk"))
    decisions.withdraw(Review.objects.filter(pk__in=last.values()), Withdrawal.BULK_UNDONE)
    decisions.settle(item.pk for item in items if item.pk in last and item.state != BINNED)
    _note_edited(last)
    return _newer(items, last)


def _later_rulings() -> QuerySet[Review]:
    later = Review.objects.decisions().filter(item=OuterRef("item"), pk__gt=OuterRef("pk"))
    return later.filter(is_adjudication=True)


def _newer(items: Sequence[Item], undone: Any) -> Outcomes:
    return {item.pk: "newer" for item in items if item.pk not in undone}


# Assignments


def _assign(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    outcomes = {item.pk: _no_use(item, action.member_id) for item in items}
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


def _no_use(item: Item, member: int | None) -> str:
    """Say why an item is not to be assigned to a member; nothing if it is."""
    if member in item.reviewers:
        return "reviewed"
    if item.state == ItemState.ASIDE:
        return "aside"
    return "" if item.is_open else "full"


def _assigned(action: BulkAction, items: Sequence[Item]) -> set[int]:
    rows = Assignment.objects.filter(item__in=items, reviewer=action.member_id)
    return set(rows.values_list("item", flat=True))


def _take_assigned_away(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    Assignment.objects.filter(bulk_action=action, item__in=items).delete()
    return {}


def _unassign(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    found = _assigned(action, items)
    Assignment.objects.filter(item__in=found, reviewer=action.member_id).delete()
    return {item.pk: "unassigned" for item in items if item.pk not in found}


def _assign_again(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    Assignment.objects.bulk_create(
        (Assignment(item=item, reviewer=action.member, assigned_by=action.by) for item in items),
        ignore_conflicts=True,
    )
    return {}


# Drafting again


def _redraft(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    of_act = Item.objects.filter(pk__in=[item.pk for item in items])
    chosen = set(orders.may_be_drafted_again(of_act, action.by).values_list("pk", flat=True))
    orders.draft_again(Item.objects.filter(pk__in=chosen), action.draft_with, action.by)
    return {item.pk: "decided" for item in items if item.pk not in chosen}


def _restore(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    """Give back what was put aside, unless its passage has got new items since."""
    drafted_since = Item.everything.filter(
        passage=OuterRef("passage"), created_at__gt=action.ordered_at, aside_reason=""
    )
    found = Item.everything.filter(
        pk__in=[item.pk for item in items], aside_reason=AsideReason.DRAFTED_AGAIN
    ).exclude(Exists(drafted_since))
    chosen = set(found.values_list("pk", flat=True))
    Item.everything.filter(pk__in=chosen, state=BINNED).update(aside_reason="", aside="")
    aside.restore(Item.objects.filter(pk__in=chosen))
    return _newer(items, chosen)


# The calibration set


def _calibrate(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    left_out = {item.pk: "aside" for item in items if item.state == ItemState.ASIDE}
    left_out.update((item.pk, "everyone") for item in items if item.is_for_everyone)
    _give_purpose(items, left_out, Purpose.CALIBRATION)
    return left_out


def _uncalibrate(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    left_out = {item.pk: "usual" for item in items if item.purpose != Purpose.CALIBRATION}
    _give_purpose(items, left_out, Purpose.USUAL)
    return left_out


def _back_to_usual(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    return _give_back_purpose(action, items, Purpose.CALIBRATION, Purpose.USUAL)


def _back_to_calibration(action: BulkAction, items: Sequence[Item]) -> Outcomes:
    return _give_back_purpose(action, items, Purpose.USUAL, Purpose.CALIBRATION)


def _give_back_purpose(
    action: BulkAction, items: Sequence[Item], given: Purpose, earlier: Purpose
) -> Outcomes:
    """Give items the purpose they had, but those that were reviewed or given another since."""
    since = Review.objects.decisions().filter(item__in=items, created_at__gt=action.ordered_at)
    reviewed = set(since.values_list("item", flat=True))
    kept = {
        item.pk: "newer" for item in items if item.pk in reviewed or item.purpose != given.value
    }
    _give_purpose(items, kept, earlier)
    return kept


def _give_purpose(items: Sequence[Item], but: Outcomes, purpose: Purpose) -> None:
    ids = [item.pk for item in items if item.pk not in but]
    Item.everything.filter(pk__in=ids).update(purpose=purpose)
    _note_edited(ids)


Step = Callable[[BulkAction, Sequence[Item]], Outcomes]
STEPS: dict[BulkActionKind, tuple[Step, Step]] = {  # of doing and of undoing each
    BulkActionKind.ACCEPT: (_accept, _withdraw),
    BulkActionKind.REJECT: (_reject, _withdraw),
    BulkActionKind.ASSIGN: (_assign, _take_assigned_away),
    BulkActionKind.UNASSIGN: (_unassign, _assign_again),
    BulkActionKind.REDRAFT: (_redraft, _restore),
    BulkActionKind.CALIBRATE: (_calibrate, _back_to_usual),
    BulkActionKind.UNCALIBRATE: (_uncalibrate, _back_to_calibration),
}
