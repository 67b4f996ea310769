"""Logistic regression that begins with a prediction and moves away as far as the data say.

It is the maximum a posteriori estimate with Gaussian priors (Bishop 2006, section 4.5). That is the
regularised regression that is usual, but the logit of the prediction is a feature, too, and its
coefficient is drawn towards 1, all others towards 0: without data, what comes out is what was
given. How far coefficients may move is chosen by cross-validation, so that it stays with the
prediction where data tell nothing new.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

Matrix = np.ndarray[Any, Any]

# Standard deviations of the coefficient of what was given and of the intercept, which is wide, as
# some projects accept more than others; chosen; `tests/test_prior_regression.py` simulates them.
OF_GIVEN, OF_INTERCEPT = 0.5, 2.0
STRENGTHS = (0.1, 0.3, 1.0)  # factors of the features' deviations to choose from; simulated there
FOLDS = 5  # of groups; each is predicted by training on the others; chosen; nobody measured
MOST_STEPS = 1000  # of the solver; chosen; nobody measured


@dataclass(frozen=True)
class Examples:
    """What is learned from: features, the logits given beforehand, labels and groups, by rows."""

    rows: Matrix
    given: Matrix
    labels: Matrix
    groups: Matrix  # rows of a group are predicted together

    def __getitem__(self, chosen: Any) -> "Examples":
        return Examples(
            self.rows[chosen], self.given[chosen], self.labels[chosen], self.groups[chosen]
        )


@dataclass(frozen=True)
class Regression:
    """What was learned."""

    coefficients: Matrix
    trust: float  # the coefficient of what was given
    intercept: float

    def logits(self, rows: Matrix, given: Matrix) -> Matrix:
        """Return the logit of each row."""
        logits: Matrix = rows @ self.coefficients + given * self.trust + self.intercept
        return logits


def learn(examples: Examples, deviations: Matrix) -> tuple[Regression, Matrix]:
    """Return what was learned, and what is predicted for each row by learning from other groups.

    ``deviations`` are the standard deviations of the features' coefficients, at most. Where there
    are too few groups to predict one by the others, what was given stands for the predictions.
    """
    if _fold_count(examples) < 2:
        return _fit(examples, deviations * STRENGTHS[0]), examples.given
    predicted = {one: _predicted(examples, deviations * one) for one in STRENGTHS}
    best = _best({one: _losses(predicted[one], examples.labels) for one in STRENGTHS})
    return _fit(examples, deviations * best), predicted[best]


def _fold_count(examples: Examples) -> int:
    """Return how many folds can be made that all have rows of both labels."""
    sides = (examples.groups[examples.labels], examples.groups[~examples.labels])
    return min(FOLDS, *(len(set(side.tolist())) for side in sides))


def _predicted(examples: Examples, deviations: Matrix) -> Matrix:
    """Return the logit of each row, learned from the other folds of groups."""
    from sklearn.model_selection import StratifiedGroupKFold

    logits = np.empty(len(examples.labels))
    folds = StratifiedGroupKFold(_fold_count(examples), shuffle=True, random_state=0)
    for others, own in folds.split(examples.rows, examples.labels, examples.groups):
        found = _fit(examples[others], deviations)
        logits[own] = found.logits(examples.rows[own], examples.given[own])
    return logits


def _losses(logits: Matrix, labels: Matrix) -> Matrix:
    """Return the negative log likelihood of each label."""
    losses: Matrix = np.logaddexp(0, np.where(labels, -logits, logits))
    return losses


def _best(losses: dict[float, Matrix]) -> float:
    """Return the weakest strength, unless another is better by more than a standard error.

    That is the rule of one standard error by Breiman et al. 1984, on differences of pairs.
    """
    best, *others = losses
    for one in others:
        gains = losses[best] - losses[one]
        if gains.sum() > gains.std() * len(gains) ** 0.5:
            best = one
    return best


def _fit(examples: Examples, deviations: Matrix) -> Regression:
    from scipy.optimize import minimize

    columns = np.column_stack([examples.rows, examples.given, np.ones(len(examples.given))])
    means = np.array([*np.zeros(len(deviations)), 1.0, 0.0])
    spreads = np.array([*deviations, OF_GIVEN, OF_INTERCEPT])
    signs = np.where(examples.labels, 1.0, -1.0)

    def loss(moved: Matrix) -> tuple[float, Matrix]:
        """Return the negative log posterior and its slope, by how far coefficients have moved."""
        margins = signs * (columns @ (means + moved * spreads))
        slopes = -signs * np.exp(-np.logaddexp(0, margins))
        value = np.logaddexp(0, -margins).sum() + moved @ moved / 2
        return float(value), (slopes @ columns) * spreads + moved

    start = np.zeros(len(means))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    *coefficients, trust, intercept = means + found.x * spreads
    return Regression(np.array(coefficients), float(trust), float(intercept))
