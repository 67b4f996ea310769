"""Learn the chance that a draft is accepted from drafts that two readers judged.

``python -m generation.writer.learn_chance`` writes ``generation/checks/first_chance.json`` and
prints how well it does on documents that it was not learned from.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")

import django

django.setup()

from generation.checks.first_chance import WEIGHTS  # noqa: E402  Django is set up first
from generation.writer.judgements import read_lines, verdicts  # noqa: E402

PENALTY = 0.3  # inverse strength of the regularisation; chosen, since the judgements are few
FOLDS = 5  # of passages
LEAST_USABLE = 0.75  # of what is shown, by both readers, as it is or after a small edit
USABLE = ("accept", "edit")


def main() -> None:
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    rows = [row for row in read_lines("drafts.jsonl") if row["features"]]
    names = sorted(rows[0]["features"])
    told = [(row, verdict) for row in rows for verdict in verdicts()[row["id"]]]
    matrix = np.array([[row["features"][name] for name in names] for row, _ in told])
    accepted = np.array([verdict == "accept" for _, verdict in told])
    passages = [row["passage"] for row, _ in told]
    model = LogisticRegression(C=PENALTY, max_iter=1000)
    chances = cross_val_predict(
        model, matrix, accepted, groups=passages, cv=GroupKFold(FOLDS), method="predict_proba"
    )[:, 1]
    model.fit(matrix, accepted)
    learned = {
        "weights": {
            **{name: round(float(one), 4) for name, one in zip(names, model.coef_[0], strict=True)},
            "bias": round(float(model.intercept_[0]), 4),
        },
        "least": least(chances, [verdict for _, verdict in told]),
        "auc": round(float(roc_auc_score(accepted, chances)), 3),
        "judgements": len(told),
    }
    WEIGHTS.write_text(json.dumps(learned, indent=1) + "\n")
    print(json.dumps(learned))  # noqa: T201  that is what it is for


def least(chances: Sequence[float], told: Sequence[Any]) -> float:
    """Return the lowest chance such that enough of what is at or above it is usable."""
    ordered = sorted(zip(chances, told, strict=True), key=lambda pair: -pair[0])
    lowest, usable = 1.0, 0
    for count, (chance, verdict) in enumerate(ordered, 1):
        usable += verdict in USABLE
        if usable >= LEAST_USABLE * count:
            lowest = float(chance)
    return round(lowest, 4)


if __name__ == "__main__":
    main()
