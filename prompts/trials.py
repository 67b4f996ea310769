"""Requests to try a model with: one of each task, with the built-in prompts that suit it.

``settings.MODEL_TRIALS`` names :func:`trial_requests`.
"""

from prompts.builtin_prompts import wordings_for
from prompts.models import Task, Variant
from prompts.rendering import request_for
from prompts.written_items import COUNT, EXISTING, Unreadable, read_items
from qareview.backends import Completion
from qareview.trials import TrialRequest

_PASSAGE = (
    "The town bridge was built in 1812 by Anna Weiss. It has three arches of sandstone, and carts "
    "still cross it every morning on their way to the market."
)
_VALUES = {
    "passage": _PASSAGE,
    "headings": "Bridges",
    "document": "town.md",
    "language": "English",
    "focus": "The town bridge was built in 1812 by Anna Weiss.",
    COUNT: "1",
    EXISTING: "",
    "answer": "Anna Weiss built the town bridge in 1812.",
    "question": "Who built the town bridge?",
    "prompt": "Passage: {{ passage }}\n\nState its main fact in one sentence.",
    **dict.fromkeys(("about", "examples", "feedback", "tip"), ""),
}


def trial_requests(model: str) -> list[TrialRequest]:
    """Return a request of each task, with the label of the task."""
    return [
        _trial(str(Task(task).label), Variant(**wording))
        for task, wording in wordings_for(model).items()
    ]


def _trial(label: str, variant: Variant) -> TrialRequest:
    request = request_for(variant, _VALUES)
    return TrialRequest(label, request, _why_unreadable if request.schema else _is_readable)


def _why_unreadable(reply: Completion) -> str:
    try:
        read_items(reply)
    except Unreadable as reason:
        return str(reason)
    return ""


def _is_readable(_: Completion) -> str:
    return ""
