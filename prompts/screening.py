"""Screening: drop variants that score clearly worse before people compare.

Successive halving (Jamieson & Talwalkar 2016): all variants run on a part of the cases, at most
half of them are dropped, the others run on more cases, and so on. Here a variant is dropped only if
it is clearly worse than the best, that is, if the interval of its paired difference is below zero.
"""

import random
from collections import defaultdict
from collections.abc import Mapping
from math import comb

import numpy as np
from django.utils import timezone

from prompts import scores
from prompts.models import Case, Entrant, Experiment
from qareview.models import JobState
from qareview.stored_sentences import stored, stored_label

RUNGS = (0.25, 0.5, 1.0)  # shares of the cases; chosen; nobody measured
FEWEST_CASES = 10  # to judge a variant by; chosen; nobody measured
# The rate of dropping a variant that is as good as the best; chosen; nobody measured. It holds for
# all pairs of a rung together (Bonferroni), since the best is chosen by the same scores.
ERROR_RATE = 0.05

Scores = Mapping[int, Mapping[int, float]]  # by variant and case, the mean of the repeats


def cases_of(experiment: Experiment) -> list[Case]:
    """Return the cases of an experiment's current rung; each rung adds random cases."""
    cases = list(experiment.cases.all())
    if not experiment.screens_by:
        return cases
    random.Random(experiment.seed).shuffle(cases)  # noqa: S311  not for secrets
    return cases[: max(FEWEST_CASES, round(len(cases) * RUNGS[experiment.rung]))]


def set_worse_aside(experiment: Experiment) -> None:
    """Drop the variants that are clearly worse by the experiment's score.

    The variant in production is never dropped, since the others have to beat it.
    """
    kind = scores.KINDS[experiment.screens_by]
    for entrant, difference in clearly_worse(experiment):
        entrant.aside_at = timezone.now()
        entrant.aside = stored(
            "Clearly worse than the best variant on “%(score)s”: %(told)s",
            score=stored_label(kind.name),
            told=difference,
        )
        entrant.save(update_fields=["aside_at", "aside"])


def clearly_worse(experiment: Experiment) -> list[tuple[Entrant, str]]:
    """Return the variants that are clearly worse than the best, with the difference, worst first.

    At most half of the active variants are returned, and never the one in production.
    """
    entrants = {
        entrant.variant_id: entrant for entrant in experiment.entrants.filter(aside_at=None)
    }
    by_variant = _scores(experiment, entrants)
    if len(by_variant) < 2:
        return []
    sign = scores.KINDS[experiment.screens_by].sign
    means = {
        variant: sign * np.mean(list(by_case.values())) for variant, by_case in by_variant.items()
    }
    best = max(means, key=lambda variant: means[variant])
    worst = sorted(means, key=lambda variant: means[variant])[: len(by_variant) // 2]
    level = interval_level(len(by_variant))
    worse = []
    for variant in worst:
        interval = interval_of_difference(by_variant[variant], by_variant[best], level)
        is_droppable = variant not in (best, experiment.prompt.production_id)
        if is_droppable and interval and all(sign * bound < 0 for bound in interval):
            difference = _difference_in_words(interval, len(by_variant[variant]))
            worse.append((entrants[variant], difference))
    return worse


def _difference_in_words(interval: tuple[float, float], cases: int) -> str:
    low, high = interval
    return stored(
        "difference of %(low)s to %(high)s over %(cases)s cases",
        low=f"{low:+.3g}",
        high=f"{high:+.3g}",
        cases=cases,
    )


def interval_level(count: int) -> float:
    """Return the level of each interval between ``count`` variants by the Bonferroni correction."""
    return 1 - ERROR_RATE / comb(count, 2)


def _scores(experiment: Experiment, entrants: Mapping[int, Entrant]) -> Scores:
    """Return the scores that an experiment screens by, of those variants that have some."""
    runs = experiment.runs.filter(state=JobState.DONE, variant__in=entrants)
    by_variant: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in runs.defer("output"):
        value = scores.score_of(run, experiment.screens_by)
        if value is not None:
            by_variant[run.variant_id][run.case_id].append(value)
    return {
        variant: {case: float(np.mean(values)) for case, values in by_case.items()}
        for variant, by_case in by_variant.items()
    }


def interval_of_difference(
    first: Mapping[int, float], second: Mapping[int, float], level: float
) -> tuple[float, float] | None:
    """Return the interval of the mean difference over the common cases (Student's t).

    Returns None if there are fewer than FEWEST_CASES.
    """
    from scipy import stats  # as slow to import as all the rest of the program

    gaps = np.array([first[case] - second[case] for case in sorted(first.keys() & second.keys())])
    if len(gaps) < FEWEST_CASES:
        return None
    error = gaps.std(ddof=1) / np.sqrt(len(gaps))
    margin = float(stats.t.ppf((1 + level) / 2, len(gaps) - 1) * error)
    return float(gaps.mean()) - margin, float(gaps.mean()) + margin
