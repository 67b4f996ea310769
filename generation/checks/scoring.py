"""Flag drafts, and score them from 0 to 1; the desk orders items by their scores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from generation.checks import acceptance_prediction, flags
from generation.checks.first_chance import first_chance
from generation.checks.prior import overall_score, prior_score, score_by_checks
from generation.checks.support import support
from generation.models import Acceptance, AsideReason, Item, ItemState, Purpose, Question
from qareview import jobs, projects
from qareview.embeddings import embed, nearest
from qareview.models import Project
from qareview.stored_sentences import stored

LEAST_SUPPORT = 0.5  # below it, a sentence has no support; measured by `make bench-checks`
ALIKE = 0.93  # cosine of vectors above which texts are duplicates; chosen; nobody measured
AT_ONCE = 1000  # items rescored together; chosen; nobody measured


@dataclass
class Draft:
    """An item that is not stored yet, and its candidate questions, the best first."""

    item: Item
    questions: list[Question]


def score_drafts(project: Project, drafts: Sequence[Draft]) -> None:
    """Fill in the flags and scores of a project's new drafts; sort their questions, best first.

    Raises ModelUnavailable if the embedding model is unavailable.
    """
    check_drafts(drafts)
    _compare_with_others(project, drafts)
    for draft in drafts:
        for question in draft.questions:
            chance = first_chance(draft.item, question)
            by_checks = overall_score(question.scores, question.flags)
            question.score = by_checks if chance is None else round(chance, 4)
        draft.questions.sort(key=lambda question: -question.score)
    _score_items(project, [(draft.item, draft.questions[0]) for draft in drafts])
    project.refresh_from_db(fields=["lowest_score"])  # reading and drafting take long
    for draft in drafts:
        _set_aside_if_low(project, draft)


def score_written(project: Project, written: Sequence[Draft]) -> None:
    """Fill in the flags and scores of stored items that people wrote by hand.

    The checks are those of drafts. A person repeats another item on purpose, if at all: it is
    flagged, but being unlike the others is no merit and no score. Raises ModelUnavailable.
    """
    check_drafts(written)
    _compare_with_others(project, written)
    for draft in written:
        draft.item.scores.pop(flags.NEW_ANSWER)
        for question in draft.questions:
            question.scores.pop(flags.NEW_QUESTION)
    _score_items(project, [(draft.item, draft.questions[0]) for draft in written])


def draw_purposes(project: Project, items: Iterable[Item]) -> None:
    """Set the purpose of items: CALIBRATION for the share that goes to everyone, else USUAL.

    Call it in the transaction that stores them. The share may have been changed since they were
    begun, and cannot change again until the transaction ends.
    """
    projects.share_settings(project)
    project.refresh_from_db(fields=["calibration_percent"])
    for item in items:
        is_drawn = item.shuffle * 100 < project.calibration_percent
        item.purpose = Purpose.CALIBRATION if is_drawn else Purpose.USUAL


def check_drafts(drafts: Sequence[Draft]) -> None:
    """Fill in the flags and scores that depend on no other item. Raises ModelUnavailable."""
    supported = support(
        [(draft.item.answer, draft.item.passage.text_with_header) for draft in drafts]
    )
    for draft, sentences in zip(drafts, supported, strict=True):
        _check(draft, sentences)


def explained_scores(item: Item) -> list[tuple[str, float, str]]:
    """Return the scores of an item and its best question, each with its name and its meaning."""
    scores = {**item.scores, **item.question.scores}
    return [
        (name, scores[name], str(meaning))
        for name, meaning in flags.SCORES.items()
        if name in scores
    ]


def rescore_pending(classifier: Acceptance) -> None:
    """Score the pending items of a project with a claimed, newly trained classifier.

    Raises LeaseLost if another worker has claimed the classifier in the meantime.
    """
    project = classifier.project
    pending = project.items.filter(state=ItemState.PENDING).prefetch_related("questions")
    last = 0
    while rows := list(pending.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        _score_items(project, [(item, item.question) for item in rows])
        with jobs.storing([classifier]):
            Item.objects.bulk_update(rows, ["scores", "score"])
        last = rows[-1].pk


def _score_items(project: Project, pairs: Sequence[tuple[Item, Question]]) -> None:
    """Score items by the predicted chance of acceptance, or if there is none, by the prior."""
    chances = acceptance_prediction.acceptance_chances(project, pairs)
    for (item, question), chance in zip(pairs, chances, strict=True):
        item.scores.pop(flags.ACCEPTANCE, None)
        if chance is None:
            item.score = prior_score(item, question)
        else:
            item.score = item.scores[flags.ACCEPTANCE] = round(chance, 4)


def _set_aside_if_low(project: Project, draft: Draft) -> None:
    """Set a draft aside if its checks alone score it below the project's limit."""
    score = score_by_checks(draft.item, draft.questions[0])
    if project.lowest_score is not None and score < project.lowest_score:
        draft.item.state = ItemState.ASIDE
        draft.item.aside_reason = AsideReason.LOW_SCORE
        draft.item.aside = stored(
            "Its score, %(score)s, is under the limit of %(lowest_score)s.",
            score=f"{score:.3f}",
            lowest_score=project.lowest_score,
        )


