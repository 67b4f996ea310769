"""The outputs of an experiment that can be compared, and the votes on each pair of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from django.db.models.functions import MD5

from prompts import ranking
from prompts.models import Experiment
from prompts.votes import as_ranking_votes, pair_votes
from qareview.models import JobState
from qareview.process_cache import cached

OutputPair = frozenset[int]  # ids of two runs
VariantPair = tuple[int, int]  # ids of two variants
TextPair = tuple[int, frozenset[str]]  # a case's id and the digests of two outputs, one if equal


class Output(NamedTuple):
    """A run that is done: ids, the number of its repeat, and the MD5 digest of its output."""

    run: int
    variant: int
    case: int
    number: int
    text: str


@dataclass(frozen=True)
class ComparisonPool:
    """The outputs by the ids of runs and of variants, and the votes on them."""

    outputs: dict[int, Output]
    of_variant: dict[int, list[Output]]
    strengths: ranking.Strengths
    judged: Counter[OutputPair]  # votes on each pair; a tie of equal outputs is one
    of_case: Counter[int]  # votes on each case

    @property
    def entrants(self) -> list[int]:
        return sorted(self.of_variant)

    def texts(self, pair: Iterable[int]) -> TextPair:
        """Return what a reviewer would recognise a pair by: its case and its texts."""
        outputs = [self.outputs[run] for run in pair]
        return outputs[0].case, frozenset(output.text for output in outputs)

    def is_same(self, pair: Iterable[int]) -> bool:
        """Whether the texts of two outputs are equal."""
        return len(self.texts(pair)[1]) == 1

    def pairs(self, first: int, second: int) -> list[OutputPair]:
        """Return the pairs of outputs of two variants on the same case and repeat."""
        runs = {(output.case, output.number): output.run for output in self.of_variant[second]}
        return [
            frozenset((output.run, runs[output.case, output.number]))
            for output in self.of_variant[first]
            if (output.case, output.number) in runs
        ]

    def left(self, reviewers_per_pair: int) -> int:
        """Return how many more votes on pairs of outputs are possible."""
        return sum(
            max(0, reviewers_per_pair - self.judged[pair])
            for variant_pair in combinations(self.entrants, 2)
            for pair in self.pairs(*variant_pair)
            if not self.is_same(pair)
        )


def pool_of(experiment: Experiment) -> ComparisonPool:
    """Return the pool of an experiment, from :mod:`qareview.process_cache`."""
    return cached(("comparison pool", experiment.pk), lambda: _count_pool(experiment)).value


def _count_pool(experiment: Experiment) -> ComparisonPool:
    active = experiment.entrants.filter(aside_at=None).values("variant")
    runs = experiment.runs.filter(state=JobState.DONE, variant__in=active)
    names = ("pk", "variant_id", "case_id", "number", MD5("output"))
    outputs = {row[0]: Output(*row) for row in runs.values_list(*names)}
    of_variant: dict[int, list[Output]] = defaultdict(list)
    for output in outputs.values():
        of_variant[output.variant].append(output)
    all_votes = pair_votes(experiment)
    strengths = ranking.fit(
        as_ranking_votes(all_votes, sorted(of_variant)), max(1, len(of_variant))
    )
    judged = Counter(frozenset(vote.runs) for vote in all_votes)
    of_case = Counter(vote.case for vote in all_votes)
    return ComparisonPool(outputs, dict(of_variant), strengths, judged, of_case)
