"""Comparisons give strengths, intervals and a verdict that holds."""

import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts import ranking
from prompts.ranking import Votes, fit, next_pair, rank

Row = tuple[int, int, int, float]


def between(first: int, second: int, *outcomes: float, cases: int = 30) -> list[Row]:
    """Votes on two variants, each on the next of so many cases."""
    return [(first, second, number % cases, outcome) for number, outcome in enumerate(outcomes)]


def random_votes(variants: int, count: int, seed: int) -> Votes:
    generator = np.random.default_rng(seed)
    first = generator.integers(variants, size=count)
    second = (first + generator.integers(1, variants, size=count)) % variants
    outcome = generator.integers(0, 3, size=count) / 2
    return Votes(first, second, generator.integers(30, size=count), outcome)


# Strengths


@pytest.mark.parametrize("seed", range(5))
def test_strengths_are_those_of_evalica(seed: int) -> None:
    votes = random_votes(5, 400, seed)
    names = [[str(number) for number in side] for side in (votes.first, votes.second)]
    winners = {1: evalica.Winner.X, 0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    theirs = evalica.bradley_terry(
        *names, [winners[outcome] for outcome in votes.outcome.tolist()], tolerance=1e-12
    ).scores
    expected = np.log([theirs[str(number)] for number in range(5)])
    theta = fit(votes, 5, prior=1e-9).theta
    assert theta - theta.mean() == pytest.approx(expected - expected.mean(), abs=1e-4)


def test_a_sweep_stays_finite_and_ordered() -> None:
    theta = fit(Votes.of(between(0, 1, *[1.0] * 6) + between(1, 2, *[1.0] * 6)), 3).theta
    assert 4 > theta[0] > theta[1] > theta[2] > -4


def test_no_votes_are_no_strength() -> None:
    strengths = fit(Votes.of([]), 3)
    assert strengths.theta.tolist() == [0, 0, 0]
    assert not strengths.is_connected


def test_a_tie_counts_half_to_each() -> None:
    ties = fit(Votes.of(between(0, 1, 0.5, 0.5, 0.5, 0.5)), 2).theta
    split = fit(Votes.of(between(0, 1, 1.0, 0.0, 1.0, 0.0)), 2).theta
    assert ties == pytest.approx([0, 0])
    assert split == pytest.approx([0, 0])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(1, 3), st.integers(0, 9), st.sampled_from([0, 0.5, 1])
        ),
        max_size=60,
    )
)
def test_whatever_is_voted_has_an_interval(rows: list[Row]) -> None:
    votes = Votes.of(
        [(first, (first + step) % 4, case, outcome) for first, step, case, outcome in rows]
    )
    ranking = rank(votes, 4)
    assert sum(standing.best for standing in ranking.standings) == pytest.approx(1)
    assert all(standing.low <= standing.gap <= standing.high for standing in ranking.standings)
    assert ranking.standings[0].gap == 0
    swapped = Votes(votes.second, votes.first, votes.case, 1 - votes.outcome)
    assert fit(swapped, 4).theta == pytest.approx(fit(votes, 4).theta)


def test_votes_on_one_case_are_no_independent_evidence() -> None:
    spread = Votes.of([(0, 1, number, float(number % 3 > 0)) for number in range(60)])
    few = Votes.of([(0, 1, number % 3, float(number % 3 > 0)) for number in range(60)])
    wide, narrow = (ranking.gaps(fit(votes, 2), 0)[1][1] for votes in (few, spread))
    assert wide > 1.5 * narrow
    assert fit(few, 2).theta == pytest.approx(fit(spread, 2).theta)


# The verdict


def test_what_is_not_connected_is_not_compared() -> None:
    votes = Votes.of(between(0, 1, *[1.0] * 40) + between(2, 3, *[1.0] * 40))
    assert rank(votes, 4).verdict == ranking.NOT_COMPARABLE
    assert rank(Votes.of([]), 2).verdict == ranking.NOT_COMPARABLE


