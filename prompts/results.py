"""What an experiment's comparisons tell: the verdict, what it rests on, and what may bend it.

A result is a plain dictionary, so that it can be kept as it was: see :class:`Snapshot`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import ceil, comb
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Avg, F

from prompts import ranking
from prompts.comparing import lock
from prompts.comparison_pool import board
from prompts.models import Choice, Comparison, Experiment, Snapshot, Variant
from prompts.votes import Vote, counted, votes
from qareview import krippendorff
from qareview.intervals import wilson
from qareview.models import JobState

Facts = dict[str, Any]


def result(experiment: Experiment) -> Facts:
    """Return what the comparisons that count tell; figures are as :mod:`prompts.ranking` has them.

    Shares are from 0 to 1; ``rows`` are the variants that brought something out and were not set
    aside, the strongest first. ``missing`` and ``left_over`` count comparisons: those a verdict
    would take, and those that can still be made.
    """
    entrants = list(experiment.entrants.select_related("variant"))
    took = _took(experiment)
    active = [one.variant for one in entrants if not one.aside_at and one.variant_id in took]
    ids = [one.pk for one in active]
    everyone = votes(experiment, is_of_everyone=True)
    said = [
        vote
        for vote in everyone
        if vote.left in ids and vote.right in ids and vote.reviewer not in experiment.without
    ]
    judged = [vote for vote in said if vote.choice != Choice.SAME]
    comparisons = len({vote.comparison for vote in judged})
    # that a comparison tells of, as they were; before there are any, as they will be
    pairs = len(judged) / comparisons if comparisons else comb(experiment.shown_at_once, 2)
    ranked = ranking.result(counted(said, ids), len(active)) if len(active) > 1 else None
    return {
        "method": ranking.METHOD,
        "verdict": ranked.verdict if ranked else ranking.APART,
        "tied": [active[number].number for number in ranked.tied] if ranked else [],
        "missing": ceil(ranked.missing / pairs) if ranked else 0,
        "left_over": int(board(experiment).left(experiment.reviewers_per_pair) / pairs),
        "rows": _rows(active, ranked, judged, took) if ranked else [],
        "aside": [
            {"variant": entrant.variant.number, "why": entrant.aside}
            for entrant in entrants
            if entrant.aside_at
        ],
        "silent": [
            entrant.variant.number
            for entrant in entrants
            if not entrant.aside_at and entrant.variant_id not in took
        ],
        "comparisons": comparisons,
        "same": len(said) - len(judged),
        "cases": len({vote.case for vote in said}),
        "cases_there": experiment.cases.count(),
        "cases_needed": ranking.FEWEST_CASES,
        "fewest": ranking.FEWEST_COMPARISONS,
        "sure": ranking.SURE,
        "people": len({vote.reviewer for vote in judged}),
        "left": _left(judged),
        "agreement": _agreement(judged),
        "repeats": _repeats(experiment),
        "reviewers": _reviewers(experiment, everyone),
    }


def _rows(
    variants: Sequence[Variant],
    ranked: ranking.Result,
    judged: Sequence[Vote],
    took: dict[int, Facts],
) -> list[Facts]:
    counts = _counts(judged)
    rows = []
    for standing in ranked.standings:
        variant = variants[standing.number]
        count = counts[variant.pk]
        own = {"id": variant.pk, "variant": variant.number, **count, **took[variant.pk]}
        pairs = count["wins"] + count["ties"] + count["losses"]
        rows.append({**asdict(standing), **own, "comparisons": pairs})
    price = "cost" if any(row["cost"] for row in rows) else "tokens"
    for row in rows:
        row["is_efficient"] = not any(_is_beaten(row, other, price) for other in rows)
    return rows


def _is_beaten(row: Facts, other: Facts, price: str) -> bool:
    """Whether another is no worse and no dearer, and one of the two is truly so (Pareto)."""
    better = other["win_rate"] - row["win_rate"]
    saved = row[price] - other[price]
    return bool(better >= 0 and saved >= 0 and (better > 0 or saved > 0))


def _took(experiment: Experiment) -> dict[int, Facts]:
    """Return what a run of each variant took, on average."""
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


def _counts(judged: Iterable[Vote]) -> dict[int, Facts]:
    counts: dict[int, Facts] = defaultdict(lambda: {"wins": 0, "ties": 0, "losses": 0, "bad": 0})
    for vote in judged:
        for variant, outcome in ((vote.left, vote.outcome), (vote.right, 1 - vote.outcome)):
            named = {1.0: "wins", 0.5: "ties", 0.0: "losses"}[outcome]
            counts[variant][named] += 1
            counts[variant]["bad"] += vote.choice == Choice.BAD
    return counts


def _left(judged: Iterable[Vote]) -> Facts | None:
    """Return how often the left of two was better, where one was: half, if sides do not count."""
    decided = [vote.outcome for vote in judged if vote.outcome != 0.5 and vote.shown == 2]
    if not decided:
        return None
    low, high = wilson(sum(decided), len(decided))
    return {
        "share": sum(decided) / len(decided),
        "low": low,
        "high": high,
        "count": len(decided),
    }


def _agreement(judged: Iterable[Vote]) -> Facts:
    """Return Krippendorff's alpha of pairs of outputs that several people judged, sides undone."""
    said: dict[tuple[int, ...], Counter[float]] = defaultdict(Counter)
    for vote in judged:
        is_turned = vote.runs[0] > vote.runs[1]
        outcome = 1 - vote.outcome if is_turned else vote.outcome
        said[tuple(sorted(vote.runs))][outcome] += 1
    patterns = Counter(tuple(one[value] for value in (0.0, 0.5, 1.0)) for one in said.values())
    return asdict(krippendorff.agreement(patterns, is_two_sided=True))


