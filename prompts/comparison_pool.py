"""What there is to be compared in an experiment, and what is known of it; a moment old."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from django.db.models.functions import MD5

from prompts import ranking
from prompts.models import Experiment
from prompts.votes import counted, votes
from qareview.models import JobState
from qareview.process_cache import cached

Pair = frozenset[int]  # of two runs
Texts = tuple[int, frozenset[str]]  # a case, and two digests; one if they are the same


class Output(NamedTuple):
    """What is known of a run that is done: a digest of what it says, not the text."""

    run: int
    variant: int
    case: int
    number: int
    text: str


@dataclass(frozen=True)
class Board:
    """The outputs by run and by variant, and how often each was compared."""

    outputs: dict[int, Output]
    of_variant: dict[int, list[Output]]
    strengths: ranking.Strengths
    judged: Counter[Pair]  # by how many people, or once if both are the same
    of_case: Counter[int]

    @property
    def entrants(self) -> list[int]:
        return sorted(self.of_variant)

    def texts(self, pair: Iterable[int]) -> Texts:
        """Return what somebody would know again of a pair."""
        outputs = [self.outputs[run] for run in pair]
        return outputs[0].case, frozenset(output.text for output in outputs)

    def is_same(self, pair: Iterable[int]) -> bool:
        """Whether two outputs say the same."""
        return len(self.texts(pair)[1]) == 1

    def pairs(self, one: int, other: int) -> list[Pair]:
        """Return the pairs of outputs that two variants have of the same case and repeat."""
        place = {(output.case, output.number): output.run for output in self.of_variant[other]}
        return [
            frozenset((output.run, place[output.case, output.number]))
            for output in self.of_variant[one]
            if (output.case, output.number) in place
        ]

    def left(self, reviewers_per_pair: int) -> int:
        """Return how many judgements of pairs can still be made."""
        return sum(
            max(0, reviewers_per_pair - self.judged[pair])
            for meeting in combinations(self.entrants, 2)
            for pair in self.pairs(*meeting)
            if not self.is_same(pair)
        )


def board(experiment: Experiment) -> Board:
    """Return what there is to be compared in an experiment, counted at most a moment ago."""
    return cached(("board", experiment.pk), lambda: _board(experiment)).value


def _board(experiment: Experiment) -> Board:
    active = experiment.entrants.filter(aside_at=None).values("variant")
    runs = experiment.runs.filter(state=JobState.DONE, variant__in=active)
    names = ("pk", "variant_id", "case_id", "number", MD5("output"))
    outputs = {row[0]: Output(*row) for row in runs.values_list(*names)}
    of_variant: dict[int, list[Output]] = defaultdict(list)
    for output in outputs.values():
        of_variant[output.variant].append(output)
    found = votes(experiment)
    strengths = ranking.fit(counted(found, sorted(of_variant)), max(1, len(of_variant)))
    judged = Counter(frozenset(vote.runs) for vote in found)
    of_case = Counter(vote.case for vote in found)
    return Board(outputs, dict(of_variant), strengths, judged, of_case)
