"""Requests to try a model with: one of each task, with the built-in prompts.

``settings.MODEL_TRIALS`` names :func:`trial_requests`.
"""

from prompts.builtin_prompts import BUILTIN
from prompts.models import Task, Variant
from prompts.rendering import request_for
from qareview.backends import Request

_PASSAGE = (
    "The town bridge was built in 1812 by Anna Weiss. It has three arches of sandstone, and carts "
    "still cross it every morning on their way to the market."
)
_VALUES = {
    "passage": _PASSAGE,
    "answer": "Anna Weiss built the town bridge in 1812.",
    "question": "Who built the town bridge?",
    "prompt": "Passage: {{ passage }}\n\nState its main fact in one sentence.",
    **dict.fromkeys(("about", "examples", "feedback", "tip"), ""),
}


def trial_requests() -> list[tuple[str, Request]]:
    """Return a request of each task, after the label of the task."""
    return [
        (str(task.label), request_for(Variant(**BUILTIN[task]), _VALUES))
        for task in Task
        if task in BUILTIN
    ]
