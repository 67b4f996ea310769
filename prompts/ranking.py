"""The ranking of variants by people's votes, its uncertainty, and which two to compare next.

The model is that of Bradley & Terry (1952) with a Gaussian prior, so that the strength of a variant
that won every comparison stays finite. A tie counts as half a win for each. Votes of several people
on one case are not independent evidence, so the covariance is the sandwich of Liang & Zeger (1986)
clustered by case, and never less than the inverse Hessian of the posterior.

That floor takes each tie for a coin that was tossed. Where most votes are ties, two variants are
known to be equal much sooner than it says. So whether variants are tied is judged with the floor
times the dispersion of the votes, as for a quasi-likelihood (Wedderburn 1974); see
:func:`_dispersion`. Winners, intervals and the safe choice keep the whole floor.

``make bench-ranking`` measures the interval's coverage, the rates of false, wrong and missing
winners, and the speed, with all constants below that are marked “see bench-ranking” together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

METHOD = "bradley-terry/2"  # stored with each result; increase it when figures change
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
    of_ties: Array  # the covariance by which ties are judged, (variants, variants)

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
        return self._draws(self.covariance, count, seed)

    def draws_of_ties(self, count: int = DRAWS, seed: int = 0) -> Array:
        """Return strengths as :meth:`draws` does, by which ties are judged."""
        return self._draws(self.of_ties, count, seed)

    def _draws(self, covariance: Array, count: int, seed: int) -> Array:
        generator = np.random.default_rng(seed)
        return generator.multivariate_normal(self.theta, covariance, size=count, method="cholesky")


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
    covariance, of_ties = _covariances(votes, theta, curvature)
    return Strengths(theta, covariance, compared, of_ties)


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


def _covariances(votes: Votes, theta: Array, curvature: Array) -> tuple[Array, Array]:
    """Return the sandwich covariance clustered by case, with a floor, and that of ties.

    The floor is the inverse curvature; of ties, the inverse curvature times the dispersion. It
    holds in the order of matrices: no contrast of variants has less variance than either gives it.
    """
    count = len(theta)
    cases, of_case = np.unique(votes.case, return_inverse=True)
    bread = np.linalg.inv(curvature)
    if len(cases) < 2:
        return bread, bread
    surprise = votes.outcome - _win_chance(theta[votes.first] - theta[votes.second])
    scores = np.zeros((len(cases), count))
    for side, sign in ((votes.first, 1), (votes.second, -1)):
        place = of_case * count + side
        summed = np.bincount(place, sign * surprise, minlength=scores.size)
        scores += summed.reshape(scores.shape)
    meat = scores.T @ scores * len(cases) / (len(cases) - 1)
    root = np.linalg.cholesky(bread)
    values, vectors = np.linalg.eigh(root.T @ meat @ root)
    raised = root @ vectors
    whole: Array = (raised * np.maximum(values, 1)) @ raised.T
    of_ties: Array = (raised * np.maximum(values, _dispersion(votes, of_case))) @ raised.T
    return whole, of_ties


def _dispersion(votes: Votes, of_case: Array) -> float:
    """Return the variance of the votes as a share of that of coins: that of votes that are no ties.

    Cases are what is independent, so it is the mean over cases, with one more case without a tie
    (the rule of succession): it is not 0 after a few ties.
    """
    decided = np.bincount(of_case, votes.outcome != 0.5)
    shares = decided / np.bincount(of_case)
    return float((shares.sum() + 1) / (len(shares) + 1))


CONFIDENCE = 1.96  # standard errors to either side, for 95 %
WINNER_PROBABILITY = 0.95  # that a winner is the best; chosen, see bench-ranking
# by which a winner leads every other variant; more than 1.96, since people look at the result after
# every vote; chosen, see bench-ranking
WINNER_STANDARD_ERRORS = 2.75
FEWEST_COMPARISONS = 30  # of each variant before a verdict; chosen, see bench-ranking
FEWEST_CASES = 20  # of an experiment before a verdict; chosen, see bench-ranking
TIE_REGRET = 0.02  # of tied variants, the largest loss of win rate; chosen, see bench-ranking
# of the safe choice, the largest loss of win rate with SAFE_PROBABILITY; chosen, see bench-ranking
SAFE_REGRET = 0.05
SAFE_PROBABILITY = 0.95  # chosen, see bench-ranking
QUANTILE_95 = 1.645  # of the normal distribution, the quantile of SAFE_PROBABILITY


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
    risk: float  # the loss that is not exceeded with SAFE_PROBABILITY
    comparisons: int


@dataclass(frozen=True)
class Ranking:
    """The verdict and the standings, the strongest first."""

    verdict: str
    standings: list[Standing]
    tied: list[int]  # in a tie, the numbers of the variants that are equally good
    missing: int  # about how many more comparisons are needed for a winner or a tie
    missing_safe: int = 0  # about how many more are needed for a safe choice


WINNER, TIE, SAFE, MORE = "winner", "tie", "safe", "more"
NOT_COMPARABLE = "not comparable"


def rank(votes: Votes, count: int) -> Ranking:
    """Rank ``count`` variants by votes and give a verdict.

    A winner is the best beyond doubt. Tied variants are equally good. The leader is a safe choice
    if it may not be the best, but hardly any other would win noticeably more often.
    """
    strengths = fit(votes, count)
    draws = strengths.draws()
    standings = _standings(strengths, draws)
    if not len(votes) or not strengths.is_connected:
        return Ranking(NOT_COMPARABLE, standings, [], 0)
    lacking = _missing_before_any_verdict(votes, standings)
    draws_of_ties = strengths.draws_of_ties()
    tied = _tied(standings, _losses(draws_of_ties))
    if not lacking and _has_winner(strengths, standings):
        return Ranking(WINNER, standings, [], 0)
    if not lacking and len(tied) > 1:
        return Ranking(TIE, standings, tied, 0)
    missing = max(lacking, _missing_until_verdict(strengths, draws_of_ties, len(votes)))
    if not lacking and standings[0].risk <= SAFE_REGRET:
        return Ranking(SAFE, standings, [], missing)
    until_safe = max(lacking, _missing_until_safe(strengths, draws, len(votes)))
    return Ranking(MORE, standings, [], missing, min(missing, until_safe))


def _tied(standings: Sequence[Standing], losses_of_ties: Array) -> list[int]:
    """Return the numbers of the variants whose choice costs hardly anything, the best first.

    Where the dispersion of the votes makes errors small, a small expected loss is not enough: of
    people who look after every vote, many would see an early moment without a difference. So the
    loss must not be larger than that of a safe choice either.
    """
    expected = losses_of_ties.mean(axis=0)
    risk = np.quantile(losses_of_ties, SAFE_PROBABILITY, axis=0)
    by_ties = (expected < TIE_REGRET) & (risk <= SAFE_REGRET)
    return [each.number for each in standings if each.regret < TIE_REGRET or by_ties[each.number]]


def _losses(draws: Array) -> Array:
    """Return the win rate that is lost by choosing each variant: (draws, variants)."""
    return _win_chance(draws.max(axis=1, keepdims=True) - draws) - 0.5


def _standings(strengths: Strengths, draws: Array) -> list[Standing]:
    """Return the standing of each variant, the strongest first."""
    count = len(strengths.theta)
    losses = _losses(draws)
    regret, risk = losses.mean(axis=0), np.quantile(losses, SAFE_PROBABILITY, axis=0)
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
            risk=float(risk[number]),
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
    variance = _variances(strengths.covariance, first, second)
    until_ahead = WINNER_STANDARD_ERRORS**2 * variance / np.maximum(gap, 1e-6) ** 2
    until_tied = variance / (TIE_REGRET * 10) ** 2  # E max(0, N(0, s)) / 4 is about s / 10
    variance = _variances(strengths.of_ties, first, second)
    until_risk = variance * (QUANTILE_95 / (4 * SAFE_REGRET)) ** 2  # of max(0, N(0, s)) / 4
    until_tied = np.minimum(until_tied, until_risk)
    growth = float(np.median(np.where(gap / 4 < TIE_REGRET, until_tied, until_ahead)))
    return _in_tens(so_far * (growth - 1))


def _variances(covariance: Array, first: Array, second: Array) -> Array:
    """Return the variance of the difference of each pair of variants."""
    spread = np.diag(covariance)
    variances: Array = spread[first] + spread[second] - 2 * covariance[first, second]
    return variances


def _in_tens(comparisons: float) -> int:
    return max(10, -(-round(comparisons) // 10) * 10)


ESTIMATED_DRAWS = 1000  # that this is estimated from; chosen; nobody measured
MOST_GROWTH = 64.0  # of the comparisons, as far as is looked; chosen; nobody measured


def _missing_until_safe(strengths: Strengths, draws: Array, so_far: int) -> int:
    """Estimate how many more comparisons the leader needs to be a safe choice, in tens.

    With n times the comparisons, draws are the root of n times as near to the strengths of now.
    """
    low, high = 1.0, MOST_GROWTH
    for _ in range(12):  # halvings: to a sixtieth of what there is
        growth = (low + high) / 2
        away = draws[:ESTIMATED_DRAWS] - strengths.theta
        nearer = strengths.theta + away / np.sqrt(growth)
        risk = np.quantile(_losses(nearer)[:, strengths.leader], SAFE_PROBABILITY)
        low, high = (low, growth) if risk <= SAFE_REGRET else (growth, high)
    return _in_tens(so_far * (high - 1))


POWER = 0.84  # standard errors, the normal quantile of 80 % (the usual power: Cohen 1988)
TOLD_WIN_RATES = (0.55, 0.6, 0.7)  # that teams are told of; chosen


def comparisons_for_winner(win_rate: float, count: int) -> int:
    """Return how many votes establish a winner of ``count`` variants with 80 % probability.

    ``win_rate`` is how often the best is preferred to each other variant. If every pair is compared
    equally often, n votes give a difference of strengths the variance (count - 1) / (n p (1 - p)),
    by the Fisher information of Bradley and Terry's model. It is a rough figure: votes on one case
    are no independent evidence, and :func:`next_pair` does not draw pairs equally often.
    """
    gap = np.log(win_rate / (1 - win_rate))
    needed = (WINNER_STANDARD_ERRORS + POWER) ** 2 * (count - 1)
    return _in_tens(float(needed / (win_rate * (1 - win_rate) * gap**2)))


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
