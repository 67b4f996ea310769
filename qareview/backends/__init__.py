"""Language models behind a protocol that takes a batch of requests and returns completions.

The options of a model name its backend; see :func:`backend_for`. Models stand in
``settings.MODELS`` and, if they were added on the page “Models”, in the database. They are read for
each batch, so every process uses a new or changed model from its next batch on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings

from qareview.backends import loading
from qareview.models import AddedModel, Exchange
from qareview.stored_sentences import stored

PRICES = {"price_in", "price_out"}  # options of a model that its backend does not get
Told = Callable[[str], None]  # is told a text that grows
Came = Callable[[int, "Completion"], None]  # is told a completion, and the index of its request
Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": …}


@dataclass(frozen=True)
class Request:
    """A chat that the model continues by at most ``max_tokens`` tokens.

    At temperature 0 each token is the likeliest. Above 0, tokens are sampled, and the same ``seed``
    gives the same text, as far as the model's server allows. ``schema`` is the JSON schema that the
    text should meet; a backend that cannot hold its model to one leaves it out.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 128
    temperature: float = 0
    seed: int = 0
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Completion:
    """What the model wrote; ``milliseconds`` is this request's share of its batch.

    ``error`` is a sentence that says why this request failed, even if others of its batch did not.
    ``raw`` is the text before it was trimmed, and ``prompt`` what a chat template made of the
    messages; both are empty if the backend does not tell. :func:`qareview.completions.complete`
    adds the ``exchange``, which is not stored yet.
    """

    text: str
    tokens_in: int
    tokens_out: int
    milliseconds: int
    cut_off: bool  # the model was still writing when ``max_tokens`` were used up
    error: str = ""
    likelihood: float | None = field(default=None, compare=False)  # as by Backend.likelihoods
    raw: str = field(default="", compare=False)
    prompt: str = field(default="", compare=False)
    exchange: Exchange | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Continuation:
    """A text that may be what a model would write next in a chat."""

    messages: tuple[Message, ...]
    text: str


def forgotten(_: int, __: Completion) -> None:
    """Do nothing with a completion that came: for those who wait for all."""


class Backend(Protocol):
    """A model that continues chats in batches, which is faster than one chat at a time."""

    def complete(self, requests: Sequence[Request], came: Came = forgotten) -> list[Completion]:
        """Return one completion per request, in order; call ``came`` with each as it is written.

        Those of requests that failed may be left out of the calls. What ``came`` raises ends the
        writing and is passed on. Raises ModelUnavailable.
        """

    def stream(self, request: Request, told: Told) -> Completion:
        """Return the completion of a request; call ``told`` with the text so far as it grows.

        A backend that waits for a server also calls it while nothing comes, so that it can end the
        writing. What ``told`` raises ends the writing and is passed on. Raises ModelUnavailable.
        """

    def likelihoods(self, continuations: Sequence[Continuation]) -> list[float | None]:
        """Return how likely the model finds each text, in order. Raises ModelUnavailable.

        This is the mean natural logarithm of the probabilities of its tokens and of the end after
        them: 0 is certain. None if the model does not tell, or the text does not fit its context.
        """


class Trouble(Enum):
    """What keeps a model from being used."""

    KEY = "key"  # it is wrong or missing, or it may not use the model
    ADDRESS = "address"  # nobody listens there
    PROTOCOL = "protocol"  # somebody else listens there
    NAME = "name"  # the server has no model of this name
    SILENT = "silent"  # the server did not answer in time
    LIMIT = "limit"  # the server wants fewer requests
    OTHER = "other"


class ModelUnavailable(Exception):
    """The model cannot be used now; the message says why and what to do."""

    def __init__(self, message: str, kind: Trouble = Trouble.OTHER) -> None:
        super().__init__(message)
        self.kind = kind


_backends: dict[str, tuple[dict[str, Any], Backend]] = {}  # with the options they were loaded with


def backend_for(model: str) -> Backend:
    """Return the backend of a model, which is loaded once, and again if its options have changed.

    While it is loaded, pages say so.

    Raises ModelUnavailable if no model has that name or it cannot be loaded.
    """
    options = backend_options(model)
    with loading.one_at_a_time:
        loaded = _backends.get(model)
        if loaded and loaded[0] == options:
            return loaded[1]
        _backends.pop(model, None)  # so that two large models are not in memory together
        with loading.said_to_be_loading(model):
            backend = load_backend(options)
        _backends[model] = (options, backend)
    return backend


def load_backend(options: dict[str, Any]) -> Backend:
    """Load a backend from the options of :func:`backend_options`. Raises ModelUnavailable."""
    module = import_module(f"qareview.backends.{options['backend']}")
    own = {name: value for name, value in options.items() if name != "backend"}
    backend: Backend = module.load(**own)
    return backend


def backend_options(model: str) -> dict[str, Any]:
    """Return the options that a model's backend gets. Raises ModelUnavailable."""
    options = model_options(model)
    unwanted = {*PRICES, "context"} if options["backend"] == "scripted" else PRICES
    return {name: value for name, value in options.items() if name not in unwanted}


def model_options(model: str) -> dict[str, Any]:
    """Return all options of a model of the settings, else of one that was added.

    Raises ModelUnavailable if no model has that name.
    """
    if model in settings.MODELS:
        return dict(settings.MODELS[model])
    added = AddedModel.objects.filter(name=model).first()
    if added:
        return added.options()
    raise ModelUnavailable(
        stored(
            "There is no model named “%(model)s”. The models are: %(known)s.",
            model=model,
            known=", ".join(sorted(model_names())),
        )
    )


def model_names() -> list[str]:
    """Return the names of all models: those of the settings, then those that were added."""
    added = AddedModel.objects.values_list("name", flat=True)
    return list(dict.fromkeys([*settings.MODELS, *added]))


def context_of(model: str) -> int | None:
    """Return how many tokens a model can take; None if nobody said, or no model has that name."""
    try:
        context: int | None = model_options(model).get("context")
    except ModelUnavailable:
        return None
    return context
