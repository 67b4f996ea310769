"""Projects take turns at the models, and no model keeps another waiting.

Jobs that ask models are worked on in shares: the queued jobs of one project that use the same
models. After each batch, the next share is of the project that was served least recently, whatever
kind of jobs it has. A worker serves either the models of this machine, one batch at a time, or
those of servers: there several threads work side by side, each for other models, since they mostly
wait.
"""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from qareview import jobs
from qareview.backends import ModelUnavailable, model_options
from qareview.models import Job


class Place(Enum):
    """Where models compute."""

    HERE = "here"
    SERVERS = "servers"


@dataclass(frozen=True)
class Share:
    """The queued jobs of a project, or those of them that ``jobs`` selects, and their models."""

    project: int
    jobs: Q
    models: Callable[[], frozenset[str]]  # asked only when it may be this share's turn


@dataclass(frozen=True)
class Work:
    """A kind of jobs that ask models, and the functions that work on them."""

    kind: type[Job]
    shares: Callable[[], list[Share]]
    batch: Callable[[Share], int]  # how many jobs to claim together
    work: Callable[[list[Any]], None]  # as in jobs.work_off
    prepare: Callable[[], None] = lambda: None  # loads models that will soon be asked


_turns = itertools.count(1)
_served: dict[object, int] = {}  # the last turn of projects, and of each kind of their jobs
_busy: set[str] = set()  # models that a thread of this process asks
_choosing = threading.Lock()
troubles: dict[tuple[type[Job], int], str] = {}  # by kind and project


def work_off(place: Place | None = None, works: Sequence[Work] | None = None) -> None:
    """Work on jobs that ask models, a batch at a time in turns, until none can be worked on.

    Only those at ``place`` and of the kinds ``works`` are worked on, or all. A project whose model
    is unavailable is left alone until the next call; see :func:`jobs.work_on`.
    """
    works = [import_string(path) for path in settings.MODEL_WORK] if works is None else works
    left_alone: set[tuple[type[Job], int]] = set()
    jobs.return_interrupted()
    while not jobs.stopping.is_set():
        with _turn(place, works, left_alone) as turn:
            if turn is None:
                return
            work, share = turn
            key = (work.kind, share.project)
            rows = jobs.claim(work.kind, work.batch(share), share.jobs)
            trouble = jobs.work_on(rows, work.work) if rows else ""
            if trouble or not rows:
                left_alone.add(key)
            _report(key, trouble)


def work_off_here() -> None:
    """Work on jobs that ask models of this machine, and load models that will soon be asked."""
    work_off(Place.HERE)
    for path in settings.MODEL_WORK:
        import_string(path).prepare()


def _report(key: tuple[type[Job], int], trouble: str) -> None:
    """Report what keeps a project from being worked on, beside the others."""
    with _choosing:
        troubles.pop(key, None)
        if trouble:
            troubles[key] = trouble
        _report_all()


def _report_all() -> None:
    jobs.report_worker(of_projects={project: own for (_, project), own in troubles.items()})


@contextmanager
def _turn(
    place: Place | None, works: Sequence[Work], left_alone: set[tuple[type[Job], int]]
) -> Iterator[tuple[Work, Share] | None]:
    """Give the share whose turn it is; while the block runs, no other thread asks its models."""
    with _choosing:
        shares = [(work, share) for work in works for share in work.shares()]
        _forget(place, works, shares)
        shares = [pair for pair in shares if (pair[0].kind, pair[1].project) not in left_alone]
        turn, models = _next(place, shares)
        _busy.update(models)
    try:
        yield turn
    finally:
        with _choosing:
            _busy.difference_update(models)


def _forget(
    place: Place | None, works: Sequence[Work], shares: Sequence[tuple[Work, Share]]
) -> None:
    """Forget the troubles of projects that wait for no model at ``place`` any more."""
    waiting = {
        (work.kind, share.project)
        for work, share in shares
        if (work.kind, share.project) in troubles and _is_at(place, share.models())
    }
    kinds = {work.kind for work in works}
    former = [key for key in troubles if key[0] in kinds and key not in waiting]
    for key in former:
        del troubles[key]
    if former:
        _report_all()


def _next(
    place: Place | None, shares: Sequence[tuple[Work, Share]]
) -> tuple[tuple[Work, Share] | None, frozenset[str]]:
    """Choose the share of the project served least recently, and note that it is served."""
    for work, share in sorted(shares, key=_last_served):
        models = share.models()
        if _is_at(place, models) and not models & _busy:
            number = next(_turns)
            for served in _keys(work, share):
                _served[served] = number
            return (work, share), models
    return None, frozenset()


def _last_served(pair: tuple[Work, Share]) -> list[int]:
    return [_served.get(key, 0) for key in _keys(*pair)]


def _keys(work: Work, share: Share) -> tuple[object, ...]:
    return (share.project, (work.kind, share.project), (work.kind, share.project, share.jobs))


def _is_at(place: Place | None, models: frozenset[str]) -> bool:
    return place is None or place_of(models) is place


def place_of(models: frozenset[str]) -> Place:
    """Return where models compute: all on servers, or not all."""
    return Place.SERVERS if models and all(map(_is_on_server, models)) else Place.HERE


def _is_on_server(model: str) -> bool:
    try:
        return bool(model_options(model)["backend"] == "openai")
    except ModelUnavailable:  # whoever asks it will say so
        return False
