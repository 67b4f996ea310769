"""Create experiments, run them on all cases, screen and end them.

A run is one variant on one case and repeat. It is a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.utils import timezone

from prompts import screening
from prompts.comparing import lock_experiment
from prompts.models import LAST_RUNG, Entrant, Experiment, Prompt, Run, Variant
from qareview import jobs
from qareview.models import JobState

MOST_RUNS = 20_000  # of an experiment; chosen; nobody measured


@transaction.atomic
def create_experiment(
    prompt: Prompt, user: Any, variants: Sequence[Variant], **values: Any
) -> Experiment:
    """Create an experiment without starting it; ``values`` are its other fields."""
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    last = prompt.experiments.aggregate(last=Max("number"))["last"] or 0
    experiment = Experiment.objects.create(
        prompt=prompt, number=last + 1, created_by=user, **values
    )
    Entrant.objects.bulk_create(
        Entrant(experiment=experiment, variant=variant) for variant in variants
    )
    return experiment


@transaction.atomic
def remove_experiment(experiment: Experiment) -> bool:
    """Delete an experiment that was not started; return False if it was."""
    rows = Experiment.objects.filter(pk=experiment.pk)
    locked = rows.select_for_update().first()
    if locked and locked.started_at:
        return False
    rows.delete()
    return True


# Running


@transaction.atomic
def start_experiment(experiment: Experiment) -> bool:
    """Queue an experiment's runs, or those of its first rung.

    Returns False if it was started before, or has ended.
    """
    locked = lock_experiment(experiment.pk)
    if locked.started_at or locked.ended_at:
        return False
    locked.started_at = timezone.now()
    locked.save(update_fields=["started_at"])
    queue_runs(locked)
    return True


def queue_runs(experiment: Experiment) -> None:
    """Queue the runs of the experiment's current rung that have not run yet."""
    entrants = experiment.entrants.filter(aside_at=None)
    Run.objects.bulk_create(
        (
            Run(experiment=experiment, variant_id=entrant.variant_id, case=case, number=number)
            for case in screening.cases_of(experiment)
            for entrant in entrants
            for number in range(1, experiment.repeats + 1)
        ),
        ignore_conflicts=True,  # those that ran on an earlier rung
        batch_size=1000,
    )
    held = experiment.runs.filter(state=JobState.HELD)
    jobs.queue_again(held.filter(variant__in=entrants.values("variant")))


def advance_screenings() -> None:
    """Screen variants and queue the next rung wherever all runs of the current rung have ended.

    Called after each batch and on a schedule, since a run may also fail or be put on hold.
    """
    screened = Experiment.objects.exclude(screens_by="").filter(rung__lt=LAST_RUNG)
    moving = Run.objects.filter(experiment=OuterRef("pk"), state__in=UNFINISHED)
    waiting = screened.filter(~Exists(moving), started_at__isnull=False, ended_at=None)
    for pk in waiting.values_list("pk", flat=True):
        _advance(pk)


@transaction.atomic
def _advance(pk: int) -> None:
    """Advance an experiment rung by rung until it has unfinished runs or no more rungs."""
    experiment = lock_experiment(pk)
    if experiment.ended_at:
        return
    while experiment.is_screening and not experiment.runs.filter(state__in=UNFINISHED).exists():
        screening.set_worse_aside(experiment)
        experiment.rung += 1
        experiment.save(update_fields=["rung"])
        queue_runs(experiment)


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


def retry_failed_runs(experiment: Experiment) -> int:
    """Queue the failed runs of active variants again; return their number."""
    active = experiment.entrants.filter(aside_at=None, experiment__ended_at=None)
    failed = experiment.runs.filter(state=JobState.FAILED, variant__in=active.values("variant"))
    return jobs.queue_again(failed)


@dataclass(frozen=True)
class RunProgress:
    """Numbers of runs, and the tokens, money and time that they took."""

    runs: int
    done: int
    failed: int
    tokens: int
    cost: Decimal
    seconds: int

    @property
    def is_moving(self) -> bool:
        """Whether some runs have neither succeeded nor failed."""
        return self.done + self.failed < self.runs


def run_progress(experiment: Experiment) -> RunProgress:
    """Count an experiment's runs and sum up their usage."""
    runs = experiment.runs.exclude(state=JobState.HELD)
    if experiment.ended_at:
        runs = runs.exclude(state__in=UNFINISHED)
    sums = runs.aggregate(
        all=Count("pk"),
        done=Count("pk", filter=Q(state=JobState.DONE)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
        read=Sum("tokens_in"),
        written=Sum("tokens_out"),
        cost=Sum("cost"),
        milliseconds=Sum("milliseconds"),
    )
    return RunProgress(
        sums["all"],
        sums["done"],
        sums["failed"],
        (sums["read"] or 0) + (sums["written"] or 0),
        sums["cost"] or Decimal(0),
        round((sums["milliseconds"] or 0) / 1000),
    )


@transaction.atomic
def set_entrant_aside(entrant: Entrant, reason: str) -> bool:
    """Drop a variant from an experiment, for a reason that the page shows.

    Returns False if fewer than two variants would stay, or the experiment has ended.
    """
    experiment = lock_experiment(entrant.experiment_id)
    staying = experiment.entrants.filter(aside_at=None).exclude(pk=entrant.pk)
    if staying.count() < 2 or experiment.ended_at:
        return False
    rows = Entrant.objects.filter(pk=entrant.pk, aside_at=None)
    rows.update(aside_at=timezone.now(), aside=reason)
    jobs.hold_jobs(experiment.runs.filter(variant=entrant.variant_id))
    return True


@transaction.atomic
def restore_entrant(entrant: Entrant) -> None:
    """Take a dropped variant back into an experiment, and queue its missing runs."""
    experiment = lock_experiment(entrant.experiment_id)
    Entrant.objects.filter(pk=entrant.pk).update(aside_at=None, aside="")
    if experiment.started_at and not experiment.ended_at:
        queue_runs(experiment)


@transaction.atomic
def end_experiment(experiment: Experiment, is_ended: bool = True) -> bool:
    """End an experiment, or reopen it; return whether that changed anything.

    Ending it puts queued runs on hold; reopening it queues them again.
    """
    locked = lock_experiment(experiment.pk)
    if (locked.ended_at is not None) == is_ended or locked.started_at is None:
        return False
    locked.ended_at = timezone.now() if is_ended else None
    locked.save(update_fields=["ended_at"])
    if is_ended:
        jobs.hold_jobs(locked.runs.all())
    else:
        queue_runs(locked)
    return True
