"""Answers that a server with OpenAI's API sends in pieces."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from qareview.backends import Told


def answer(create: Callable[..., Any], told: Told, counts_tokens: bool) -> Any:
    """Ask for an answer in pieces; return it as the client library returns a whole one.

    ``create`` sends the request. With ``counts_tokens``, the server is asked for the numbers of
    tokens as well. A server that sends no pieces is asked for the whole. Raises the errors of the
    client library, and what ``told`` raises.
    """
    more: dict[str, Any] = {"stream_options": {"include_usage": True}} if counts_tokens else {}
    with create(stream=True, **more) as chunks:
        whole = _collected(chunks, told)
    return whole or create()


def _collected(chunks: Any, told: Told) -> Any:
    """Return the pieces as one answer; None if there is none."""
    text, reason, usage, has_come = "", None, None, False
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in (chunk.choices or ())[:1]:
            has_come, reason = True, choice.finish_reason or reason
            piece = choice.delta.content if choice.delta else None
            if piece:
                text += piece
                told(text)
    if not has_come:
        return None
    message = SimpleNamespace(content=text)
    return SimpleNamespace(
        choices=[SimpleNamespace(message=message, finish_reason=reason)], usage=usage
    )
