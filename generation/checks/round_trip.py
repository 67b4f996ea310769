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

# measured with the embedded model by `make bench-checks`
LEAST_AGREEMENT = 0.15  # with less, the passage answers the question otherwise
MOST_KNOWN = 0.6  # with more, the answer is known without the passage


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
    by_heart: Sequence[Completion],
) -> None:
    """Score and flag questions by a model's answers; an answer that failed does not count."""
    answers = list({question.item.answer: None for question in questions})
    vectors = dict(zip(answers, embed(answers), strict=True))
    agreed = _agreements(questions, from_passage, vectors)
    known = _agreements(questions, by_heart, vectors)
    rows = zip(questions, from_passage, by_heart, agreed, known, strict=True)
    for question, answered, recalled, agreement, knowledge in rows:
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
    """Return the requests with which a variant has questions answered. Raises RenderingFailed."""
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
    """Return how far answers agree with those of the drafts, from 0 to 1.

    ``expected`` are the embeddings of the drafts' answers. Half of it is meaning (cosine of
    embeddings), half is words: the share of an answer's words, without those of the question, that
    the draft's answer has too.
    """
    agreements = []
    vectors = embed([completion.text for completion in answers])
    for question, completion, vector in zip(questions, answers, vectors, strict=True):
        new = gist(completion.text) - gist(question.text)
        words = len(new & gist(question.item.answer)) / len(new) if new else 0.0
        meaning = max(0.0, float(vector @ expected[question.item.answer]))
        agreements.append((meaning + words) / 2)
    return agreements
