"""Models on a server with OpenAI's API: vLLM, TGI, Ollama, llama.cpp or a hosted service.

The client library retries after the time that a server asks for in ``Retry-After``. If a single
request still fails, its completion has the error. If all fail, ModelUnavailable is raised.
"""

import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from qareview.backends import Completion, Continuation, ModelUnavailable, Request
from qareview.backends.tokens import estimate_tokens
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from openai import OpenAI

_THINKING = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)
LONGEST_ERROR = 300  # characters of a server's error message; chosen; nobody measured


class OpenAIBackend:
    """Sends at most ``concurrency`` requests at a time to the model ``name`` of a server."""

    def __init__(self, client: "OpenAI", name: str, concurrency: int) -> None:
        self.client, self.name, self.concurrency = client, name, concurrency

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Return one completion per request, in order.

        Raises ModelUnavailable, with the completions that succeeded, if the server fails.
        """
        if not requests:
            return []
        with ThreadPoolExecutor(self.concurrency) as pool:
            results = list(pool.map(self._try, requests))
        finished = {
            index: result for index, result in enumerate(results) if isinstance(result, Completion)
        }
        failures = [result for result in results if isinstance(result, Exception)]
        succeeded = any(not completion.error for completion in finished.values())
        if failures and (not succeeded or any(map(_concerns_all, failures))):
            failure = next(filter(_concerns_all, failures), failures[0])
            raise ModelUnavailable(self._trouble(failure), finished)
        return [
            result if isinstance(result, Completion) else _failed(self._trouble(result))
            for result in results
        ]

    def likelihoods(self, continuations: Sequence[Continuation]) -> list[float | None]:
        """Return None for each: hardly a server tells how likely a given text is after a chat."""
        return [None] * len(continuations)

    def _try(self, request: Request) -> Completion | Exception:
        """Return a completion, perhaps with an error of the request, or the server's error."""
        import openai

        started = time.monotonic()
        try:
            answer = self.client.chat.completions.create(
                model=self.name,
                messages=list(request.messages),  # type: ignore[arg-type]
                max_tokens=request.max_tokens,
                temperature=request.temperature,
                seed=request.seed,
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            return _failed(
                stored("The model server refused this request: %(error)s", error=_error_text(error))
            )
        except (openai.OpenAIError, ValueError) as error:
            return error
        milliseconds = round((time.monotonic() - started) * 1000)
        try:
            return _completion(request, answer, milliseconds)
        except (AttributeError, IndexError, TypeError, KeyError):
            return _failed(
                stored(
                    "The model server sent a response that could not be read. Retry. If it "
                    "happens again, check the address in MODELS: it usually ends with /v1."
                )
            )

    def _trouble(self, error: Exception) -> str:
        """Return a sentence that says what is wrong with the server, and what to do."""
        import openai

        place = self.client.base_url
        kinds: list[tuple[type[Exception], str]] = [
            (
                openai.AuthenticationError,
                stored("does not accept the key; check it in the environment"),
            ),
            (
                openai.PermissionDeniedError,
                stored("does not allow this key to use %(name)s", name=self.name),
            ),
            (
                openai.NotFoundError,
                stored("has no model named %(name)s; check the name in MODELS", name=self.name),
            ),
            (openai.RateLimitError, stored("is limiting requests; they are retried automatically")),
            (
                openai.APITimeoutError,
                stored("took too long to answer; the request is retried automatically"),
            ),
            (openai.APIConnectionError, stored("cannot be reached; check that it is running")),
            (openai.APIStatusError, stored("failed; check its log")),
        ]
        words = next((words for kind, words in kinds if isinstance(error, kind)), "")
        return stored(
            "The model server at %(place)s %(words)s: %(error)s",
            place=place,
            words=words or stored("did not answer with JSON"),
            error=_error_text(error),
        )


def _concerns_all(error: Exception) -> bool:
    """Return whether every other request would fail with this error as well."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return False
    own = (openai.InternalServerError, openai.APIResponseValidationError)
    return isinstance(error, openai.OpenAIError) and not isinstance(error, own)


def _completion(request: Request, answer: Any, milliseconds: int) -> Completion:
    choice = answer.choices[0]
    text = choice.message.content or ""
    if choice.finish_reason == "content_filter":
        return _failed(
            stored(
                "The model server’s content filter blocked the answer. Edit or exclude the passage."
            )
        )
    prompt = "\n".join(message["content"] for message in request.messages)
    usage = answer.usage
    return Completion(
        text=_THINKING.sub("", text).strip(),
        tokens_in=usage.prompt_tokens if usage else estimate_tokens(prompt),
        tokens_out=usage.completion_tokens if usage else estimate_tokens(text),
        milliseconds=milliseconds,
        cut_off=choice.finish_reason == "length",
    )


def _failed(error: str) -> Completion:
    return Completion("", tokens_in=0, tokens_out=0, milliseconds=0, cut_off=False, error=error)


def _error_text(error: Exception) -> str:
    """Return a server's error message on one line, at most LONGEST_ERROR characters."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(message or error).split())
    return text[:LONGEST_ERROR]


def load(
    url: str,
    name: str,
    key_variable: str = "",
    concurrency: int = 8,
    seconds: float = 60,
    tries: int = 5,
) -> OpenAIBackend:
    """Return a backend for the model ``name`` of the server at ``url``.

    If the server needs a key, it is the value of the environment variable ``key_variable``. Each
    request may take ``seconds`` and is sent at most ``tries`` times. Raises ModelUnavailable if the
    variable is not set.
    """
    from openai import DefaultHttpxClient, OpenAI

    key = os.environ.get(key_variable, "") if key_variable else "none"
    if not key:
        raise ModelUnavailable(
            stored(
                "The key for %(url)s is missing. Set the environment variable "
                "%(key_variable)s, then restart the workers.",
                url=url,
                key_variable=key_variable,
            )
        )
    client = OpenAI(
        base_url=url,
        api_key=key,
        timeout=seconds,
        max_retries=tries - 1,
        http_client=DefaultHttpxClient(follow_redirects=False),  # the key is for this server only
    )
    return OpenAIBackend(client, name, concurrency)
