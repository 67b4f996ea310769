"""Who compares what next, and what they say: blind, each pair of outputs so often and not more.

Whoever takes a place at a pair, or gives their vote, locks the experiment first and counts then;
so two at once never take the last place. Which variants meet is drawn by :func:`ranking.next_pair`
from what was known a moment before, without the lock.
"""

from collections import defaultdict
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
from prompts.comparison_pool import Board, Pair, Texts, board
from prompts.models import Choice, Comparison, ComparisonQuerySet, Experiment
from qareview.stored import stored

DRAWN = 20  # meetings of variants, before every two are looked at
TRIED = 3  # pairs of outputs of each meeting, of which others may take the last place
REPEATED = 0.05  # of what is shown to somebody, to see whether they agree with themselves,
AFTER = 10  # once they have decided on so many others since
OF_TWO = (Choice.LEFT, Choice.RIGHT, Choice.GOOD, Choice.BAD)


class NotStored(Exception):
    """What somebody chose was not stored; the message says why."""


# Taking the next


def take_next(experiment: Experiment, user: Any) -> Comparison | None:
    """Return what the user compares next, held for them; None if nothing is left for them.

    What they have open already stays until it is decided.
    """
    if not experiment.is_open:
        return None
    found = board(experiment)
    if len(found.of_variant) < 2:
        return None
    own = list(Comparison.objects.filter(experiment=experiment, reviewer=user, withdrawn_at=None))
    search = _Search(experiment, user, found, own, np.random.default_rng())
    return search.renewed() or search.repeated() or search.drawn(False) or search.drawn(True)


def renew(held: Comparison) -> bool:
    """Keep the place of an open comparison; return False if it ran out, or is decided."""
    now = timezone.now()
    rows = Comparison.objects.filter(pk=held.pk, choice="", withdrawn_at=None, until__gte=now)
    return bool(rows.update(until=now + timedelta(seconds=settings.HOLD_SECONDS)))


@dataclass
class _Search:
    """For what somebody compares next; ``own`` is what they said or have open."""

    experiment: Experiment
    user: Any
    board: Board
    own: Sequence[Comparison]
    generator: np.random.Generator
    same: list[Pair] = field(default_factory=list)  # met on the way, that nobody has to judge

    def renewed(self) -> Comparison | None:
        """Return what is open, if its place is still held and its variants are still in."""
        active = set(_active(self.experiment))
        held = next((one for one in self.own if not one.choice), None)
        return held if held and active.issuperset(held.variants) and renew(held) else None

    def repeated(self) -> Comparison | None:
        """Show something again with its sides swapped, now and then."""
        again = {frozenset(one.runs) for one in self.own if one.is_repeat}
        decided = [one for one in self.own if one.choice in OF_TWO]
        old = [
            one
            for one in decided[:-AFTER]
            if frozenset(one.runs) not in again and self.board.outputs.keys() >= {*one.runs}
        ]
        if not old or self.generator.random() >= REPEATED:
            return None
        chosen = old[int(self.generator.integers(len(old)))]
        with transaction.atomic():
            experiment = lock(chosen.experiment_id)
            if not experiment.is_open or set(chosen.variants) - set(_active(experiment)):
                return None
            runs, variants = chosen.runs[::-1], chosen.variants[::-1]
            return _open(chosen, self.user, runs, variants, is_repeat=True)

    def drawn(self, is_skipped: bool) -> Comparison | None:
        """Show outputs of variants that meet: what the user skipped, or what they did not."""
        seen, skipped = self._seen()
        for meeting, tried in _meetings(self.board, self.generator):
            options = [
                pair
                for pair in self.board.pairs(*meeting)
                if self.board.judged[pair] < self.experiment.reviewers_per_pair
                and not (self.board.judged[pair] and self.board.is_same(pair))
                and self.board.texts(pair) not in seen
                and (self.board.texts(pair) in skipped) == is_skipped
            ]
            for pair in _ordered(self.board, options, self.generator)[:tried]:
                if self.board.is_same(pair):
                    self.same.append(pair)
                elif made := self._take(pair, seen):
                    return made
        return None

    def _seen(self) -> tuple[set[Texts], set[Texts]]:
        """Return the pairs of texts that the user decided on, and those they skipped."""
        seen: set[Texts] = set()
        skipped: set[Texts] = set()
        for one in self.own:
            known = [run for run in one.runs if run in self.board.outputs]
            pairs = (self.board.texts(pair) for pair in combinations(known, 2))
            if one.choice:
                (skipped if one.choice == Choice.SKIPPED else seen).update(pairs)
        return seen, skipped - seen

    @transaction.atomic
    def _take(self, pair: Pair, seen: set[Texts]) -> Comparison | None:
        """Hold a pair, perhaps with more outputs of its case; None if it has no place by now."""
        experiment = lock(self.experiment.pk)
        outputs = self.board.outputs
        case = outputs[min(pair)].case
        places = _Places(experiment, case, self.user)
        active = set(_active(experiment))
        is_in = all(outputs[run].variant in active for run in pair)
        if not (experiment.is_open and is_in and places.are_free([pair])):
            return None
        runs = sorted(pair)
        for other in self._beside(runs, active):
            pairs = list(product(runs, [other]))
            is_new = not any(self.board.is_same(two) for two in pairs) and not (
                seen & {self.board.texts(two) for two in pairs}
            )
            if len(runs) < experiment.shown_at_once and is_new and places.are_free(pairs):
                runs.append(other)
        runs = shuffled(runs, self.generator)
        _note_same(experiment, self.board, self.same)
        variants = [outputs[run].variant for run in runs]
        return _open(Comparison(experiment=experiment, case_id=case), self.user, runs, variants)

    def _beside(self, runs: Sequence[int], active: set[int]) -> list[int]:
        """Return other outputs of the same case and repeat, those of the least compared first."""
        first = self.board.outputs[runs[0]]
        compared = self.board.strengths.compared.sum(axis=1)
        place = {variant: number for number, variant in enumerate(self.board.entrants)}
        there = active - {self.board.outputs[run].variant for run in runs}
        beside = [
            output
            for variant in sorted(there & self.board.of_variant.keys())
            for output in self.board.of_variant[variant]
            if (output.case, output.number) == (first.case, first.number)
        ]
        beside = [beside[index] for index in self.generator.permutation(len(beside))]
        return [one.run for one in sorted(beside, key=lambda one: compared[place[one.variant]])]


