"""Learning what a project accepts, beginning with a prediction: simulated projects."""

from statistics import fmean

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from generation.checks import prior_regression
from generation.checks.acceptance_training import OF_CHECKS, OF_EMBEDDINGS
from generation.checks.prior_regression import Examples, Matrix

SEEDS = range(6)
TOPICS, DIMENSIONS, CHECKS = 8, 48, 12  # smaller than real ones, which come out alike
MOST, HELD_OUT = 200, 1000
DEVIATIONS = np.array([OF_EMBEDDINGS] * 2 * DIMENSIONS + [OF_CHECKS] * CHECKS)
NOISE = 0.015  # about two standard errors of the mean over seeds of a difference of AUCs


def project(taste: str, seed: int) -> Examples:
    """Items on topics, whose chances are as predicted, or also depend on the topic."""
    draw = np.random.default_rng(seed)
    count = MOST + HELD_OUT
    topics = draw.integers(0, TOPICS, count)
    checks = draw.normal(size=(count, CHECKS))
    given = checks[:, :4] @ [1, 0.7, -0.7, 0.5] - 0.3
    liked = draw.permutation([-1.0, 1.0] * (TOPICS // 2))[topics]
    logits = given + {"as predicted": 0, "by topic": 2}[taste] * liked
    centres = draw.normal(size=(TOPICS, DIMENSIONS))
    vectors = [_unit(centres[topics] + draw.normal(size=(count, DIMENSIONS))) for _ in range(2)]
    labels = draw.random(count) < 1 / (1 + np.exp(-logits))
    return Examples(np.hstack([*vectors, checks]), given, labels, np.arange(count) // 2)


def _unit(vectors: Matrix) -> Matrix:
    unit: Matrix = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def gains(taste: str, decisions: int) -> list[float]:
    """How much the AUC on other items is above that of the prediction, for each seed."""
    found = []
    for seed in SEEDS:
        examples = project(taste, seed)
        learned, _ = prior_regression.learn(examples[:decisions], DEVIATIONS)
        others = examples[MOST:]
        logits = learned.logits(others.rows, others.given)
        found.append(_auc(others, logits) - _auc(others, others.given))
    return found


def _auc(examples: Examples, logits: Matrix) -> float:
    return float(roc_auc_score(examples.labels, logits))


def test_without_decisions_it_is_what_was_given() -> None:
    examples = project("by topic", 0)
    learned, predicted = prior_regression.learn(examples[:0], DEVIATIONS)
    assert learned.logits(examples.rows, examples.given) == pytest.approx(examples.given)
    assert len(predicted) == 0


@pytest.mark.parametrize("decisions", [10, 50, 200])
def test_it_never_falls_behind_what_was_given(decisions: int) -> None:
    same, other = gains("as predicted", decisions), gains("by topic", decisions)
    assert fmean(same) > -NOISE
    assert fmean(other) > -NOISE
    assert min(same) > -3 * NOISE


@pytest.mark.parametrize(("decisions", "least"), [(50, 0.03), (200, 0.1)])
def test_it_gets_ahead_where_a_project_has_a_taste_of_its_own(decisions: int, least: float) -> None:
    found = gains("by topic", decisions)
    assert fmean(found) > least
    assert min(found) > 0


def test_what_it_says_of_its_quality_is_what_it_does_on_other_items() -> None:
    told, true = [], []
    for seed in SEEDS:
        examples = project("by topic", seed)
        learned, predicted = prior_regression.learn(examples[:MOST], DEVIATIONS)
        told.append(_auc(examples[:MOST], predicted))
        others = examples[MOST:]
        true.append(_auc(others, learned.logits(others.rows, others.given)))
    assert fmean(told) == pytest.approx(fmean(true), abs=0.03)


def test_one_label_alone_moves_only_the_level() -> None:
    examples = project("as predicted", 1)
    accepted = examples[:20]
    accepted.labels[:] = True
    learned, _ = prior_regression.learn(accepted, DEVIATIONS)
    others = examples[MOST:]
    logits = learned.logits(others.rows, others.given)
    assert logits.mean() > others.given.mean()
    assert np.corrcoef(logits, others.given)[0, 1] > 0.98
