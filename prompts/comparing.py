"""Blind comparisons: what a reviewer compares next, and storing their votes.

Each pair of outputs is compared by at most ``reviewers_per_pair`` people. The experiment is locked
before places are counted, so that two simultaneous requests cannot both take the last place. The
variants to compare are drawn by :func:`ranking.next_pair` from the cached pool, before the lock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations, product
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from prompts import ranking
from prompts.comparison_places import Places
from prompts.comparison_pool import ComparisonPool, OutputPair, TextPair, VariantPair, pool_of
from prompts.models import Choice, Comparison, ComparisonQuerySet, Experiment
from qareview.stored_sentences import stored

DRAWN_VARIANT_PAIRS = 20  # tried before all other pairs of variants; chosen; nobody measured
TRIED_OUTPUT_PAIRS = 3  # for each drawn pair of variants; chosen; nobody measured
REPEAT_SHARE = 0.05  # chance that a reviewer's next comparison is a repeat; chosen; nobody measured
VOTES_BEFORE_REPEAT = 10  # between a comparison and its repeat; chosen; nobody measured
CHOICES_OF_TWO = (Choice.LEFT, Choice.RIGHT, Choice.GOOD, Choice.BAD)


class VoteNotStored(Exception):
    """The vote was not stored or not undone; the message says why."""


# Taking the next comparison


def take_next_comparison(experiment: Experiment, user: Any) -> Comparison | None:
    """Return the user's next comparison, held for them; None if nothing is left for them.

    If the user has an open comparison, it is returned again.
    """
    if not experiment.is_open:
        return None
    pool = pool_of(experiment)
    if len(pool.of_variant) < 2:
        return None
    own = list(Comparison.objects.filter(experiment=experiment, reviewer=user, withdrawn_at=None))
    chooser = _NextComparison(experiment, user, pool, own, np.random.default_rng())
    return (
        chooser.still_open()
        or chooser.repeat()
        or chooser.draw(is_skipped=False)
        or chooser.draw(is_skipped=True)
    )


def extend_hold(comparison: Comparison) -> bool:
    """Hold an open comparison for longer.

    Returns False if the hold has run out or the comparison is no longer open.
    """
    now = timezone.now()
    rows = Comparison.objects.filter(pk=comparison.pk, choice="", withdrawn_at=None, until__gte=now)
    return bool(rows.update(until=now + timedelta(seconds=settings.HOLD_SECONDS)))


@dataclass
class _NextComparison:
    """Chooses a user's next comparison; ``own`` are the user's comparisons, decided or open."""

    experiment: Experiment
    user: Any
    pool: ComparisonPool
    own: Sequence[Comparison]
    generator: np.random.Generator
    same: list[OutputPair] = field(default_factory=list)  # drawn pairs of equal outputs

    def still_open(self) -> Comparison | None:
        """Return the open comparison if its hold lasts and none of its variants was dropped."""
        active = set(_active_variants(self.experiment))
        current = next((comparison for comparison in self.own if not comparison.choice), None)
        if current and active.issuperset(current.variants) and extend_hold(current):
            return current
        return None

    def repeat(self) -> Comparison | None:
        """With the chance REPEAT_SHARE, open an earlier comparison again with swapped sides."""
        earlier = self._repeatable()
        if not earlier or self.generator.random() >= REPEAT_SHARE:
            return None
        chosen = earlier[int(self.generator.integers(len(earlier)))]
        with transaction.atomic():
            experiment = lock_experiment(chosen.experiment_id)
            if not experiment.is_open or set(chosen.variants) - set(_active_variants(experiment)):
                return None
            runs, variants = chosen.runs[::-1], chosen.variants[::-1]
            return _open(chosen, self.user, runs, variants, is_repeat=True)

    def _repeatable(self) -> list[Comparison]:
        """Return the user's votes on two outputs that are old enough and have no repeat yet."""
        repeated = {frozenset(comparison.runs) for comparison in self.own if comparison.is_repeat}
        decided = [comparison for comparison in self.own if comparison.choice in CHOICES_OF_TWO]
        return [
            comparison
            for comparison in decided[:-VOTES_BEFORE_REPEAT]
            if frozenset(comparison.runs) not in repeated
            and self.pool.outputs.keys() >= {*comparison.runs}
        ]

    def draw(self, is_skipped: bool) -> Comparison | None:
        """Open a comparison of outputs that the user has not seen, or that they skipped."""
        seen, skipped = self._seen()
        for variant_pair, limit in _variant_pairs(self.pool, self.generator):
            open_pairs = [
                pair
                for pair in self.pool.pairs(*variant_pair)
                if self.pool.judged[pair] < self.experiment.reviewers_per_pair
                and not (self.pool.judged[pair] and self.pool.is_same(pair))
                and self.pool.texts(pair) not in seen
                and (self.pool.texts(pair) in skipped) == is_skipped
            ]
            for pair in _by_priority(self.pool, open_pairs, self.generator)[:limit]:
                if self.pool.is_same(pair):
                    self.same.append(pair)
                elif comparison := self._take(pair, seen):
                    return comparison
        return None

    def _seen(self) -> tuple[set[TextPair], set[TextPair]]:
        """Return the pairs of texts that the user decided on, and those that they skipped."""
        seen: set[TextPair] = set()
        skipped: set[TextPair] = set()
        for comparison in self.own:
            runs = [run for run in comparison.runs if run in self.pool.outputs]
            pairs = (self.pool.texts(pair) for pair in combinations(runs, 2))
            if comparison.choice:
                (skipped if comparison.choice == Choice.SKIPPED else seen).update(pairs)
        return seen, skipped - seen

    @transaction.atomic
    def _take(self, pair: OutputPair, seen: set[TextPair]) -> Comparison | None:
        """Open a comparison of a pair, with other outputs of its case up to ``shown_at_once``.

        Returns None if the pair has no free place or cannot be compared any more.
        """
        experiment = lock_experiment(self.experiment.pk)
        outputs = self.pool.outputs
        case = outputs[min(pair)].case
        places = Places(experiment, case, self.user)
        active = set(_active_variants(experiment))
        is_active = all(outputs[run].variant in active for run in pair)
        if not (experiment.is_open and is_active and places.are_free([pair])):
            return None
        runs = sorted(pair)
        for other in self._others_of_case(runs, active):
            pairs = list(product(runs, [other]))
            is_wanted = len(runs) < experiment.shown_at_once and self._are_new(pairs, seen)
            if is_wanted and places.are_free(pairs):
                runs.append(other)
        runs = shuffled(runs, self.generator)
        _store_same_outputs(experiment, self.pool, self.same)
        variants = [outputs[run].variant for run in runs]
        return _open(Comparison(experiment=experiment, case_id=case), self.user, runs, variants)

    def _are_new(self, pairs: Sequence[tuple[int, int]], seen: set[TextPair]) -> bool:
        """Whether no pair of runs consists of equal outputs or was seen by the user."""
        has_equal = any(self.pool.is_same(pair) for pair in pairs)
        return not has_equal and not seen & {self.pool.texts(pair) for pair in pairs}

    def _others_of_case(self, runs: Sequence[int], active: set[int]) -> list[int]:
        """Return runs of the other variants on the same case and repeat, least compared first."""
        first = self.pool.outputs[runs[0]]
        compared = self.pool.strengths.compared.sum(axis=1)
        place = {variant: number for number, variant in enumerate(self.pool.entrants)}
        others = active - {self.pool.outputs[run].variant for run in runs}
        outputs = [
            output
            for variant in sorted(others & self.pool.of_variant.keys())
            for output in self.pool.of_variant[variant]
            if (output.case, output.number) == (first.case, first.number)
        ]
        outputs = [outputs[index] for index in self.generator.permutation(len(outputs))]
        outputs.sort(key=lambda output: compared[place[output.variant]])
        return [output.run for output in outputs]


