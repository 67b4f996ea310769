"""The round trip: a model answers a draft's questions, with the passage and without it.

What it answers from the passage ought to say what the draft's answer says (Alberti et al. 2019);
what it answers without the passage ought not to, or the question teaches nothing.
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
    """Score and flag each question of some drafts by what a model answers to it.

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
    """Score and flag questions by a model's answers; one that failed says nothing."""
    answers = list({question.item.answer: None for question in questions})
    meant = dict(zip(answers, embed(answers), strict=True))
    agreed = _agreements(questions, from_passage, meant)
    known = _agreements(questions, by_heart, meant)
    rows = zip(questions, from_passage, by_heart, agreed, known, strict=True)
    for question, told, recalled, agreement, knowledge in rows:
        if not told.error:
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
    """Return what a variant asks of a model to have questions answered. Raises RenderingFailed."""
    inputs = [
        Input(
            {**values_of(project, question.item.passage), "question": question.text},
            question.item.passage.pk,
        )
        for question in questions
    ]
    shown = examples_for(project, variant, inputs)
    return [
        request_for(variant, one.values, examples=examples)
        for one, examples in zip(inputs, shown, strict=True)
    ]


def _answers(project: Project, task: Task, questions: Sequence[Question]) -> list[Completion]:
    variant = in_production(project, task)
    requests = requests_for(project, variant, questions)
    return completions.complete(project, model_for(project, variant), requests)


def _agreements(
    questions: Sequence[Question], told: Sequence[Completion], meant: dict[str, Any]
) -> list[float]:
    """Return how far what was told says what the drafts' answers say, from 0 to 1.

    ``meant`` are the embeddings of those answers. Half by meaning (cosine of embeddings), half by
    words: the share of the words told, those of the question left out, that stand in the answer.
    """
    found = []
    vectors = embed([completion.text for completion in told])
    for question, completion, vector in zip(questions, told, vectors, strict=True):
        new = gist(completion.text) - gist(question.text)
        words = len(new & gist(question.item.answer)) / len(new) if new else 0.0
        meaning = max(0.0, float(vector @ meant[question.item.answer]))
        found.append((meaning + words) / 2)
    return found
