"""Count how far a project is, and how far a person is at its desk."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from generation.models import CANCELLED, Document, Passage, Review
from prompts.variants import models_of
from qareview import completions, jobs
from qareview.backends.loading import models_loading
from qareview.models import JobState, Project
from qareview.stored_sentences import stored

LATELY = timedelta(minutes=5)  # the time whose speed is extrapolated; chosen; nobody measured
MOST_LEFT = 1000  # items counted as left: chosen; nobody measured
MOVING = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class ProjectProgress:
    """The counts of a project; ``failed`` counts documents and passages together."""

    documents: int
    documents_moving: int
    documents_held: int  # tables whose columns nobody has chosen yet
    passages: int
    passages_moving: int
    items: int
    pending: int
    accepted: int
    rejected: int
    disputed: int
    aside: int
    failed: int
    cancelled: int
    seconds_left: int | None  # None: unknown
    loading: bool  # whether a worker is loading one of the project's models
    stopped: str  # why nothing is drafted although passages wait; "" if that is not so

    @property
    def is_moving(self) -> bool:
        """Whether documents or passages are queued or running."""
        return self.documents_moving + self.passages_moving > 0

    @property
    def passages_ended(self) -> int:
        """The number of passages that are neither queued nor running."""
        return self.passages - self.passages_moving

    @property
    def reviewed(self) -> int:
        """The number of items with all the decisions they need."""
        return self.accepted + self.rejected + self.disputed


def project_progress(project: Project) -> ProjectProgress:
    """Return the counts of a project, in a fixed number of queries."""
    held = Count("pk", filter=Q(state=JobState.HELD))
    documents = _count(Document.objects.filter(project=project), held=held)
    of_project = Passage.objects.in_project(project).filter(superseded_at=None)
    passages = _count(of_project, cancelled=Count("pk", filter=CANCELLED))
    return ProjectProgress(
        documents=documents["all"],
        documents_moving=documents["moving"],
        documents_held=documents["held"],
        passages=passages["all"],
        passages_moving=passages["moving"],
        failed=documents["failed"] + passages["failed"],
        cancelled=passages["cancelled"],
        seconds_left=_seconds_left(project, of_project, passages["moving"]),
        loading=bool(models_loading() & models_of(project)) if passages["moving"] else False,
        stopped=_why_stopped(project) if passages["moving"] else "",
        **project.items.all().counts(),
    )


def _why_stopped(project: Project) -> str:
    if project.is_paused:
        return stored("Drafting is paused until an engineer resumes it.")
    return completions.why_over_budget(project)


def _seconds_left(project: Project, passages: QuerySet[Passage], moving: int) -> int | None:
    """Estimate from the last minutes how long the remaining passages will take.

    Returns None if that is unknown, as while something keeps workers from working. That may be so
    before a worker tells of it: then passages came back to the queue, and none was done since.
    """
    if not moving or jobs.worker_trouble(project.pk):
        return None
    lately = timezone.now() - LATELY
    done = passages.filter(state=JobState.DONE, finished_at__gte=lately).aggregate(
        count=Count("pk"), began=Min("started_at"), ended=Max("finished_at")
    )
    if not done["count"]:
        return None
    if passages.filter(state=JobState.QUEUED, started_at__gt=done["ended"]).exists():
        return None
    took = timezone.now() - max(done["began"] or lately, lately)
    return int(took.total_seconds() * moving / done["count"])


def _count(rows: QuerySet[Any], **more: Count) -> dict[str, int]:
    return rows.aggregate(
        **more,
        all=Count("pk"),
        moving=Count("pk", filter=Q(state__in=MOVING)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
    )


@dataclass(frozen=True)
class OwnProgress:
    """The number of items that a person decided on at the desk, and of items open to them."""

    done: int
    left: int  # at most MOST_LEFT

    @property
    def is_more_left(self) -> bool:
        """Whether more items may be left than were counted."""
        return self.left == MOST_LEFT

    @property
    def all(self) -> int:
        """The number of items decided or left."""
        return self.done + self.left


def own_progress(project: Project, user: Any) -> OwnProgress:
    """Return how many items a user decided on in a project, and how many are left for them.

    At most :data:`MOST_LEFT` are counted as left: counting more is slow, and nobody needs it.
    """
    decisions = Review.objects.of(project).of_reviewers().filter(reviewer=user)
    left = project.items.open_to(user).order_by("-score", "id")[:MOST_LEFT]
    return OwnProgress(decisions.count(), left.count())
