"""Score drafts by how likely a model finds their texts.

A good question is likely given its answer, and less likely given any other answer about the
passage. A good answer is likely given its question.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generation.checks import flags
from generation.checks.scoring import Draft
from generation.models import Question
from generation.prompt_values import values_of
from prompts.models import Task, Variant
from prompts.rendering import request_for
from prompts.variants import in_production
from qareview.backends import Continuation, backend_for
from qareview.models import Project

MOST_OTHERS = 2  # answers that a question is compared with; chosen; nobody measured


@dataclass(frozen=True)
class Wanted:
    """A likelihood that is wanted: what it is of, and the text in its chat."""

    question: Question
    score: str
    continuation: Continuation


def score_by_likelihood(project: Project, drafts: Sequence[Draft]) -> None:
    """Fill in the scores of the questions of drafts that say how likely their texts are.

    The model of each question says it; servers do not tell, so their questions get none. Raises
    ModelUnavailable and RenderingFailed.
    """
    by_model: dict[str, list[Wanted]] = defaultdict(list)
    for wanted in _wanted(project, drafts):
        by_model[wanted.question.model].append(wanted)
    for model, own in by_model.items():
        told = backend_for(model).likelihoods([wanted.continuation for wanted in own])
        _note(own, told)


def _wanted(project: Project, drafts: Sequence[Draft]) -> Iterator[Wanted]:
    by_passage: dict[int, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.states_sentence:
            by_passage[draft.item.passage.pk].append(draft)
    answering = in_production(project, Task.ANSWER)
    for neighbours in by_passage.values():
        values = values_of(project, neighbours[0].item.passage)
        for draft in neighbours:
            others = [other.item.answer for other in neighbours if other is not draft]
            for question in draft.questions:
                yield from _of_question(question, values, others[:MOST_OTHERS])
                yield _of_answer(question, values, answering)


def _of_question(
    question: Question, values: dict[str, str], others: Sequence[str]
) -> Iterator[Wanted]:
    answers = [(flags.ASKED, question.item.answer), *((flags.FIT, other) for other in others)]
    for score, answer in answers:
        asked = request_for(question.variant, {**values, "answer": answer})
        yield Wanted(question, score, Continuation(asked.messages, question.text))


def _of_answer(question: Question, values: dict[str, str], answering: Variant) -> Wanted:
    asked = request_for(answering, {**values, "question": question.text})
    return Wanted(question, flags.ANSWERED, Continuation(asked.messages, question.item.answer))


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
