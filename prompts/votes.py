"""Comparisons as votes for one variant against another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from prompts import ranking
from prompts.models import Choice, Comparison, Experiment

OUTCOMES = {  # of the left output of two
    Choice.LEFT: 1.0,
    Choice.RIGHT: 0.0,
    Choice.GOOD: 0.5,
    Choice.BAD: 0.5,
    Choice.SAME: 0.5,
}


@dataclass(frozen=True)
class PairVote:
    """A vote on one pair of a comparison's outputs, from left to right."""

    comparison: int
    shown: int  # outputs of the comparison
    left: int  # id of a variant
    right: int
    runs: tuple[int, int]
    case: int
    reviewer: int | None
    outcome: float  # 1 if the left is better, 0 if the right is, 0.5 if neither
    choice: str


def pair_votes(experiment: Experiment, *, is_of_everyone: bool = False) -> list[PairVote]:
    """Return the votes that count in an experiment; a ranking is one vote for each pair.

    With ``is_of_everyone``, also the votes of people who are excluded.
    """
    names = ("pk", "runs", "variants", "case_id", "reviewer_id", "choice", "places")
    rows = Comparison.objects.once().filter(experiment=experiment)
    if not is_of_everyone:
        rows = Comparison.objects.counting(experiment)
    return [vote for row in rows.values_list(*names) for vote in pair_votes_of(*row)]


def pair_votes_of(
    comparison: int,
    runs: Sequence[int],
    variants: Sequence[int],
    case: int,
    reviewer: int | None,
    choice: str,
    places: Sequence[int],
) -> Iterator[PairVote]:
    """Yield a vote for each pair of outputs of a comparison with these fields."""
    for left, right in combinations(range(len(runs)), 2):
        if choice == Choice.RANKED:
            outcome = 0.5 + 0.5 * ((places[left] < places[right]) - (places[left] > places[right]))
        else:
            outcome = OUTCOMES[Choice(choice)]
        yield PairVote(
            comparison,
            len(runs),
            variants[left],
            variants[right],
            (runs[left], runs[right]),
            case,
            reviewer,
            outcome,
            choice,
        )


def as_ranking_votes(votes: Sequence[PairVote], entrants: Sequence[int]) -> ranking.Votes:
    """Return votes for :mod:`prompts.ranking`; variants are indices of ``entrants``."""
    place = {variant: number for number, variant in enumerate(entrants)}
    rows = [
        (place[vote.left], place[vote.right], vote.case, vote.outcome)
        for vote in votes
        if vote.left in place and vote.right in place
    ]
    return ranking.Votes.of(rows)
