"""Language models behind one protocol: a batch of requests in, a completion for each out.

A backend is chosen by the name a model has in ``settings.MODELS``; see :func:`backend_for`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from django.conf import settings

Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": …}


@dataclass(frozen=True)
class Request:
    """One chat to be continued by at most ``max_tokens`` tokens."""

    messages: tuple[Message, ...]
    max_tokens: int = 128


@dataclass(frozen=True)
class Completion:
    """What the model wrote; ``milliseconds`` is this request's share of its batch."""

    text: str
    tokens_in: int
    tokens_out: int
    milliseconds: int
    cut_off: bool  # the model was still writing when ``max_tokens`` were used up


class Backend(Protocol):
    """Continues chats in batches: that is where the speed is."""

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Return one completion per request, in order."""


class ModelUnavailable(Exception):
    """The model cannot be used now; the message says why and what to do about it."""


@functools.cache
def backend_for(model: str) -> Backend:
    """Return the backend of the model called ``model`` in ``settings.MODELS``, loading it once.

    Raises ModelUnavailable if no model has that name or it cannot be loaded.
    """
    try:
        options = dict(settings.MODELS[model])
    except KeyError:
        known = ", ".join(sorted(settings.MODELS))
        raise ModelUnavailable(
            f"No model is called “{model}”. The models named in MODELS are: {known}."
        ) from None
    module = import_module(f"qareview.backends.{options.pop('backend')}")
    backend: Backend = module.load(**options)
    return backend
