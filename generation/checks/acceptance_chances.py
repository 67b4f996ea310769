"""The chance that reviewers accept an item, by what was learned from a project's decisions."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generation.checks import flags
from generation.models import Acceptance, Item, Question
from qareview.models import Project

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, Any]

Pair = tuple[Item, Question]  # an item and its best question


def chances(project: Project, pairs: Sequence[Pair]) -> list[float | None]:
    """Return the chance that each item is accepted; None where it cannot be told."""
    import numpy as np

    learned = Acceptance.objects.filter(project=project).first()
    known = [pair for pair in pairs if all(one.embedding is not None for one in pair)]
    if learned is None or not learned.orders_the_desk or not known:
        return [None] * len(pairs)
    vectors, told = features(known)
    weights = learned.weights
    if len(weights["mean"]) != told.shape[1]:  # learned when there were other checks
        return [None] * len(pairs)
    rows = np.hstack([vectors, (told - weights["mean"]) / weights["scale"]])
    logits = rows @ np.array(weights["coefficients"]) + weights["intercept"]
    by_item = dict(zip((id(item) for item, _ in known), 1 / (1 + np.exp(-logits)), strict=True))
    return [float(by_item[id(item)]) if id(item) in by_item else None for item, _ in pairs]


def features(pairs: Sequence[Pair]) -> "tuple[Matrix, Matrix]":
    """Return the embeddings, (items, 768), and what the checks say, (items, checks)."""
    import numpy as np

    vectors = np.array([[*item.embedding, *question.embedding] for item, question in pairs])
    return vectors, np.array([_told(item, question) for item, question in pairs])


def _told(item: Item, question: Question) -> list[float]:
    scores = {**item.scores, **question.scores}
    raised = {*item.flags, *question.flags}
    return [
        *(scores.get(name, 0.5) for name in flags.SCORES if name != flags.ACCEPTANCE),
        *(float(flag in raised) for flag in flags.EXPLANATIONS),
        math.log1p(len(question.text)),
        math.log1p(len(item.answer)),
    ]
