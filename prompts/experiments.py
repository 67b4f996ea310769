"""Variants x cases x repeats become runs, worked off in batches as all jobs are."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Avg, Count, Exists, Max, OuterRef, Q, Sum
from django.utils import timezone

from prompts import scores, screening
from prompts.comparing import lock
from prompts.examples import Input, examples_for
from prompts.models import LAST_RUNG, Case, Entrant, Experiment, Prompt, Run, Variant
from prompts.rendering import RenderingFailed, request_for
from prompts.variants import model_for
from qareview import completions, jobs
from qareview.backends import Completion, Request
from qareview.models import JobState, StoredCompletion

BATCH = 64  # runs
LOOKED_AT = 200  # runs, for an estimate
LETTERS_PER_TOKEN = 4  # about, of English and of most tokenizers
MOST_RUNS = 20_000


@transaction.atomic
def create(prompt: Prompt, user: Any, variants: Sequence[Variant], **values: Any) -> Experiment:
    """Make an experiment that is not started; ``values`` are fields of it."""
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt.pk)
    last = prompt.experiments.aggregate(last=Max("number"))["last"] or 0
    made = Experiment.objects.create(prompt=prompt, number=last + 1, created_by=user, **values)
    Entrant.objects.bulk_create(Entrant(experiment=made, variant=one) for one in variants)
    return made


@transaction.atomic
def remove(experiment: Experiment) -> bool:
    """Remove an experiment, unless it was started: return whether it is gone."""
    rows = Experiment.objects.filter(pk=experiment.pk)
    found = rows.select_for_update().first()
    if found and found.started_at:
        return False
    rows.delete()
    return True


# Before it starts


@dataclass(frozen=True)
class Estimate:
    """What an experiment takes, about; no seconds where nobody knows how fast the models are."""

    runs: int
    tokens: int
    cost: Decimal
    seconds: int | None


def estimate(experiment: Experiment) -> Estimate:
    """Estimate what an experiment takes, from some of its requests and what such took before."""
    active = experiment.entrants.filter(aside_at=None).values("variant")
    variants = list(experiment.variants.filter(pk__in=active).select_related("prompt"))
    shown = experiment.cases.all()[: max(1, LOOKED_AT // max(1, len(variants)))]
    cases, all_cases = list(shown), experiment.cases.count()
    runs = all_cases * len(variants) * experiment.repeats
    tokens, cost, milliseconds = 0.0, Decimal(0), 0.0
    is_known = True
    for variant in variants:
        model = model_for(experiment.prompt.project, variant)
        past = _past(model)
        written = min(variant.max_tokens, past["written"] or variant.max_tokens)
        share = runs / len(variants)
        read = _read(variant, cases)
        tokens += share * (read + written)
        cost += completions.cost_of(
            model, Completion("", int(read * share), int(written * share), 0, False)
        )
        milliseconds += share * (past["milliseconds"] or 0)
        is_known = is_known and past["milliseconds"] is not None
    return Estimate(runs, round(tokens), cost, round(milliseconds / 1000) if is_known else None)


def _past(model: str) -> dict[str, Any]:
    """Return what the last completions of a model took, on average."""
    last = StoredCompletion.objects.filter(model=model).order_by("-pk").values("pk")[:LOOKED_AT]
    rows = StoredCompletion.objects.filter(pk__in=last)
    return rows.aggregate(written=Avg("tokens_out"), milliseconds=Avg("milliseconds"))


def _read(variant: Variant, cases: Sequence[Case]) -> float:
    """Return about how many tokens a request has, on average; picked examples are not counted."""
    sizes = []
    for case in cases:
        try:
            request = request_for(variant, case.values)
        except RenderingFailed:  # its run will say so
            continue
        sizes.append(sum(len(message["content"]) for message in request.messages))
    return sum(sizes) / len(sizes) / LETTERS_PER_TOKEN if sizes else 0.0


# Running


@transaction.atomic
def start(experiment: Experiment) -> bool:
    """Queue an experiment's runs, or those of the first rung; return False if it was started."""
    locked = lock(experiment.pk)
    if locked.started_at or locked.ended_at:
        return False
    locked.started_at = timezone.now()
    locked.save(update_fields=["started_at"])
    _queue_rung(locked)
    return True