def _check(draft: Draft, sentences: list[dict[str, Any]]) -> None:
    """Fill in a draft's flags and scores, given the support of its answer's sentences."""
    item, language = draft.item, draft.item.document.language
    item.support = sentences
    item.scores = {flags.SUPPORT: min((row["score"] for row in sentences), default=0.0)}
    is_weak = item.answer and item.scores[flags.SUPPORT] < LEAST_SUPPORT
    item.flags = _united(
        item.flags,
        flags.flags_of_answer(item.answer, item.passage.wording, " ".join(item.passage.headings)),
        [flags.UNSUPPORTED] if is_weak else [],
        _language_flags(item.answer, language),
    )
    for question in draft.questions:
        question.flags = _united(
            question.flags,
            flags.flags_of_question(question.text, item.answer),
            _language_flags(question.text, language),
        )


def _language_flags(text: str, language: str) -> list[str]:
    return [flags.OTHER_LANGUAGE] if flags.is_in_other_language(text, language) else []


def _united(*flag_lists: Iterable[str]) -> list[str]:
    """Return the flags of all lists, each once and in their first order."""
    return list(dict.fromkeys(chain.from_iterable(flag_lists)))


def _compare_with_others(project: Project, drafts: Sequence[Draft]) -> None:
    """Score how different answers and questions are from those of the project's other items."""
    items = [draft.item for draft in drafts]
    own = [item.pk for item in items if item.pk]  # of items that are stored already
    other_items = project.items.exclude(state=ItemState.ASIDE).exclude(pk__in=own)
    likenesses = _likenesses(items, [item.answer for item in items], other_items)
    for item, likeness in zip(items, likenesses, strict=True):
        _note_likeness(item, likeness, flags.NEW_ANSWER, flags.DUPLICATE_ANSWER)
    questions = [question for draft in drafts for question in draft.questions]
    other_questions = Question.objects.filter(item__in=other_items)
    likenesses = _likenesses(questions, [question.text for question in questions], other_questions)
    for question, likeness in zip(questions, likenesses, strict=True):
        _note_likeness(question, likeness, flags.NEW_QUESTION, flags.DUPLICATE_QUESTION)


def _note_likeness(drafted: Item | Question, likeness: float, name: str, flag: str) -> None:
    drafted.scores[name] = round(max(0.0, min(1.0, 1 - likeness)), 3)
    if likeness > ALIKE:
        drafted.flags = _united(drafted.flags, [flag])


def _likenesses(
    drafted: Sequence[Item | Question], texts: Sequence[str], others: QuerySet[Any]
) -> list[float]:
    """Set each draft's embedding; return its cosine to the most similar text before it.

    Texts before it are the stored ``others`` and the earlier drafts, except candidate questions of
    the same item.
    """
    vectors = embed(texts)
    cosines = vectors @ vectors.T
    owners = [getattr(row, "item", row) for row in drafted]
    likenesses = []
    for index, row in enumerate(drafted):
        row.embedding = vectors[index].tolist()
        earlier = [cosines[index, at] for at in range(index) if owners[at] is not owners[index]]
        older = [1 - distance for _, distance in nearest(others, row.embedding, 1)]
        likenesses.append(float(max([*earlier, *older], default=0)))
    return likenesses
