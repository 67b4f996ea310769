"""The ranking of variants by people's votes, its uncertainty, and which two to compare next.

The model is that of Bradley & Terry (1952) with a Gaussian prior, so that the strength of a variant
that won every comparison stays finite. A tie counts as half a win for each. Votes of several people
on one case are not independent evidence, so the covariance is the sandwich of Liang & Zeger (1986)
clustered by case, and never less than the inverse Hessian of the posterior.

``make bench-ranking`` measures the interval's coverage, the rates of false, wrong and missing
winners, and the speed, with all constants below that are marked “see bench-ranking” together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

METHOD = "bradley-terry/1"  # stored with each result; increase it when figures change
PRIOR_PRECISION = 0.35  # of the strengths' Gaussian prior around 0; chosen, see bench-ranking
NEWTON_STEPS = 50  # at most; chosen; nobody measured
NEWTON_TOLERANCE = 1e-9  # of a strength; chosen; nobody measured
DRAWS = 4000  # from the posterior; chosen; nobody measured


@dataclass(frozen=True)
class Votes:
    """Votes on pairs of outputs as arrays of equal length, one element for each vote.

    ``first`` and ``second`` are numbers of variants from 0; ``outcome`` is 1 if the first was
    preferred, 0 if the second was, 0.5 if neither.
    """

    first: Array
    second: Array
    case: Array
    outcome: Array

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, float]]) -> "Votes":
        """Return votes from rows of first, second, case and outcome."""
        table = np.array(rows, dtype=float).reshape(-1, 4)
        whole = table[:, :3].astype(np.int64)
        return cls(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3])

    def __len__(self) -> int:
        return len(self.outcome)


@dataclass(frozen=True)
class Strengths:
    """Strengths of variants, their covariance, and how often each pair was compared."""

    theta: Array  # (variants,)
    covariance: Array  # (variants, variants)
    compared: Array  # (variants, variants), symmetric

    @property
    def leader(self) -> int:
        return int(np.argmax(self.theta))

    @property
    def is_connected(self) -> bool:
        """Whether every variant was compared with every other, directly or through others."""
        count = len(self.theta)
        reached = np.arange(count) == 0
        for _ in range(count):
            reached = reached | (self.compared[reached].sum(axis=0) > 0)
        return bool(reached.all())

    def draws(self, count: int = DRAWS, seed: int = 0) -> Array:
        """Return strengths drawn from the posterior, (count, variants), the same for each seed."""
        generator = np.random.default_rng(seed)
        return generator.multivariate_normal(
            self.theta, self.covariance, size=count, method="cholesky"
        )


def fit(votes: Votes, count: int, prior: float = PRIOR_PRECISION) -> Strengths:
    """Return the strengths of ``count`` variants with the highest posterior probability."""
    pairs = votes.first * count + votes.second
    compared = _table(pairs, count)
    won = _table(pairs, count, votes.outcome)
    won += (compared - won).T
    compared = compared + compared.T
    theta = np.zeros(count)
    for _ in range(NEWTON_STEPS):
        chances = _chances(theta)
        slope = (won - compared * chances).sum(axis=1) - prior * theta
        step = np.linalg.solve(_curvature(chances, compared, prior), slope)
        theta = theta + step
        if np.abs(step).max() < NEWTON_TOLERANCE:
            break
    curvature = _curvature(_chances(theta), compared, prior)
    return Strengths(theta, _covariance(votes, theta, curvature), compared)


def _table(pairs: Array, count: int, weights: Array | None = None) -> Array:
    summed = np.bincount(pairs, weights, minlength=count * count)
    table: Array = summed.astype(float).reshape(count, count)
    return table


def _chances(theta: Array) -> Array:
    """Return the chance that the row's variant is preferred to the column's."""
    return _win_chance(theta[:, None] - theta[None, :])


def _curvature(chances: Array, compared: Array, prior: float) -> Array:
    """Return the Hessian of the negative log posterior, (variants, variants)."""
    weights = compared * chances * (1 - chances)
    curvature: Array = np.diag(weights.sum(axis=1) + prior) - weights
    return curvature


def _covariance(votes: Votes, theta: Array, curvature: Array) -> Array:
    """Return the sandwich covariance clustered by case, with the inverse curvature as its floor.

    The floor holds in the order of matrices: no contrast of variants has less variance than either
    of the two gives it.
    """
    count = len(theta)
    cases, of_case = np.unique(votes.case, return_inverse=True)
    bread = np.linalg.inv(curvature)
    if len(cases) < 2:
        return bread
    surprise = votes.outcome - 1 / (1 + np.exp(theta[votes.second] - theta[votes.first]))
    scores = np.zeros((len(cases), count))
    for side, sign in ((votes.first, 1), (votes.second, -1)):
        place = of_case * count + side
        summed = np.bincount(place, sign * surprise, minlength=scores.size)
        scores += summed.reshape(scores.shape)
    meat = scores.T @ scores * len(cases) / (len(cases) - 1)
    root = np.linalg.cholesky(bread)
    values, vectors = np.linalg.eigh(root.T @ meat @ root)
    raised = root @ vectors
    covariance: Array = (raised * np.maximum(values, 1)) @ raised.T
    return covariance


CONFIDENCE = 1.96  # standard errors to either side, for 95 %
WINNER_PROBABILITY = 0.95  # that a winner is the best; chosen, see bench-ranking
# by which a winner leads every other variant; more than 1.96, since people look at the result after
# every vote; chosen, see bench-ranking
WINNER_STANDARD_ERRORS = 2.75
FEWEST_COMPARISONS = 30  # of each variant before a verdict; chosen, see bench-ranking
FEWEST_CASES = 20  # of an experiment before a verdict; chosen, see bench-ranking
TIE_REGRET = 0.02  # of tied variants, the largest loss of win rate; chosen, see bench-ranking


@dataclass(frozen=True)
class Standing:
    """A variant in the ranking; ``number`` counts from 0, ``gap`` is relative to the leader."""

    number: int
    gap: float  # in strength; 0 of the leader
    low: float  # of the 95 % interval of the gap
    high: float
    win_rate: float  # expected against the others, each equally often
    best: float  # the probability that it is the best
    regret: float  # expected loss of win rate from choosing it, from 0 to 1
    comparisons: int


@dataclass(frozen=True)
class Ranking:
    """The verdict and the standings, the strongest first."""

    verdict: str
    standings: list[Standing]
    tied: list[int]  # in a tie, the numbers of the variants that are equally good
    missing: int  # about how many more comparisons are needed for a verdict


WINNER, TIE, MORE, NOT_COMPARABLE = "winner", "tie", "more", "not comparable"


def rank(votes: Votes, count: int) -> Ranking:
    """Rank ``count`` variants by votes and give a verdict."""
    strengths = fit(votes, count)
    draws = strengths.draws()
    standings = _standings(strengths, draws)
    if not len(votes) or not strengths.is_connected:
        return Ranking(NOT_COMPARABLE, standings, [], 0)
    lacking = _missing_before_any_verdict(votes, standings)
    tied = [standing.number for standing in standings if standing.regret < TIE_REGRET]
    if not lacking and _has_winner(strengths, standings):
        return Ranking(WINNER, standings, [], 0)
    if not lacking and len(tied) > 1:
        return Ranking(TIE, standings, tied, 0)
    missing = max(lacking, _missing_until_verdict(strengths, draws, len(votes)))
    return Ranking(MORE, standings, [], missing)


def _standings(strengths: Strengths, draws: Array) -> list[Standing]:
    """Return the standing of each variant, the strongest first."""
    count = len(strengths.theta)
    regret = _win_chance(draws.max(axis=1, keepdims=True) - draws).mean(axis=0) - 0.5
    best = np.bincount(draws.argmax(axis=1), minlength=count) / len(draws)
    to_leader, errors = gaps(strengths, strengths.leader)
    chances = _chances(strengths.theta)
    return [
        Standing(
            number=int(number),
            gap=float(to_leader[number]),
            low=float(to_leader[number] - CONFIDENCE * errors[number]),
            high=float(to_leader[number] + CONFIDENCE * errors[number]),
            win_rate=float((chances[number].sum() - 0.5) / max(1, count - 1)),
            best=float(best[number]),
            regret=float(regret[number]),
            comparisons=int(strengths.compared[number].sum()),
        )
        for number in np.argsort(-strengths.theta, kind="stable")
    ]


def _has_winner(strengths: Strengths, standings: Sequence[Standing]) -> bool:
    """Whether the leader is probably the best and clearly ahead of every other variant."""
    to_leader, errors = gaps(strengths, strengths.leader)
    others = np.arange(len(errors)) != strengths.leader
    is_ahead = bool(np.all(-to_leader[others] > WINNER_STANDARD_ERRORS * errors[others]))
    return is_ahead and standings[0].best >= WINNER_PROBABILITY


def _win_chance(difference: Array) -> Array:
    chance: Array = 1 / (1 + np.exp(-difference))
    return chance


def gaps(strengths: Strengths, leader: int) -> tuple[Array, Array]:
    """Return each variant's difference from the leader, and its standard error: (variants,)."""
    spread = np.diag(strengths.covariance)
    shared = strengths.covariance[leader]
    errors = np.sqrt(np.maximum(spread + spread[leader] - 2 * shared, 0))
    return strengths.theta - strengths.theta[leader], errors


