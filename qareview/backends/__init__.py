"""Language models behind one protocol: a batch of requests in, a completion for each out.

A backend is chosen by the name a model has in ``settings.MODELS``; see :func:`backend_for`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings

from qareview.stored import stored

ABOUT = {"context", "price_in", "price_out"}  # facts on a model that its backend need not know
Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": …}


@dataclass(frozen=True)
class Request:
    """One chat to be continued by at most ``max_tokens`` tokens.

    At temperature 0 the likeliest text is written; above, it is drawn, and the same ``seed``
    draws the same text as far as the model's server allows.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 128
    temperature: float = 0
    seed: int = 0


@dataclass(frozen=True)
class Completion:
    """What the model wrote; ``milliseconds`` is this request's share of its batch.

    ``error`` says, in a sentence for the row concerned, why nothing was written for this request,
    though others of its batch may be fine.
    """

    text: str
    tokens_in: int
    tokens_out: int
    milliseconds: int
    cut_off: bool  # the model was still writing when ``max_tokens`` were used up
    error: str = ""


class Backend(Protocol):
    """Continues chats in batches: that is where the speed is."""

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Return one completion per request, in order."""


class ModelUnavailable(Exception):
    """The model cannot be used now; the message says why and what to do about it.

    ``finished`` are the completions that came nevertheless, by the place of their request.
    """

    def __init__(self, message: str, finished: dict[int, Completion] | None = None) -> None:
        super().__init__(message)
        self.finished = finished or {}


@functools.cache
def backend_for(model: str) -> Backend:
    """Return the backend of the model called ``model`` in ``settings.MODELS``, loading it once.

    Raises ModelUnavailable if no model has that name or it cannot be loaded.
    """
    options = {key: value for key, value in options_of(model).items() if key not in ABOUT}
    module = import_module(f"qareview.backends.{options.pop('backend')}")
    backend: Backend = module.load(**options)
    return backend


def options_of(model: str) -> dict[str, Any]:
    """Return what ``settings.MODELS`` says of a model. Raises ModelUnavailable."""
    try:
        return dict(settings.MODELS[model])
    except KeyError:
        known = ", ".join(sorted(settings.MODELS))
        raise ModelUnavailable(
            stored(
                "No model is called “%(model)s”. The models named in MODELS are: %(known)s.",
                model=model,
                known=known,
            )
        ) from None
