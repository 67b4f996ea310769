"""Language models behind a protocol that takes a batch of requests and returns completions.

The options of a model in ``settings.MODELS`` name its backend; see :func:`backend_for`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings

from qareview.stored_sentences import stored

NOT_FOR_BACKEND = {
    "context",
    "price_in",
    "price_out",
}  # options of a model that its backend does not get
Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": …}


@dataclass(frozen=True)
class Request:
    """A chat that the model continues by at most ``max_tokens`` tokens.

    At temperature 0 each token is the likeliest. Above 0, tokens are sampled, and the same ``seed``
    gives the same text, as far as the model's server allows.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 128
    temperature: float = 0
    seed: int = 0


@dataclass(frozen=True)
class Completion:
    """What the model wrote; ``milliseconds`` is this request's share of its batch.

    ``error`` is a sentence that says why this request failed, even if others of its batch did not.
    """

    text: str
    tokens_in: int
    tokens_out: int
    milliseconds: int
    cut_off: bool  # the model was still writing when ``max_tokens`` were used up
    error: str = ""


@dataclass(frozen=True)
class Continuation:
    """A text that may be what a model would write next in a chat."""

    messages: tuple[Message, ...]
    text: str


class Backend(Protocol):
    """A model that continues chats in batches, which is faster than one chat at a time."""

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Return one completion per request, in order. Raises ModelUnavailable."""

    def likelihoods(self, continuations: Sequence[Continuation]) -> list[float | None]:
        """Return how likely the model finds each text, in order. Raises ModelUnavailable.

        This is the mean natural logarithm of the probabilities of its tokens and of the end after
        them: 0 is certain. None if the model does not tell, or the text does not fit its context.
        """


class ModelUnavailable(Exception):
    """The model cannot be used now; the message says why and what to do.

    ``finished`` are the completions written before the failure, by the index of their request.
    """

    def __init__(self, message: str, finished: dict[int, Completion] | None = None) -> None:
        super().__init__(message)
        self.finished = finished or {}


@functools.cache
def backend_for(model: str) -> Backend:
    """Return the backend of the model called ``model`` in ``settings.MODELS``, loading it once.

    Raises ModelUnavailable if no model has that name or it cannot be loaded.
    """
    options = backend_options(model)
    module = import_module(f"qareview.backends.{options.pop('backend')}")
    backend: Backend = module.load(**options)
    return backend


def backend_options(model: str) -> dict[str, Any]:
    """Return the options that a model's backend gets. Raises ModelUnavailable."""
    options = model_options(model)
    return {name: value for name, value in options.items() if name not in NOT_FOR_BACKEND}


def model_options(model: str) -> dict[str, Any]:
    """Return all options of a model in ``settings.MODELS``.

    Raises ModelUnavailable if no model has that name.
    """
    try:
        return dict(settings.MODELS[model])
    except KeyError:
        known = ", ".join(sorted(settings.MODELS))
        raise ModelUnavailable(
            stored(
                "There is no model named “%(model)s”. The models in MODELS are: %(known)s.",
                model=model,
                known=known,
            )
        ) from None