def _active_variants(experiment: Experiment) -> Iterable[int]:
    """Return the ids of the variants that were not dropped."""
    return experiment.entrants.filter(aside_at=None).values_list("variant", flat=True)


def shuffled(runs: Sequence[int], generator: np.random.Generator) -> list[int]:
    """Return runs in random order, which is the order from left to right on the page."""
    return [runs[index] for index in generator.permutation(len(runs))]


def _variant_pairs(
    pool: ComparisonPool, generator: np.random.Generator
) -> Iterator[tuple[VariantPair, int | None]]:
    """Yield pairs of variants to compare, each with the number of output pairs to try.

    First come pairs that the ranking draws, then all pairs without a limit (None).
    """
    entrants = pool.entrants
    for _ in range(DRAWN_VARIANT_PAIRS):
        first, second = ranking.next_pair(pool.strengths, generator)
        yield (entrants[first], entrants[second]), TRIED_OUTPUT_PAIRS
    all_pairs = list(combinations(entrants, 2))
    yield from ((all_pairs[index], None) for index in generator.permutation(len(all_pairs)))


def _by_priority(
    pool: ComparisonPool, pairs: Sequence[OutputPair], generator: np.random.Generator
) -> list[OutputPair]:
    """Sort pairs: first those that already have a vote, then by fewest votes on their case."""
    tie_breakers = dict(zip(pairs, generator.random(len(pairs)), strict=True))

    def key(pair: OutputPair) -> tuple[bool, int, float]:
        case = pool.outputs[min(pair)].case
        return not pool.judged[pair], pool.of_case[case], tie_breakers[pair]

    return sorted(pairs, key=key)


