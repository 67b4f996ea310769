"""Learn the chance that a draft is accepted from items that people labelled.

``python -m generation.writer.learn_chance`` writes ``generation/checks/first_chance.json`` and
writes into the judged drafts what was learned from other documents says of them, so that
``make bench-writer`` counts nothing that was learned from itself. It learns twice:

- from the good and the bad items of the writer's data, which are many, how support, flags and an
  answer's being a sentence of the passage tell good from bad: the form;
- from the judged drafts, which are few, how much the form and the likelihoods tell each.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")

import django

django.setup()

import numpy as np  # noqa: E402  Django is set up first

from generation.checks import first_chance, scoring  # noqa: E402
from generation.writer.judgements import read_lines, verdicts, write_lines  # noqa: E402
from generation.writer.labelled import JudgedDraft, data_items, judged_drafts  # noqa: E402

Matrix = np.ndarray[Any, Any]

PENALTY = 0.3  # inverse strength of the regularisation; chosen, since the judgements are few
RESAMPLES = 1000  # of documents, for the interval of the AUC; chosen
SEED = 15
USABLE = ("accept", "edit")
# What is shown has to be: shares of accepted, usable and wrong ones among it.
LEAST_ACCEPTED, LEAST_USABLE, MOST_WRONG = 0.4, 0.75, 0.05


def main() -> None:
    form = learn_form()
    drafts = [one for one in judged_drafts() if one.draft.questions[0].scores]
    scoring.check_drafts([one.draft for one in drafts])
    rows = np.array([_row(one, form) for one in drafts])
    chances = _of_other_documents(rows, drafts)
    line = least(chances)
    _note(chances, line)
    learned = {
        "weights": _combined(_fit(rows, drafts), form),
        "least": line,
        "judgements": sum(len(verdicts()[one.number]) for one in drafts),
        **_quality(chances, drafts),
    }
    first_chance.WEIGHTS.write_text(json.dumps(learned, indent=1) + "\n")
    print(json.dumps(learned))  # noqa: T201  that is what it is for


def learn_form() -> dict[str, float]:
    """Return the weights of the form, with ``bias``, that tell the good items of the data."""
    items = list(data_items())
    scoring.check_drafts([item.draft for item in items])
    found = [first_chance.form(one.draft.item, one.draft.questions[0]) for one in items]
    names = sorted(found[0])
    rows = np.array([[values[name] for name in names] for values in found])
    weights, bias = _logistic(rows, [not item.is_bad for item in items])
    return {**dict(zip(names, map(float, weights), strict=True)), "bias": bias}


def _row(one: JudgedDraft, form: Mapping[str, float]) -> list[float]:
    """Return what is learned from in the second step: the likelihood and the form of a draft."""
    values = first_chance.features(one.draft.item, one.draft.questions[0])
    likely = values.pop("likely")
    return [likely, form["bias"] + sum(form[name] * value for name, value in values.items())]


def _fit(rows: Matrix, drafts: Sequence[JudgedDraft]) -> tuple[Matrix, float]:
    """Learn from both verdicts: a draft to edit is half as good as an accepted one."""
    labels = [
        verdict in good
        for one in drafts
        for good in (("accept",), USABLE)
        for verdict in verdicts()[one.number]
    ]
    return _logistic(rows.repeat(len(labels) // len(rows), axis=0), labels)


def _logistic(rows: Matrix, labels: Sequence[bool]) -> tuple[Matrix, float]:
    """Return the weights of the features as they are, not scaled, and the bias."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    regression = LogisticRegression(C=PENALTY, max_iter=1000)
    regression.fit(scaler.fit_transform(rows), labels)
    weights = regression.coef_[0] / scaler.scale_
    return weights, float(regression.intercept_[0] - weights @ scaler.mean_)


def _of_other_documents(rows: Matrix, drafts: Sequence[JudgedDraft]) -> dict[int, float]:
    """Return the chance of each draft by its number, learned from the other documents' drafts."""
    chances = {}
    for document in sorted({one.document for one in drafts}):
        is_own = np.array([one.document == document for one in drafts])
        weights, bias = _fit(rows[~is_own], [one for one in drafts if one.document != document])
        for one, row in zip(drafts, rows, strict=True):
            if one.document == document:
                chances[one.number] = float(1 / (1 + np.exp(-(row @ weights + bias))))
    return chances


def _combined(learned: tuple[Matrix, float], form: Mapping[str, float]) -> dict[str, float]:
    """Return the weights of both steps in one."""
    (likely, of_form), bias = learned
    weights = {name: of_form * weight for name, weight in form.items()}
    weights |= {"likely": likely, "bias": bias + weights["bias"]}
    return {name: round(float(weight), 4) for name, weight in weights.items()}


def _quality(chances: Mapping[int, float], drafts: Sequence[JudgedDraft]) -> dict[str, float]:
    """Return the AUC for “accepted”, with its 95 % interval by drawing documents again."""
    own = defaultdict(list)
    for one in drafts:
        own[one.document].append(one.number)
    draw, documents = np.random.default_rng(SEED), sorted(own)
    drawn = [
        _auc(chances, [number for at in chosen for number in own[documents[at]]])
        for chosen in draw.integers(0, len(documents), (RESAMPLES, len(documents)))
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    auc = _auc(chances, [one.number for one in drafts])
    return {"auc": round(auc, 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def _auc(chances: Mapping[int, float], numbers: Sequence[int]) -> float:
    from sklearn.metrics import roc_auc_score

    told = [(chances[number], verdict) for number in numbers for verdict in verdicts()[number]]
    accepted = [verdict == "accept" for _, verdict in told]
    return float(roc_auc_score(accepted, [chance for chance, _ in told]))


def least(chances: Mapping[int, float]) -> float:
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


def _note(chances: Mapping[int, float], line: float) -> None:
    """Write into the drafts what was predicted by weights that were not learned from them."""
    rows = read_lines("drafts.jsonl")
    for row in rows:
        if row["id"] in chances:
            row["score"] = round(chances[row["id"]], 4)
            row["is_shown"] = row["score"] >= line
    write_lines("drafts.jsonl", rows)


if __name__ == "__main__":
    main()