def test_a_clear_winner_needs_thirty_comparisons_on_twenty_cases() -> None:
    clear = [1.0] * 36 + [0.0] * 4
    assert rank(Votes.of(between(0, 1, *clear)), 2).verdict == ranking.WINNER
    few = rank(Votes.of(between(0, 1, *clear[12:])), 2)
    assert (few.verdict, few.missing > 0) == (ranking.MORE, True)
    assert rank(Votes.of(between(0, 1, *clear, cases=10)), 2).verdict == ranking.MORE


def test_equals_are_told_apart_from_what_is_not_known_yet() -> None:
    generator = np.random.default_rng(0)
    equal = between(0, 1, *generator.permutation([1.0] * 1500 + [0.0] * 1500), cases=300)
    result = rank(Votes.of(equal), 2)
    assert (result.verdict, sorted(result.tied)) == (ranking.TIE, [0, 1])
    unknown = rank(Votes.of(equal[:60]), 2)
    assert unknown.verdict == ranking.MORE
    assert unknown.missing >= 100


@pytest.mark.parametrize("cases", [25, 50])
def test_ties_end(cases: int) -> None:
    """Fifty votes for neither are known to be a tie, though coins could fall so, too."""
    ties = between(0, 1, *[0.5] * 50, cases=cases)
    assert rank(Votes.of(ties), 2).verdict == ranking.TIE
    few = rank(Votes.of(ties[:20]), 2)
    assert (few.verdict, few.missing) == (ranking.MORE, 10)


def test_a_few_ties_among_clear_votes_are_no_tie() -> None:
    votes = between(0, 1, *[1.0, 1.0, 0.0, 0.5, 1.0] * 10, cases=25)
    assert rank(Votes.of(votes), 2).verdict != ranking.TIE


def test_ties_do_not_narrow_the_interval() -> None:
    ties, split = (
        fit(Votes.of(between(0, 1, *outcomes, cases=40)), 2)
        for outcomes in ([0.5] * 40, [0.0, 1.0] * 20)
    )
    assert ranking.gaps(ties, 0)[1] == pytest.approx(ranking.gaps(split, 0)[1], rel=0.05)


def test_a_leader_that_hardly_any_other_beats_is_a_safe_choice() -> None:
    generator = np.random.default_rng(0)
    outcomes = generator.permutation([1.0] * 66 + [0.0] * 44)
    result = rank(Votes.of(between(0, 1, *outcomes, cases=55)), 2)
    assert (result.verdict, result.missing_safe) == (ranking.SAFE, 0)
    assert result.standings[0].risk <= ranking.SAFE_REGRET
    assert result.missing >= 10  # of a winner or a tie, nothing is said yet
    early = rank(Votes.of(between(0, 1, *[1.0, 0.0] * 15)), 2)
    assert early.verdict == ranking.MORE
    assert 10 <= early.missing_safe <= early.missing


@pytest.mark.parametrize(
    ("win_rate", "count", "comparisons"),
    [(0.55, 2, 1300), (0.6, 2, 330), (0.7, 2, 90), (0.7, 4, 260)],
)
def test_what_a_winner_takes_is_told_before(win_rate: float, count: int, comparisons: int) -> None:
    # (2.75 + 0.84)² / (p (1 - p) logit(p)²) x (count - 1), in tens
    assert ranking.comparisons_for_winner(win_rate, count) == comparisons


# What is compared next


def test_a_pair_is_of_two_variants_and_every_variant_has_its_turn() -> None:
    generator = np.random.default_rng(0)
    rows: list[Row] = []
    for number in range(120):
        first, second = next_pair(fit(Votes.of(rows), 6), generator)
        assert first != second
        rows.append((first, second, number % 30, 0.5))
    compared = fit(Votes.of(rows), 6).compared.sum(axis=1)
    assert compared.min() >= ranking.FEWEST_COMPARISONS


def test_the_better_ones_are_compared_more_often() -> None:
    generator = np.random.default_rng(0)
    rows: list[Row] = []
    for number in range(300):
        first, second = next_pair(fit(Votes.of(rows), 5), generator)
        rows.append((first, second, number % 40, float(first < second)))
    compared = fit(Votes.of(rows), 5).compared.sum(axis=1)
    assert compared[:2].min() > compared[2:].max()