def _queue_rung(experiment: Experiment) -> None:
    """Queue the runs of the rung that the experiment stands on, each once."""
    entrants = experiment.entrants.filter(aside_at=None)
    Run.objects.bulk_create(
        (
            Run(experiment=experiment, variant_id=entrant.variant_id, case=case, number=number)
            for case in screening.cases_of(experiment)
            for entrant in entrants
            for number in range(1, experiment.repeats + 1)
        ),
        ignore_conflicts=True,  # what ran on an earlier rung
        batch_size=1000,
    )
    held = experiment.runs.filter(state=JobState.HELD)
    jobs.queue_again(held.filter(variant__in=entrants.values("variant")))


def advance() -> None:
    """Where all runs of a rung have ended, set aside what is clearly worse and go on.

    It is looked for after each batch, and now and then, since a run may end in other ways.
    """
    screened = Experiment.objects.exclude(screens_by="").filter(rung__lt=LAST_RUNG)
    moving = Run.objects.filter(experiment=OuterRef("pk"), state__in=MOVING)
    waiting = screened.filter(~Exists(moving), started_at__isnull=False, ended_at=None)
    for pk in waiting.values_list("pk", flat=True):
        _advance(pk)


@transaction.atomic
def _advance(pk: int) -> None:
    experiment = lock(pk)
    if experiment.ended_at:
        return
    while experiment.is_screening and not experiment.runs.filter(state__in=MOVING).exists():
        screening.screen(experiment)
        experiment.rung += 1
        experiment.save(update_fields=["rung"])
        _queue_rung(experiment)


MOVING = (JobState.QUEUED, JobState.RUNNING)


def work_off_runs() -> None:
    """Run variants on cases, a batch at a time, until nothing is queued."""
    jobs.work_off(Run, BATCH, run)
    advance()


def run(batch: Sequence[Run]) -> None:
    """Bring out the outputs of claimed runs.

    One that cannot be filled in, written or scored fails on its own; those of a model that cannot
    be used, or of a project without budget, go back to the queue. Raises CannotWorkNow at the end
    where a model was lacking.
    """
    related = ("experiment__prompt__project", "variant__prompt", "case")
    full = Run.objects.select_related(*related).in_bulk([one.pk for one in batch])
    runs = [full[one.pk] for one in batch]
    for one, claimed in zip(runs, batch, strict=True):
        one.lease = claimed.lease
        one.model = model_for(one.experiment.prompt.project, one.variant)
    jobs.work_in_groups(runs, _alike, _run_alike)


def _alike(run: Run) -> tuple[int, str]:
    return run.experiment_id, run.model


def _run_alike(runs: list[Run]) -> None:
    experiment, project = runs[0].experiment, runs[0].experiment.prompt.project
    asked = _requests(runs)
    try:
        written = completions.complete(project, runs[0].model, [request for _, request in asked])
    except completions.BudgetUsedUp:
        jobs.return_jobs([one for one, _ in asked])
        asked, written = [], []
    sound = [_take(one, found) for (one, _), found in zip(asked, written, strict=True)]
    done = [one for one in sound if not one.error]
    refused = scores.score(experiment, done)
    for one in runs:
        one.error = one.error or refused.get(one.pk, "")
        if one.error:
            jobs.fail_job(one, one.error)
    done = [one for one in done if not one.error]
    if done:
        with jobs.finishing(done):
            Run.objects.bulk_update(done, WRITTEN)


WRITTEN = [
    *("output", "model", "tokens_in", "tokens_out", "milliseconds", "cost", "cut_off"),
    *("scores", "flags"),
]


