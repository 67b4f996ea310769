"""How far the ranking can be trusted: its intervals, its rule to stop, and its speed.

``make bench-ranking`` prints a JSON object as its last line. Simulated people prefer variants by
their strength and, on each case, by a random worth of the variant on that case. So votes on one
case are not independent evidence, as with real cases.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from prompts import ranking
from prompts.ranking import Array, Votes

OF_CASE = 0.8  # standard deviation of a variant's worth on a case; chosen
TIES = 0.2  # share of undecided votes; chosen
LOOK_EVERY, MOST_VOTES = 10, 300  # votes; chosen
RUNS = 400  # of each simulated experiment; chosen


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
    generator = np.random.default_rng(0)
    worth = strengths + generator.normal(0, OF_CASE, (20_000, len(strengths)))
    chances = 1 / (1 + np.exp(worth[:, None, :] - worth[:, :, None]))
    expected = (1 - TIES) * chances.mean(axis=0) + TIES / 2
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
        for _ in range(RUNS):
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


def verdicts(strengths: Array, cases: int, seed: int) -> list[tuple[str, int]]:
    """Return the verdict of each run of an experiment looked at again and again, and its leader."""
    generator = np.random.default_rng(seed)
    runs = []
    for _ in range(RUNS):
        people = People(strengths, cases, generator)
        rows: list[tuple[int, int, int, float]] = []
        verdict = ranking.MORE
        fitted = ranking.fit(Votes.of(rows), len(strengths))
        while len(rows) < MOST_VOTES and verdict in (ranking.MORE, ranking.NOT_COMPARABLE):
            pairs = (ranking.next_pair(fitted, generator) for _ in range(LOOK_EVERY))
            rows.extend(people.vote(*pair) for pair in pairs)
            votes = Votes.of(rows)
            fitted = ranking.fit(votes, len(strengths))
            result = ranking.rank(votes, len(strengths))
            verdict = result.verdict
        runs.append((verdict, result.standings[0].number))
    return runs


def share(runs: list[tuple[str, int]], is_counted: Callable[[str, int], bool]) -> float:
    return round(sum(is_counted(*run) for run in runs) / len(runs), 3)


def is_winner(verdict: str, _: int) -> bool:
    return verdict == ranking.WINNER


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
    print("Simulating some thousand experiments takes a few minutes", file=sys.stderr)  # noqa: T201
    identical = [verdicts(np.zeros(count), 40, count) for count in (2, 4)]
    one_better = verdicts(np.array([np.log(0.69 / 0.31), 0, 0, 0, 0, 0]), 40, 3)
    figures = {
        "coverage": round(coverage(), 3),
        "false_winner_rate": max(share(runs, is_winner) for runs in identical),
        "undecided_rate": share(one_better, lambda verdict, _: verdict == ranking.MORE),
        "wrong_winner_rate": share(
            one_better, lambda verdict, leader: leader != 0 and is_winner(verdict, leader)
        ),
        "refit_ms": refit_ms(),
    }
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
