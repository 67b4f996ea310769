"""Cases down, variants across: outputs side by side, where variants differ most on top."""

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
PAGE = 20  # cases
LONGEST = 400  # characters of an output, by which it is told how far outputs differ


@dataclass(frozen=True)
class Cell:
    """The runs of a variant on a case, each with the names of its flags."""

    runs: list[tuple[Run, list[str]]]
    scores: list[tuple[Any, float]]  # of the first run: name and value
    asked: tuple[Any, float] | None  # the one that the cases are ordered by
    marked: SafeString | None  # the first output, with what differs from the first variant's


@dataclass(frozen=True)
class Line:
    case: Case
    cells: list[Cell]


@dataclass(frozen=True)
class Order:
    """How the cases stand: by what, and which are left out."""

    by: str = DISAGREEMENT
    score: str = ""  # only cases on which some variant has at most so much of it,
    most: float | None = None
    failed: bool = False  # only those on which a run failed
    differing: bool = False  # only those on which outputs differ


def entrants_of(experiment: Experiment) -> list[Entrant]:
    """Return the variants across: those still in first, the one in production before the others."""
    found = experiment.entrants.select_related("variant__prompt")
    production = experiment.prompt.production_id
    return sorted(
        found, key=lambda one: (one.aside_at is not None, one.variant_id != production, one.pk)
    )


def cases(experiment: Experiment, order: Order) -> list[int]:
    """Return the ids of the cases in an order, filtered."""
    runs: dict[int, list[Run]] = defaultdict(list)
    for run in experiment.runs.order_by("pk"):
        runs[run.case_id].append(run)
    found = [case for case in experiment.cases.values_list("pk", flat=True) if case in runs]
    kept = [case for case in found if _is_wanted(runs[case], order)]
    if order.by == DISAGREEMENT:
        apart = {case: disagreement([run.output for run in _done(runs[case])]) for case in kept}
        return sorted(kept, key=lambda case: -apart[case])
    if order.by in scores.KINDS:
        sign = scores.KINDS[order.by].sign
        means = {case: _mean(runs[case], order.by) for case in kept}
        return sorted(kept, key=lambda case: (means[case] is None, sign * (means[case] or 0)))
    return kept


def _done(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.state == JobState.DONE]


def _is_wanted(runs: Sequence[Run], order: Order) -> bool:
    if order.failed and not any(run.state == JobState.FAILED for run in runs):
        return False
    if order.differing and len({run.output for run in _done(runs)}) < 2:
        return False
    if order.score and order.most is not None:
        values = [scores.of(run, order.score) for run in _done(runs)]
        return any(value is not None and value <= order.most for value in values)
    return True


def _mean(runs: Sequence[Run], name: str) -> float | None:
    values = [value for run in _done(runs) if (value := scores.of(run, name)) is not None]
    return sum(values) / len(values) if values else None


def disagreement(outputs: Sequence[str]) -> float:
    """Return how far outputs are from each other on average, 0 to 1, by their common letters."""
    texts = [text[:LONGEST] for text in outputs]
    if len(texts) < 2:
        return 0.0
    alike = process.cdist(texts, texts, scorer=LCSseq.normalized_similarity)
    count = len(texts)
    return float(1 - (alike.sum() - count) / (count * (count - 1)))


def lines(
    experiment: Experiment,
    chosen: Sequence[int],
    entrants: Sequence[Entrant],
    by: str = "",
    *,
    is_marked: bool = False,
) -> list[Line]:
    """Return some cases with what each variant brought out, in their order."""
    found = experiment.cases.in_bulk(chosen)
    runs: dict[tuple[int, int], list[Run]] = defaultdict(list)
    for run in experiment.runs.filter(case__in=chosen).order_by("number"):
        runs[run.case_id, run.variant_id].append(run)
    made = []
    for case in chosen:
        cells = [runs[case, entrant.variant_id] for entrant in entrants]
        first = next((cell[0].output for cell in cells if cell), "") if is_marked else None
        made.append(Line(found[case], [_cell(cell, first, by) for cell in cells]))
    return made


def _cell(runs: list[Run], first: str | None, by: str) -> Cell:
    flagged = [(run, list(map(scores.named, run.flags))) for run in runs]
    if not runs or not runs[0].is_done:
        return Cell(flagged, [], None, None)
    found = {
        name: (kind.name, value)
        for name, kind in scores.KINDS.items()
        if name != "cost" and (value := scores.of(runs[0], name)) is not None
    }
    marked = None if first is None else word_differences(first, runs[0].output)
    return Cell(flagged, list(found.values()), found.get(by), marked)


@dataclass(frozen=True)
class Average:
    """What a variant has on average: on so many cases, and a value of each kind of score."""

    entrant: Entrant
    cases: int
    values: list[float | None]


def averages(
    experiment: Experiment, entrants: Sequence[Entrant]
) -> tuple[list[scores.Kind], list[Average]]:
    """Return the kinds of scores there are, and each variant's averages of them."""
    found = averages_by_name(experiment)
    there = {name for some in found.values() for name in some if name != "cost" or some[name]}
    names = [name for name in scores.KINDS if name in there]
    done = experiment.runs.filter(state=JobState.DONE).order_by().values("variant")
    cases = dict(done.annotate(n=Count("case", distinct=True)).values_list("variant", "n"))
    rows = [
        Average(
            one,
            cases.get(one.variant_id, 0),
            [found.get(one.variant_id, {}).get(name) for name in names],
        )
        for one in entrants
    ]
    return [scores.KINDS[name] for name in names], rows


def averages_by_name(experiment: Experiment) -> dict[int, dict[str, float]]:
    """Return each variant's average of each score that its runs have, by the variant's id."""
    values: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in experiment.runs.filter(state=JobState.DONE).defer("output"):
        for name in scores.KINDS:
            if (value := scores.of(run, name)) is not None:
                values[run.variant_id][name].append(value)
    return {
        variant: {name: sum(some) / len(some) for name, some in found.items()}
        for variant, found in values.items()
    }
