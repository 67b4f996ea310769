"""Bulk actions: ordered, carried out in the background, undone as a whole.

The items are those that were found when it was ordered. They are worked through some at a time;
the outcome is stored in the transaction that does the work, so a worker that is lost loses nothing
and nothing is done twice. Undoing goes the same way back, and leaves an item as it is where
something newer stands on it.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from generation.items.bulk_steps import STEPS
from generation.models import (
    BINNED,
    BulkAction,
    BulkActionKind,
    Item,
    ItemQuerySet,
)
from qareview import jobs
from qareview.models import JobState, Project, Role
from qareview.stored import stored

RECENT = timedelta(hours=12)
UNDONE_RECENT = timedelta(minutes=2)  # nothing is left to be done about it
AT_ONCE = 100  # items done in one transaction, whose rows others wait for
DONE, UNDONE = "done", "undone"
ROLES = {
    BulkActionKind.ACCEPT: Role.ENGINEER,
    BulkActionKind.REJECT: Role.ENGINEER,
    BulkActionKind.REDRAFT: Role.ENGINEER,
    BulkActionKind.ASSIGN: Role.ADMIN,
    BulkActionKind.UNASSIGN: Role.ADMIN,
    BulkActionKind.CALIBRATE: Role.ADMIN,
    BulkActionKind.UNCALIBRATE: Role.ADMIN,
}


class CountChanged(Exception):
    """There are other items than the person was told; the message says how many."""


class CannotUndo(Exception):
    """The bulk action has been undone, or is just being undone."""


@transaction.atomic
def order(
    project: Project, user: Any, kind: BulkActionKind, items: ItemQuerySet, told: int, key: UUID,
    **options: Any,
) -> BulkAction:  # fmt: skip
    """Order a bulk action on items; one that is ordered twice by the same key is the same.

    Raises CountChanged if there are more than ``told``, or none any more.
    """
    values = {"project": project, "by": user, "kind": kind, "size": told, **options}
    action, is_new = BulkAction.objects.get_or_create(key=key, defaults=values)
    if not is_new:
        return action
    action.size = _keep(action, items)
    if action.size > told or not action.size:
        raise CountChanged(
            stored("It is %(count)s by now, since something changed meanwhile.", count=action.size)
        )
    action.save(update_fields=["size"])
    jobs.wake_workers(BulkAction)
    return action


def _keep(action: BulkAction, items: ItemQuerySet) -> int:
    """Store which items a bulk action is on; return how many."""
    found, values = items.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO generation_bulkactionitem (bulk_action_id, item_id, outcome) "  # noqa: S608  Django's own
            f"SELECT %s, found.pk, '' FROM ({found}) AS found (pk)",
            [action.pk, *values],
        )
        return int(cursor.rowcount)


@transaction.atomic
def undo(action: BulkAction, user: Any) -> None:
    """Order a bulk action to be undone, also one that is not through yet. Raises CannotUndo."""
    action = BulkAction.objects.select_for_update().get(pk=action.pk)
    if action.undo_at:
        raise CannotUndo(stored("This is undone already."))
    action.undo_at, action.undo_by = timezone.now(), user
    action.save(update_fields=["undo_at", "undo_by"])
    jobs.queue_again(BulkAction.objects.filter(pk=action.pk))


def work_off_bulk_actions() -> None:
    """Carry out bulk actions, one by one, until none is queued."""
    jobs.work_off(BulkAction, 1, lambda rows: carry_out(rows[0]))


def carry_out(action: BulkAction) -> None:
    """Do a claimed action, or undo it if that was asked for, wherever another worker left it."""
    while not _is_through(action):
        if jobs.stopping.is_set():
            jobs.return_jobs([action])
            return
        with jobs.storing([action]):
            _step(action)


class _MoreToDo(Exception):
    """Items are left."""


def _is_through(action: BulkAction) -> bool:
    """Whether nothing is left; then the action is finished, in the transaction that saw that."""
    try:
        with jobs.finishing([action]):
            if _left(action):
                raise _MoreToDo
            action.facts = _counts(action)
            action.save(update_fields=["facts"])
    except _MoreToDo:
        return False
    return True


def _left(action: BulkAction) -> list[int]:
    """Return the next items of a bulk action whose row is locked."""
    action.refresh_from_db(fields=["undo_at"])
    rows = action.items.filter(outcome=DONE if action.undo_at else "")
    return list(rows.values_list("item", flat=True)[:AT_ONCE])


def _step(action: BulkAction) -> None:
    ids = _left(action)
    locked = Item.everything.filter(pk__in=ids).defer("search", "embedding").select_for_update()
    items = list(locked.order_by("pk").prefetch_related("questions"))
    do, undo_it = STEPS[BulkActionKind(action.kind)]
    if action.undo_at:  # also of what is in the bin, so that it comes back as it was
        outcomes = undo_it(action, items)
    else:
        outcomes = {item.pk: "binned" for item in items if item.state == BINNED}
        outcomes |= do(action, [item for item in items if item.pk not in outcomes])
    rest = UNDONE if action.undo_at else DONE
    for outcome in {rest, *outcomes.values()}:
        chosen = [pk for pk in ids if outcomes.get(pk, rest) == outcome]
        action.items.filter(item__in=chosen).update(outcome=outcome)


def _counts(action: BulkAction) -> dict[str, int]:
    """Return how many items of a bulk action there are of each outcome."""
    rows = action.items.order_by().values_list("outcome").annotate(count=Count("pk"))
    return dict(rows)


def counts(action: BulkAction) -> dict[str, int]:
    """Return the same, as it was stored if the bulk action is through."""
    return action.facts if action.state == JobState.DONE else _counts(action)


def latest(project: Project, user: Any) -> BulkAction | None:
    """Return the user's latest action, if it is still of interest: moving, failed, or of today."""
    found = project.bulk_actions.filter(by=user).select_related("by", "member", "undo_by").first()
    if found is None:
        return None
    is_told_for = UNDONE_RECENT if found.undo_at else RECENT
    if found.finished_at and timezone.now() - found.finished_at > is_told_for:
        return None
    return found
