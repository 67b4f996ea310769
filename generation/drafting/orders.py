"""What is drafted, is drafted again, waits, or is not drafted at all: people's orders."""

from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from generation.models import AsideReason, Item, ItemQuerySet, ItemState, Passage
from generation.review import queue
from generation.review.aside import set_aside
from qareview import jobs
from qareview.models import JobState, Project


def may_be_drafted_again(items: ItemQuerySet, user: Any) -> ItemQuerySet:
    """Keep what nobody decided on, is on nobody else's desk, and was drafted by a model."""
    held = queue.live().exclude(reviewer=user).values("item")
    drafted = items.filter(state=ItemState.PENDING, reviewers=[], variant__isnull=False)
    return drafted.exclude(pk__in=held)


@transaction.atomic
def draft_again(items: ItemQuerySet, draft_with: dict[str, Any], user: Any) -> int:
    """Put pending items aside and queue their passages to be drafted anew; return how many.

    ``draft_with`` is as :attr:`Passage.draft_with`. What is decided stays, and so do what
    somebody else has on the desk and what was imported.
    """
    rows = may_be_drafted_again(items, user).select_for_update(of=("self",))
    chosen = dict(rows.order_by("pk").values_list("pk", "passage"))
    set_aside(Item.objects.filter(pk__in=chosen), AsideReason.DRAFTED_AGAIN)
    passages = Passage.objects.filter(pk__in=chosen.values())
    passages.update(draft_with=draft_with)
    jobs.queue_again(passages)
    return len(chosen)


def pause(project: Project) -> None:
    """Draft nothing of a project, after what is being drafted now."""
    Project.objects.filter(pk=project.pk).update(is_paused=True)


def resume(project: Project) -> None:
    """End a pause."""
    Project.objects.filter(pk=project.pk).update(is_paused=False)
    jobs.wake_workers(Passage)


def cancel(project: Project) -> int:
    """Hold the passages that wait to be drafted; return how many."""
    return jobs.hold_jobs(Passage.objects.in_project(project))


def fill_up(project: Project) -> int:
    """Queue what was cancelled, and what has fewer items than the project asks for now."""
    standing = Q(items__isnull=False) & ~Q(items__state=ItemState.ASIDE)
    ended = (
        Passage.objects.in_project(project)
        .filter(state=JobState.DONE, superseded_at=None, excluded_at=None)
        .not_imported()
    )
    counted = ended.annotate(standing=Count("items", filter=standing))
    short = counted.filter(standing__lt=project.items_per_passage, note="")
    waiting = Passage.objects.in_project(project).cancelled()
    return jobs.queue_again(Passage.objects.filter(Q(pk__in=short.values("pk")) | Q(pk__in=waiting)))
