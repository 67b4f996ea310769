"""Bulk actions: ordered, carried out in the background, undone as a whole.

The items of a bulk action are those that matched the filter when it was ordered. A worker takes a
batch of them at a time, and stores the outcome of each in the transaction that does the work: if a
worker stops, nothing is lost or done twice. Undoing works in the same way. It skips items that
somebody has changed since.
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
from qareview.stored_sentences import stored

RECENT = timedelta(hours=12)  # how long the list shows a finished one; chosen; nobody measured
UNDONE_RECENT = timedelta(minutes=2)  # and how long an undone one; chosen; nobody measured
AT_ONCE = 100  # items in one transaction, which locks them; chosen; nobody measured
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
    """More items match than the person confirmed, or none. The message says how many."""


class CannotUndo(Exception):
    """The bulk action is already undone, or being undone."""


@transaction.atomic
def order_bulk_action(
    project: Project, user: Any, kind: BulkActionKind, items: ItemQuerySet, confirmed: int,
    key: UUID, **options: Any,
) -> BulkAction:  # fmt: skip
    """Order a bulk action on items and return it; if ``key`` was used before, return that action.

    ``confirmed`` is the number of items that the person confirmed. ``options`` are further fields
    of BulkAction. Raises CountChanged if there are more items, or none.
    """
    values = {"project": project, "by": user, "kind": kind, "size": confirmed, **options}
    action, is_new = BulkAction.objects.get_or_create(key=key, defaults=values)
    if not is_new:
        return action
    action.size = _store_items(action, items)
    if action.size > confirmed or not action.size:
        raise CountChanged(
            stored("The number of items has changed and is now %(count)s.", count=action.size)
        )
    action.save(update_fields=["size"])
    jobs.wake_workers(BulkAction)
    return action


def _store_items(action: BulkAction, items: ItemQuerySet) -> int:
    """Store the items of a bulk action; return how many."""
    sql, values = items.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO generation_bulkactionitem (bulk_action_id, item_id, outcome) "  # noqa: S608  Django's own
            f"SELECT %s, item.pk, '' FROM ({sql}) AS item (pk)",
            [action.pk, *values],
        )
        return int(cursor.rowcount)


@transaction.atomic
def undo_bulk_action(action: BulkAction, user: Any) -> None:
    """Order a bulk action to be undone, finished or not. Raises CannotUndo."""
    action = BulkAction.objects.select_for_update().get(pk=action.pk)
    if action.undo_at:
        raise CannotUndo(stored("This bulk action has already been undone."))
    action.undo_at, action.undo_by = timezone.now(), user
    action.save(update_fields=["undo_at", "undo_by"])
    jobs.queue_again(BulkAction.objects.filter(pk=action.pk))


def work_off_bulk_actions() -> None:
    """Carry out bulk actions, one by one, until none is queued."""
    jobs.work_off(BulkAction, 1, lambda rows: carry_out(rows[0]))


def carry_out(action: BulkAction) -> None:
    """Carry out a claimed bulk action, or undo it if that was ordered; continue where it stopped.

    Raises LeaseLost if another worker has claimed it in the meantime.
    """
    while not _finish_if_done(action):
        if jobs.stopping.is_set():
            jobs.return_jobs([action])
            return
        with jobs.storing([action]):
            _step(action)


class _MoreToDo(Exception):
    """Some items of the bulk action have no outcome yet."""


def _finish_if_done(action: BulkAction) -> bool:
    """Finish the bulk action if no items are left; return whether it is finished."""
    try:
        with jobs.finishing([action]):  # one transaction: nobody can order an undo in between
            if _next_ids(action):
                raise _MoreToDo
            action.facts = _counts(action)
            action.save(update_fields=["facts"])
    except _MoreToDo:
        return False
    return True


def _next_ids(action: BulkAction) -> list[int]:
    """Return the ids of the next items to do or undo; the bulk action's row is locked."""
    action.refresh_from_db(fields=["undo_at"])
    rows = action.items.filter(outcome=DONE if action.undo_at else "")
    return list(rows.values_list("item", flat=True)[:AT_ONCE])


def _step(action: BulkAction) -> None:
    """Do or undo the next items of a bulk action, and store their outcomes."""
    ids = _next_ids(action)
    locked = Item.everything.filter(pk__in=ids).defer("search", "embedding").select_for_update()
    items = list(locked.order_by("pk").prefetch_related("questions"))
    do, undo = STEPS[BulkActionKind(action.kind)]
    if action.undo_at:  # also for items in the bin, which somebody may restore
        outcomes = undo(action, items)
    else:
        outcomes = {item.pk: "binned" for item in items if item.state == BINNED}
        outcomes |= do(action, [item for item in items if item.pk not in outcomes])
    default = UNDONE if action.undo_at else DONE
    for outcome in {default, *outcomes.values()}:
        with_outcome = [pk for pk in ids if outcomes.get(pk, default) == outcome]
        action.items.filter(item__in=with_outcome).update(outcome=outcome)


def _counts(action: BulkAction) -> dict[str, int]:
    """Count the items of a bulk action by outcome."""
    rows = action.items.order_by().values_list("outcome").annotate(count=Count("pk"))
    return dict(rows)


def outcome_counts(action: BulkAction) -> dict[str, int]:
    """Return the number of items by outcome."""
    return action.facts if action.state == JobState.DONE else _counts(action)


def latest_bulk_action(project: Project, user: Any) -> BulkAction | None:
    """Return the user's latest bulk action if it is unfinished or finished recently, or None."""
    latest = project.bulk_actions.filter(by=user).select_related("by", "member", "undo_by").first()
    if latest is None:
        return None
    shown_for = UNDONE_RECENT if latest.undo_at else RECENT
    if latest.finished_at and timezone.now() - latest.finished_at > shown_for:
        return None
    return latest
