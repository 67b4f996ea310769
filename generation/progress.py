"""How far a project is: counts of rows, never a counter."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from generation.models import Document, Passage
from qareview.models import JobState, Project

MOVING = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Progress:
    """The counts of a project; ``failed`` are the documents and passages that could not be done."""

    documents: int
    documents_moving: int
    passages: int
    passages_moving: int
    items: int
    pending: int
    accepted: int
    rejected: int
    aside: int
    failed: int

    @property
    def is_moving(self) -> bool:
        return self.documents_moving + self.passages_moving > 0

    @property
    def passages_ended(self) -> int:
        return self.passages - self.passages_moving

    @property
    def reviewed(self) -> int:
        return self.accepted + self.rejected


def progress(project: Project) -> Progress:
    """Count what a project has and what is still to be done, in three queries."""
    documents = _count(Document.objects.filter(project=project))
    passages = _count(Passage.objects.filter(document__project=project))
    return Progress(
        documents=documents["all"],
        documents_moving=documents["moving"],
        passages=passages["all"],
        passages_moving=passages["moving"],
        failed=documents["failed"] + passages["failed"],
        **project.items.all().counts(),
    )


def _count(jobs: QuerySet[Any]) -> dict[str, int]:
    return jobs.aggregate(
        all=Count("pk"),
        moving=Count("pk", filter=Q(state__in=MOVING)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
    )
