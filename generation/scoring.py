"""Drafts get their flags, their scores from 0 to 1, and with them their place at the desk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from pgvector.django import CosineDistance

from generation import checks
from generation.models import Item, ItemState, Question
from generation.support import support
from qareview.embeddings import embed
from qareview.models import Project

LEAST_SUPPORT = 0.5  # below it a sentence is carried by none; measured by `make bench-checks`
ALIKE = 0.93  # cosine of two items' vectors above which they say nearly the same
TOO_LOW = "Its score"  # how the reason begins for which an item is put aside by itself
A_FLAG = 0.8  # what each flag leaves of the score
SCORES = {
    "support": "how well the passage carries the answer's weakest sentence",
    "novelty": "how far it is from the most similar item of the project",
}


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
    vectors = embed([f"{draft.questions[0].text}\n{draft.item.answer}" for draft in drafts])
    for index, draft in enumerate(drafts):
        item = draft.item
        item.embedding = vectors[index].tolist()
        before = max((float(vectors[index] @ vectors[other]) for other in range(index)), default=0)
        nearest = max(before, _nearest(project, item))
        item.scores["novelty"] = round(max(0.0, min(1.0, 1 - nearest)), 3)
        if nearest > ALIKE:
            item.flags.append(checks.DUPLICATE)
        item.score = overall(item, draft.questions[0])
        if project.lowest_score is not None and item.score < project.lowest_score:
            item.state = ItemState.ASIDE
            item.aside = (
                f"{TOO_LOW}, {item.score:.2f}, is under the limit of {project.lowest_score}."
            )


def check(drafts: Sequence[Draft]) -> None:
    """Fill in what can be told of each draft alone. Raises ModelUnavailable."""
    carried = support([(draft.item.answer, draft.item.passage.text) for draft in drafts])
    for draft, found in zip(drafts, carried, strict=True):
        _check(draft, found)


def explained(item: Item) -> list[tuple[str, float, str]]:
    """Return an item's scores, each with its name and what it tells."""
    return [(name, item.scores[name], told) for name, told in SCORES.items() if name in item.scores]


def overall(item: Item, question: Question) -> float:
    """Return all that is known of an item in one figure: its mean score, less for each flag."""
    known = list(item.scores.values())
    return round(fmean(known or [0.5]) * A_FLAG ** len({*item.flags, *question.flags}), 4)


def _check(draft: Draft, found: list[dict[str, Any]]) -> None:
    item, language = draft.item, draft.item.passage.document.language
    item.support = found
    item.scores = {"support": min((one["score"] for one in found), default=0.0)}
    weak = [checks.UNSUPPORTED] if item.answer and item.scores["support"] < LEAST_SUPPORT else []
    item.flags = _united(
        item.flags,
        checks.flags_of_answer(item.answer, item.passage.text),
        weak,
        _language(item.answer, language),
    )
    for question in draft.questions:
        question.flags = _united(
            question.flags,
            checks.flags_of_question(question.text, item.answer),
            _language(question.text, language),
        )
        question.score = round(A_FLAG ** len(question.flags), 4)
    draft.questions.sort(key=lambda question: -question.score)


def _language(text: str, language: str) -> list[str]:
    return [checks.OTHER_LANGUAGE] if checks.is_in_other_language(text, language) else []


def _united(*flags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(flag for some in flags for flag in some))


def _nearest(project: Project, item: Item) -> float:
    """Return the cosine between an item and the most similar one stored in its project."""
    stored = project.items.exclude(embedding=None).exclude(state=ItemState.ASIDE)
    distance = (
        stored.annotate(distance=CosineDistance("embedding", item.embedding))
        .order_by("distance")
        .values_list("distance", flat=True)
        .first()
    )
    return 0.0 if distance is None else 1 - float(distance)
