"""Models on a server with OpenAI's API: vLLM, TGI, Ollama, llama.cpp or a hosted service.

A request that may succeed later is sent again. If the server asks to wait with ``Retry-After``, all
requests to the model wait: see :mod:`qareview.backends.pauses`. If a single request still fails,
its completion has the error. If all fail, ModelUnavailable is raised.
"""

import functools
import os
import random
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from qareview import moving
from qareview.backends import (
    Came,
    Completion,
    Continuation,
    ModelUnavailable,
    Request,
    Told,
    Trouble,
    forgotten,
    patience,
    replies,
    server_errors,
    server_streams,
)
from qareview.backends.pauses import Pause, Paused
from qareview.backends.tokens import estimate_tokens
from qareview.encryption import CannotDecrypt, decrypt
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from openai import OpenAI

_THINKING = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)
LONGEST_ERROR = 300  # characters of a server's error message; chosen; nobody measured
NO_KEY = "none"  # what a server gets that needs no key
FIRST_WAIT, MOST_BETWEEN = 0.5, 8.0  # seconds between tries, doubled; those of OpenAI's own client


class OpenAIBackend:
    """Sends at most ``concurrency`` requests at a time to the model ``name`` of a server.

    Each is sent at most ``tries`` times, and given up after ``seconds``. Prompts that do not fit
    into ``context`` tokens together with the completion are not sent; 0 means that the limit is
    unknown.
    """

    def __init__(
        self,
        client: "OpenAI",
        name: str,
        concurrency: int,
        seconds: float,
        tries: int,
        context: int,
    ) -> None:
        self.client, self.name, self.concurrency = client, name, concurrency
        self.seconds, self.tries, self.context = seconds, tries, context
        self.pause = Pause(f"{client.base_url} {name}")
        self.refused: set[str] = set()  # those of OPTIONAL that the model does not take
        self.reply_formats = replies.FORMATS  # those that it has not refused

    def complete(self, requests: Sequence[Request], came: Came = forgotten) -> list[Completion]:
        """Return one completion per request, in order; call ``came`` with each that succeeded.

        Raises ModelUnavailable if the server fails.
        """
        results = self._results(requests, came)
        failures = [result for result in results if isinstance(result, Exception)]
        succeeded = any(isinstance(result, Completion) and not result.error for result in results)
        if failures and (not succeeded or any(map(server_errors.concerns_all, failures))):
            failure = next(filter(server_errors.concerns_all, failures), failures[0])
            kind, sentence = self._trouble(failure)
            raise ModelUnavailable(sentence, kind)
        return [
            result if isinstance(result, Completion) else _failed(self._trouble(result)[1])
            for result in results
        ]

    def _results(self, requests: Sequence[Request], came: Came) -> list[Completion | Exception]:
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            asked = {
                pool.submit(self._try, request): index for index, request in enumerate(requests)
            }
            for future in as_completed(asked):
                result = future.result()
                moving.note()  # a failure, too, is a step: a silent server fails each after minutes
                if isinstance(result, Completion) and not result.error:
                    came(asked[future], result)
            return [future.result() for future in asked]
        finally:
            pool.shutdown(cancel_futures=True)  # nothing more is paid for that nobody wants

    def stream(self, request: Request, told: Told) -> Completion:
        """Return the completion of a request, which is told as the server sends it.

        It is not given up as long as the server sends anything: ``told`` ends it.
        """

        def tell(text: str) -> None:
            told(_THINKING.sub("", replies.kept(text)).strip())

        result = self._try(request, tell)
        if isinstance(result, Completion):
            return result
        kind, sentence = self._trouble(result)
        raise ModelUnavailable(sentence, kind)

    def likelihoods(self, continuations: Sequence[Continuation]) -> list[float | None]:
        """Return None for each: hardly a server tells how likely a given text is after a chat."""
        return [None] * len(continuations)

    def _try(self, request: Request, told: Told | None = None) -> Completion | Exception:
        """Return a completion, perhaps with an error of the request, or the server's error."""
        import openai

        if too_long := self._why_too_long(request):
            return _failed(too_long)
        failure: Exception = ValueError()
        for number in range(self.tries):
            try:
                self.pause.wait()
                formats = self.reply_formats if request.schema else ("",)
                return self._ask_in(formats, request, told)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                return _failed(
                    stored(
                        "The model server refused this request: %(error)s",
                        error=self._error_text(error),
                    )
                )
            except (openai.OpenAIError, ValueError, RecursionError, Paused) as error:
                failure = server_errors.unwrapped(error)
            if not server_errors.is_passing(failure):
                break
            self._wait_after(failure, number)
        return failure

    def _ask_in(self, formats: Sequence[str], request: Request, told: Told | None) -> Completion:
        """Return the completion of a request, asked for in the first format that is not refused.

        A refusal is remembered if the request succeeds otherwise: only then was the format the
        reason. Raises the errors of the client library.
        """
        import openai

        try:
            return self._ask(request, formats[0], told)
        except openai.APIStatusError as error:
            if len(formats) == 1 or error.status_code not in replies.REFUSALS:
                raise
        completion = self._ask_in(formats[1:], request, told)
        self.reply_formats = min(self.reply_formats, formats[1:], key=len)
        return completion

    def _ask(self, request: Request, reply_format: str, told: Told | None) -> Completion:
        """Return the completion of a request that is sent once, or again without what is refused.

        Raises the errors of the client library.
        """
        import openai

        left_out = frozenset(self.refused)
        started = time.monotonic()
        try:
            answer = self._send(request, left_out, reply_format, told)
            return _completion(request, answer, round((time.monotonic() - started) * 1000))
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            refused = server_errors.refused_parameters(error) - left_out
            if not refused:
                raise
            self.refused |= refused
            return self._ask(request, reply_format, told)
        except (AttributeError, IndexError, TypeError, KeyError):  # also in the client library
            return _failed(
                stored(
                    "The model server sent a response that could not be read. Retry. If it "
                    "happens again, check the model’s address: it usually ends with /v1."
                )
            )

    def _send(
        self, request: Request, left_out: frozenset[str], reply_format: str, told: Told | None
    ) -> Any:
        values: dict[str, Any] = {
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        taken = {name: value for name, value in values.items() if name not in left_out}
        if "max_tokens" in left_out:  # the name that OpenAI has replaced it by
            taken["max_completion_tokens"] = request.max_tokens
        if reply_format:
            taken["response_format"] = replies.response_format(reply_format, request)
        taken |= {"model": self.name, "messages": list(request.messages)}
        create = functools.partial(self.client.chat.completions.create, **taken)
        if told:
            is_counted = "stream_options" not in left_out
            return patience.ask_apart(
                lambda tell: server_streams.answer(create, tell, is_counted), told
            )
        try:
            return patience.ask_apart(lambda _: create(), seconds=self.seconds)
        except TimeoutError:
            raise server_errors.timeout(self.client.base_url) from None

    def _wait_after(self, failure: Exception, number: int) -> None:
        """Wait before the next try, the first of which is ``number`` 0; hold all if asked to."""
        asked = server_errors.seconds_asked_for(failure)
        if asked:
            self.pause.begin(asked)
        elif number + 1 < self.tries:
            longest = min(FIRST_WAIT * 2**number, MOST_BETWEEN)
            time.sleep(longest * random.uniform(0.75, 1))  # noqa: S311  so that not all come at once

    def _why_too_long(self, request: Request) -> str:
        if not self.context:
            return ""
        prompt = "\n".join(message["content"] for message in request.messages)
        tokens = estimate_tokens(prompt)
        if tokens + request.max_tokens <= self.context:
            return ""
        return stored(
            "The prompt has about %(tokens)s tokens and the output may need %(wanted)s more, "
            "but the model takes at most %(limit)s in total. Choose shorter passages, "
            "fewer output tokens for the prompt, or a model with a longer context.",
            tokens=tokens,
            wanted=request.max_tokens,
            limit=self.context,
        )

    def _trouble(self, error: Exception) -> tuple[Trouble, str]:
        """Return what is wrong with the server, and a sentence that says what to do."""
        import openai

        if isinstance(error, Paused):
            return Trouble.LIMIT, stored(
                "The model server at %(place)s asked for a pause of %(seconds)s seconds. Work "
                "goes on by itself after that.",
                place=self.client.base_url,
                seconds=round(error.seconds),
            )
        kinds: list[tuple[type[Exception], Trouble, str]] = [
            (openai.AuthenticationError, Trouble.KEY, stored("does not accept the key; check it")),
            (
                openai.PermissionDeniedError,
                Trouble.KEY,
                stored("does not allow this key to use %(name)s", name=self.name),
            ),
            (
                openai.NotFoundError,
                Trouble.NAME,
                stored(
                    "has no model named %(name)s; check the name and the address", name=self.name
                ),
            ),
            (
                openai.RateLimitError,
                Trouble.LIMIT,
                stored("is limiting requests; they are retried automatically"),
            ),
            (
                openai.APITimeoutError,
                Trouble.SILENT,
                stored("took too long to answer; the request is retried automatically"),
            ),
            (
                openai.APIConnectionError,
                Trouble.ADDRESS,
                stored("cannot be reached, because no host with this name was found")
                if server_errors.is_unknown_host(error)
                else stored("cannot be reached; check that it is running"),
            ),
            (openai.APIStatusError, Trouble.OTHER, stored("failed; check its log")),
            (
                patience.UnusableAnswer,
                Trouble.PROTOCOL,
                stored("sends answers that are too long or cannot be decompressed"),
            ),
        ]
        found = next((found for found in kinds if isinstance(error, found[0])), None)
        _, kind, words = found or (Exception, Trouble.PROTOCOL, stored("did not answer with JSON"))
        return kind, stored(
            "The model server at %(place)s %(words)s: %(error)s",
            place=self.client.base_url,
            words=words,
            error=self._error_text(error),
        )

    def _error_text(self, error: Exception) -> str:
        """Return a server's error message on one line, without the key if it repeats it."""
        body = getattr(error, "body", None)
        message = body.get("message") if isinstance(body, dict) else None
        text = " ".join(str(message or error).split())
        if self.client.api_key != NO_KEY:
            text = text.replace(self.client.api_key, "…")
        return text[:LONGEST_ERROR]


def _completion(request: Request, answer: Any, milliseconds: int) -> Completion:
    choice = answer.choices[0]
    text = replies.kept(choice.message.content or "")
    if choice.finish_reason == "content_filter":
        return _failed(
            stored(
                "The model server’s content filter blocked the answer. Edit or exclude the passage."
            )
        )
    prompt = "\n".join(message["content"] for message in request.messages)
    return Completion(
        text=_THINKING.sub("", text).strip(),
        tokens_in=replies.tokens(answer, "prompt_tokens", prompt),
        tokens_out=replies.tokens(answer, "completion_tokens", text),
        milliseconds=milliseconds,
        cut_off=choice.finish_reason == "length" or len(text) == replies.LONGEST_TEXT,
        raw=text,
    )


def _failed(error: str) -> Completion:
    return Completion("", tokens_in=0, tokens_out=0, milliseconds=0, cut_off=False, error=error)


def load(
    url: str,
    name: str,
    key_variable: str = "",
    encrypted_key: str = "",
    concurrency: int = 8,
    seconds: float = 60,
    tries: int = 5,
    context: int = 0,
) -> OpenAIBackend:
    """Return a backend for the model ``name`` of the server at ``url``.

    If the server needs a key, it is the value of the environment variable ``key_variable``, or it
    is given encrypted. Each request may take ``seconds`` and is sent at most ``tries`` times.
    Raises ModelUnavailable if there is no key.
    """
    from openai import OpenAI

    client = OpenAI(
        base_url=url,
        api_key=_key(url, key_variable, encrypted_key),
        timeout=seconds,
        max_retries=0,  # see _try
        http_client=patience.client(seconds),
    )
    return OpenAIBackend(client, name, concurrency, seconds, tries, context)


def _key(url: str, key_variable: str, encrypted_key: str) -> str:
    """Return the key that a server gets. Raises ModelUnavailable."""
    if encrypted_key:
        return decrypted_key(url, encrypted_key)
    key = os.environ.get(key_variable, "") if key_variable else NO_KEY
    if not key:
        raise ModelUnavailable(
            stored(
                "The key for %(url)s is missing. Set the environment variable "
                "%(key_variable)s, then restart the workers.",
                url=url,
                key_variable=key_variable,
            ),
            kind=Trouble.KEY,
        )
    return key


def decrypted_key(url: str, encrypted_key: str) -> str:
    """Return the key of a server that was stored encrypted. Raises ModelUnavailable."""
    try:
        return decrypt(encrypted_key)
    except CannotDecrypt:
        raise ModelUnavailable(
            stored(
                "The key for %(url)s cannot be decrypted, because the secret key of this "
                "installation has changed. Enter the key again on the page “Models”.",
                url=url,
            ),
            kind=Trouble.KEY,
        ) from None
