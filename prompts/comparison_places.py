"""Places at pairs of outputs: at most ``reviewers_per_pair`` people may compare each pair."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

from django.utils import timezone

from prompts.comparison_pool import OutputPair
from prompts.models import Choice, Comparison, Experiment


class Places:
    """The places at the pairs of outputs of one case, counted while the experiment is locked.

    Each person takes a place who voted on the pair and is not excluded, or has it open. The
    comparison with the id ``ignored`` is not counted.
    """

    def __init__(self, experiment: Experiment, case: int, user: Any, ignored: int = 0) -> None:
        self.most, self.user = experiment.reviewers_per_pair, user.pk
        self.taken: dict[OutputPair, set[int]] = defaultdict(set)
        self.decided: set[OutputPair] = set()  # by the user
        rows = Comparison.objects.filter(experiment=experiment, case=case, withdrawn_at=None)
        rows = rows.filter(is_repeat=False).exclude(pk=ignored)
        rows = rows.exclude(choice__in=(Choice.SKIPPED, Choice.SAME))
        names = ("runs", "reviewer", "choice", "until")
        now = timezone.now()
        for runs, reviewer, choice, until in rows.values_list(*names):
            pairs = [frozenset(pair) for pair in combinations(runs, 2)]
            if choice and reviewer == self.user:
                self.decided.update(pairs)
            if (choice or until >= now) and reviewer not in experiment.without:
                for pair in pairs:
                    self.taken[pair].add(reviewer)

    def are_free(self, pairs: Iterable[Iterable[int]]) -> bool:
        """Whether the user has, or can get, a place at each of these pairs of runs."""
        return all(
            pair not in self.decided and len(self.taken[pair] - {self.user}) < self.most
            for pair in map(frozenset, pairs)
        )
