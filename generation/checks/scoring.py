"""Drafts get their flags, their scores from 0 to 1, and with them their place at the desk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from django.db.models import QuerySet

from generation.checks import acceptance_chances, flags
from generation.checks.support import support
from generation.models import Acceptance, AsideReason, Item, ItemState, Purpose, Question
from qareview import jobs
from qareview.embeddings import embed, nearest
from qareview.models import Project
from qareview.stored import stored

LEAST_SUPPORT = 0.5  # below it a sentence is carried by none; measured by `make bench-checks`
ALIKE = 0.93  # cosine of two vectors above which the texts say nearly the same
A_FLAG = 0.8  # what each flag leaves of the score
AT_ONCE = 1000  # items scored anew together


@dataclass
class Draft:
    """An item that is not stored yet, and the questions for it, the best one first."""

    item: Item
    questions: list[Question]


def score(project: Project, drafts: Sequence[Draft]) -> None:
    """Fill in flags and scores of a project's new drafts, and put each one's best question first.

    Raises ModelUnavailable.
    """
    check(drafts)
    _compare(project, drafts)
    for draft in drafts:
        for question in draft.questions:
            question.score = overall(question.scores, question.flags)
        draft.questions.sort(key=lambda question: -question.score)
    _expect(project, [(draft.item, draft.questions[0]) for draft in drafts])
    for draft in drafts:
        draft.item.purpose = purpose(project, draft.item)
        _put_aside_if_low(project, draft)


def purpose(project: Project, item: Item) -> Purpose:
    """Return whether an item is one of the share that goes to everyone."""
    is_drawn = item.shuffle * 100 < project.calibration_percent
    return Purpose.CALIBRATION if is_drawn else Purpose.USUAL


def check(drafts: Sequence[Draft]) -> None:
    """Fill in what can be told of each draft alone. Raises ModelUnavailable."""
    carried = support([(draft.item.answer, draft.item.passage.text) for draft in drafts])
    for draft, found in zip(drafts, carried, strict=True):
        _check(draft, found)


def explained(item: Item) -> list[tuple[str, float, str]]:
    """Return the scores of an item and its best question, each with its name and what it tells."""
    scores = {**item.scores, **item.question.scores}
    return [
        (name, scores[name], str(told)) for name, told in flags.SCORES.items() if name in scores
    ]


def score_anew(learned: Acceptance) -> None:
    """Give the pending items of a project the place at the desk by what was learned.

    Raises LeaseLost if ``learned``, which is claimed, is somebody else's by now.
    """
    project = learned.project
    pending = project.items.filter(state=ItemState.PENDING).prefetch_related("questions")
    last = 0
    while rows := list(pending.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        _expect(project, [(item, item.question) for item in rows])
        with jobs.storing([learned]):
            Item.objects.bulk_update(rows, ["scores", "score"])
        last = rows[-1].pk


def _expect(project: Project, pairs: Sequence[tuple[Item, Question]]) -> None:
    """Score items, each given with its best question: by what was learned, else by the checks."""
    chances = acceptance_chances.chances(project, pairs)
    for (item, question), chance in zip(pairs, chances, strict=True):
        item.scores.pop(flags.ACCEPTANCE, None)
        if chance is None:
            item.score = _by_checks(item, question)
        else:
            item.score = item.scores[flags.ACCEPTANCE] = round(chance, 4)


def _by_checks(item: Item, question: Question) -> float:
    scores = {**item.scores, **question.scores}
    scores.pop(flags.ACCEPTANCE, None)
    return overall(scores, {*item.flags, *question.flags})


def overall(scores: Mapping[str, float], flags: Iterable[str]) -> float:
    """Return the mean score, less for each flag."""
    return round(fmean(list(scores.values()) or [0.5]) * A_FLAG ** len(set(flags)), 4)


def _put_aside_if_low(project: Project, draft: Draft) -> None:
    """Hold a draft against the project's limit, which is one of the checks, not of the chance."""
    score = _by_checks(draft.item, draft.questions[0])
    if project.lowest_score is not None and score < project.lowest_score:
        draft.item.state = ItemState.ASIDE
        draft.item.aside_reason = AsideReason.LOW_SCORE
        draft.item.aside = stored(
            "Its score, %(score)s, is under the limit of %(lowest_score)s.",
            score=f"{score:.3f}",
            lowest_score=project.lowest_score,
        )


def _check(draft: Draft, found: list[dict[str, Any]]) -> None:
    item, language = draft.item, draft.item.document.language
    item.support = found
    item.scores = {flags.SUPPORT: min((one["score"] for one in found), default=0.0)}
    is_weak = item.answer and item.scores[flags.SUPPORT] < LEAST_SUPPORT
    item.flags = _united(
        item.flags,
        flags.flags_of_answer(item.answer, item.passage.text),
        [flags.UNSUPPORTED] if is_weak else [],
        _language(item.answer, language),
    )
    for question in draft.questions:
        question.flags = _united(
            question.flags,
            flags.flags_of_question(question.text, item.answer),
            _language(question.text, language),
        )


def _language(text: str, language: str) -> list[str]:
    return [flags.OTHER_LANGUAGE] if flags.is_in_other_language(text, language) else []


def _united(*flags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(flag for some in flags for flag in some))


def _compare(project: Project, drafts: Sequence[Draft]) -> None:
    """Tell how far answers and questions are from those of the project's other items."""
    items = [draft.item for draft in drafts]
    standing = project.items.exclude(state=ItemState.ASIDE)
    near = _nearest(items, [item.answer for item in items], standing)
    for item, likeness in zip(items, near, strict=True):
        _note_likeness(item, likeness, flags.NEW_ANSWER, flags.DUPLICATE_ANSWER)
    questions = [question for draft in drafts for question in draft.questions]
    asked = Question.objects.filter(item__in=standing)
    near = _nearest(questions, [question.text for question in questions], asked)
    for question, likeness in zip(questions, near, strict=True):
        _note_likeness(question, likeness, flags.NEW_QUESTION, flags.DUPLICATE_QUESTION)


def _note_likeness(drafted: Item | Question, likeness: float, name: str, flag: str) -> None:
    drafted.scores[name] = round(max(0.0, min(1.0, 1 - likeness)), 3)
    if likeness > ALIKE:
        drafted.flags = _united(drafted.flags, [flag])


def _nearest(
    drafted: Sequence[Item | Question], texts: Sequence[str], stored: QuerySet[Any]
) -> list[float]:
    """Give each draft its vector; return its cosine to the most similar one before it.

    Those before it are the drafts in front and the rows of ``stored``; the candidate questions of
    one item do not count as such.
    """
    vectors = embed(texts)
    alike = vectors @ vectors.T
    owners = [getattr(one, "item", one) for one in drafted]
    found = []
    for index, one in enumerate(drafted):
        one.embedding = vectors[index].tolist()
        front = [alike[index, at] for at in range(index) if owners[at] is not owners[index]]
        behind = [1 - distance for _, distance in nearest(stored, one.embedding, 1)]
        found.append(float(max([*front, *behind], default=0)))
    return found
