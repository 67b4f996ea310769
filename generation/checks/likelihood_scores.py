"""Score drafts by how likely a model finds their texts.

A good question is likely given its answer, and less likely given any other answer about the
passage. A good answer is likely given its question.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from generation.checks import flags
from generation.checks.scoring import Draft
from generation.models import Question
from generation.prompt_values import values_of
from prompts.models import Task, Variant
from prompts.rendering import request_for
from prompts.variants import in_production
from qareview.backends import Completion, Continuation, backend_for
from qareview.models import Project

MOST_OTHERS = 2  # answers that a question is compared with; chosen; nobody measured


@dataclass(frozen=True)
class Wanted:
    """A likelihood that is wanted: what it is of, and the text in its chat."""

    question: Question
    score: str
    continuation: Continuation


def told_by(completion: Completion) -> dict[str, float]:
    """Return the score of a question that a model told while it wrote it; empty if it did not.

    It differs from what the model tells later by as much as rounding does in another batch.
    """
    likelihood = completion.likelihood
    return {} if likelihood is None else {flags.ASKED: round(math.exp(likelihood), 4)}


def score_by_likelihood(project: Project, drafts: Sequence[Draft]) -> None:
    """Score the drafts that state sentences; keep the best of their questions.

    The model that wrote a question says how likely it is; servers do not tell, so their questions
    get no such scores. Raises ModelUnavailable and RenderingFailed.
    """
    stating = [draft for draft in drafts if draft.item.states_sentence]
    answering = in_production(project, Task.ANSWER)
    values = {draft.item.passage.pk: values_of(project, draft.item.passage) for draft in stating}
    _ask_models(
        wanted
        for draft in stating
        for question in draft.questions
        for wanted in _of_both(question, values[draft.item.passage.pk], answering)
    )
    for draft in stating:
        draft.questions.sort(key=_likely, reverse=True)
        draft.questions = draft.questions[: project.questions_per_answer]
    _ask_models(
        _of_question(question, flags.FIT, other, values[draft.item.passage.pk])
        for draft in stating
        for other in _others(draft, stating)
        for question in draft.questions
    )


def _likely(question: Question) -> float:
    return question.scores.get(flags.ASKED, 0.0) * question.scores.get(flags.ANSWERED, 0.0)


def _others(draft: Draft, drafts: Sequence[Draft]) -> list[str]:
    """Return answers about the same passage."""
    same = (other for other in drafts if other.item.passage.pk == draft.item.passage.pk)
    return [other.item.answer for other in same if other is not draft][:MOST_OTHERS]


def _ask_models(rows: Iterable[Wanted]) -> None:
    by_model: dict[str, list[Wanted]] = defaultdict(list)
    for wanted in rows:
        by_model[wanted.question.model].append(wanted)
    for model, own in by_model.items():
        told = backend_for(model).likelihoods([wanted.continuation for wanted in own])
        _note(own, told)


def _of_both(question: Question, values: dict[str, str], answering: Variant) -> Iterator[Wanted]:
    if flags.ASKED not in question.scores:
        yield _of_question(question, flags.ASKED, question.item.answer, values)
    asked = request_for(answering, {**values, "question": question.text})
    continuation = Continuation(asked.messages, question.item.answer)
    yield Wanted(question, flags.ANSWERED, continuation)


def _of_question(question: Question, score: str, answer: str, values: dict[str, str]) -> Wanted:
    variant = cast(Variant, question.variant)  # only imported questions have none
    asked = request_for(variant, {**values, "answer": answer})
    return Wanted(question, score, Continuation(asked.messages, question.text))


def _note(rows: Sequence[Wanted], told: Sequence[float | None]) -> None:
    """Store likelihoods as scores from 0 to 1.

    That of a text is the geometric mean of the probabilities of its tokens; ``FIT`` is the chance
    that the question is about its own answer and none of the others.
    """
    of_others: dict[int, list[float]] = defaultdict(list)
    for wanted, likelihood in zip(rows, told, strict=True):
        if likelihood is None:
            continue
        if wanted.score == flags.FIT:
            of_others[id(wanted.question)].append(likelihood)
        else:
            wanted.question.scores[wanted.score] = round(math.exp(likelihood), 4)
    for question in {id(wanted.question): wanted.question for wanted in rows}.values():
        if flags.ASKED in question.scores and of_others[id(question)]:
            nearest = math.exp(max(of_others[id(question)]))
            own = question.scores[flags.ASKED]
            question.scores[flags.FIT] = round(own / (own + nearest), 4)
