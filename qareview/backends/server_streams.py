"""Answers that a server with OpenAI's API sends in pieces."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from qareview.backends import Told
from qareview.backends.replies import LONGEST_TEXT


def answer(create: Callable[..., Any], told: Told, counts_tokens: bool) -> Any:
    """Ask for an answer in pieces; return it as the client library returns a whole one.

    ``create`` sends the request. With ``counts_tokens``, the server is asked for the numbers of
    tokens as well. A server that sends no pieces is asked for the whole. Raises the errors of the
    client library, ValueError, and what ``told`` raises.
    """
    more: dict[str, Any] = {"stream_options": {"include_usage": True}} if counts_tokens else {}
    with create(stream=True, **more) as chunks:
        whole = _collected(chunks, told)
    return whole or create()


def _collected(chunks: Any, told: Told) -> Any:
    """Return the pieces as one answer; None if there is none. Raises ValueError for other JSON."""
    text, reason, usage, has_come = "", None, None, False
    for chunk in chunks:
        choice, piece = _read(chunk)
        usage = chunk.usage or usage
        if choice:
            has_come, reason = True, choice.finish_reason or reason
        text += piece
        told(text)  # of a piece without text, too: a server that only thinks can be stopped as well
        if len(text) >= LONGEST_TEXT:
            break
    if not has_come:
        return None
    message = SimpleNamespace(content=text)
    return SimpleNamespace(
        choices=[SimpleNamespace(message=message, finish_reason=reason)], usage=usage
    )


def _read(chunk: Any) -> tuple[Any, str]:
    """Return the first choice of a piece, None if there is none, and its text. Raises ValueError.

    The client library takes any JSON for a piece.
    """
    try:
        choice = chunk.choices[0] if chunk.choices else None
        piece = choice.delta.content if choice and choice.delta else None
        return choice, "" + (piece or "")
    except (AttributeError, IndexError, TypeError, KeyError) as error:
        raise ValueError(f"{chunk}") from error
