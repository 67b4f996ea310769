"""Whose document is read next: projects take turns, and a long file holds up only its project."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Min, Q

from generation.models import Document
from qareview import jobs

_choosing = threading.Lock()
_turns = itertools.count(1)
_served: dict[int, int] = {}  # the last turn of projects
_busy: set[int] = set()  # projects whose documents this process is reading


@contextmanager
def turn() -> Iterator[Q]:
    """Give the documents of the project whose turn it is; none if there is no such project.

    It is the one that was served least recently, and for which no other thread reads.
    """
    with _choosing:
        chosen = _next()
        _busy.update(chosen)
        _served.update(dict.fromkeys(chosen, next(_turns)))
    try:
        yield Q(project__in=chosen)
    finally:
        with _choosing:
            _busy.difference_update(chosen)


def _next() -> list[int]:
    """Return the project whose turn it is, or nothing."""
    waiting = jobs.queued(Document).exclude(project__in=_busy).order_by().values("project")
    oldest_first = waiting.annotate(since=Min("queued_at")).order_by("since")
    projects = oldest_first.values_list("project", flat=True)
    return sorted(projects, key=lambda project: _served.get(project, 0))[:1]
