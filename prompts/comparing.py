"""Who compares what next, and what they say: blind, each pair of outputs so often and not more.

Whoever takes a place at a pair, or gives their vote, locks the experiment first and counts then;
so two at once never take the last place. Which variants meet is drawn by :func:`ranking.next_pair`
from what was known a moment before, without the lock.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, product
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from prompts import ranking
from prompts.board import Board, Pair, Texts, board
from prompts.models import Choice, Comparison, ComparisonQuerySet, Experiment
from qareview.stored import stored

DRAWN = 20  # meetings of variants, before every two are looked at
TRIED = 3  # pairs of outputs of each meeting, of which others may take the last place
REPEATED = 0.05  # of what is shown to somebody, to see whether they agree with themselves,
AFTER = 10  # once they have decided on so many others since


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
    generator = np.random.default_rng()
    own = list(Comparison.objects.filter(experiment=experiment, reviewer=user, withdrawn_at=None))
    return (
        _renewed(own)
        or _repeated(own, generator)
        or _drawn(experiment, user, found, own, generator, skips=False)
        or _drawn(experiment, user, found, own, generator, skips=True)
    )


def _renewed(own: Sequence[Comparison]) -> Comparison | None:
    held = next((one for one in own if not one.choice), None)
    return held if held and renew(held) else None


def renew(held: Comparison) -> bool:
    """Keep the place of an open comparison; return False if it ran out, or is decided."""
    now = timezone.now()
    rows = Comparison.objects.filter(pk=held.pk, choice="", until__gte=now)
    return bool(rows.update(until=now + timedelta(seconds=settings.HOLD_SECONDS)))


def _repeated(own: Sequence[Comparison], generator: np.random.Generator) -> Comparison | None:
    """Show something again with its sides swapped, now and then."""
    decided = [one for one in own if one.choice in _OF_TWO]
    again = {frozenset(one.runs) for one in decided if one.is_repeat}
    old = [one for one in decided[:-AFTER] if frozenset(one.runs) not in again]
    if not old or generator.random() >= REPEATED:
        return None
    chosen = old[int(generator.integers(len(old)))]
    with transaction.atomic():
        lock(chosen.experiment_id)
        runs, variants = chosen.runs[::-1], chosen.variants[::-1]
        return _open(chosen, chosen.reviewer, runs, variants, is_repeat=True)


_OF_TWO = (Choice.LEFT, Choice.RIGHT, Choice.GOOD, Choice.BAD)


def _drawn(
    experiment: Experiment,
    user: Any,
    found: Board,
    own: Sequence[Comparison],
    generator: np.random.Generator,
    *,
    skips: bool,
) -> Comparison | None:
    """Show two outputs of variants that meet; of what the user skipped, or of what they did not."""
    seen, skipped = _seen(found, own)
    for meeting, tried in _meetings(found, generator):
        options = [
            pair
            for pair in _pairs(found, *meeting)
            if found.judged[pair] < experiment.reviewers_per_pair
            and found.texts(pair) not in seen
            and (found.texts(pair) in skipped) == skips
        ]
        for pair in _ordered(found, options, generator)[:tried]:
            if len(found.texts(pair)) == 1:
                _note_same(experiment, found, pair)
            elif made := _take(experiment, user, found, pair, seen, generator):
                return made
    return None


def _seen(found: Board, own: Sequence[Comparison]) -> tuple[set[Texts], set[Texts]]:
    """Return the pairs of texts that the user decided on, and those they skipped."""
    seen: set[Texts] = set()
    skipped: set[Texts] = set()
    for one in own:
        pairs = (found.texts(pair) for pair in combinations(one.runs, 2))
        if one.choice:
            (skipped if one.choice == Choice.SKIPPED else seen).update(pairs)
    return seen, skipped - seen


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


def _pairs(found: Board, one: int, other: int) -> list[Pair]:
    """Return the pairs of outputs that two variants have of the same case and repeat."""
    place = {(output.case, output.number): output.run for output in found.of_variant[other]}
    return [
        frozenset((output.run, place[output.case, output.number]))
        for output in found.of_variant[one]
        if (output.case, output.number) in place
    ]


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


def _of_case(experiment: Experiment, case: int) -> ComparisonQuerySet:
    rows = Comparison.objects.filter(experiment=experiment, case=case, withdrawn_at=None)
    return rows.filter(is_repeat=False)


@transaction.atomic
def _note_same(experiment: Experiment, found: Board, pair: Pair) -> None:
    """Note, once, that two outputs are the same: a tie that nobody has to judge."""
    experiment = lock(experiment.pk)
    case = found.outputs[min(pair)].case
    there = _of_case(experiment, case).filter(choice=Choice.SAME, runs__contains=list(pair))
    if not there.exists():
        runs = sorted(pair)
        Comparison.objects.create(
            experiment=experiment,
            case_id=case,
            runs=runs,
            variants=[found.outputs[run].variant for run in runs],
            choice=Choice.SAME,
            decided_at=timezone.now(),
        )
    found.judged[pair] += experiment.reviewers_per_pair


def _taken(experiment: Experiment, case: int) -> dict[Pair, set[int]]:
    """Return who has a place at each pair of a case: who decided on it, and who holds it."""
    taken: dict[Pair, set[int]] = defaultdict(set)
    rows = _of_case(experiment, case).exclude(choice__in=(Choice.SKIPPED, Choice.SAME))
    now = timezone.now()
    for runs, reviewer, choice, until in rows.values_list("runs", "reviewer", "choice", "until"):
        if choice or until >= now:
            for pair in combinations(runs, 2):
                taken[frozenset(pair)].add(reviewer)
    return taken


@transaction.atomic
def _take(
    experiment: Experiment,
    user: Any,
    found: Board,
    pair: Pair,
    seen: set[Texts],
    generator: np.random.Generator,
) -> Comparison | None:
    """Hold a pair for the user, perhaps with more outputs of its case; None if it has no place."""
    experiment = lock(experiment.pk)
    case = found.outputs[min(pair)].case
    taken = _taken(experiment, case)

    def is_free(two: Iterable[int]) -> bool:
        return len(taken[frozenset(two)] - {user.pk}) < experiment.reviewers_per_pair

    if not experiment.is_open or not is_free(pair):
        return None
    runs = sorted(pair)
    for other in _beside(found, runs, generator):
        pairs = list(product(runs, [other]))
        is_new = all(len(found.texts(two)) == 2 and found.texts(two) not in seen for two in pairs)
        if len(runs) < experiment.shown_at_once and is_new and all(map(is_free, pairs)):
            runs.append(other)
    generator.shuffle(runs)
    variants = [found.outputs[run].variant for run in runs]
    return _open(Comparison(experiment=experiment, case_id=case), user, runs, variants)


def _beside(found: Board, runs: Sequence[int], generator: np.random.Generator) -> list[int]:
    """Return other outputs of the same case and repeat, those of the least compared first."""
    first = found.outputs[runs[0]]
    compared = found.strengths.compared.sum(axis=1)
    place = {variant: number for number, variant in enumerate(found.entrants)}
    beside = [
        output
        for variant, outputs in found.of_variant.items()
        for output in outputs
        if (output.case, output.number) == (first.case, first.number)
        and variant not in {found.outputs[run].variant for run in runs}
    ]
    generator.shuffle(beside)
    return [one.run for one in sorted(beside, key=lambda one: compared[place[one.variant]])]


def _open(
    like: Comparison, user: Any, runs: list[int], variants: list[int], **values: Any
) -> Comparison:
    """Open a comparison of a case in place of what the user has open; the experiment is locked."""
    Comparison.objects.filter(experiment=like.experiment_id, reviewer=user, choice="").delete()
    return Comparison.objects.create(
        experiment_id=like.experiment_id,
        case_id=like.case_id,
        reviewer=user,
        runs=runs,
        variants=variants,
        until=timezone.now() + timedelta(seconds=settings.HOLD_SECONDS),
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
    found = Comparison.objects.filter(pk=comparison.pk).first()
    if found is None:
        raise NotStored(_GONE)
    if found.choice:
        return _as_said(found, decision)
    if not experiment.is_open:
        raise NotStored(stored("The experiment has ended, so nothing is compared any more."))
    if not found.is_repeat and decision.choice != Choice.SKIPPED and not _is_free(found):
        found.delete()
        raise NotStored(_GONE)
    found.choice, found.places = decision.choice, list(decision.places)
    found.comment, found.seconds = decision.comment, decision.seconds
    found.decided_at = timezone.now()
    found.save(update_fields=["choice", "places", "comment", "seconds", "decided_at"])
    return found


_GONE = stored("It was away for too long, and others have compared these outputs by now.")


def _as_said(found: Comparison, decision: Decision) -> Comparison:
    if (found.choice, list(found.places)) == (decision.choice, list(decision.places)):
        return found
    raise NotStored(stored("You decided on it already, in another window. Undo takes that back."))


def _is_free(comparison: Comparison) -> bool:
    """Whether its reviewer has, or can have, a place at each pair of a comparison."""
    taken = _taken(comparison.experiment, comparison.case_id)
    most = comparison.experiment.reviewers_per_pair
    pairs = (frozenset(pair) for pair in combinations(comparison.runs, 2))
    return all(len(taken[pair] - {comparison.reviewer_id}) < most for pair in pairs)


@transaction.atomic
def undo(experiment: Experiment, user: Any) -> Comparison | None:
    """Take back the user's last decision or skip, and open it for them again, as it was shown.

    Returns None if there is none, or the experiment has ended. Raises NotStored if others have
    taken the place at what was skipped.
    """
    experiment = lock(experiment.pk)
    rows = Comparison.objects.filter(experiment=experiment, reviewer=user, withdrawn_at=None)
    last = rows.exclude(choice="").order_by("-decided_at", "-pk").first()
    if last is None or not experiment.is_open:
        return None
    if last.choice == Choice.SKIPPED and not _is_free(last):
        raise NotStored(stored("Others have compared by now what you skipped."))
    Comparison.objects.filter(pk=last.pk).update(withdrawn_at=timezone.now())
    said = {"comment": last.comment, "places": last.places, "is_repeat": last.is_repeat}
    return _open(last, user, last.runs, last.variants, **said)


def of(user: Any, token: UUID) -> ComparisonQuerySet:
    """Return the comparison with a token, if it is the user's."""
    return Comparison.objects.filter(token=token, reviewer=user)


@dataclass(frozen=True)
class Share:
    """How many comparisons a user has decided on, and all together."""

    own: int
    all: int


def share(experiment: Experiment, user: Any) -> Share:
    people = Comparison.objects.by_people().filter(experiment=experiment)
    return Share(people.filter(reviewer=user).count(), people.count())
