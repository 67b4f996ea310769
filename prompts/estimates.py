"""What an experiment takes, before it starts: usage of models, and comparisons by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, comb
from typing import Any

from django.db.models import Avg

from prompts import ranking
from prompts.models import Case, Experiment, Variant
from prompts.rendering import RenderingFailed, request_for
from prompts.variants import model_for
from qareview import completions
from qareview.backends import Completion
from qareview.models import StoredCompletion

SAMPLED_RUNS = 200  # that an estimate is based on; chosen; nobody measured
CHARACTERS_PER_TOKEN = 4  # roughly, in English; a rule of thumb, nobody measured


@dataclass(frozen=True)
class CostEstimate:
    """The estimated usage of an experiment; ``seconds`` is None if a model was never used."""

    runs: int
    tokens: int
    cost: Decimal
    seconds: int | None


@dataclass(frozen=True)
class _Usage:
    """The estimated usage of a variant; ``milliseconds`` is None if its model was never used."""

    tokens: float
    cost: Decimal
    milliseconds: float | None


def estimate_cost(experiment: Experiment) -> CostEstimate:
    """Estimate the usage of an experiment from a sample of its requests and past completions."""
    active = experiment.entrants.filter(aside_at=None).values("variant")
    variants = list(experiment.variants.filter(pk__in=active).select_related("prompt"))
    sample = experiment.cases.all()[: max(1, SAMPLED_RUNS // max(1, len(variants)))]
    cases, runs = list(sample), experiment.cases.count() * experiment.repeats
    project = experiment.prompt.project
    usage = [_usage_of(variant, model_for(project, variant), cases, runs) for variant in variants]
    known = [each.milliseconds for each in usage if each.milliseconds is not None]
    return CostEstimate(
        runs=runs * len(variants),
        tokens=round(sum(each.tokens for each in usage)),
        cost=sum((each.cost for each in usage), Decimal(0)),
        seconds=round(sum(known) / 1000) if len(known) == len(usage) else None,
    )


def _usage_of(variant: Variant, model: str, cases: Sequence[Case], runs: int) -> _Usage:
    """Estimate the usage of ``runs`` runs of a variant on cases like the sampled ``cases``."""
    past = _past_usage(model)
    tokens_in = _tokens_per_request(variant, cases)
    tokens_out = min(variant.max_tokens, past["tokens_out"] or variant.max_tokens)
    total = Completion("", int(tokens_in * runs), int(tokens_out * runs), 0, False)
    return _Usage(
        tokens=runs * (tokens_in + tokens_out),
        cost=completions.cost_of(model, total),
        milliseconds=None if past["milliseconds"] is None else runs * past["milliseconds"],
    )


def _past_usage(model: str) -> dict[str, Any]:
    """Return the mean tokens and milliseconds of a model's latest completions, or None."""
    last = StoredCompletion.objects.filter(model=model).order_by("-pk").values("pk")[:SAMPLED_RUNS]
    rows = StoredCompletion.objects.filter(pk__in=last)
    return rows.aggregate(tokens_out=Avg("tokens_out"), milliseconds=Avg("milliseconds"))


def _tokens_per_request(variant: Variant, cases: Sequence[Case]) -> float:
    """Return roughly the mean tokens of a request, without picked examples."""
    sizes = []
    for case in cases:
        try:
            request = request_for(variant, case.values)
        except RenderingFailed:  # reported on its run later
            continue
        sizes.append(sum(len(message["content"]) for message in request.messages))
    return sum(sizes) / len(sizes) / CHARACTERS_PER_TOKEN if sizes else 0.0


def comparisons_by_win_rate(experiment: Experiment) -> list[tuple[float, int]]:
    """Return win rates of a best variant, each with about the comparisons that establish it.

    A ranking of several outputs counts as a comparison of each pair of them.
    """
    count = experiment.entrants.filter(aside_at=None).count()
    pairs = comb(min(experiment.shown_at_once, count), 2) or 1
    return [
        (rate, ceil(ranking.comparisons_for_winner(rate, count) / pairs))
        for rate in ranking.TOLD_WIN_RATES
        if count > 1
    ]


def possible_comparisons(experiment: Experiment) -> int:
    """Return how many comparisons there can be, if no outputs are equal."""
    count = experiment.entrants.filter(aside_at=None).count()
    shown = max(2, min(experiment.shown_at_once, count))
    outputs = experiment.cases.count() * experiment.repeats
    return outputs * experiment.reviewers_per_pair * comb(count, 2) // comb(shown, 2)
