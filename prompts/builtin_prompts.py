"""The prompts that every project starts with, worded for the embedded model.

A model of 135 million parameters follows examples, not instructions: with three worked examples
it writes real questions, with an instruction alone “What is the answer to this question?”.
"""

from typing import Any

from django.conf import settings
from django.db import transaction

from prompts import writer_prompts
from prompts.models import Prompt, Task, Variant
from qareview.models import Project
from qareview.stored_sentences import stored

_CURIE = (
    "Marie Curie and her husband Pierre discovered the elements polonium and radium in Paris in "
    "1898. They had boiled down tonnes of pitchblende, an ore left over from uranium mining, in a "
    "leaking shed. Her notebooks are still so radioactive that they are kept in boxes lined with "
    "lead."
)
_CURIE_ANSWER = "Marie and Pierre Curie discovered polonium and radium in Paris in 1898."
_CURIE_QUESTION = "Who discovered polonium and radium, and when?"
_MANGROVE = (
    "Mangroves grow along warm coasts, where their stilt roots stand in salt water. The roots slow "
    "the waves and hold the mud, so that villages behind a belt of mangroves suffer less in a "
    "storm. Young fish and crabs shelter between the roots. In many countries the trees were "
    "cleared for shrimp ponds."
)
_MANGROVE_ANSWER = (
    "The roots of mangroves slow the waves and hold the mud, which protects villages in a storm."
)
_MANGROVE_QUESTION = "How do mangroves protect the villages behind them in a storm?"
_LIBRARY = (
    "The town library opens at nine on weekdays and at ten on Saturdays. A card costs four euros a "
    "year and is free for anyone under eighteen. Up to twelve books may be borrowed at once, for "
    "four weeks. A book that nobody has reserved can be kept for another four weeks."
)
_LIBRARY_ANSWER = "A library card costs four euros a year and is free for anyone under eighteen."
_LIBRARY_QUESTION = "How much does a library card cost?"

# for the model that rewrites a prompt, used in turn
TIPS = ("", "Be more specific.", "Be shorter.", "Use simpler words.", "Say what to leave out.")

BUILTIN: dict[Task, dict[str, Any]] = {
    Task.SUMMARISE: {
        "system": "You state the main fact of a passage in one sentence, using only the passage.",
        "template": "Passage: {{ passage }}\n\nState its main fact in one sentence.",
        "examples": [
            {"passage": _CURIE, "output": _CURIE_ANSWER},
            {"passage": _MANGROVE, "output": _MANGROVE_ANSWER},
            {"passage": _LIBRARY, "output": _LIBRARY_ANSWER},
        ],
        "max_tokens": 80,
    },
    Task.ASK: {
        "system": "You write the one question that an answer replies to.",
        "template": "Answer: {{ answer }}\n\nWrite the question.",
        "examples": [
            {"answer": _CURIE_ANSWER, "output": _CURIE_QUESTION},
            {"answer": _MANGROVE_ANSWER, "output": _MANGROVE_QUESTION},
            {"answer": _LIBRARY_ANSWER, "output": _LIBRARY_QUESTION},
        ],
        "max_tokens": 48,
    },
    Task.ANSWER: {
        "system": "You answer a question with a short phrase from the passage.",
        "template": (
            "Passage: {{ passage }}\n\nQuestion: {{ question }}\n\nAnswer it from the passage."
        ),
        "examples": [
            {
                "passage": _CURIE,
                "question": _CURIE_QUESTION,
                "output": "Marie and Pierre Curie, in 1898.",
            },
            {
                "passage": _MANGROVE,
                "question": _MANGROVE_QUESTION,
                "output": "Their roots slow the waves and hold the mud.",
            },
            {
                "passage": _LIBRARY,
                "question": _LIBRARY_QUESTION,
                "output": "Four euros a year, and nothing for anyone under eighteen.",
            },
        ],
        "max_tokens": 48,
    },
    Task.RECALL: {
        "system": "You answer a question with a short phrase.",
        "template": "Question: {{ question }}\n\nAnswer it.",
        "examples": [
            {
                "question": "Which planet is the largest of the solar system?",
                "output": "Jupiter.",
            },
            {"question": "Who wrote the play Romeo and Juliet?", "output": "William Shakespeare."},
            {
                "question": "Why do leaves look green?",
                "output": "They hold chlorophyll, which reflects green light.",
            },
        ],
        "max_tokens": 48,
    },
    Task.REWRITE: {
        "system": "You improve what is said to a language model.",
        "template": (
            "{% if about %}The data: {{ about }}\n\n{% endif %}"
            "{% if examples %}Inputs with the outputs that people approved:\n{{ examples }}\n\n"
            "{% endif %}"
            "{% if feedback %}What people disliked about the outputs:\n{{ feedback }}\n\n"
            "{% endif %}"
            "Prompt: {{ prompt }}\n\n"
            "Write the prompt in other words. Keep what stands in double braces as it is."
            "{% if tip %} {{ tip }}{% endif %}"
        ),
        "examples": [
            {
                **dict.fromkeys(("about", "examples", "feedback", "tip"), ""),
                "prompt": "What is of {{ expression }}?",
                "output": "Calculate the value of {{ expression }}.",
            },
            {
                **dict.fromkeys(("about", "examples", "feedback", "tip"), ""),
                "prompt": "Text: {{ text }}\n\nIs it good or bad?",
                "output": "Read this review: {{ text }}\n\nSay whether its author was content.",
            },
        ],
        "max_tokens": 300,
    },
}


# What the embedded writer was trained with; for the other tasks it follows examples as before.
FOR_THE_WRITER: dict[Task, dict[str, Any]] = {
    **BUILTIN,
    Task.SUMMARISE: {
        "system": writer_prompts.SYSTEM,
        "template": writer_prompts.STATE,
        "max_tokens": 96,
    },
    Task.ASK: {
        "system": writer_prompts.SYSTEM,
        "template": writer_prompts.ASK,
        "max_tokens": 48,
    },
    Task.ANSWER: {
        "system": writer_prompts.SYSTEM,
        "template": writer_prompts.ANSWER,
        "max_tokens": 96,
    },
}


def wordings_for(model: str) -> dict[Task, dict[str, Any]]:
    """Return the wordings that suit a model: the values of a variant's fields, by task."""
    is_tuned = "adapter" in settings.MODELS.get(model, {})
    return FOR_THE_WRITER if is_tuned else BUILTIN


@transaction.atomic
def add_builtin_prompts(project: Project) -> None:
    """Give a project the built-in prompts it lacks, each with its variant in production."""
    existing = set(project.prompts.values_list("task", flat=True))
    for task, wording in wordings_for(project.model or settings.DEFAULT_MODEL).items():
        if task in existing:
            continue
        prompt = Prompt.objects.create(project=project, task=task)
        prompt.production = Variant.objects.create(
            prompt=prompt, number=1, origin=stored("built in"), **wording
        )
        prompt.save(update_fields=["production"])
