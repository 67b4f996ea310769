"""Which variant people prefer: strengths from comparisons, how sure they are, and what to ask next.

Bradley-Terry (1952) with a Gaussian prior, so that a sweep stays finite; a tie counts one half to
each. Several people who compare the outputs of one case are no independent evidence about the
variants, so the covariance is the sandwich of Liang & Zeger (1986) clustered by case, but never
less than what the likelihood and the prior give themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

METHOD = "bradley-terry/1"  # stored with each result; to be raised when a figure could change
PRIOR = 0.35  # precision of the strengths' Gaussian prior, around 0
STEPS, CLOSE = 50, 1e-9  # of Newton's method
DRAWS = 4000  # from the posterior


@dataclass(frozen=True)
class Votes:
    """Comparisons as arrays of one length: two variants, the case, and what was said.

    ``first`` and ``second`` are numbers of variants from 0; ``outcome`` is 1 where the first was
    preferred, 0 where the second was, 0.5 where neither.
    """

    first: Array
    second: Array
    case: Array
    outcome: Array

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, float]]) -> "Votes":
        """Return the votes of rows of first, second, case and outcome."""
        table = np.array(rows, dtype=float).reshape(-1, 4)
        whole = table[:, :3].astype(np.int64)
        return cls(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3])

    def __len__(self) -> int:
        return len(self.outcome)


@dataclass(frozen=True)
class Strengths:
    """Strengths of variants, their covariance, and how often each was compared with each."""

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
        """Return strengths drawn from the posterior, (count, variants); the same for one seed."""
        generator = np.random.default_rng(seed)
        return generator.multivariate_normal(
            self.theta, self.covariance, size=count, method="cholesky"
        )


def fit(votes: Votes, count: int, prior: float = PRIOR) -> Strengths:
    """Return the strengths of ``count`` variants that are likeliest a posteriori."""
    pairs = votes.first * count + votes.second
    compared = _table(pairs, count)
    won = _table(pairs, count, votes.outcome)
    won += (compared - won).T
    compared = compared + compared.T
    theta = np.zeros(count)
    for _ in range(STEPS):
        chances = _chances(theta)
        slope = (won - compared * chances).sum(axis=1) - prior * theta
        step = np.linalg.solve(_curvature(chances, compared, prior), slope)
        theta = theta + step
        if np.abs(step).max() < CLOSE:
            break
    curvature = _curvature(_chances(theta), compared, prior)
    return Strengths(theta, _covariance(votes, theta, curvature), compared)


def _table(pairs: Array, count: int, weights: Array | None = None) -> Array:
    summed = np.bincount(pairs, weights, minlength=count * count)
    table: Array = summed.astype(float).reshape(count, count)
    return table


def _chances(theta: Array) -> Array:
    """Return the chance that the variant of the row is preferred to that of the column."""
    return _win_chance(theta[:, None] - theta[None, :])


def _curvature(chances: Array, compared: Array, prior: float) -> Array:
    """Return the Hessian of the negative log posterior, (variants, variants)."""
    weights = compared * chances * (1 - chances)
    curvature: Array = np.diag(weights.sum(axis=1) + prior) - weights
    return curvature


def _covariance(votes: Votes, theta: Array, curvature: Array) -> Array:
    """Return the sandwich clustered by case, raised to the inverse of the curvature.

    Raised in the order of matrices: no contrast of variants has less variance than either gives.
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
BEST = 0.95  # a winner is the best with this probability, and
SURE = 2.75  # is so many standard errors above each other one: people look after every vote
FEWEST_COMPARISONS, FEWEST_CASES = 30, 20  # of a variant, and of the experiment
INDIFFERENT = 0.02  # points of win rate that choosing one of those tied may cost


@dataclass(frozen=True)
class Standing:
    """How a variant stands: numbers from 0, ``gap`` and its interval relative to the leader."""

    number: int
    gap: float  # in strength; 0 of the leader
    low: float  # of the 95 % interval of the gap
    high: float
    win_rate: float  # expected against the others, each as often
    best: float  # the probability that it is the best
    regret: float  # points of win rate that choosing it costs, as expected
    comparisons: int


@dataclass(frozen=True)
class Result:
    """What the comparisons tell: the standings, the strongest first, and the verdict."""

    verdict: str
    standings: list[Standing]
    tied: list[int]  # numbers of the variants among which it does not matter which is taken
    missing: int  # comparisons that it would take about, where more are needed


WINNER, TIE, MORE, APART = "winner", "tie", "more", "not comparable"


