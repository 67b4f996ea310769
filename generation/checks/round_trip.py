"""The round trip: a model answers a draft's questions, with the passage and without it.

Its answer from the passage should say the same as the draft's answer (Alberti et al. 2019). Its
answer without the passage should not: otherwise the question teaches nothing.
"""

from collections.abc import Sequence
from typing import Any

from generation.checks import flags
from generation.checks.gist import gist
from generation.checks.scoring import Draft
from generation.models import Question
from generation.prompt_values import values_of
from prompts.examples import Input, examples_for
from prompts.models import Task, Variant
from prompts.rendering import request_for
from prompts.variants import in_production, model_for
from qareview import completions
from qareview.backends import Completion, Request
from qareview.embeddings import embed
from qareview.models import Project

# Limits of the agreement with the draft's answer; the benchmark uses the embedded model.
LEAST_AGREEMENT = 0.15  # below it, the answer from the passage is another one; `make bench-checks`
MOST_KNOWN = 0.6  # above it, the model knows the answer without the passage; `make bench-checks`


def ask_back(project: Project, drafts: Sequence[Draft]) -> None:
    """Score and flag the questions of drafts by a model's answers to them.

    Raises ModelUnavailable, BudgetUsedUp and RenderingFailed.
    """
    questions = [question for draft in drafts for question in draft.questions]
    judge(
        questions,
        _answers(project, Task.ANSWER, questions),
        _answers(project, Task.RECALL, questions),
    )


def judge(
    questions: Sequence[Question],
    from_passage: Sequence[Completion],
    without_passage: Sequence[Completion],
) -> None:
    """Score and flag questions by a model's answers; an answer that failed does not count.

    Raises ModelUnavailable if the embedding model is unavailable.
    """
    answers = list({question.item.answer: None for question in questions})
    vectors = dict(zip(answers, embed(answers), strict=True))
    agreements = _agreements(questions, from_passage, vectors)
    knowledges = _agreements(questions, without_passage, vectors)
    rows = zip(questions, from_passage, without_passage, agreements, knowledges, strict=True)
    for question, answered, recalled, agreement, knowledge in rows:
        question.round_trip, question.recall = answered.exchange, recalled.exchange
        if not answered.error:
            question.scores[flags.ROUND_TRIP] = round(agreement, 3)
            if agreement < LEAST_AGREEMENT:
                question.flags = [*question.flags, flags.ANSWERED_OTHERWISE]
        if not recalled.error:
            question.scores[flags.NEED] = round(1 - knowledge, 3)
            if knowledge > MOST_KNOWN:
                question.flags = [*question.flags, flags.PASSAGE_NOT_NEEDED]


def requests_for(
    project: Project, variant: Variant, questions: Sequence[Question]
) -> list[Request]:
    """Return the requests that ask a model to answer questions. Raises RenderingFailed."""
    inputs = [
        Input(
            {**values_of(project, question.item.passage), "question": question.text},
            question.item.passage.pk,
        )
        for question in questions
    ]
    shown = examples_for(project, variant, inputs)
    return [
        request_for(variant, values.values, examples=examples)
        for values, examples in zip(inputs, shown, strict=True)
    ]


def _answers(project: Project, task: Task, questions: Sequence[Question]) -> list[Completion]:
    variant = in_production(project, task)
    requests = requests_for(project, variant, questions)
    return completions.complete(project, model_for(project, variant), requests)


def _agreements(
    questions: Sequence[Question], answers: Sequence[Completion], expected: dict[str, Any]
) -> list[float]:
    """Return how far answers agree with the drafts' answers, from 0 to 1.

    ``expected`` has the embeddings of the drafts' answers. Agreement is the mean of meaning (the
    cosine of the embeddings) and words: the share of an answer's words, without those of the
    question, that the draft's answer has too.
    """
    agreements = []
    vectors = embed([completion.text for completion in answers])
    for question, completion, vector in zip(questions, answers, vectors, strict=True):
        own_words = gist(completion.text) - gist(question.text)
        shared_words = own_words & gist(question.item.answer)
        words = len(shared_words) / len(own_words) if own_words else 0.0
        meaning = max(0.0, float(vector @ expected[question.item.answer]))
        agreements.append((meaning + words) / 2)
    return agreements
