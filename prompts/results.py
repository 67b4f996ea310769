"""The result of an experiment: the verdict, its figures, and signs of bias in the votes.

A result is a plain dictionary, so that it can be stored: see :class:`Snapshot`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from math import ceil, comb
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Avg, F

from prompts import ranking
from prompts.comparing import lock_experiment
from prompts.comparison_pool import pool_of
from prompts.models import Choice, Comparison, Entrant, Experiment, Snapshot, Variant
from prompts.variants import name_of
from prompts.votes import PairVote, as_ranking_votes, pair_votes
from qareview import krippendorff
from qareview.confidence_intervals import wilson
from qareview.models import JobState

Facts = dict[str, Any]


def result_of(experiment: Experiment) -> Facts:
    """Return the current result of an experiment; :class:`ranking.Ranking` explains its figures.

    Shares are from 0 to 1. ``rows`` are the active variants with outputs, the strongest first.
    """
    entrants = list(experiment.entrants.select_related("variant"))
    usage = _usage_per_run(experiment)
    active = [entrant.variant for entrant in entrants if not entrant.aside_at]
    variants = [variant for variant in active if variant.pk in usage]
    everyone = pair_votes(experiment, is_of_everyone=True)
    counting = _counting_votes(everyone, variants, experiment.without)
    judged = [vote for vote in counting if vote.choice != Choice.SAME]
    ranked = _ranking_of(variants, counting)
    return {
        "method": ranking.METHOD,
        "verdict": ranked.verdict if ranked else ranking.NOT_COMPARABLE,
        "tied": [variants[number].number for number in ranked.tied] if ranked else [],
        "rows": _rows(variants, ranked, judged, usage) if ranked else [],
        "aside": _dropped(entrants),
        "silent": [variant.number for variant in active if variant.pk not in usage],
        **_numbers_of_comparisons(experiment, judged, ranked),
        "same": len(counting) - len(judged),
        "cases": len({vote.case for vote in counting}),
        "cases_there": experiment.cases.count(),
        "cases_needed": ranking.FEWEST_CASES,
        "fewest": ranking.FEWEST_COMPARISONS,
        "sure": ranking.WINNER_STANDARD_ERRORS,
        "people": len({vote.reviewer for vote in judged}),
        "left": _left_win_share(judged),
        "agreement": _agreement(judged),
        "repeats": _self_agreement(experiment),
        "reviewers": _reviewers(experiment, everyone),
    }


def _counting_votes(
    votes: Iterable[PairVote], variants: Sequence[Variant], without: Collection[int]
) -> list[PairVote]:
    """Return the votes on two of these variants by people who are not excluded."""
    ids = {variant.pk for variant in variants}
    return [
        vote for vote in votes if {vote.left, vote.right} <= ids and vote.reviewer not in without
    ]


def _ranking_of(variants: Sequence[Variant], votes: Sequence[PairVote]) -> ranking.Ranking | None:
    """Rank variants by votes; return None for fewer than two variants."""
    ids = [variant.pk for variant in variants]
    return ranking.rank(as_ranking_votes(votes, ids), len(ids)) if len(ids) > 1 else None


def _numbers_of_comparisons(
    experiment: Experiment, judged: Sequence[PairVote], ranked: ranking.Ranking | None
) -> Facts:
    """Return how many comparisons there are, are missing for a verdict, and are still possible."""
    comparisons = len({vote.comparison for vote in judged})
    # those of the comparisons so far; before the first, those that it will have
    pairs_per_comparison = (
        len(judged) / comparisons if comparisons else comb(experiment.shown_at_once, 2)
    )
    possible_pairs = pool_of(experiment).left(experiment.reviewers_per_pair)
    return {
        "comparisons": comparisons,
        "missing": ceil(ranked.missing / pairs_per_comparison) if ranked else 0,
        "missing_safe": ceil(ranked.missing_safe / pairs_per_comparison) if ranked else 0,
        "left_over": int(possible_pairs / pairs_per_comparison),
    }


def _dropped(entrants: Iterable[Entrant]) -> list[Facts]:
    return [
        {"variant": entrant.variant.number, "why": entrant.aside}
        for entrant in entrants
        if entrant.aside_at
    ]


def _rows(
    variants: Sequence[Variant],
    ranked: ranking.Ranking,
    judged: Sequence[PairVote],
    usage: dict[int, Facts],
) -> list[Facts]:
    counts = _outcomes_by_variant(judged)
    rows = []
    for standing in ranked.standings:
        variant = variants[standing.number]
        count = counts[variant.pk]
        own = {"id": variant.pk, "variant": variant.number, "name": name_of(variant)}
        pairs = count["wins"] + count["ties"] + count["losses"]
        figures = {**asdict(standing), **count, **usage[variant.pk]}
        rows.append({**figures, **own, "comparisons": pairs})
    price = "cost" if any(row["cost"] for row in rows) else "tokens"
    for row in rows:
        row["is_efficient"] = not any(_is_dominated(row, other, price) for other in rows)
    return rows


def _is_dominated(row: Facts, other: Facts, price: str) -> bool:
    """Whether another variant is better or cheaper, and neither worse nor more expensive."""
    better = other["win_rate"] - row["win_rate"]
    saved = row[price] - other[price]
    return bool(better >= 0 and saved >= 0 and (better > 0 or saved > 0))


def _usage_per_run(experiment: Experiment) -> dict[int, Facts]:
    """Return the mean tokens, milliseconds and cost of a run, by the variant's id."""
    runs = experiment.runs.filter(state=JobState.DONE).order_by().values("variant")
    sums = runs.annotate(
        tokens=Avg(F("tokens_in") + F("tokens_out")), ms=Avg("milliseconds"), price=Avg("cost")
    )
    return {
        row["variant"]: {
            "tokens": float(row["tokens"]),
            "milliseconds": float(row["ms"]),
            "cost": float(row["price"]),
        }
        for row in sums
    }


