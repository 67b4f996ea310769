"""A variant and values for its variables become the messages that are sent to the model."""

from collections.abc import Sequence
from typing import Any

from prompts import sandbox
from prompts.models import Prompt, Task, Variant
from qareview.backends import Message, Request
from qareview.stored import stored

# what the templates of each task may name
_OF_PASSAGE = ("passage", "headings", "document", "language")
VARIABLES: dict[str, tuple[str, ...]] = {
    Task.SUMMARISE: _OF_PASSAGE,
    Task.ASK: (*_OF_PASSAGE, "answer"),
    Task.ANSWER: (*_OF_PASSAGE, "question"),
    Task.RECALL: ("document", "language", "question"),
    Task.REWRITE: ("prompt", "about", "examples", "feedback", "tip"),
}

# and what they have to name, since a text that does not depend on it is of no use
NEEDED: dict[str, str] = {
    Task.SUMMARISE: "passage",
    Task.ASK: "answer",
    Task.ANSWER: "question",
    Task.RECALL: "question",
    Task.REWRITE: "prompt",
}


def variables_of(prompt: Prompt) -> tuple[str, ...]:
    """Return what the templates of a prompt may name: of a team's own, what its first one does."""
    if prompt.task in VARIABLES:
        return VARIABLES[prompt.task]
    first = prompt.variants.order_by("number").first()
    return tuple(sorted(sandbox.names(first.template))) if first else ()


class RenderingFailed(Exception):
    """The template cannot be filled in with these values; the message says why."""


def request_for(
    variant: Variant,
    values: dict[str, str],
    number: int = 1,
    examples: Sequence[dict[str, Any]] | None = None,
) -> Request:
    """Return the request a variant makes of ``values``, worked examples told as earlier turns.

    Those are the variant's own, unless others were picked: see :mod:`prompts.examples`.

    ``number`` counts the candidates asked for: the first is the likeliest text, every other is
    drawn at the variant's temperature with its number as the seed. Raises RenderingFailed.
    """
    messages: list[Message] = []
    if variant.system:
        messages.append({"role": "system", "content": variant.system})
    for example in variant.examples if examples is None else examples:
        messages.append({"role": "user", "content": render(variant.template, example)})
        messages.append({"role": "assistant", "content": example["output"]})
    messages.append({"role": "user", "content": render(variant.template, values)})
    return Request(
        messages=tuple(messages),
        max_tokens=variant.max_tokens,
        temperature=variant.temperature_of(number),
        seed=number,
    )


def render(template: str, values: dict[str, str]) -> str:
    """Fill a Jinja template in a sandbox. Raises RenderingFailed."""
    try:
        return sandbox.render(template, values)
    except sandbox.TemplateRefused as reason:
        raise RenderingFailed(
            stored("The prompt's template cannot be filled in. %(reason)s", reason=reason)
        ) from reason
