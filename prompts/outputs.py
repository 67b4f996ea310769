"""Let models write the outputs of runs; each is stored with its scores soon after it came."""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from prompts import scores
from prompts.examples import Input, examples_for
from prompts.models import Run, Variant
from prompts.rendering import RenderingFailed, request_for
from prompts.variants import model_for
from prompts.written_items import Unreadable, answers_in, writes_items
from qareview import completions, exchanges, jobs
from qareview.backends import Completion, Request

STORE_SECONDS = 2.0  # after which what came is stored; chosen; nobody measured
RUN_FIELDS = [
    *("output", "model", "tokens_in", "tokens_out", "milliseconds", "cost", "cut_off"),
    *("scores", "flags", "exchange"),
]


def produce_outputs(batch: Sequence[Run]) -> None:
    """Let the models write the outputs of claimed runs, and store them with their scores.

    A single run fails if its template cannot be filled in, or its output cannot be written or
    scored. Runs go back to the queue if the project's budget is used up or their model is
    unavailable. If a model is, CannotWorkNow is raised after all other runs are done.
    """
    related = ("experiment__prompt__project", "variant__prompt", "case")
    loaded = Run.objects.select_related(*related).in_bulk([run.pk for run in batch])
    runs = [loaded[run.pk] for run in batch]
    for run, claimed in zip(runs, batch, strict=True):
        run.lease = claimed.lease
        run.model = model_for(run.experiment.prompt.project, run.variant)
    jobs.work_in_groups(runs, _experiment_and_model, _run_group)


def _experiment_and_model(run: Run) -> tuple[int, str]:
    return run.experiment_id, run.model


def _run_group(runs: list[Run]) -> None:
    """Write, score and store the outputs of runs of one experiment and model.

    If the budget is used up, the runs that have no output go back to the queue.
    """
    requested = _requests_of(runs)
    for run in runs:
        if run.error:
            jobs.fail_job(run, run.error)
    arriving = _Arriving(requested)
    try:
        completions.complete(
            runs[0].experiment.prompt.project,
            runs[0].model,
            [request for _, request in requested],
            arriving.add,
        )
    except completions.BudgetUsedUp:
        arriving.store()
        jobs.return_jobs([run for run, _ in requested])
    finally:
        arriving.store()


class _Arriving:
    """Runs whose outputs came, which wait to be stored together with others."""

    def __init__(self, requested: Sequence[tuple[Run, Request]]) -> None:
        self.requested = requested
        self.runs: list[Run] = []
        self.useless: list[Request] = []
        self.stored_at = time.monotonic()

    def add(self, index: int, completion: Completion) -> None:
        """Take the completion of a request, and store all that came if it is time to."""
        run, request = self.requested[index]
        if not _fill_in(run, completion):
            self.useless.append(request)
        self.runs.append(run)
        if time.monotonic() - self.stored_at > STORE_SECONDS:
            self.store()

    def store(self) -> None:
        """Score and store the runs whose outputs came; those that cannot be scored fail."""
        runs, self.runs = self.runs, []
        useless, self.useless = self.useless, []
        if runs:
            completions.forget(runs[0].model, useless)
            _store(runs)
        self.stored_at = time.monotonic()


def _store(runs: Sequence[Run]) -> None:
    written = [run for run in runs if not run.error]
    unscored = scores.score_runs(runs[0].experiment, written)
    for run in runs:
        run.error = run.error or unscored.get(run.pk, "")
        if run.error:
            jobs.fail_job(run, run.error)
    done = [run for run in runs if not run.error]
    if done:
        with jobs.finishing(done):
            exchanges.store(run.exchange for run in done)
            Run.objects.bulk_update(done, RUN_FIELDS)


def _requests_of(runs: Sequence[Run]) -> list[tuple[Run, Request]]:
    """Return runs with their requests; if a request cannot be built, set ``error`` on its run."""
    requests = []
    for variant, group in _grouped_by_variant(runs):
        inputs = [Input(run.case.values, run.case.passage or 0) for run in group]
        all_examples = examples_for(group[0].experiment.prompt.project, variant, inputs)
        for run, examples in zip(group, all_examples, strict=True):
            try:
                requests.append((run, request_for(variant, run.case.values, run.number, examples)))
            except RenderingFailed as reason:
                run.error = str(reason)
    return requests


def _grouped_by_variant(runs: Sequence[Run]) -> list[tuple[Variant, list[Run]]]:
    ordered = sorted(runs, key=lambda run: (run.variant_id, run.case_id))
    groups = groupby(ordered, key=lambda run: run.variant)
    return [(variant, list(group)) for variant, group in groups]


def _fill_in(run: Run, completion: Completion) -> bool:
    """Fill in the fields of a run from a completion; return whether its text could be read.

    Of items, the output is the answers, so that they compare with those of other variants.
    """
    if writes_items(run.variant) and not completion.error:
        try:
            completion = replace(completion, text=answers_in(completion))
        except Unreadable as reason:
            run.error = str(reason)
            return False
    run.error = completion.error
    run.output = completion.text.strip()
    run.tokens_in, run.tokens_out = completion.tokens_in, completion.tokens_out
    run.milliseconds, run.cut_off = completion.milliseconds, completion.cut_off
    run.cost = completions.cost_of(run.model, completion)
    run.exchange = completion.exchange
    return True
