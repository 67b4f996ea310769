"""How far the ranking can be trusted: its intervals, its rule to stop, and its speed.

``make bench-ranking`` prints a JSON object as its last line. Simulated people prefer variants by
their strength and, on each case, by a random worth of the variant on that case. So votes on one
case are not independent evidence, as with real cases. The result is looked at after every
comparison, until it names a winner or a tie; ``RUNS=400 make bench-ranking`` simulates more
experiments of each kind, and takes longer.
"""

import functools
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompts import ranking
from prompts.ranking import Array, Votes

OF_CASE = 0.8  # standard deviation of a variant's worth on a case; chosen
TIES = 0.2  # share of undecided votes; chosen
CASES, MOST_VOTES = 60, 600  # of each simulated experiment; chosen
RUNS_OF_COVERAGE = 400  # chosen
RUNS = int(os.environ.get("RUNS", "100"))  # of each simulated experiment; chosen


class People:
    """Who compares outputs of variants with these strengths, on so many cases."""

    def __init__(self, strengths: Array, cases: int, generator: np.random.Generator) -> None:
        self.generator = generator
        self.worth = strengths + generator.normal(0, OF_CASE, (cases, len(strengths)))

    def vote(self, first: int, second: int) -> tuple[int, int, int, float]:
        case = int(self.generator.integers(len(self.worth)))
        if self.generator.random() < TIES:
            return first, second, case, 0.5
        gap = self.worth[case, first] - self.worth[case, second]
        return first, second, case, float(self.generator.random() < 1 / (1 + np.exp(-gap)))


def true_gaps(strengths: Array) -> Array:
    """Return the differences to the first variant that endless votes on endless cases would give.

    Worth that differs by case and undecided votes draw strengths together.
    """
    expected = expected_outcomes(tuple(strengths.tolist()))
    count = len(strengths)
    rows = [
        (first, second, 0, expected[first, second])
        for first in range(count)
        for second in range(first)
    ]
    theta = ranking.fit(Votes.of(rows), count, prior=1e-9).theta
    return theta - theta[0]


def coverage() -> float:
    """Return how often the 95 % interval of a difference to the first variant holds the truth."""
    generator = np.random.default_rng(1)
    held: list[float] = []
    for strengths, cases, votes in (
        (np.array([0.0, 0.5]), 20, 60),
        (np.array([0.0, 0.0, 0.4]), 20, 120),
        (np.array([0.6, 0.3, 0.0, 0.0]), 30, 180),
        (np.array([1.0, 0.4, 0.2, 0.0, 0.0, -0.5]), 50, 300),
    ):
        truth = true_gaps(strengths)
        for _ in range(RUNS_OF_COVERAGE):
            people = People(strengths, cases, generator)
            rows = [
                people.vote(*generator.choice(len(strengths), 2, replace=False))
                for _ in range(votes)
            ]
            fitted = ranking.fit(Votes.of(rows), len(strengths))
            gaps, errors = ranking.gaps(fitted, 0)
            inside = np.abs(gaps - truth) <= ranking.CONFIDENCE * errors
            held.append(inside[1:].mean())
    return float(np.mean(held))


@dataclass(frozen=True)
class Scenario:
    """Variants with these strengths, compared on so many cases."""

    name: str
    strengths: tuple[float, ...]
    cases: int = CASES


@dataclass(frozen=True)
class Outcome:
    """What a simulated experiment came to: the first verdicts, and after how many comparisons."""

    verdict: str  # a winner, a tie, or MORE
    leader: int  # of that moment
    votes: int
    safe_votes: int | None  # when the leader was first a safe choice, or something better
    safe_loss: float  # of win rate, by choosing the leader of that moment


def simulate(scenario: Scenario, seed: int) -> Outcome:
    """Compare until there is a winner or a tie, and look at the result after every comparison."""
    generator = np.random.default_rng((seed, len(scenario.strengths), scenario.cases))
    strengths = np.array(scenario.strengths)
    people = People(strengths, scenario.cases, generator)
    rows: list[tuple[int, int, int, float]] = []
    safe_votes, safe_loss = None, 0.0
    while True:
        votes = Votes.of(rows)
        fitted = ranking.fit(votes, len(strengths))
        result = ranking.rank(votes, len(strengths))
        leader = result.standings[0].number
        is_over = result.verdict in (ranking.WINNER, ranking.TIE)
        if safe_votes is None and (is_over or result.verdict == ranking.SAFE):
            safe_votes, safe_loss = len(rows), loss(strengths, leader)
        if is_over or len(rows) == MOST_VOTES:
            verdict = result.verdict if is_over else ranking.MORE
            return Outcome(verdict, leader, len(rows), safe_votes, safe_loss)
        rows.append(people.vote(*ranking.next_pair(fitted, generator)))


