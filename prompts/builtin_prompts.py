"""The prompts that every project starts with, worded for the embedded model.

A model of 135 million parameters follows examples, not instructions: with three worked examples
it writes real questions, with an instruction alone “What is the answer to this question?”.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from prompts import model_sizes, promotions, variants, writer_prompts
from prompts.models import Prompt, Task, Variant
from qareview.backends import ModelUnavailable, model_options
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

BUILT_IN = stored("built in")

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
    Task.SUMMARISE: {"template": writer_prompts.STATE, "max_tokens": 96},
    Task.ASK: {"template": writer_prompts.ASK, "max_tokens": 48},
    Task.ANSWER: {"template": writer_prompts.ANSWER, "max_tokens": 96},
}
for _worded in (FOR_THE_WRITER[task] for task in (Task.SUMMARISE, Task.ASK, Task.ANSWER)):
    _worded |= {"system": writer_prompts.SYSTEM, "examples": []}

_FROM = "{% if headings %}From: {{ headings }}\n\n{% endif %}Passage:\n{{ passage }}\n\n"
ONE_TEXT_A_REQUEST: dict[Task, dict[str, Any]] = {  # for large models, which follow instructions
    **BUILTIN,
    Task.SUMMARISE: {
        "system": "You turn documents into questions and answers that people will check.",
        "template": _FROM
        + (
            "In {{ language }}, write one answer of one to three sentences that states what a "
            "user of this document would want to know from the passage. Keep its conditions, "
            "numbers and units. Name the subject, so that the answer is clear to somebody who "
            "does not see the passage. Write the answer only."
        ),
        "examples": [],
        "max_tokens": 200,
    },
    Task.ASK: {
        "system": "You write the question that an answer replies to.",
        "template": _FROM
        + (
            "Answer: {{ answer }}\n\nIn {{ language }}, write the question that a user would ask "
            "and that exactly this answer replies to. Name the subject, so that the question is "
            "clear to somebody who does not see the passage, and do not give the answer away. "
            "Write the question only."
        ),
        "examples": [],
        "max_tokens": 100,
    },
    Task.ANSWER: {
        "system": "You answer questions from a passage and from nothing else.",
        "template": _FROM
        + (
            "Question: {{ question }}\n\nIn {{ language }}, answer it in one or two sentences from "
            "the passage. If the passage does not tell, say so."
        ),
        "examples": [],
        "max_tokens": 200,
    },
}
FOR_LARGE_MODELS: dict[Task, dict[str, Any]] = {
    **ONE_TEXT_A_REQUEST,
    Task.SUMMARISE: {
        "system": "You turn documents into questions and answers that people will check.",
        "template": _FROM
        + (
            "{% if existing_questions %}Asked already:\n{{ existing_questions }}\n\n{% endif %}"
            "In {{ language }}, write questions that a user of this document would ask and that "
            "the passage answers, each about something else, with their answers: {{ item_count }} "
            "at most."
            "\n- The question names its subject, so that it is clear to somebody who does not see "
            "the passage. It does not give the answer away.\n- The answer has one to three "
            "sentences that are clear on their own. It keeps conditions, numbers and units.\n"
            "- The sentence is the one in the passage that the answer rests on, word for word.\n"
            "Write fewer if the passage does not say enough. Reply with JSON only:\n"
            '{"items": [{"question": "…", "answer": "…", "sentence": "…"}]}'
        ),
        "examples": [],
        "max_tokens": 1200,  # for nine items in English; what is cut off is asked for again
    },
}
# The wordings to choose from, by their names in addresses.
WORDINGS = {
    "examples": (_("for a small model, with worked examples"), BUILTIN),
    "sentences": (_("for the embedded writer, from a sentence"), FOR_THE_WRITER),
    "instruction": (_("for a large model, one text a request"), ONE_TEXT_A_REQUEST),
    "items": (_("for a large model, several items a request"), FOR_LARGE_MODELS),
}


def wordings_for(model: str) -> dict[Task, dict[str, Any]]:
    """Return the wordings that suit a model: the values of a variant's fields, by task."""
    try:
        options = model_options(model)
    except ModelUnavailable:  # it was removed meanwhile
        return BUILTIN
    if "adapter" in options:
        return FOR_THE_WRITER
    return FOR_LARGE_MODELS if model_sizes.is_large(options) else BUILTIN


def wordings_of(task: str) -> dict[str, Any]:
    """Return the names of the different built-in wordings of a task, by their codes."""
    labels: dict[str, Any] = {}
    seen: list[dict[str, Any]] = []
    for code, (label, wordings) in WORDINGS.items():
        wording = wordings.get(Task(task)) if task in Task.values else None
        if wording and wording not in seen:
            seen.append(wording)
            labels[code] = label
    return labels


def wording(task: str, code: str) -> dict[str, Any]:
    """Return the fields of a built-in wording that :func:`wordings_of` names; none if unknown."""
    return WORDINGS[code][1][Task(task)] if code in wordings_of(task) else {}


@transaction.atomic
def add_builtin_prompts(project: Project) -> None:
    """Give a project the built-in prompts it lacks, each with its variant in production.

    Their wordings suit the project's model.
    """
    existing = set(project.prompts.values_list("task", flat=True))
    for task, wording in wordings_for(project.model or settings.DEFAULT_MODEL).items():
        if task in existing:
            continue
        prompt = Prompt.objects.create(project=project, task=task)
        prompt.production = Variant.objects.create(
            prompt=prompt, number=1, origin=BUILT_IN, **wording
        )
        prompt.save(update_fields=["production"])


@transaction.atomic
def follow_model(project: Project, before: Project) -> None:
    """Give a project with another model the wordings that suit it, in prompts nobody changed."""
    if project.model == before.model:
        return
    wordings = wordings_for(project.model or settings.DEFAULT_MODEL)
    for prompt in project.prompts.filter(task__in=wordings).select_related("production"):
        current, wording = prompt.production, wordings[Task(prompt.task)]
        if current is None or current.created_by_id or _has(current, wording):
            continue
        known = (row for row in prompt.variants.filter(archived_at=None) if _has(row, wording))
        suited = next(known, None) or variants.add_variant(current, wording, None, BUILT_IN)
        promotions.promote_variant(suited, None)


def _has(variant: Variant, wording: dict[str, Any]) -> bool:
    return all(getattr(variant, name) == value for name, value in wording.items())
