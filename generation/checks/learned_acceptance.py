"""The chance that reviewers accept an item, learned from a project's own decisions.

A logistic regression on frozen embeddings of question and answer and on what the checks say:
feature-based tuning. It is judged by the area under the ROC curve (AUC) of its predictions for
passages it was not trained on; the interval is that of Hanley and McNeil 1982. Only one that is
better than chance is used.
"""

import math
from collections.abc import Sequence

from django.db.models import Count

from generation.checks import scoring
from generation.checks.acceptance_chances import Pair, features
from generation.models import Acceptance, Item, ItemState, Question
from qareview import jobs
from qareview.embeddings import embed
from qareview.stored import stored

FEWEST_DECISIONS = 50
GROWTH = 1.2  # learned anew when there are so many times the decisions
FOLDS = 5  # of passages, each predicted by what was learned from the others
AT_ONCE = 1000
DECIDED = (ItemState.ACCEPTED, ItemState.REJECTED)
LEARNED = ["decisions", "accepted", "weights", "auc", "auc_low", "auc_high", "note"]


def order_learning() -> None:
    """Queue a classifier for each project that has enough new decisions to learn from."""
    of_projects = Item.objects.filter(state__in=DECIDED, project__binned_at=None)
    decided = of_projects.order_by().values("project")
    enough = decided.annotate(count=Count("pk")).filter(count__gte=FEWEST_DECISIONS)
    for project, count in enough.values_list("project", "count"):
        learned, is_new = Acceptance.objects.get_or_create(project_id=project)
        if is_new:
            jobs.wake_workers(Acceptance)
        elif count >= GROWTH * learned.decisions:
            jobs.queue_again(Acceptance.objects.filter(pk=learned.pk))


def work_off_acceptance() -> None:
    """Learn from decisions what reviewers accept, a project at a time, until none is queued."""
    jobs.work_off(Acceptance, 1, lambda rows: learn(rows[0]))


def learn(learned: Acceptance) -> None:
    """Train a claimed classifier and order the project's pending items by it."""
    train(learned)
    with jobs.storing([learned]):
        learned.save(update_fields=LEARNED)
    scoring.score_anew(learned)
    with jobs.finishing([learned]):
        pass


def train(found: Acceptance) -> None:
    """Train the classifier on what is decided now, and judge it; storing it is the caller's."""
    items = Item.objects.filter(project=found.project_id, state__in=DECIDED).defer("search")
    pairs = [(item, item.question) for item in items.prefetch_related("questions")]
    _embed_missing(pairs)
    accepted = [item.state == ItemState.ACCEPTED for item, _ in pairs]
    found.decisions, found.accepted = len(pairs), sum(accepted)
    found.weights, found.auc, found.auc_low, found.auc_high = {}, None, None, None
    found.note = _nothing_to_learn(found, pairs)
    if not found.note:
        _train(found, pairs, accepted)


def _embed_missing(pairs: Sequence[Pair]) -> None:
    """Give vectors to items and questions of a time when there were none."""
    items = [item for item, _ in pairs if item.embedding is None]
    questions = [question for _, question in pairs if question.embedding is None]
    for item, vector in zip(items, embed([item.answer for item in items]), strict=True):
        item.embedding = vector.tolist()
    for question, vector in zip(questions, embed([one.text for one in questions]), strict=True):
        question.embedding = vector.tolist()
    Item.objects.bulk_update(items, ["embedding"], batch_size=AT_ONCE)
    Question.objects.bulk_update(questions, ["embedding"], batch_size=AT_ONCE)


def _nothing_to_learn(found: Acceptance, pairs: Sequence[Pair]) -> str:
    """Say why the decisions teach nothing; nothing if they do.

    It is judged on passages it was not trained on, so passages count.
    """
    of_state = ({item.passage_id for item, _ in pairs if item.state == one} for one in DECIDED)
    if min(map(len, of_state)) >= FOLDS:
        return ""
    return stored(
        "%(accepted)s of %(decisions)s decisions accept the item. To tell the two kinds apart, "
        "there have to be items of each from %(folds)s passages.",
        accepted=found.accepted,
        decisions=found.decisions,
        folds=FOLDS,
    )


def _train(found: Acceptance, pairs: Sequence[Pair], accepted: Sequence[bool]) -> None:
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    vectors, told = features(pairs)
    mean, scale = told.mean(axis=0), told.std(axis=0)
    scale[scale == 0] = 1
    rows = np.hstack([vectors, (told - mean) / scale])
    wanted = np.array(accepted)
    model = LogisticRegression(max_iter=1000)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    passages = [item.passage_id for item, _ in pairs]
    predicted = cross_val_predict(
        model, rows, wanted, groups=passages, cv=folds, method="predict_proba"
    )[:, 1]
    found.auc = float(roc_auc_score(wanted, predicted))
    found.auc_low, found.auc_high = interval(found.auc, sum(accepted), len(pairs) - sum(accepted))
    model.fit(rows, wanted)
    found.weights = {
        "mean": mean.tolist(),
        "scale": scale.tolist(),
        "coefficients": model.coef_[0].tolist(),
        "intercept": float(model.intercept_[0]),
    }


def interval(auc: float, positives: int, negatives: int) -> tuple[float, float]:
    """Return the 95 % interval of an AUC from so many positive and negative cases.

    One of exactly 0 or 1 is taken for half a pair less, since the formula has no width there.
    """
    pairs = positives * negatives
    auc = min(max(auc, 0.5 / pairs), 1 - 0.5 / pairs)
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    error = math.sqrt((auc * (1 - auc) + spread) / pairs)
    return max(0.0, auc - 1.96 * error), min(1.0, auc + 1.96 * error)