def _missing_before_any_verdict(votes: Votes, standings: Sequence[Standing]) -> int:
    """Return how many more comparisons are needed to reach every minimum."""
    short = sum(max(0, FEWEST_COMPARISONS - standing.comparisons) for standing in standings)
    return max(-(-short // 2), FEWEST_CASES - len(np.unique(votes.case)), 0)


def _missing_until_verdict(strengths: Strengths, draws: Array, so_far: int) -> int:
    """Estimate how many more comparisons are needed for a verdict, in tens.

    With n times the comparisons, the variance of a difference is divided by n. Each draw from the
    posterior is taken as the truth: how many comparisons does it take until its best variant
    clearly leads the second, or both count as tied? The estimate is the median over all draws.
    """
    ranked = np.argsort(-draws, axis=1)[:, :2]
    first, second = ranked[:, 0], ranked[:, 1]
    rows = np.arange(len(draws))
    gap = draws[rows, first] - draws[rows, second]
    covariance = strengths.covariance
    spread = np.diag(covariance)
    variance = spread[first] + spread[second] - 2 * covariance[first, second]
    until_ahead = WINNER_STANDARD_ERRORS**2 * variance / np.maximum(gap, 1e-6) ** 2
    until_tied = variance / (TIE_REGRET * 10) ** 2  # E max(0, N(0, s)) / 4 is about s / 10
    growth = float(np.median(np.where(gap / 4 < TIE_REGRET, until_tied, until_ahead)))
    return max(10, -(-round(so_far * (growth - 1)) // 10) * 10)


RANDOM_SHARE = 0.15  # of pairs, so that the graph stays connected; chosen, see bench-ranking


def next_pair(strengths: Strengths, generator: np.random.Generator) -> tuple[int, int]:
    """Return the numbers of two different variants to compare next, in any order.

    While a variant has too few comparisons for a verdict, the one with the fewest is compared with
    the best of a draw from the posterior. Later the best of one draw is compared with the best
    other variant of a second draw (double Thompson sampling, Wu & Liu 2016). A share of the pairs
    is drawn uniformly instead.
    """
    count = len(strengths.theta)
    if generator.random() < RANDOM_SHARE:
        first, second = generator.choice(count, 2, replace=False)
        return int(first), int(second)
    first_draw, second_draw = strengths.draws(2, int(generator.integers(2**32)))
    compared = strengths.compared.sum(axis=1)
    if compared.min() < FEWEST_COMPARISONS:
        first = int(generator.choice(np.flatnonzero(compared == compared.min())))
    else:
        first = int(first_draw.argmax())
    second_draw[first] = -np.inf
    return first, int(second_draw.argmax())
