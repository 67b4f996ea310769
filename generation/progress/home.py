"""What the home page tells of each project.

``settings.HOME_CARDS`` names :func:`cards`.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from generation.models import Document, Item, ItemQuerySet, ItemState, Release
from qareview import jobs
from qareview.models import JobState, Membership

REVIEWED = (ItemState.ACCEPTED, ItemState.REJECTED, ItemState.DISPUTED)


@dataclass(frozen=True)
class Card:
    """What a member sees of a project before they open it.

    ``waiting`` counts the items that the member may review, and ``disputes`` those that they may
    decide as an admin. ``failed`` counts documents that could not be read, and ``held`` those whose
    columns nobody has chosen. ``trouble`` is a stored sentence that says why nothing is read
    although documents wait, or "".
    """

    member: Membership
    documents: int
    items: int
    reviewed: int
    waiting: int
    disputes: int
    release: Release | None
    failed: int
    held: int
    trouble: str


def cards(members: Sequence[Membership]) -> list[Card]:
    """Return a card for each membership of a person, in their order, in a few queries for all."""
    if not members:
        return []
    projects = [member.project_id for member in members]
    administered = [member.project_id for member in members if member.is_admin]
    user = members[0].user
    documents = _by_state(Document, projects)
    items = _by_state(Item, projects)
    waiting = _by_project(Item.objects.filter(project__in=projects).open_to(user))
    disputes = _by_project(Item.objects.filter(project__in=administered).disputed_for(user))
    frozen = Release.objects.filter(project__in=projects, state=JobState.DONE)
    releases = {release.project_id: release for release in frozen.order_by("number")}
    return [
        Card(
            member=member,
            documents=documents[member.project_id].total(),
            items=items[member.project_id].total() - items[member.project_id][ItemState.ASIDE],
            reviewed=sum(items[member.project_id][state] for state in REVIEWED),
            waiting=waiting[member.project_id],
            disputes=disputes[member.project_id],
            release=releases.get(member.project_id),
            failed=documents[member.project_id][JobState.FAILED],
            held=documents[member.project_id][JobState.HELD],
            trouble=_trouble(member, documents[member.project_id]),
        )
        for member in members
    ]


def _by_project(items: ItemQuerySet) -> Counter[int]:
    return Counter(dict(items.order_by().values_list("project").annotate(Count("pk"))))


def _by_state(model: Any, projects: Sequence[int]) -> dict[int, Counter[str]]:
    """Count the documents or items of projects, by project and state."""
    rows = model.objects.filter(project__in=projects).order_by().values_list("project", "state")
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for project, state, number in rows.annotate(Count("pk")):
        found[project][state] = number
    return found


def _trouble(member: Membership, documents: Counter[str]) -> str:
    is_moving = documents[JobState.QUEUED] + documents[JobState.RUNNING] > 0
    return jobs.worker_trouble(member.project_id) if is_moving else ""
