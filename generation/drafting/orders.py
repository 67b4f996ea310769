"""Draft again, pause, resume, cancel and fill up, as people order it."""

from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from generation.models import AsideReason, Item, ItemQuerySet, ItemState, Passage
from generation.review import queue
from generation.review.aside import set_items_aside
from qareview import jobs
from qareview.models import JobState, Project


def may_be_drafted_again(items: ItemQuerySet, user: Any) -> ItemQuerySet:
    """Keep items drafted by a model that nobody has decided on and nobody else has at the desk."""
    held = queue.live_holds().exclude(reviewer=user).values("item")
    drafted = items.filter(state=ItemState.PENDING, reviewers=[], variant__isnull=False)
    return drafted.exclude(pk__in=held)


@transaction.atomic
def draft_again(items: ItemQuerySet, draft_with: dict[str, Any], user: Any) -> int:
    """Set pending items aside and queue their passages to be drafted again; return how many.

    ``draft_with`` is as :attr:`Passage.draft_with`. Items that are decided, imported, or at
    somebody else's desk stay.
    """
    rows = may_be_drafted_again(items, user).select_for_update(of=("self",))
    chosen = dict(rows.order_by("pk").values_list("pk", "passage"))
    set_items_aside(Item.objects.filter(pk__in=chosen), AsideReason.DRAFTED_AGAIN)
    passages = Passage.objects.filter(pk__in=chosen.values())
    passages.update(draft_with=draft_with)
    jobs.queue_again(passages)
    return len(chosen)


def pause(project: Project) -> None:
    """Stop drafting for a project after the batch that is drafted now."""
    Project.objects.filter(pk=project.pk).update(is_paused=True)


def resume(project: Project) -> None:
    """End a pause."""
    Project.objects.filter(pk=project.pk).update(is_paused=False)
    jobs.wake_workers(Passage)


def cancel(project: Project) -> int:
    """Hold a project's passages that are queued to be drafted; return how many."""
    return jobs.hold_jobs(Passage.objects.in_project(project))


def fill_up(project: Project) -> int:
    """Queue passages that were cancelled or have too few items; return how many."""
    standing = Q(items__isnull=False) & ~Q(items__state=ItemState.ASIDE)
    ended = (
        Passage.objects.in_project(project)
        .filter(state=JobState.DONE, superseded_at=None, excluded_at=None)
        .not_imported()
    )
    counted = ended.annotate(standing=Count("items", filter=standing))
    short = counted.filter(standing__lt=project.items_per_passage, note="")
    waiting = Passage.objects.in_project(project).cancelled()
    return jobs.queue_again(
        Passage.objects.filter(Q(pk__in=short.values("pk")) | Q(pk__in=waiting))
    )
