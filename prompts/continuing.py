"""Experiments go on: with more cases, or as a copy with their outputs and votes."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import uuid4

from django.db import transaction
from django.db.models import Model

from prompts import cases, experiments
from prompts.cases import NewCase, StoredCases
from prompts.comparing import lock_experiment
from prompts.models import Case, Comparison, Experiment, Run
from qareview.models import JobState
from qareview.stored_sentences import stored

RUNS_AT_ONCE = 1000  # stored in one query; chosen; nobody measured
Row = TypeVar("Row", bound=Model)


class CannotAddCases(Exception):
    """The experiment takes no more cases now; the message says why."""


@transaction.atomic
def add_cases(experiment: Experiment, new: Sequence[NewCase]) -> StoredCases:
    """Add cases to an experiment, and queue their runs if it was started. Raises CannotAddCases."""
    locked = lock_experiment(experiment.pk)
    if locked.ended_at:
        raise CannotAddCases(stored("The experiment has ended. Reopen it to add cases."))
    if locked.started_at and locked.is_screening:
        raise CannotAddCases(
            stored("Variants are still being screened. Add cases when that is done.")
        )
    added = cases.store_cases(locked, new)
    if locked.started_at:
        experiments.queue_runs(locked)
    return added


@transaction.atomic
def carry_over(source: Experiment, target: Experiment, copies: Mapping[int, Case]) -> int:
    """Copy the outputs and votes of an experiment to one that was not started; count the votes.

    ``copies`` are the copied cases by the ids of the original ones. Outputs of variants that are
    not in ``target`` stay behind, and with them the votes on comparisons that showed one.
    """
    variants = target.entrants.values("variant")
    runs = source.runs.filter(state=JobState.DONE, case__in=copies, variant__in=variants)
    before = list(runs.filter(number__lte=target.repeats).order_by("pk"))
    after = Run.objects.bulk_create(
        (_copy(run, experiment_id=target.pk, case_id=copies[run.case_id].pk) for run in before),
        batch_size=RUNS_AT_ONCE,
    )
    ids = {old.pk: new.pk for old, new in zip(before, after, strict=True)}
    target.without = source.without
    target.save(update_fields=["without"])
    return _copy_votes(source, target, copies, ids)


def _copy_votes(
    source: Experiment, target: Experiment, copies: Mapping[int, Case], ids: Mapping[int, int]
) -> int:
    standing = Comparison.objects.standing().filter(experiment=source).order_by("pk")
    kept = [comparison for comparison in standing if ids.keys() >= {*comparison.runs}]
    Comparison.objects.bulk_create(
        _copy(
            comparison,
            experiment_id=target.pk,
            case_id=copies[comparison.case_id].pk,
            runs=[ids[run] for run in comparison.runs],
            token=uuid4(),
        )
        for comparison in kept
    )
    return sum(comparison.reviewer_id is not None for comparison in kept)


def _copy(row: Row, **values: object) -> Row:
    """Return a row like another one, not stored yet, with other ``values``."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    own = {field.attname: getattr(row, field.attname) for field in fields}
    return type(row)(**{**own, **values})