def _requests(runs: Sequence[Run]) -> list[tuple[Run, Request]]:
    """Return the request of each run; one whose template cannot be filled in has an error."""
    asked = []
    for variant, some in _by_variant(runs):
        inputs = [Input(one.case.values, one.case.passage or 0) for one in some]
        shown = examples_for(some[0].experiment.prompt.project, variant, inputs)
        for one, examples in zip(some, shown, strict=True):
            try:
                asked.append((one, request_for(variant, one.case.values, one.number, examples)))
            except RenderingFailed as reason:
                one.error = str(reason)
    return asked


def _by_variant(runs: Sequence[Run]) -> list[tuple[Variant, list[Run]]]:
    ordered = sorted(runs, key=lambda one: (one.variant_id, one.case_id))
    groups = ((next_, list(some)) for next_, some in groupby(ordered, key=lambda one: one.variant))
    return list(groups)


def _take(run: Run, written: Completion) -> Run:
    run.error = written.error
    run.output = written.text.replace("\0", "").strip()
    run.tokens_in, run.tokens_out = written.tokens_in, written.tokens_out
    run.milliseconds, run.cut_off = written.milliseconds, written.cut_off
    run.cost = completions.cost_of(run.model, written)
    return run


def retry(experiment: Experiment) -> int:
    """Queue the runs that failed once more, of variants that are still in; return how many."""
    active = experiment.entrants.filter(aside_at=None, experiment__ended_at=None)
    failed = experiment.runs.filter(state=JobState.FAILED, variant__in=active.values("variant"))
    return jobs.queue_again(failed)


@dataclass(frozen=True)
class Progress:
    """How far the runs are, and what they took."""

    runs: int
    done: int
    failed: int
    tokens: int
    cost: Decimal
    seconds: int

    @property
    def is_moving(self) -> bool:
        return self.done + self.failed < self.runs


def progress(experiment: Experiment) -> Progress:
    """Count an experiment's runs."""
    runs = experiment.runs.exclude(state=JobState.HELD)
    if experiment.ended_at:
        runs = runs.exclude(state__in=MOVING)
    sums = runs.aggregate(
        all=Count("pk"),
        done=Count("pk", filter=Q(state=JobState.DONE)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
        read=Sum("tokens_in"),
        written=Sum("tokens_out"),
        cost=Sum("cost"),
        milliseconds=Sum("milliseconds"),
    )
    return Progress(
        sums["all"],
        sums["done"],
        sums["failed"],
        (sums["read"] or 0) + (sums["written"] or 0),
        sums["cost"] or Decimal(0),
        round((sums["milliseconds"] or 0) / 1000),
    )


@transaction.atomic
def set_aside(entrant: Entrant, reason: str) -> bool:
    """Take a variant out of what is compared from now on, for a reason that is shown.

    Returns False if fewer than two would stay, or the experiment has ended.
    """
    experiment = lock(entrant.experiment_id)
    staying = experiment.entrants.filter(aside_at=None).exclude(pk=entrant.pk)
    if staying.count() < 2 or experiment.ended_at:
        return False
    rows = Entrant.objects.filter(pk=entrant.pk, aside_at=None)
    rows.update(aside_at=timezone.now(), aside=reason)
    jobs.hold_jobs(experiment.runs.filter(variant=entrant.variant_id))
    return True


@transaction.atomic
def take_back(entrant: Entrant) -> None:
    """Let a variant that was set aside be compared again; what it has not run yet is queued."""
    experiment = lock(entrant.experiment_id)
    Entrant.objects.filter(pk=entrant.pk).update(aside_at=None, aside="")
    if experiment.started_at and not experiment.ended_at:
        _queue_rung(experiment)


@transaction.atomic
def end(experiment: Experiment, is_ended: bool = True) -> bool:
    """End the comparing, or let it go on; return whether that changed anything.

    What has not run yet does not run for an experiment that has ended.
    """
    locked = lock(experiment.pk)
    if (locked.ended_at is not None) == is_ended or locked.started_at is None:
        return False
    locked.ended_at = timezone.now() if is_ended else None
    locked.save(update_fields=["ended_at"])
    if is_ended:
        jobs.hold_jobs(locked.runs.all())
    else:
        _queue_rung(locked)
    return True
