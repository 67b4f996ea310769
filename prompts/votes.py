"""What people said, as votes for one variant against another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from prompts import ranking
from prompts.models import Choice, Comparison, Experiment

OUTCOMES = {  # for the left of two
    Choice.LEFT: 1.0,
    Choice.RIGHT: 0.0,
    Choice.GOOD: 0.5,
    Choice.BAD: 0.5,
    Choice.SAME: 0.5,
}


@dataclass(frozen=True)
class Vote:
    """One pair of a comparison: two variants' ids, from left to right, and what was said."""

    comparison: int
    shown: int  # outputs, this pair among them
    left: int
    right: int
    runs: tuple[int, int]
    case: int
    reviewer: int | None
    outcome: float  # 1: the left is better, 0: the right is, 0.5: neither
    choice: str


def votes(experiment: Experiment, *, is_of_everyone: bool = False) -> list[Vote]:
    """Return what counts in an experiment; a ranking says something of each pair in it.

    Of everyone: also what people said whose votes were taken out.
    """
    names = ("pk", "runs", "variants", "case_id", "reviewer_id", "choice", "places")
    rows = Comparison.objects.once().filter(experiment=experiment)
    if not is_of_everyone:
        rows = Comparison.objects.counting(experiment)
    return [vote for row in rows.values_list(*names) for vote in pairs_of(*row)]


def pairs_of(
    comparison: int,
    runs: Sequence[int],
    variants: Sequence[int],
    case: int,
    reviewer: int | None,
    choice: str,
    places: Sequence[int],
) -> Iterator[Vote]:
    """Yield a vote for each two outputs that were shown together."""
    for left, right in combinations(range(len(runs)), 2):
        if choice == Choice.RANKED:
            outcome = 0.5 + 0.5 * ((places[left] < places[right]) - (places[left] > places[right]))
        else:
            outcome = OUTCOMES[Choice(choice)]
        yield Vote(
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


def counted(found: Sequence[Vote], entrants: Sequence[int]) -> ranking.Votes:
    """Return votes as :mod:`prompts.ranking` takes them; ``entrants`` are variants in order."""
    place = {variant: number for number, variant in enumerate(entrants)}
    rows = [
        (place[vote.left], place[vote.right], vote.case, vote.outcome)
        for vote in found
        if vote.left in place and vote.right in place
    ]
    return ranking.Votes.of(rows)
