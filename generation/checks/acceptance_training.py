"""Learn from a project's own decisions which items reviewers accept.

The classifier is a logistic regression on frozen embeddings of question and answer and on the
results of the checks, which begins with the score from before any decision
(:mod:`prior_regression`). Its quality is the area under the ROC curve (AUC) of its predictions for
passages that it was not trained on, with the interval of Hanley and McNeil 1982. It is used only if
it is better than chance.
"""

import math
from collections.abc import Sequence

from django.db.models import Count

from generation.checks import prior_regression, scoring
from generation.checks.acceptance_prediction import ItemAndQuestion, features, prior_logits
from generation.checks.prior_regression import FOLDS
from generation.models import Acceptance, Item, ItemState, Question
from qareview import jobs
from qareview.embeddings import embed
from qareview.stored_sentences import stored

FEWEST_DECISIONS = 50  # chosen; nobody measured
GROWTH = 1.2  # trained again at this many times the decisions; chosen; nobody measured
# Standard deviations of the coefficients of embeddings and of checks, whose values are larger;
# `tests/test_prior_regression.py` simulates projects with them.
OF_EMBEDDINGS, OF_CHECKS = 1.0, 0.2
QUANTILE_95 = 1.96  # standard errors to each side of a 95 % interval of a normal distribution
AT_ONCE = 1000  # rows; chosen; nobody measured
DECIDED = (ItemState.ACCEPTED, ItemState.REJECTED)
LEARNED = ["decisions", "accepted", "weights", "auc", "auc_low", "auc_high", "note"]


def order_learning() -> None:
    """Queue a classifier for each project that has enough new decisions to learn from."""
    of_projects = Item.objects.filter(state__in=DECIDED, project__binned_at=None)
    decided = of_projects.order_by().values("project")
    enough = decided.annotate(count=Count("pk")).filter(count__gte=FEWEST_DECISIONS)
    for project, count in enough.values_list("project", "count"):
        classifier, is_new = Acceptance.objects.get_or_create(project_id=project)
        if is_new:
            jobs.wake_workers(Acceptance)
        elif count >= GROWTH * classifier.decisions:
            jobs.queue_again(Acceptance.objects.filter(pk=classifier.pk))


def work_off_acceptance() -> None:
    """Learn from decisions what reviewers accept, a project at a time, until none is queued."""
    jobs.work_off(Acceptance, 1, lambda rows: learn(rows[0]))


def learn(classifier: Acceptance) -> None:
    """Train a claimed classifier and order the project's pending items by it."""
    train(classifier)
    with jobs.storing([classifier]):
        classifier.save(update_fields=LEARNED)
    scoring.rescore_pending(classifier)
    with jobs.finishing([classifier]):
        pass


def train(classifier: Acceptance) -> None:
    """Train the classifier on the current decisions and measure it; the caller stores it."""
    items = Item.objects.filter(project=classifier.project_id, state__in=DECIDED).defer("search")
    pairs = [(item, item.question) for item in items.prefetch_related("questions")]
    _embed_missing(pairs)
    accepted = [item.state == ItemState.ACCEPTED for item, _ in pairs]
    classifier.decisions, classifier.accepted = len(pairs), sum(accepted)
    classifier.weights, classifier.auc, classifier.auc_low, classifier.auc_high = (
        {},
        None,
        None,
        None,
    )
    classifier.note = _nothing_to_learn(classifier, pairs)
    if not classifier.note:
        _train(classifier, pairs, accepted)


def _embed_missing(pairs: Sequence[ItemAndQuestion]) -> None:
    """Store embeddings for the items and questions that have none."""
    items = [item for item, _ in pairs if item.embedding is None]
    questions = [question for _, question in pairs if question.embedding is None]
    for item, vector in zip(items, embed([item.answer for item in items]), strict=True):
        item.embedding = vector.tolist()
    for question, vector in zip(
        questions, embed([question.text for question in questions]), strict=True
    ):
        question.embedding = vector.tolist()
    Item.objects.bulk_update(items, ["embedding"], batch_size=AT_ONCE)
    Question.objects.bulk_update(questions, ["embedding"], batch_size=AT_ONCE)


def _nothing_to_learn(classifier: Acceptance, pairs: Sequence[ItemAndQuestion]) -> str:
    """Return why nothing can be learned from the decisions; "" if something can.

    The folds are made of passages, so there must be at least as many passages as folds.
    """
    passages = ({item.passage_id for item, _ in pairs if item.state == state} for state in DECIDED)
    if min(map(len, passages)) >= FOLDS:
        return ""
    return stored(
        "%(accepted)s of %(decisions)s decisions were to accept. To learn from them, "
        "QAReview needs accepted and rejected items, each from at least %(folds)s passages.",
        accepted=classifier.accepted,
        decisions=classifier.decisions,
        folds=FOLDS,
    )


def _train(
    classifier: Acceptance, pairs: Sequence[ItemAndQuestion], accepted: Sequence[bool]
) -> None:
    import numpy as np
    from sklearn.metrics import roc_auc_score

    vectors, checks = features(pairs)
    mean, scale = checks.mean(axis=0), checks.std(axis=0)
    scale[scale == 0] = 1
    examples = prior_regression.Examples(
        rows=np.hstack([vectors, (checks - mean) / scale]),
        given=prior_logits(pairs),
        labels=np.array(accepted),
        groups=np.array([item.passage_id for item, _ in pairs]),
    )
    deviations = [OF_EMBEDDINGS] * vectors.shape[1] + [OF_CHECKS] * checks.shape[1]
    found, predicted = prior_regression.learn(examples, np.array(deviations))
    classifier.auc = float(roc_auc_score(examples.labels, predicted))
    classifier.auc_low, classifier.auc_high = interval(
        classifier.auc, sum(accepted), len(pairs) - sum(accepted)
    )
    classifier.weights = {
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "coefficients": found.coefficients.tolist(),
        "trust": found.trust,
        "intercept": found.intercept,
    }


def interval(auc: float, positives: int, negatives: int) -> tuple[float, float]:
    """Return the 95 % interval of an AUC, from the numbers of positive and negative cases.

    For an AUC of exactly 0 or 1 the formula gives a width of zero. So the AUC is first moved away
    from these limits by half a pair of cases.
    """
    pairs = positives * negatives
    auc = min(max(auc, 0.5 / pairs), 1 - 0.5 / pairs)
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    error = math.sqrt((auc * (1 - auc) + spread) / pairs)
    margin = QUANTILE_95 * error
    return max(0.0, auc - margin), min(1.0, auc + margin)
