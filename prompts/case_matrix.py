"""The matrix of an experiment: a row for each case, a column for each variant."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.safestring import SafeString
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from prompts import scores
from prompts.models import Case, Entrant, Experiment, Run
from qareview.models import JobState
from qareview.word_differences import word_differences

DISAGREEMENT, POSITION = "disagreement", "position"
CASES_PER_PAGE = 20  # chosen; nobody measured
LONGEST_COMPARED = 400  # characters of each output that are compared; chosen; nobody measured


@dataclass(frozen=True)
class Cell:
    """A variant's runs on a case, each with the names of its flags."""

    runs: list[tuple[Run, list[str]]]
    scores: list[tuple[Any, float]]  # of the first run: name and value
    asked: tuple[Any, float] | None  # the score that the cases are ordered by
    marked: SafeString | None  # the first output with its differences from the first variant's


@dataclass(frozen=True)
class CaseRow:
    """A case, with a cell for each variant."""

    case: Case
    cells: list[Cell]


@dataclass(frozen=True)
class CaseOrder:
    """How the cases are ordered and filtered."""

    by: str = DISAGREEMENT
    score: str = ""  # with ``most``: only cases on which a run has at most this score
    most: float | None = None
    failed: bool = False  # only cases on which a run failed
    differing: bool = False  # only cases on which outputs differ


def entrants_of(experiment: Experiment) -> list[Entrant]:
    """Return the columns: active variants before dropped ones, the one in production first."""
    entrants = experiment.entrants.select_related("variant__prompt")
    production = experiment.prompt.production_id
    return sorted(
        entrants,
        key=lambda entrant: (
            entrant.aside_at is not None,
            entrant.variant_id != production,
            entrant.pk,
        ),
    )


def ordered_cases(experiment: Experiment, order: CaseOrder) -> list[int]:
    """Return the ids of the cases with runs that ``order`` includes, sorted by it."""
    runs: dict[int, list[Run]] = defaultdict(list)
    for run in experiment.runs.order_by("pk"):
        runs[run.case_id].append(run)
    ran = [case for case in experiment.cases.values_list("pk", flat=True) if case in runs]
    included = [case for case in ran if _is_included(runs[case], order)]
    if order.by == DISAGREEMENT:
        disagreements = {
            case: disagreement([run.output for run in _done(runs[case])]) for case in included
        }
        return sorted(included, key=lambda case: -disagreements[case])
    if order.by in scores.KINDS:
        sign = scores.KINDS[order.by].sign
        means = {case: _mean(runs[case], order.by) for case in included}
        return sorted(included, key=lambda case: (means[case] is None, sign * (means[case] or 0)))
    return included


def _done(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.state == JobState.DONE]


def _is_included(runs: Sequence[Run], order: CaseOrder) -> bool:
    if order.failed and not any(run.state == JobState.FAILED for run in runs):
        return False
    if order.differing and len({run.output for run in _done(runs)}) < 2:
        return False
    if order.score and order.most is not None:
        values = [scores.score_of(run, order.score) for run in _done(runs)]
        return any(value is not None and value <= order.most for value in values)
    return True


def _mean(runs: Sequence[Run], name: str) -> float | None:
    values = [value for run in _done(runs) if (value := scores.score_of(run, name)) is not None]
    return sum(values) / len(values) if values else None


def disagreement(outputs: Sequence[str]) -> float:
    """Return how much outputs differ on average, by their longest common subsequence: 0 to 1."""
    texts = [text[:LONGEST_COMPARED] for text in outputs]
    if len(texts) < 2:
        return 0.0
    similarities = process.cdist(texts, texts, scorer=LCSseq.normalized_similarity)
    count = len(texts)
    return float(1 - (similarities.sum() - count) / (count * (count - 1)))


def rows_of(
    experiment: Experiment,
    cases: Sequence[int],
    entrants: Sequence[Entrant],
    by: str = "",
    *,
    is_marked: bool = False,
) -> list[CaseRow]:
    """Return the rows of these cases, in their order.

    ``by`` names the score to show. With ``is_marked``, each output is shown with its differences
    from the output in the first column that has one.
    """
    by_id = experiment.cases.in_bulk(cases)
    runs: dict[tuple[int, int], list[Run]] = defaultdict(list)
    for run in experiment.runs.filter(case__in=cases).order_by("number"):
        runs[run.case_id, run.variant_id].append(run)
    rows = []
    for case in cases:
        cells = [runs[case, entrant.variant_id] for entrant in entrants]
        first = next((cell[0].output for cell in cells if cell), "") if is_marked else None
        rows.append(CaseRow(by_id[case], [_cell(cell, first, by) for cell in cells]))
    return rows


def _cell(runs: list[Run], first: str | None, by: str) -> Cell:
    flagged = [(run, list(map(scores.flag_name, run.flags))) for run in runs]
    if not runs or not runs[0].is_done:
        return Cell(flagged, [], None, None)
    values = {
        name: (kind.name, value)
        for name, kind in scores.KINDS.items()
        if name != "cost" and (value := scores.score_of(runs[0], name)) is not None
    }
    marked = None if first is None else word_differences(first, runs[0].output)
    return Cell(flagged, list(values.values()), values.get(by), marked)


@dataclass(frozen=True)
class Average:
    """A variant's mean of each kind of score, and the number of cases it ran on."""

    entrant: Entrant
    cases: int
    values: list[float | None]


def averages_by_entrant(
    experiment: Experiment, entrants: Sequence[Entrant]
) -> tuple[list[scores.ScoreKind], list[Average]]:
    """Return the kinds of scores that any run has, and each variant's mean of each kind."""
    by_variant = averages_by_name(experiment)
    present = {
        name for means in by_variant.values() for name in means if name != "cost" or means[name]
    }
    names = [name for name in scores.KINDS if name in present]
    done = experiment.runs.filter(state=JobState.DONE).order_by().values("variant")
    case_counts = dict(done.annotate(n=Count("case", distinct=True)).values_list("variant", "n"))
    rows = [
        Average(
            entrant,
            case_counts.get(entrant.variant_id, 0),
            [by_variant.get(entrant.variant_id, {}).get(name) for name in names],
        )
        for entrant in entrants
    ]
    return [scores.KINDS[name] for name in names], rows


def averages_by_name(experiment: Experiment) -> dict[int, dict[str, float]]:
    """Return the mean of each score, by the variant's id and the name of the score."""
    values: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in experiment.runs.filter(state=JobState.DONE).defer("output"):
        for name in scores.KINDS:
            if (value := scores.score_of(run, name)) is not None:
                values[run.variant_id][name].append(value)
    return {
        variant: {name: sum(numbers) / len(numbers) for name, numbers in by_name.items()}
        for variant, by_name in values.items()
    }