def lock_experiment(experiment: int) -> Experiment:
    """Lock the row of an experiment until the transaction ends."""
    return Experiment.objects.select_for_update(no_key=True).get(pk=experiment)


def _store_same_outputs(
    experiment: Experiment, pool: ComparisonPool, pairs: Sequence[OutputPair]
) -> None:
    """Store pairs of equal outputs, each once, as ties that nobody has to judge.

    Only pairs that were drawn are stored, so that such ties count as often as they would if people
    judged them.
    """
    if not pairs:
        return
    stored_pairs = Comparison.objects.filter(experiment=experiment, choice=Choice.SAME)
    known = {frozenset(runs) for runs in stored_pairs.values_list("runs", flat=True)}
    new_pairs = [sorted(pair) for pair in dict.fromkeys(pairs) if pair not in known]
    Comparison.objects.bulk_create(
        Comparison(
            experiment=experiment,
            case_id=pool.outputs[runs[0]].case,
            runs=runs,
            variants=[pool.outputs[run].variant for run in runs],
            choice=Choice.SAME,
            decided_at=timezone.now(),
        )
        for runs in new_pairs
    )
    for runs in new_pairs:
        pool.judged[frozenset(runs)] += experiment.reviewers_per_pair


def _open(
    template: Comparison, user: Any, runs: list[int], variants: list[int], **values: Any
) -> Comparison:
    """Open a comparison for a user, of the same case as ``template``.

    It replaces any comparison that the user has open. The experiment must be locked.
    """
    now = timezone.now()
    own = Comparison.objects.filter(experiment=template.experiment_id).open_to(user)
    own.update(withdrawn_at=now)
    return Comparison.objects.create(
        experiment_id=template.experiment_id,
        case_id=template.case_id,
        reviewer=user,
        runs=runs,
        variants=variants,
        until=now + timedelta(seconds=settings.HOLD_SECONDS),
        **values,
    )


# Voting


@dataclass(frozen=True)
class Vote:
    """What a person chose; for a ranking, ``places`` from left to right, 1 is the best."""

    choice: Choice
    places: Sequence[int] = ()
    comment: str = ""
    seconds: int = 0