def _repeats(experiment: Experiment) -> Facts:
    """Return how often somebody judged a pair alike when it came again with its sides swapped."""
    repeats = Comparison.objects.standing().filter(experiment=experiment, is_repeat=True)
    first = Comparison.objects.counting(experiment).filter(reviewer__in=repeats.values("reviewer"))
    said = {(one.reviewer_id, tuple(one.runs)): one.choice for one in first}
    turned = {Choice.LEFT.value: Choice.RIGHT.value, Choice.RIGHT.value: Choice.LEFT.value}
    pairs = [
        (said.get((one.reviewer_id, tuple(one.runs[::-1]))), turned.get(one.choice, one.choice))
        for one in repeats
    ]
    known = [pair for pair in pairs if pair[0]]
    return {"count": len(known), "alike": sum(before == now for before, now in known)}


def _reviewers(experiment: Experiment, everyone: Iterable[Vote]) -> list[Facts]:
    """Return who compared, also those whose votes do not count, and their side."""
    by_person: dict[int, list[Vote]] = defaultdict(list)
    for vote in everyone:
        if vote.reviewer:
            by_person[vote.reviewer].append(vote)
    names = dict(User.objects.filter(pk__in=by_person).values_list("pk", "username"))
    return [
        {
            "id": pk,
            "name": names[pk],
            "comparisons": len({vote.comparison for vote in said}),
            "left": _left(said),
            "is_out": pk in experiment.without,
        }
        for pk, said in sorted(by_person.items(), key=lambda entry: names[entry[0]])
    ]


def comments(experiment: Experiment, count: int) -> list[Facts]:
    """Return what people wrote beside their choices, the latest first, with the winners if any."""
    rows = Comparison.objects.counting(experiment).exclude(comment="").order_by("-pk")
    numbers = dict(experiment.variants.values_list("pk", "number"))
    return [
        {
            "text": one.comment,
            "choice": one.get_choice_display(),
            "reviewer": one.reviewer,
            "case": one.case.position + 1,
            "variants": [numbers[pk] for pk in one.variants],
        }
        for one in rows.select_related("reviewer", "case")[:count]
    ]


def keep(experiment: Experiment, user: Any, because: str) -> Snapshot:
    """Keep the result as it is now, with the method that drew it, for a reason that is shown."""
    found = result(experiment)
    return Snapshot.objects.create(
        experiment=experiment,
        method=found["method"],
        result=found,
        because=because,
        created_by=user,
    )


@transaction.atomic
def take_out(experiment: Experiment, reviewer: int, is_out: bool) -> None:
    """Let somebody's votes not count, or count again."""
    locked = lock(experiment.pk)
    without = {*locked.without} | {reviewer} if is_out else {*locked.without} - {reviewer}
    locked.without = sorted(without)
    locked.save(update_fields=["without"])