@functools.cache
def expected_outcomes(strengths: tuple[float, ...]) -> Array:
    """Return how often the row's variant is preferred to the column's, a tie counting one half."""
    generator = np.random.default_rng(0)
    worth = np.array(strengths) + generator.normal(0, OF_CASE, (20_000, len(strengths)))
    chances = 1 / (1 + np.exp(worth[:, None, :] - worth[:, :, None]))
    expected: Array = (1 - TIES) * chances.mean(axis=0) + TIES / 2
    return expected


def loss(strengths: Array, chosen: int) -> float:
    """Return the win rate that is lost by choosing a variant instead of the best."""
    expected = expected_outcomes(tuple(strengths.tolist()))
    return max(0.0, float(expected[int(strengths.argmax()), chosen]) - 0.5)


def figures_of(scenario: Scenario, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how often and how soon a scenario came to each verdict."""
    best = max(scenario.strengths)
    leaders = [number for number, each in enumerate(scenario.strengths) if each == best]
    has_one_best = len(leaders) == 1
    won = [outcome for outcome in outcomes if outcome.verdict == ranking.WINNER]
    tied = [outcome for outcome in outcomes if outcome.verdict == ranking.TIE]
    safe = [outcome for outcome in outcomes if outcome.safe_votes is not None]
    wrong = [each for each in won if not (has_one_best and each.leader in leaders)]
    return {
        "truth": scenario.name,
        "variants": len(scenario.strengths),
        "winner": share(len(won) - len(wrong), outcomes),
        "false_winner": share(len(wrong), outcomes),
        "tie": share(len(tied), outcomes),
        "safe_choice": share(len(safe), outcomes),
        "chosen_is_worse": share(sum(each.safe_loss > 0.05 for each in safe), outcomes),
        "median_to_winner": median([each.votes for each in won], outcomes),
        "median_to_tie": median([each.votes for each in tied], outcomes),
        "median_to_safe_choice": median([each.safe_votes for each in safe], outcomes),
    }


def share(count: int, outcomes: Sequence[Outcome]) -> float:
    return round(count / len(outcomes), 3)


def median(votes: Sequence[int | None], outcomes: Sequence[Outcome]) -> int | None:
    """Return the median of all runs; None if half of them did not come to this verdict."""
    reached = sorted(count for count in votes if count is not None)
    middle = len(outcomes) // 2
    return reached[middle] if middle < len(reached) else None


def scenarios() -> list[Scenario]:
    found = [Scenario("identical", (0.0,) * count) for count in (2, 4)]
    for count in (2, 3, 4, 6, 8, 16):
        others = (0.0,) * (count - 2)
        found.append(Scenario("one better by 0.6", (0.6, 0.0, *others)))
        if others:
            found.append(Scenario("two equal best", (0.6, 0.6, *others)))
    return found


def measure(scenario: Scenario) -> dict[str, Any]:
    figures = figures_of(scenario, [simulate(scenario, seed) for seed in range(RUNS)])
    print(json.dumps(figures), file=sys.stderr)  # noqa: T201
    return figures


def refit_ms(variants: int = 20, votes: int = 20_000) -> float:
    generator = np.random.default_rng(2)
    first = generator.integers(variants, size=votes)
    second = (first + generator.integers(1, variants, size=votes)) % variants
    case = generator.integers(200, size=votes)
    table = Votes(first, second, case, generator.integers(0, 3, size=votes) / 2)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        ranking.fit(table, variants)
        times.append(time.perf_counter() - start)
    return round(float(np.median(times)) * 1000, 2)


def main() -> None:
    print(f"Simulating {RUNS} experiments of each kind takes long", file=sys.stderr)  # noqa: T201
    with ProcessPoolExecutor() as pool:
        measured = list(pool.map(measure, scenarios()))
    by_name = {(each["truth"], each["variants"]): each for each in measured}
    four = by_name["one better by 0.6", 4]
    figures = {
        "coverage": round(coverage(), 3),
        "false_winner_rate": max(each["false_winner"] for each in measured),
        "chosen_is_worse_rate": max(each["chosen_is_worse"] for each in measured),
        "median_to_safe_choice": four["median_to_safe_choice"],
        "refit_ms": refit_ms(),
        "scenarios": measured,
    }
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