@transaction.atomic
def store_vote(comparison: Comparison, vote: Vote) -> Comparison:
    """Store a vote on an open comparison; return the comparison.

    The same vote sent twice, as by a double click, is stored once. Raises VoteNotStored if the
    comparison or the experiment is no longer open, or the user has lost their place.
    """
    experiment = lock_experiment(comparison.experiment_id)
    current = Comparison.objects.get(pk=comparison.pk)
    if reason := _objection_to_vote(experiment, current, vote):
        raise VoteNotStored(reason)
    if not current.choice:
        current.choice, current.places = vote.choice, list(vote.places)
        current.comment, current.seconds = vote.comment, vote.seconds
        current.decided_at = timezone.now()
        current.save(update_fields=["choice", "places", "comment", "seconds", "decided_at"])
    return current


def _objection_to_vote(experiment: Experiment, current: Comparison, vote: Vote) -> str:
    """Return why a vote cannot be stored; empty if it can be or already is."""
    if current.withdrawn_at:
        return stored("This comparison is no longer open. It was undone or replaced by another.")
    if current.choice:
        is_equal = (current.choice, list(current.places)) == (vote.choice, [*vote.places])
        return "" if is_equal else _ALREADY_DECIDED
    if not experiment.is_open:
        return stored("The experiment has ended, so you can no longer vote.")
    is_place_needed = not current.is_repeat and vote.choice != Choice.SKIPPED
    places = Places(experiment, current.case_id, current.reviewer)
    if is_place_needed and not places.are_free(combinations(current.runs, 2)):
        return stored(
            "Your time for this comparison ran out, and others have compared these outputs."
        )
    return ""


_ALREADY_DECIDED = stored(
    "You have already voted on this in another window. Undo to change your vote."
)


@transaction.atomic
def undo_vote(experiment: Experiment, user: Any, shown: UUID | None = None) -> Comparison | None:
    """Withdraw the user's last vote or skip and open its comparison for them again.

    ``shown`` is the token of the comparison on the user's page, if the page shows one. If another
    comparison is open, as after a second click, nothing is undone. A skip is passed over if its
    outputs have no free place. Returns None if nothing was undone.

    Raises VoteNotStored if the vote was excluded and others have taken its place.
    """
    experiment = lock_experiment(experiment.pk)
    rows = Comparison.objects.filter(experiment=experiment, reviewer=user, withdrawn_at=None)
    open_rows = rows.filter(choice="")
    is_second_click = (open_rows.exclude(token=shown) if shown else open_rows).exists()
    if is_second_click or not experiment.is_open:
        return None
    for last in rows.exclude(choice="").order_by("-decided_at", "-pk"):
        if last.is_repeat or _can_reopen(experiment, last):
            return _reopen(last)
        if last.choice != Choice.SKIPPED:
            raise VoteNotStored(
                stored("Others have compared these outputs since, so you cannot undo your vote.")
            )
    return None


def _can_reopen(experiment: Experiment, comparison: Comparison) -> bool:
    """Whether the user would have a place at a comparison's outputs once it is withdrawn."""
    places = Places(experiment, comparison.case_id, comparison.reviewer, ignored=comparison.pk)
    return places.are_free(combinations(comparison.runs, 2))


def _reopen(last: Comparison) -> Comparison:
    Comparison.objects.filter(pk=last.pk).update(withdrawn_at=timezone.now())
    values = {"comment": last.comment, "places": last.places, "is_repeat": last.is_repeat}
    return _open(last, last.reviewer, last.runs, last.variants, **values)


def comparisons_of(user: Any, token: UUID) -> ComparisonQuerySet:
    """Return the comparison with a token, or none if it is not the user's."""
    return Comparison.objects.filter(token=token, reviewer=user)


@dataclass(frozen=True)
class OwnComparisons:
    """The numbers of votes by one user and by all users, repeats included."""

    own: int
    all: int


def own_comparisons(experiment: Experiment, user: Any) -> OwnComparisons:
    """Count the votes of a user, and those of all users, in an experiment."""
    rows = Comparison.objects.standing().filter(experiment=experiment).exclude(reviewer=None)
    return OwnComparisons(rows.filter(reviewer=user).count(), rows.count())