def result(votes: Votes, count: int) -> Result:
    """Return the verdict on ``count`` variants and what it rests on."""
    strengths = fit(votes, count)
    draws = strengths.draws()
    regret = _win_chance(draws.max(axis=1, keepdims=True) - draws).mean(axis=0) - 0.5
    best = np.bincount(draws.argmax(axis=1), minlength=count) / len(draws)
    order = np.argsort(-strengths.theta, kind="stable")
    leader = int(order[0])
    behind, errors = gaps(strengths, leader)
    chances = _win_chance(strengths.theta[:, None] - strengths.theta[None, :])
    standings = [
        Standing(
            number=int(number),
            gap=float(behind[number]),
            low=float(behind[number] - CONFIDENCE * errors[number]),
            high=float(behind[number] + CONFIDENCE * errors[number]),
            win_rate=float((chances[number].sum() - 0.5) / max(1, count - 1)),
            best=float(best[number]),
            regret=float(regret[number]),
            comparisons=int(strengths.compared[number].sum()),
        )
        for number in order
    ]
    tied = [one.number for one in standings if one.regret < INDIFFERENT]
    others = order[1:]
    is_ahead = bool(np.all(-behind[others] > SURE * errors[others]))
    if not len(votes) or not strengths.is_connected:
        return Result(APART, standings, [], 0)
    lacking = _lacking(votes, standings)
    if not lacking and is_ahead and best[leader] >= BEST:
        return Result(WINNER, standings, [], 0)
    if not lacking and len(tied) > 1:
        return Result(TIE, standings, tied, 0)
    return Result(MORE, standings, [], max(lacking, _missing(strengths, draws, len(votes))))


def _win_chance(difference: Array) -> Array:
    chance: Array = 1 / (1 + np.exp(-difference))
    return chance


def gaps(strengths: Strengths, leader: int) -> tuple[Array, Array]:
    """Return each variant's difference to the leader, and the difference's standard error."""
    spread = np.diag(strengths.covariance)
    shared = strengths.covariance[leader]
    errors = np.sqrt(np.maximum(spread + spread[leader] - 2 * shared, 0))
    return strengths.theta - strengths.theta[leader], errors


def _lacking(votes: Votes, standings: Sequence[Standing]) -> int:
    """Return how many comparisons are missing before anything may be said at all."""
    short = sum(max(0, FEWEST_COMPARISONS - one.comparisons) for one in standings)
    return max(-(-short // 2), FEWEST_CASES - len(np.unique(votes.case)), 0)


def _missing(strengths: Strengths, draws: Array, so_far: int) -> int:
    """Return how many more comparisons a verdict takes: the median over draws of the truth.

    With n times the comparisons the variance of a difference is an n-th. For each draw it is
    asked when the best would be ahead of the second, or when both would be as good as tied.
    """
    ranked = np.argsort(-draws, axis=1)[:, :2]
    first, second = ranked[:, 0], ranked[:, 1]
    rows = np.arange(len(draws))
    gap = draws[rows, first] - draws[rows, second]
    covariance = strengths.covariance
    spread = np.diag(covariance)
    variance = spread[first] + spread[second] - 2 * covariance[first, second]
    until_ahead = SURE**2 * variance / np.maximum(gap, 1e-6) ** 2
    until_tied = variance / (INDIFFERENT * 10) ** 2  # E max(0, N(0, s)) / 4 is about s / 10
    growth = float(np.median(np.where(gap / 4 < INDIFFERENT, until_tied, until_ahead)))
    return max(10, -(-round(so_far * (growth - 1)) // 10) * 10)


RANDOM_SHARE = 0.15  # of pairs, so that the graph stays connected


def next_pair(strengths: Strengths, generator: np.random.Generator) -> tuple[int, int]:
    """Return two different variants to be compared next, in no order.

    As long as a variant has too few comparisons for a verdict, the one that has fewest is compared
    with the best of a draw from the posterior. From then on it is Thompson sampling: the best of
    one draw and the best other of a second draw (double Thompson sampling, Wu & Liu 2016). Some
    pairs are drawn uniformly instead.
    """
    count = len(strengths.theta)
    if generator.random() < RANDOM_SHARE:
        first, second = generator.choice(count, 2, replace=False)
        return int(first), int(second)
    one, other = strengths.draws(2, int(generator.integers(2**32)))
    compared = strengths.compared.sum(axis=1)
    if compared.min() < FEWEST_COMPARISONS:
        first = int(generator.choice(np.flatnonzero(compared == compared.min())))
    else:
        first = int(one.argmax())
    other[first] = -np.inf
    return first, int(other.argmax())
