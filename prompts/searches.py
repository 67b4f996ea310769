"""Searches for prompt candidates take turns with other jobs that ask models."""

import functools

from django.db.models import Q

from prompts.candidates import fill_searches
from prompts.models import Search, Task
from prompts.variants import in_production, model_for
from qareview import jobs, shares
from qareview.models import Project
from qareview.shares import Share, Work


def work_off_searches() -> None:
    """Fill searches with candidates, one at a time, until none is queued."""
    shares.work_off(works=[WORK])


def _shares() -> list[Share]:
    """Return the queued searches of each project."""
    queued = jobs.queued(Search).order_by().values_list("prompt__project", flat=True).distinct()
    return [
        Share(pk, Q(prompt__project=pk), functools.partial(_models_of, project))
        for pk, project in Project.objects.in_bulk(set(queued)).items()
    ]


def _models_of(project: Project) -> frozenset[str]:
    return frozenset([model_for(project, in_production(project, Task.REWRITE))])


WORK = Work(Search, _shares, lambda _: 1, fill_searches)
