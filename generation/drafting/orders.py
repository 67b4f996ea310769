"""What people can order of drafting: draft again, pause, resume, cancel and fill up."""

from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from generation.models import (
    AsideReason,
    Item,
    ItemQuerySet,
    ItemState,
    Passage,
    PassageQuerySet,
)
from generation.review import queue
from generation.review.aside import set_items_aside
from qareview import jobs
from qareview.models import JobState, Project, ProjectQuerySet


def may_be_drafted_again(items: ItemQuerySet, user: Any) -> ItemQuerySet:
    """Keep pending items that a model drafted, nobody has decided on, and nobody else holds."""
    held = queue.live_holds().exclude(reviewer=user).values("item")
    drafted = items.filter(state=ItemState.PENDING, reviewers=[], variant__isnull=False)
    return drafted.exclude(pk__in=held)


@transaction.atomic
def draft_again(items: ItemQuerySet, draft_with: dict[str, Any], user: Any) -> int:
    """Set items aside and queue their passages to be drafted again; return how many items.

    Items that :func:`may_be_drafted_again` leaves out stay as they are. ``draft_with`` has the
    shape of :attr:`Passage.draft_with`.
    """
    rows = may_be_drafted_again(items, user).select_for_update(of=("self",))
    passage_of = dict(rows.order_by("pk").values_list("pk", "passage"))
    set_items_aside(Item.objects.filter(pk__in=passage_of), AsideReason.DRAFTED_AGAIN)
    passages = Passage.objects.filter(pk__in=passage_of.values())
    passages.update(draft_with=draft_with)
    jobs.queue_again(passages)
    return len(passage_of)


def pause(project: Project) -> None:
    """Pause drafting for a project; the batch in progress is finished."""
    Project.objects.filter(pk=project.pk).update(is_paused=True)


def resume(project: Project) -> None:
    """Resume drafting for a project."""
    Project.objects.filter(pk=project.pk).update(is_paused=False)
    jobs.wake_workers(Passage)


def cancel(project: Project) -> int:
    """Hold the passages of a project that are queued to be drafted; return how many."""
    return jobs.hold_jobs(Passage.objects.in_project(project))


def fill_up(project: Project) -> int:
    """Queue passages that were cancelled or have too few items; return how many."""
    return jobs.queue_again(_lacking(project))


def can_fill_up(project: Project) -> bool:
    """Whether :func:`fill_up` would queue any passage."""
    return _lacking(project).exists()


def _lacking(project: Project) -> PassageQuerySet:
    """Return the passages that were cancelled or have too few items."""
    by_model = Q(items__isnull=False, items__author=None)
    is_current = by_model & ~Q(items__state=ItemState.ASIDE)
    drafted = (
        Passage.objects.in_project(project)
        .filter(state=JobState.DONE, superseded_at=None, excluded_at=None)
        .not_imported()
    )
    counted = drafted.annotate(current=Count("items", filter=is_current))
    too_few = counted.filter(current__lt=project.items_per_passage)
    # A note says that the model had nothing more to draft, unless all that it wrote was empty.
    may_have_more = too_few.filter(Q(note="") | Q(current=0))
    cancelled = Passage.objects.in_project(project).cancelled()
    return Passage.objects.filter(Q(pk__in=may_have_more.values("pk")) | Q(pk__in=cancelled))


def ordered_with(model: str) -> ProjectQuerySet:
    """Return the projects with passages that are to be drafted with a model."""
    waiting = Passage.objects.filter(draft_with__model=model).exclude(state=JobState.DONE)
    return Project.everything.filter(documents__passages__in=waiting)
