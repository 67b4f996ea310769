"""Requests to a model, made of a variant and values for its variables."""

from collections.abc import Sequence
from typing import Any

from prompts import sandbox, written_items
from prompts.models import Prompt, Task, Variant
from qareview.backends import Message, Request
from qareview.stored_sentences import stored, stored_label

# The variables that the templates of each task may use.
_PASSAGE_VARIABLES = ("passage", "headings", "document", "language")
VARIABLES: dict[str, tuple[str, ...]] = {
    Task.SUMMARISE: (*_PASSAGE_VARIABLES, "focus", written_items.COUNT, written_items.EXISTING),
    Task.ASK: (*_PASSAGE_VARIABLES, "answer"),
    Task.ANSWER: (*_PASSAGE_VARIABLES, "question"),
    Task.RECALL: ("document", "language", "question"),
    Task.REWRITE: ("prompt", "about", "examples", "feedback", "tip"),
}

# The variable that they must use; without it the output would not depend on the input.
NEEDED_VARIABLE: dict[str, str] = {
    Task.SUMMARISE: "passage",
    Task.ASK: "answer",
    Task.ANSWER: "question",
    Task.RECALL: "question",
    Task.REWRITE: "prompt",
}


def variables_of(prompt: Prompt) -> tuple[str, ...]:
    """Return the variables that a prompt's templates may use.

    Those of the team's own prompts are the variables of all their variants, in alphabetical order,
    so their number may grow.
    """
    if prompt.task in VARIABLES:
        return VARIABLES[prompt.task]
    templates = prompt.variants.values_list("template", flat=True)
    return tuple(sorted(set().union(prompt.defaults, *map(sandbox.usable_variables, templates))))


class RenderingFailed(Exception):
    """The template cannot be filled in with these values; the message says why."""


def request_for(
    variant: Variant,
    values: dict[str, str],
    number: int = 1,
    examples: Sequence[dict[str, Any]] | None = None,
) -> Request:
    """Return a variant's request for ``values``, with worked examples as earlier turns.

    ``examples`` defaults to the variant's own; :mod:`prompts.examples` picks others.
    Output ``number`` 1 is the likeliest text. The others are sampled at the variant's temperature,
    with their number as the seed. Raises RenderingFailed.
    """
    shown = variant.examples if examples is None else examples
    try:
        messages = _messages(variant, values, shown)
    except sandbox.TemplateRefused as reason:
        raise RenderingFailed(_why_not_built(variant, reason)) from reason
    return Request(
        messages=messages,
        max_tokens=variant.max_tokens,
        temperature=variant.temperature_of(number),
        seed=number,
        schema=written_items.SCHEMA if written_items.writes_items(variant) else None,
    )


def _messages(
    variant: Variant, values: dict[str, str], examples: Sequence[dict[str, Any]]
) -> tuple[Message, ...]:
    messages: list[Message] = []
    if variant.system:
        messages.append({"role": "system", "content": variant.system})
    for example in examples:
        messages.append({"role": "user", "content": sandbox.render(variant.template, example)})
        messages.append({"role": "assistant", "content": example["output"]})
    return *messages, {"role": "user", "content": sandbox.render(variant.template, values)}


def _why_not_built(variant: Variant, reason: sandbox.TemplateRefused) -> str:
    """Return a sentence that also names the variant, if it is stored."""
    if not variant.pk:
        return _not_built(reason)
    prompt = variant.prompt
    return stored(
        "Variant %(number)s of the prompt “%(prompt)s” could not be built. %(reason)s",
        number=str(variant.number),
        prompt=stored_label(Task(prompt.task).label) if prompt.is_builtin else prompt.task,
        reason=reason,
    )


def _not_built(reason: sandbox.TemplateRefused) -> str:
    return stored("The prompt could not be built. %(reason)s", reason=reason)


def render_template(template: str, values: dict[str, str]) -> str:
    """Fill in a template in the sandbox. Raises RenderingFailed."""
    try:
        return sandbox.render(template, values)
    except sandbox.TemplateRefused as reason:
        raise RenderingFailed(_not_built(reason)) from reason