def _outcomes_by_variant(judged: Iterable[PairVote]) -> dict[int, Facts]:
    counts: dict[int, Facts] = defaultdict(lambda: {"wins": 0, "ties": 0, "losses": 0, "bad": 0})
    for vote in judged:
        for variant, outcome in ((vote.left, vote.outcome), (vote.right, 1 - vote.outcome)):
            outcome_name = {1.0: "wins", 0.5: "ties", 0.0: "losses"}[outcome]
            counts[variant][outcome_name] += 1
            counts[variant]["bad"] += vote.choice == Choice.BAD
    return counts


def _left_win_share(judged: Iterable[PairVote]) -> Facts | None:
    """Return the share of votes on two outputs, without ties, that the left output won.

    It comes with its interval, and is about a half if people do not prefer a side. None without
    such votes.
    """
    decided = [vote.outcome for vote in judged if vote.outcome != 0.5 and vote.shown == 2]
    if not decided:
        return None
    low, high = wilson(sum(decided), len(decided))
    return {
        "share": sum(decided) / len(decided),
        "low": low,
        "high": high,
        "count": len(decided),
        "is_biased": _is_biased(sum(decided) / len(decided), low, high),
    }


MOST_OF_A_SIDE = 0.75  # of a person's votes; more is flagged; chosen; nobody measured


def _is_biased(share: float, low: float, high: float) -> bool:
    """Whether one side was preferred by far more than chance, so that the votes tell little."""
    is_far = not 1 - MOST_OF_A_SIDE < share < MOST_OF_A_SIDE
    return is_far and not low <= 0.5 <= high


def _agreement(judged: Iterable[PairVote]) -> Facts:
    """Return Krippendorff's alpha for pairs of outputs, regardless of their sides."""
    outcomes: dict[tuple[int, ...], Counter[float]] = defaultdict(Counter)
    for vote in judged:
        is_turned = vote.runs[0] > vote.runs[1]
        outcome = 1 - vote.outcome if is_turned else vote.outcome
        outcomes[tuple(sorted(vote.runs))][outcome] += 1
    patterns = Counter(
        tuple(counts[value] for value in (0.0, 0.5, 1.0)) for counts in outcomes.values()
    )
    return asdict(krippendorff.agreement(patterns, is_two_sided=True))


def _self_agreement(experiment: Experiment) -> Facts:
    """Return the number of repeats with swapped sides, and of those with the same vote."""
    repeats = Comparison.objects.standing().filter(experiment=experiment, is_repeat=True)
    first = Comparison.objects.counting(experiment).filter(reviewer__in=repeats.values("reviewer"))
    first_choices = {
        (comparison.reviewer_id, tuple(comparison.runs)): comparison.choice for comparison in first
    }
    swapped = {Choice.LEFT.value: Choice.RIGHT.value, Choice.RIGHT.value: Choice.LEFT.value}
    pairs = [
        (
            first_choices.get((comparison.reviewer_id, tuple(comparison.runs[::-1]))),
            swapped.get(comparison.choice, comparison.choice),
        )
        for comparison in repeats
    ]
    judged_twice = [pair for pair in pairs if pair[0]]
    return {"count": len(judged_twice), "alike": sum(before == now for before, now in judged_twice)}


def _reviewers(experiment: Experiment, everyone: Iterable[PairVote]) -> list[Facts]:
    """Return who voted, excluded people too, how often, and how often the left output won."""
    by_person: dict[int, list[PairVote]] = defaultdict(list)
    for vote in everyone:
        if vote.reviewer:
            by_person[vote.reviewer].append(vote)
    names = dict(User.objects.filter(pk__in=by_person).values_list("pk", "username"))
    return [
        {
            "id": pk,
            "name": names[pk],
            "comparisons": len({vote.comparison for vote in own_votes}),
            "left": _left_win_share(own_votes),
            "is_out": pk in experiment.without,
        }
        for pk, own_votes in sorted(by_person.items(), key=lambda entry: names[entry[0]])
    ]


LATER_FACTS: Facts = {"missing_safe": 0}  # which results of earlier methods do not have


def facts_of(snapshot: Snapshot) -> Facts:
    """Return a stored result, with all facts that :func:`result_of` returns."""
    return {**LATER_FACTS, **snapshot.result}


def comments_on(experiment: Experiment, count: int) -> list[Facts]:
    """Return the latest ``count`` comments, each with the vote and the variants."""
    rows = Comparison.objects.counting(experiment).exclude(comment="").order_by("-pk")
    numbers = dict(experiment.variants.values_list("pk", "number"))
    return [
        {
            "text": comparison.comment,
            "choice": comparison.get_choice_display(),
            "reviewer": comparison.reviewer,
            "case": comparison.case.position + 1,
            "variants": [numbers[pk] for pk in comparison.variants],
        }
        for comparison in rows.select_related("reviewer", "case")[:count]
    ]


def keep_snapshot(experiment: Experiment, user: Any, because: str) -> Snapshot:
    """Store the current result, with a reason that the page shows."""
    facts = result_of(experiment)
    return Snapshot.objects.create(
        experiment=experiment,
        method=facts["method"],
        result=facts,
        because=because,
        created_by=user,
    )


@transaction.atomic
def exclude_votes(experiment: Experiment, reviewer: int, is_excluded: bool) -> None:
    """Exclude a reviewer's votes from the result, or include them again."""
    locked = lock_experiment(experiment.pk)
    without = {*locked.without} | {reviewer} if is_excluded else {*locked.without} - {reviewer}
    locked.without = sorted(without)
    locked.save(update_fields=["without"])
