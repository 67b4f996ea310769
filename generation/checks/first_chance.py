"""The chance that an item is accepted, as it is known before a project has decisions of its own.

It is a logistic regression on how likely the model finds the texts and on what the checks found
out, learned from items that people labelled: ``python -m generation.writer.learn_chance`` writes
the weights, and says how well they do.
"""

import functools
import json
import math
from pathlib import Path
from typing import Any

from generation.checks import flags
from generation.models import Item, Question

WEIGHTS = Path(__file__).with_suffix(".json")
LIKELIHOODS = (flags.ASKED, flags.ANSWERED)  # without which nothing is known


def is_chance_known(question: Question) -> bool:
    """Whether the model told how likely the texts are, without which there is no first chance."""
    return all(name in question.scores for name in LIKELIHOODS)


def first_chance(item: Item, question: Question) -> float | None:
    """Return the chance from 0 to 1; None if it is not known."""
    if not is_chance_known(question):
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
    """Return what the chance depends on, by name.

    They are few, since every further one that was tried made the order of other documents' drafts
    worse: the kind of question, words of its own, names and numbers, lengths, likeness of question
    and answer, and ``FIT``.
    """
    asked, answered = (question.scores.get(name, 0.0) for name in LIKELIHOODS)
    return {"likely": asked * answered, **form(item, question)}


def form(item: Item, question: Question) -> dict[str, float]:
    """Return those features that need no likelihood."""
    return {
        "support": item.scores.get(flags.SUPPORT, 0.0),
        "verbatim": float(item.parameters.get("verbatim", False)),
        "flags": float(len({*item.flags, *question.flags})),
    }
