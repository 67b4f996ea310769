"""Predict the chance that reviewers accept an item.

:mod:`acceptance_training` trains the classifier on a project's decisions.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generation.checks import flags
from generation.checks.prior import prior_logit
from generation.models import Acceptance, Item, Question
from qareview.models import Project

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, Any]

ItemAndQuestion = tuple[Item, Question]  # an item and its best question


def acceptance_chances(project: Project, pairs: Sequence[ItemAndQuestion]) -> list[float | None]:
    """Return the chance from 0 to 1 that each item is accepted; None where it cannot be predicted.

    All are None if the project has no classifier or one that is no better than chance.
    """
    import numpy as np

    classifier = Acceptance.objects.filter(project=project).first()
    embedded = [pair for pair in pairs if all(part.embedding is not None for part in pair)]
    if classifier is None or not classifier.orders_the_desk or not embedded:
        return [None] * len(pairs)
    vectors, checks = features(embedded)
    weights = classifier.weights
    if len(weights["mean"]) != checks.shape[1]:  # trained with other checks
        return [None] * len(pairs)
    rows = np.hstack([vectors, (checks - weights["mean"]) / weights["scale"]])
    logits = rows @ np.array(weights["coefficients"]) + weights["intercept"]
    logits += weights.get("trust", 0.0) * prior_logits(embedded)  # none before there was a prior
    by_item = dict(zip((id(item) for item, _ in embedded), 1 / (1 + np.exp(-logits)), strict=True))
    return [float(by_item[id(item)]) if id(item) in by_item else None for item, _ in pairs]


def features(pairs: Sequence[ItemAndQuestion]) -> "tuple[Matrix, Matrix]":
    """Return two matrices: embeddings, (items, 768), and results of the checks, (items, checks)."""
    import numpy as np

    vectors = np.array([[*item.embedding, *question.embedding] for item, question in pairs])
    return vectors, np.array([_check_results(item, question) for item, question in pairs])


def prior_logits(pairs: Sequence[ItemAndQuestion]) -> "Matrix":
    """Return how likely each item's acceptance was before any decision, as a logit."""
    import numpy as np

    return np.array([prior_logit(item, question) for item, question in pairs])


def _check_results(item: Item, question: Question) -> list[float]:
    scores = {**item.scores, **question.scores}
    raised_flags = {*item.flags, *question.flags}
    return [
        *(scores.get(name, 0.5) for name in flags.SCORES if name != flags.ACCEPTANCE),
        *(float(flag in raised_flags) for flag in flags.EXPLANATIONS),
        math.log1p(len(question.text)),
        math.log1p(len(item.answer)),
    ]