def _active(experiment: Experiment) -> Iterable[int]:
    return experiment.entrants.filter(aside_at=None).values_list("variant", flat=True)


def shuffled(runs: Sequence[int], generator: np.random.Generator) -> list[int]:
    """Return runs in the order in which they are shown, from left to right: any is as likely."""
    return [runs[index] for index in generator.permutation(len(runs))]


def _meetings(
    found: Board, generator: np.random.Generator
) -> Iterator[tuple[tuple[int, int], int | None]]:
    """Yield variants that meet, and how many pairs of theirs to try: at last, all of every two."""
    entrants = found.entrants
    for _ in range(DRAWN):
        one, other = ranking.next_pair(found.strengths, generator)
        yield (entrants[one], entrants[other]), TRIED
    every = list(combinations(entrants, 2))
    yield from ((every[index], None) for index in generator.permutation(len(every)))


def _ordered(found: Board, pairs: Sequence[Pair], generator: np.random.Generator) -> list[Pair]:
    """Order pairs: first what others began, then of the cases that were compared least."""
    chance = dict(zip(pairs, generator.random(len(pairs)), strict=True))

    def key(pair: Pair) -> tuple[bool, int, float]:
        case = found.outputs[min(pair)].case
        return not found.judged[pair], found.of_case[case], chance[pair]

    return sorted(pairs, key=key)


def lock(experiment: int) -> Experiment:
    """Lock an experiment's places until the transaction ends."""
    return Experiment.objects.select_for_update(no_key=True).get(pk=experiment)


def _note_same(experiment: Experiment, found: Board, pairs: Iterable[Pair]) -> None:
    """Note, once each, that two outputs are the same: a tie that nobody has to judge.

    Only what was drawn on the way to a comparison is noted, so that ties of this kind count as
    often as they would if people judged them.
    """
    noted = Comparison.objects.filter(experiment=experiment, choice=Choice.SAME)
    there = {frozenset(runs) for runs in noted.values_list("runs", flat=True)} if pairs else set()
    fresh = [sorted(pair) for pair in dict.fromkeys(pairs) if pair not in there]
    Comparison.objects.bulk_create(
        Comparison(
            experiment=experiment,
            case_id=found.outputs[runs[0]].case,
            runs=runs,
            variants=[found.outputs[run].variant for run in runs],
            choice=Choice.SAME,
            decided_at=timezone.now(),
        )
        for runs in fresh
    )
    for runs in fresh:
        found.judged[frozenset(runs)] += experiment.reviewers_per_pair


class _Places:
    """Who has a place at each pair of a case, counted while the experiment is locked.

    Those who decided on it have one, unless their votes were taken out, and those who hold it.
    """

    def __init__(self, experiment: Experiment, case: int, user: Any, but: int = 0) -> None:
        self.most, self.user = experiment.reviewers_per_pair, user.pk
        self.taken: dict[Pair, set[int]] = defaultdict(set)
        self.decided: set[Pair] = set()  # by the user
        rows = Comparison.objects.filter(experiment=experiment, case=case, withdrawn_at=None)
        rows = rows.filter(is_repeat=False).exclude(pk=but)
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
        """Whether the user has a place at each of some pairs, or can have one."""
        return all(
            pair not in self.decided and len(self.taken[pair] - {self.user}) < self.most
            for pair in map(frozenset, pairs)
        )


