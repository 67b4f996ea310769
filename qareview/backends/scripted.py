"""A backend that answers by rules, without a model: fast and deterministic.

It answers the last message with a few of its words, so that tests and demos run the real pipeline.
It finds a text the likelier the more of its words the message has.
A marker in the text, such as ``[[empty]]``, makes it fail as models do.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from qareview.backends import Came, Completion, Continuation, Request, Told, forgotten


@dataclass(frozen=True)
class ScriptedBackend:
    """Answers with words of the prompt, and takes ``seconds`` for each request."""

    seconds: float = 0

    def complete(self, requests: Sequence[Request], came: Came = forgotten) -> list[Completion]:
        """Return one completion per request, in order."""
        written = []
        for index, request in enumerate(requests):
            written.append(self._complete(request))
            came(index, written[index])
        return written

    def stream(self, request: Request, told: Told) -> Completion:
        """Return the completion of a request, told word by word."""
        completion = self._written(request)
        words = completion.text.split(" ")
        for count, _ in enumerate(words, 1):
            time.sleep(self.seconds / len(words))
            told(" ".join(words[:count]))
        return completion

    def likelihoods(self, continuations: Sequence[Continuation]) -> list[float | None]:
        """Return the likelihood of each text, in order."""
        return [
            _likelihood(
                set(one.text.lower().split()), set(one.messages[-1]["content"].lower().split())
            )
            for one in continuations
        ]

    def _complete(self, request: Request) -> Completion:
        time.sleep(self.seconds)
        return self._written(request)

    def _written(self, request: Request) -> Completion:
        message = request.messages[-1]["content"]
        text = _reply(message, request.seed if request.temperature else 1)
        return Completion(
            text="" if "[[empty]]" in message else text,
            tokens_in=len(message.split()),
            tokens_out=len(text.split()),
            milliseconds=round(self.seconds * 1000),
            cut_off="[[cut off]]" in message,
        )


def _reply(message: str, number: int) -> str:
    """Return answer or question ``number``, each about the next eight words of the passage."""
    passage, _, instruction = message.strip().rpartition("\n\n")
    words = passage.partition(":")[2].split()
    start = " ".join(words[8 * (number - 1) :][:8]).rstrip(".,;:")
    if not start:
        return ""
    if "[[copy]]" in message:
        return " ".join(words)
    if "question" in instruction:
        return f"What is told about “{start}”?"
    return f"In short, {start}."


def _likelihood(text: set[str], message: set[str]) -> float:
    """Return the logarithm of the share of the text's words that are in the message."""
    return math.log((len(text & message) + 1) / (len(text) + 1))


def load(seconds: float = 0) -> ScriptedBackend:
    """Return a backend that takes ``seconds`` for each request."""
    return ScriptedBackend(seconds)
