"""Variants that are clearly worse by an automatic score are set aside before people see them.

Successive halving (Jamieson & Talwalkar 2016): all variants run on a part of the cases, at most
half of them are set aside, the rest run on more, and so on. Here none is set aside unless it is
clearly worse than the best: its paired difference over the cases has an interval below zero.
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
from qareview.stored import stored

RUNGS = (0.25, 0.5, 1.0)  # shares of the cases
FEWEST_CASES = 10  # that anything can be told from
ERROR = (
    0.05  # of setting aside one that is as good, over all pairs on a rung (Bonferroni): the best
)
# is chosen by the same scores, so any pair might have been looked at

Scores = Mapping[int, Mapping[int, float]]  # by variant and case, the mean of the repeats


def cases_of(experiment: Experiment) -> list[Case]:
    """Return the cases that run on the rung an experiment stands on: some at random, then more."""
    cases = list(experiment.cases.all())
    if not experiment.screens_by:
        return cases
    random.Random(experiment.seed).shuffle(cases)  # noqa: S311  no secret
    return cases[: max(FEWEST_CASES, round(len(cases) * RUNGS[experiment.rung]))]


def screen(experiment: Experiment) -> None:
    """Set aside, of those that ran, what is clearly worse by the experiment's score.

    What is in production stays: it is what the others are meant to beat.
    """
    kind = scores.KINDS[experiment.screens_by]
    for entrant, text in clearly_worse(experiment):
        entrant.aside_at, entrant.aside = timezone.now(), stored(_WHY, score=kind.name, told=text)
        entrant.save(update_fields=["aside_at", "aside"])


_WHY = stored("By “%(score)s” it is clearly worse than the best: %(told)s")


def clearly_worse(experiment: Experiment) -> list[tuple[Entrant, str]]:
    """Return who is clearly worse than the best, the worst first, with the difference in words.

    At most half of those still in are among them.
    """
    entrants = {one.variant_id: one for one in experiment.entrants.filter(aside_at=None)}
    found = _scores(experiment, entrants)
    if len(found) < 2:
        return []
    sign = scores.KINDS[experiment.screens_by].sign
    means = {variant: sign * np.mean(list(some.values())) for variant, some in found.items()}
    best = max(means, key=lambda variant: means[variant])
    production = experiment.prompt.production_id
    level = level_of(len(found))
    told = {}
    for variant in sorted(means, key=lambda variant: means[variant])[: len(found) // 2]:
        interval = paired(found[variant], found[best], level)
        if (
            variant not in (best, production)
            and interval
            and sign * interval[0] < 0
            and sign * interval[1] < 0
        ):
            told[variant] = stored(
                "%(low)s to %(high)s on %(cases)s cases",
                low=f"{interval[0]:+.3g}",
                high=f"{interval[1]:+.3g}",
                cases=len(found[variant]),
            )
    return [(entrants[variant], text) for variant, text in told.items()]


def level_of(count: int) -> float:
    """Return the level of each interval, so that all between so many variants hold together."""
    return 1 - ERROR / comb(count, 2)


def _scores(experiment: Experiment, entrants: Mapping[int, Entrant]) -> Scores:
    runs = experiment.runs.filter(state=JobState.DONE, variant__in=entrants)
    found: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in runs.defer("output"):
        value = scores.of(run, experiment.screens_by)
        if value is not None:
            found[run.variant_id][run.case_id].append(value)
    return {
        variant: {case: float(np.mean(values)) for case, values in some.items()}
        for variant, some in found.items()
    }


def paired(
    one: Mapping[int, float], other: Mapping[int, float], level: float
) -> tuple[float, float] | None:
    """Return the interval of the mean difference over the cases that both have (Student's t).

    None where too few cases tell.
    """
    from scipy import stats  # costs every program that starts half of the time it starts in

    gaps = np.array([one[case] - other[case] for case in sorted(one.keys() & other.keys())])
    if len(gaps) < FEWEST_CASES:
        return None
    error = gaps.std(ddof=1) / np.sqrt(len(gaps))
    half = float(stats.t.ppf((1 + level) / 2, len(gaps) - 1) * error)
    return float(gaps.mean()) - half, float(gaps.mean()) + half
