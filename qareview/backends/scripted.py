"""A model that follows a script instead of weights: instant, always the same, for tests and trials.

It does what the last message asks in a word or two, so that the pipeline can be run for real
without a language model. A marker in the text, such as ``[[empty]]``, makes it misbehave the way
models do.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from qareview.backends import Completion, Request


@dataclass(frozen=True)
class ScriptedBackend:
    """Answers with the first words of what it was given; ``seconds`` are spent on each request."""

    seconds: float = 0

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Return one completion per request, in order."""
        return [self._complete(request) for request in requests]

    def _complete(self, request: Request) -> Completion:
        time.sleep(self.seconds)
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
    """Return the text of a candidate: each number speaks of the next eight words."""
    given, _, wish = message.strip().rpartition("\n\n")
    words = given.partition(":")[2].split()
    start = " ".join(words[8 * (number - 1) :][:8]).rstrip(".,;:")
    if not start:  # there is no more to say
        return ""
    if "[[copy]]" in message:
        return " ".join(words)
    if "question" in wish:
        return f"What is told about “{start}”?"
    return f"In short, {start}."


def load(seconds: float = 0) -> ScriptedBackend:
    """Return a backend that spends ``seconds`` on each request."""
    return ScriptedBackend(seconds)
