"""Runs of experiments take turns with other jobs that ask models."""

import functools

from django.db.models import Q

from prompts.experiments import advance_screenings
from prompts.models import Run
from prompts.outputs import produce_outputs
from prompts.variants import model_of
from qareview import jobs, shares
from qareview.models import Project
from qareview.shares import Share, Work

RUNS_AT_ONCE = 64  # in a batch; chosen; nobody measured


def work_off_runs() -> None:
    """Run variants on cases, a batch at a time, until no run is queued."""
    shares.work_off(works=[WORK])


def _shares() -> list[Share]:
    """Return the queued runs of each project on each model."""
    names = ("experiment__prompt__project", "variant__model")
    queued = list(jobs.queued(Run).order_by().values_list(*names).distinct())
    projects = Project.objects.in_bulk({project for project, _ in queued})
    return [
        Share(
            project,
            Q(experiment__prompt__project=project, variant__model=model),
            functools.partial(frozenset, [model or model_of(projects[project])]),
        )
        for project, model in queued
    ]


def _work_on_runs(batch: list[Run]) -> None:
    produce_outputs(batch)
    advance_screenings()


WORK = Work(Run, _shares, lambda _: RUNS_AT_ONCE, _work_on_runs)
