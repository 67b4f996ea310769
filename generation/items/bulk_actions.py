"""What is done to many items at once: ordered, carried out in the background, undone as a whole.

The items are those that were found when the act was ordered. They are worked through some at a
time; what came of them is stored in the transaction in which it is done, so a worker that is lost
loses nothing and nothing is done twice. Undoing goes the same way back, and leaves an item as it
is where something newer stands on it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from generation import redrafting, search, verdicts
from generation.models import (
    BINNED,
    Act,
    ActKind,
    Assignment,
    Item,
    ItemQuerySet,
    ItemState,
    Purpose,
    Review,
    Verdict,
)
from generation.verdicts import ItemChanged, ItemGone, Submission
from qareview import jobs
from qareview.models import JobState, Project, Role
from qareview.stored import stored

RECENT = timedelta(hours=12)
UNDONE_RECENT = timedelta(minutes=2)  # nothing is left to be done about it
AT_ONCE = 100  # items done in one transaction, whose rows others wait for
DONE, UNDONE = "done", "undone"
# why an item was left out, or kept when the act was undone; after its number
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
ROLES = {
    ActKind.ACCEPT: Role.ENGINEER,
    ActKind.REJECT: Role.ENGINEER,
    ActKind.REDRAFT: Role.ENGINEER,
    ActKind.ASSIGN: Role.ADMIN,
    ActKind.UNASSIGN: Role.ADMIN,
    ActKind.CALIBRATE: Role.ADMIN,
    ActKind.UNCALIBRATE: Role.ADMIN,
}

Outcomes = dict[int, str]  # of items, by their ids; those that are missing are done, or undone


class CountChanged(Exception):
    """There are other items than the person was told; the message says how many."""


class CannotUndo(Exception):
    """The act has been undone, or is just being undone."""


@transaction.atomic
def order(
    project: Project, user: Any, kind: ActKind, items: ItemQuerySet, told: int, key: UUID,
    **options: Any,
) -> Act:  # fmt: skip
    """Order an act on items; one that is ordered twice by the same key is the same.

    Raises CountChanged if there are more than ``told``, or none any more.
    """
    values = {"project": project, "by": user, "kind": kind, "size": told, **options}
    act, is_new = Act.objects.get_or_create(key=key, defaults=values)
    if not is_new:
        return act
    act.size = _keep(act, items)
    if act.size > told or not act.size:
        count = f"{act.size:,}"
        raise CountChanged(
            stored("It is %(count)s by now, since something changed meanwhile.", count=count)
        )
    act.save(update_fields=["size"])
    jobs.knock(Act)
    return act


def _keep(act: Act, items: ItemQuerySet) -> int:
    """Store which items an act is on; return how many."""
    found, values = items.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO generation_actitem (act_id, item_id, outcome) "  # noqa: S608  Django's own
            f"SELECT %s, found.pk, '' FROM ({found}) AS found (pk)",
            [act.pk, *values],
        )
        return int(cursor.rowcount)


@transaction.atomic
def undo(act: Act, user: Any) -> None:
    """Order an act to be undone, also one that is not through yet. Raises CannotUndo."""
    act = Act.objects.select_for_update().get(pk=act.pk)
    if act.undo_at:
        raise CannotUndo(stored("This is undone already."))
    act.undo_at, act.undo_by = timezone.now(), user
    act.save(update_fields=["undo_at", "undo_by"])
    jobs.queue(Act.objects.filter(pk=act.pk))


def work_off_acts() -> None:
    """Carry out acts, one by one, until none is queued."""
    jobs.work_off(Act, 1, lambda rows: carry_out(rows[0]))


def carry_out(act: Act) -> None:
    """Do a claimed act, or undo it if that was asked for, wherever another worker left it."""
    while not _is_through(act):
        if jobs.stopping.is_set():
            jobs.give_back([act])
            return
        with jobs.storing([act]):
            _step(act)


class _MoreToDo(Exception):
    """Items are left."""


def _is_through(act: Act) -> bool:
    """Whether nothing is left; then the act is finished, in the transaction that saw that."""
    try:
        with jobs.finishing([act]):
            if _left(act):
                raise _MoreToDo
            act.facts = _counts(act)
            act.save(update_fields=["facts"])
    except _MoreToDo:
        return False
    return True


def _left(act: Act) -> list[int]:
    """Return the next items of an act whose row is locked."""
    act.refresh_from_db(fields=["undo_at"])
    rows = act.items.filter(outcome=DONE if act.undo_at else "")
    return list(rows.values_list("item", flat=True)[:AT_ONCE])


def _step(act: Act) -> None:
    ids = _left(act)
    locked = Item.everything.filter(pk__in=ids).defer("search", "embedding").select_for_update()
    items = list(locked.order_by("pk").prefetch_related("questions"))
    do, undo_it = WAYS[ActKind(act.kind)]
    if act.undo_at:  # also of what is in the bin, so that it comes back as it was
        outcomes = undo_it(act, items)
    else:
        outcomes = {item.pk: "binned" for item in items if item.state == BINNED}
        outcomes |= do(act, [item for item in items if item.pk not in outcomes])
    rest = UNDONE if act.undo_at else DONE
    for outcome in {rest, *outcomes.values()}:
        chosen = [pk for pk in ids if outcomes.get(pk, rest) == outcome]
        act.items.filter(item__in=chosen).update(outcome=outcome)


# Reviews in bulk


def _accept(act: Act, items: Sequence[Item]) -> Outcomes:
    return _review(act, items, Verdict.ACCEPTED)


def _reject(act: Act, items: Sequence[Item]) -> Outcomes:
    return _review(act, items, Verdict.REJECTED)


def _review(act: Act, items: Sequence[Item], verdict: Verdict) -> Outcomes:
    """Give each item its review by who ordered the act, text as drafted, where there is a place."""
    outcomes = {item.pk: _submit(act, item, verdict) for item in items}
    left_out = {pk: outcome for pk, outcome in outcomes.items() if outcome}
    given = [act.submission(pk) for pk in outcomes if pk not in left_out]
    Review.objects.filter(submission__in=given).update(act=act)
    _note_edited(outcomes.keys() - left_out.keys())
    return left_out


def _submit(act: Act, item: Item, verdict: Verdict) -> str:
    """Submit a review; return why it has no place if so."""
    questions = list(item.questions.all())
    if not (questions and questions[0].text.strip() and item.answer.strip()):
        return "no-question"
    submission = Submission(
        key=act.submission(item.pk),
        verdict=verdict,
        question=questions[0].text,
        answer=item.answer,
        reason=act.reason,
    )
    try:
        verdicts.submit_locked(act.project, item.pk, act.by, submission)
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
    search.note(edited.values_list("item", flat=True).distinct())


def _withdraw(act: Act, items: Sequence[Item]) -> Outcomes:
    """Withdraw what the act gave, but where an admin decided between reviewers later."""
    given = Review.objects.decisions().filter(act=act, item__in=items)
    last = dict(given.exclude(Exists(_later_rulings())).values_list("item", "pk"))
    Review.objects.filter(pk__in=last.values()).update(
        withdrawn_at=timezone.now(),
        withdrawn_because=stored("It was given in bulk, and that was undone."),
    )
    verdicts.settle(item.pk for item in items if item.pk in last and item.state != BINNED)
    _note_edited(last)
    return _newer(items, last)


def _later_rulings() -> QuerySet[Review]:
    later = Review.objects.decisions().filter(item=OuterRef("item"), pk__gt=OuterRef("pk"))
    return later.filter(is_adjudication=True)


def _newer(items: Sequence[Item], undone: Any) -> Outcomes:
    return {item.pk: "newer" for item in items if item.pk not in undone}


# Assignments


def _assign(act: Act, items: Sequence[Item]) -> Outcomes:
    outcomes = {item.pk: _no_use(item, act.member_id) for item in items}
    outcomes.update(dict.fromkeys(_assigned(act, items), "assigned"))
    Assignment.objects.bulk_create(
        (
            Assignment(item_id=pk, reviewer=act.member, assigned_by=act.by, act=act)
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


def _assigned(act: Act, items: Sequence[Item]) -> set[int]:
    rows = Assignment.objects.filter(item__in=items, reviewer=act.member_id)
    return set(rows.values_list("item", flat=True))


def _take_assigned_away(act: Act, items: Sequence[Item]) -> Outcomes:
    Assignment.objects.filter(act=act, item__in=items).delete()
    return {}


def _unassign(act: Act, items: Sequence[Item]) -> Outcomes:
    found = _assigned(act, items)
    Assignment.objects.filter(item__in=found, reviewer=act.member_id).delete()
    return {item.pk: "unassigned" for item in items if item.pk not in found}


def _assign_again(act: Act, items: Sequence[Item]) -> Outcomes:
    Assignment.objects.bulk_create(
        (Assignment(item=item, reviewer=act.member, assigned_by=act.by) for item in items),
        ignore_conflicts=True,
    )
    return {}


# Drafting again


def _redraft(act: Act, items: Sequence[Item]) -> Outcomes:
    of_act = Item.objects.filter(pk__in=[item.pk for item in items])
    chosen = set(redrafting.may_be_drafted_again(of_act, act.by).values_list("pk", flat=True))
    redrafting.draft_again(Item.objects.filter(pk__in=chosen), act.draft_with, act.by)
    return {item.pk: "decided" for item in items if item.pk not in chosen}


def _restore(act: Act, items: Sequence[Item]) -> Outcomes:
    """Give back what was put aside, unless its passage has got new items since."""
    drafted_since = Item.everything.filter(
        passage=OuterRef("passage"), created_at__gt=act.ordered_at, aside=""
    )
    found = Item.everything.filter(
        pk__in=[item.pk for item in items], aside=redrafting.DRAFTED_AGAIN
    ).exclude(Exists(drafted_since))
    chosen = set(found.values_list("pk", flat=True))
    Item.everything.filter(pk__in=chosen, state=BINNED).update(aside="")
    redrafting.restore(Item.objects.filter(pk__in=chosen))
    return _newer(items, chosen)


# The calibration set


def _calibrate(act: Act, items: Sequence[Item]) -> Outcomes:
    left_out = {item.pk: "aside" for item in items if item.state == ItemState.ASIDE}
    left_out.update((item.pk, "everyone") for item in items if item.is_for_everyone)
    _give_purpose(items, left_out, Purpose.CALIBRATION)
    return left_out


def _uncalibrate(act: Act, items: Sequence[Item]) -> Outcomes:
    left_out = {item.pk: "usual" for item in items if item.purpose != Purpose.CALIBRATION}
    _give_purpose(items, left_out, Purpose.USUAL)
    return left_out


def _back_to_usual(act: Act, items: Sequence[Item]) -> Outcomes:
    return _give_back_purpose(act, items, Purpose.CALIBRATION, Purpose.USUAL)


def _back_to_calibration(act: Act, items: Sequence[Item]) -> Outcomes:
    return _give_back_purpose(act, items, Purpose.USUAL, Purpose.CALIBRATION)


def _give_back_purpose(
    act: Act, items: Sequence[Item], given: Purpose, earlier: Purpose
) -> Outcomes:
    """Give items the purpose they had, but those that were reviewed or given another since."""
    since = Review.objects.decisions().filter(item__in=items, created_at__gt=act.ordered_at)
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


Way = Callable[[Act, Sequence[Item]], Outcomes]
WAYS: dict[ActKind, tuple[Way, Way]] = {  # of doing and of undoing each
    ActKind.ACCEPT: (_accept, _withdraw),
    ActKind.REJECT: (_reject, _withdraw),
    ActKind.ASSIGN: (_assign, _take_assigned_away),
    ActKind.UNASSIGN: (_unassign, _assign_again),
    ActKind.REDRAFT: (_redraft, _restore),
    ActKind.CALIBRATE: (_calibrate, _back_to_usual),
    ActKind.UNCALIBRATE: (_uncalibrate, _back_to_calibration),
}


def _counts(act: Act) -> dict[str, int]:
    """Return how many items of an act there are of each outcome."""
    rows = act.items.order_by().values_list("outcome").annotate(count=Count("pk"))
    return dict(rows)


def counts(act: Act) -> dict[str, int]:
    """Return the same, as it was stored if the act is through."""
    return act.facts if act.state == JobState.DONE else _counts(act)


def latest(project: Project, user: Any) -> Act | None:
    """Return the user's latest act, if it is still of interest: moving, failed, or of today."""
    found = project.acts.filter(by=user).select_related("by", "member", "undo_by").first()
    if found is None:
        return None
    is_told_for = UNDONE_RECENT if found.undo_at else RECENT
    if found.finished_at and timezone.now() - found.finished_at > is_told_for:
        return None
    return found
