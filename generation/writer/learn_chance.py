"""Learn the chance that a draft is accepted from drafts that two readers judged.

``python -m generation.writer.learn_chance`` writes ``generation/checks/first_chance.json`` and
writes into the drafts what weights learned from other passages say of them, so that
``make bench-writer`` counts nothing that was learned from itself.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")

import django

django.setup()

from generation.checks.first_chance import WEIGHTS  # noqa: E402  Django is set up first
from generation.writer.judgements import read_lines, verdicts, write_lines  # noqa: E402

PENALTY = 0.3  # inverse strength of the regularisation; chosen, since the judgements are few
FOLDS = 5  # of passages
USABLE = ("accept", "edit")
# What is shown has to be: shares of accepted, usable and wrong ones among it.
LEAST_ACCEPTED, LEAST_USABLE, MOST_WRONG = 0.4, 0.75, 0.05


def main() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = [row for row in read_lines("drafts.jsonl") if row["features"]]
    names = sorted(rows[0]["features"])
    told = [(row, label) for row in rows for label in _labels(row["id"])]
    matrix = [[row["features"][name] for name in names] for row, _ in told]
    labels = [label for _, label in told]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=1000))
    chances = cross_val_predict(
        model,
        matrix,
        labels,
        groups=[row["passage"] for row, _ in told],
        cv=GroupKFold(FOLDS),
        method="predict_proba",
    )[:, 1]
    by_draft = {row["id"]: float(chance) for (row, _), chance in zip(told, chances, strict=True)}
    line = least(by_draft)
    _note(by_draft, line)
    model.fit(matrix, labels)
    learned = {"weights": _weights(model, names), "least": line, "judgements": 2 * len(rows)}
    WEIGHTS.write_text(json.dumps(learned, indent=1) + "\n")
    print(json.dumps(learned))  # noqa: T201  that is what it is for


def _labels(draft: int) -> list[bool]:
    """Return what is learned from both verdicts: a draft to edit is half as good as an accepted."""
    told = verdicts()[draft]
    return [verdict == "accept" for verdict in told] + [verdict in USABLE for verdict in told]


def _weights(model: Any, names: Sequence[str]) -> dict[str, float]:
    """Return the weights of the features as they are, not scaled."""
    scaler, regression = (step for _, step in model.steps)
    weights = regression.coef_[0] / scaler.scale_
    bias = regression.intercept_[0] - weights @ scaler.mean_
    return {
        **{name: round(float(one), 4) for name, one in zip(names, weights, strict=True)},
        "bias": round(float(bias), 4),
    }


def least(chances: dict[int, float]) -> float:
    """Return the lowest chance such that what is at or above it is good enough to be shown."""
    lowest, told = 1.0, Counter[str]()
    for draft in sorted(chances, key=chances.__getitem__, reverse=True):
        told.update(verdicts()[draft])
        usable = told["accept"] + told["edit"]
        if (
            told["accept"] >= LEAST_ACCEPTED * told.total()
            and usable >= LEAST_USABLE * told.total()
            and told["wrong"] <= MOST_WRONG * told.total()
        ):
            lowest = chances[draft]
    return round(lowest, 4)


def _note(chances: dict[int, float], line: float) -> None:
    """Write into the drafts what was predicted by weights that were not learned from them."""
    rows = read_lines("drafts.jsonl")
    for row in rows:
        if row["id"] in chances:
            row["score"] = round(chances[row["id"]], 4)
            row["is_shown"] = row["score"] >= line
    write_lines("drafts.jsonl", rows)


if __name__ == "__main__":
    main()
