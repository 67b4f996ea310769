"""What there is to be compared in an experiment, and what is known of it; a moment old."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models.functions import MD5

from prompts import ranking
from prompts.models import Experiment
from prompts.votes import counted, votes
from qareview.keeping import kept
from qareview.models import JobState

Pair = frozenset[int]  # of two runs
Texts = frozenset[str]  # of two digests; one if they are the same


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
        return frozenset(self.outputs[run].text for run in pair if run in self.outputs)


def board(experiment: Experiment) -> Board:
    """Return what there is to be compared in an experiment, counted at most a moment ago."""
    return kept(("board", experiment.pk), lambda: _board(experiment)).value


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
