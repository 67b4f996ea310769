"""The score of an item before anybody of its project has decided on anything."""

import math
from collections.abc import Iterable, Mapping
from statistics import fmean

from generation.checks import flags
from generation.checks.first_chance import first_chance
from generation.models import Item, Question

FLAG_FACTOR = 0.8  # each flag multiplies the score by it; chosen; nobody measured
SUREST = 0.98  # chance beyond which nothing is believed beforehand; chosen; nobody measured


def prior_score(item: Item, question: Question) -> float:
    """Return the first chance of an item, or the score by its checks where that is not known."""
    chance = first_chance(item, question)
    return score_by_checks(item, question) if chance is None else round(chance, 4)


def prior_logit(item: Item, question: Question) -> float:
    """Return the prior score on the scale of a logistic regression."""
    chance = min(max(prior_score(item, question), 1 - SUREST), SUREST)
    return math.log(chance / (1 - chance))


def score_by_checks(item: Item, question: Question) -> float:
    """Return the score by the checks alone, without what was learned."""
    scores = {**item.scores, **question.scores}
    scores.pop(flags.ACCEPTANCE, None)
    return overall_score(scores, {*item.flags, *question.flags})


def overall_score(scores: Mapping[str, float], raised_flags: Iterable[str]) -> float:
    """Return the mean of the scores, reduced for each flag."""
    mean = fmean(list(scores.values()) or [0.5])
    return round(mean * FLAG_FACTOR ** len(set(raised_flags)), 4)
