"""The chance that an item is accepted, as it is known before a project has decisions of its own.

It is a logistic regression on what the checks found out, learned from drafts that people judged:
``python -m generation.writer.learn_chance`` writes the weights, and says how well they do.
"""

import functools
import json
import math
from pathlib import Path
from typing import Any

from generation.checks import flags
from generation.models import Item, Question
from qareview import scripts

WEIGHTS = Path(__file__).with_suffix(".json")
LIKELIHOODS = (flags.ASKED, flags.ANSWERED)  # without which nothing is known


def first_chance(item: Item, question: Question) -> float | None:
    """Return the chance from 0 to 1; None if the model did not tell how likely its texts are."""
    if any(name not in question.scores for name in LIKELIHOODS):
        return None
    weights = learned()["weights"]
    values = features(item, question)
    logit = weights["bias"] + sum(weights[name] * value for name, value in values.items())
    return 1 / (1 + math.exp(-logit))


def least_chance() -> float:
    """Return the chance below which a draft is not shown."""
    least: float = learned()["least"]
    return least


@functools.cache
def learned() -> dict[str, Any]:
    """Return what was learned: ``weights`` by feature, ``least``, and where they come from."""
    read: dict[str, Any] = json.loads(WEIGHTS.read_text())
    return read


def features(item: Item, question: Question) -> dict[str, float]:
    """Return what the chance depends on, by name; each is about 0 to 1."""
    scores, raised = question.scores, {*item.flags, *question.flags}
    words = scripts.word_count
    return {
        "asked": scores[flags.ASKED],
        "answered": scores[flags.ANSWERED],
        "fit": scores.get(flags.FIT, 1.0),
        "support": item.scores.get(flags.SUPPORT, 0.0),
        "verbatim": float(item.parameters.get("verbatim", False)),
        "stands alone": float(item.parameters.get("stands_alone", False)),
        "question words": math.log1p(words(question.text)) / 4,
        "answer words": math.log1p(words(item.answer)) / 4,
        "number": float(any(map(str.isdigit, item.answer))),
        "name": float(any(word[:1].isupper() for word in item.answer.split()[1:])),
        "asked name": float(any(word[:1].isupper() for word in question.text.split()[1:])),
        "answer flags": float(len(set(item.flags))),
        "question flags": float(len(raised - set(item.flags))),
    }
