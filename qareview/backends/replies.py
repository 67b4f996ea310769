"""Replies of a server with OpenAI's API: the formats to ask for, and what is kept of a reply."""

from collections.abc import Sequence
from typing import Any

from qareview.backends import Request
from qareview.backends.tokens import estimate_tokens
from qareview.storable_text import storable

# How to ask for JSON, as ``response_format``: the first that the model takes; last, without it.
FORMATS: Sequence[str] = ("json_schema", "json_object", "")
REFUSALS = {400, 422, 501}  # statuses of those that do not take it
LONGEST_TEXT = 200_000  # characters of a reply that are kept; chosen; nobody measured
MOST_TOKENS = 10_000_000  # of a reply or request; no model has a tenth of that context


def response_format(name: str, request: Request) -> dict[str, Any]:
    """Return how to ask for one of FORMATS but the last."""
    if name == "json_object":
        return {"type": name}
    return {"type": name, name: {"name": "reply", "strict": True, "schema": request.schema}}


def tokens(answer: Any, name: str, text: str) -> int:
    """Return how many tokens a text has, as the server says, or as estimated if it does not."""
    count = getattr(answer.usage, name, None)
    return count if type(count) is int and 0 <= count < MOST_TOKENS else estimate_tokens(text)


def kept(text: str) -> str:
    """Return what is kept of a reply: not endless, and what a database can store.

    Servers may send the two halves of a letter in two pieces, as surrogates.
    """
    pairs = text[:LONGEST_TEXT].encode("utf-16-le", "surrogatepass")
    return storable(pairs.decode("utf-16-le", "surrogatepass"))