def _open(
    like: Comparison, user: Any, runs: list[int], variants: list[int], **values: Any
) -> Comparison:
    """Open a comparison of a case in place of what the user has open; the experiment is locked."""
    now = timezone.now()
    own = Comparison.objects.filter(experiment=like.experiment_id).open_to(user)
    own.update(withdrawn_at=now)
    return Comparison.objects.create(
        experiment_id=like.experiment_id,
        case_id=like.case_id,
        reviewer=user,
        runs=runs,
        variants=variants,
        until=now + timedelta(seconds=settings.HOLD_SECONDS),
        **values,
    )


# Deciding


@dataclass(frozen=True)
class Decision:
    """What somebody says of a comparison; ``places`` are those of a ranking, 1 is the best."""

    choice: Choice
    places: Sequence[int] = ()
    comment: str = ""
    seconds: int = 0


@transaction.atomic
def decide(comparison: Comparison, decision: Decision) -> Comparison:
    """Store what was said of a comparison; the same said twice is stored once. Raises NotStored."""
    experiment = lock(comparison.experiment_id)
    found = Comparison.objects.get(pk=comparison.pk)
    if reason := _objection(experiment, found, decision):
        raise NotStored(reason)
    if not found.choice:
        found.choice, found.places = decision.choice, list(decision.places)
        found.comment, found.seconds = decision.comment, decision.seconds
        found.decided_at = timezone.now()
        found.save(update_fields=["choice", "places", "comment", "seconds", "decided_at"])
    return found


def _objection(experiment: Experiment, found: Comparison, decision: Decision) -> str:
    """Return why a decision cannot be stored; nothing if it can, or is."""
    if found.withdrawn_at:
        return stored("It is not open any more: it was taken back, or another took its place.")
    if found.choice:
        is_as_said = (found.choice, list(found.places)) == (decision.choice, [*decision.places])
        return "" if is_as_said else _DECIDED
    if not experiment.is_open:
        return stored("The experiment has ended, so nothing is compared any more.")
    is_place_needed = not found.is_repeat and decision.choice != Choice.SKIPPED
    places = _Places(experiment, found.case_id, found.reviewer)
    if is_place_needed and not places.are_free(combinations(found.runs, 2)):
        return stored("It was away for too long, and others have compared these outputs by now.")
    return ""


_DECIDED = stored("You decided on it already, in another window. Undo takes that back.")


@transaction.atomic
def undo(experiment: Experiment, user: Any, shown: UUID | None = None) -> Comparison | None:
    """Take back the user's last decision or skip, and open it for them again, as it was shown.

    ``shown`` is the token of what stands before the user, if anything does: where something else is
    open by now, as after a second click, nothing is taken back. What was skipped, and has no place
    any more, is passed over. Returns None if nothing is taken back, or the experiment has ended.
    Raises NotStored if others took the place at what was decided, whose vote did not count.
    """
    experiment = lock(experiment.pk)
    rows = Comparison.objects.filter(experiment=experiment, reviewer=user, withdrawn_at=None)
    is_again = (
        rows.filter(choice="").exclude(token=shown).exists()
        if shown
        else (rows.filter(choice="").exists())
    )
    if is_again or not experiment.is_open:
        return None
    for last in rows.exclude(choice="").order_by("-decided_at", "-pk"):
        if last.is_repeat or _could_be_open(experiment, last):
            return _open_again(last)
        if last.choice != Choice.SKIPPED:
            raise NotStored(stored("Others have compared these outputs by now."))
    return None


def _could_be_open(experiment: Experiment, comparison: Comparison) -> bool:
    """Whether there would be a place for a comparison if it were taken back."""
    places = _Places(experiment, comparison.case_id, comparison.reviewer, but=comparison.pk)
    return places.are_free(combinations(comparison.runs, 2))


def _open_again(last: Comparison) -> Comparison:
    Comparison.objects.filter(pk=last.pk).update(withdrawn_at=timezone.now())
    said = {"comment": last.comment, "places": last.places, "is_repeat": last.is_repeat}
    return _open(last, last.reviewer, last.runs, last.variants, **said)


def of(user: Any, token: UUID) -> ComparisonQuerySet:
    """Return the comparison with a token, if it is the user's."""
    return Comparison.objects.filter(token=token, reviewer=user)


@dataclass(frozen=True)
class Share:
    """How many comparisons a user has decided on, and all together, those that came again too."""

    own: int
    all: int


def share(experiment: Experiment, user: Any) -> Share:
    rows = Comparison.objects.standing().filter(experiment=experiment).exclude(reviewer=None)
    return Share(rows.filter(reviewer=user).count(), rows.count())
