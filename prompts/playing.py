"""What a worker does for the playground: it runs wordings and notes what the model writes.

This is done in threads beside the jobs of the worker, with the models that it has loaded, since a
person waits for it: see :mod:`qareview.backends.turns`.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import redis
from django.db import connection

from prompts import playground
from prompts.examples import examples_for
from prompts.models import Prompt
from prompts.playground import Order, Output, State
from prompts.rendering import RenderingFailed, request_for
from qareview import completions, jobs
from qareview.backends import (
    Backend,
    Completion,
    ModelUnavailable,
    Request,
    backend_for,
    backend_options,
    load_backend,
)
from qareview.backends.tokens import estimate_tokens
from qareview.models import Project
from qareview.stored_sentences import stored

logger = logging.getLogger(__name__)

# Chosen; nobody measured.
RUNS_AT_ONCE = 4  # of different people, in a worker
LOOK_SECONDS = 1  # between two looks at the queue
NOTE_SECONDS = 0.1  # between two notes of a text that grows
SERVER_AT_ONCE = 8  # requests, if the model does not say; as in qareview.backends.openai
SERVER_SECONDS = 50  # that a server may be silent


class Stopped(Exception):
    """Nobody wants the output any more, or the run takes too long."""


def serve() -> None:
    """Work on runs of the playground, each in a thread, until this worker has to stop."""
    running: dict[str, threading.Thread] = {}
    while not jobs.stopping.is_set():
        running = {key: thread for key, thread in running.items() if thread.is_alive()}
        key = _next_run(list(running))
        if key:
            running[key] = threading.Thread(target=_work_on, args=(key,), daemon=True)
            running[key].start()


def _next_run(running: list[str]) -> str | None:
    """Return the next run to work on, None if there is none after a while."""
    try:
        playground.note_alive(running)
        playground.return_lost_runs(running)
        if len(running) < RUNS_AT_ONCE:
            return playground.take_run(LOOK_SECONDS)
    except redis.RedisError as error:
        logger.warning("The broker does not answer the playground: %s", error)
    jobs.stopping.wait(LOOK_SECONDS)
    return None


def _work_on(key: str) -> None:
    try:
        work_off_run(key)
    except redis.RedisError as error:
        logger.warning("A run of the playground is lost: %s", error)
    finally:
        connection.close()


def work_off_run(key: str) -> None:
    """Run each wording with each input; note the outputs and the end of the run.

    Does nothing if the run has been stopped, or another worker has begun it.
    """
    order = playground.begin_run(key)
    if order is None:
        return
    try:
        work = _Work(key, order)
    except (ModelUnavailable, completions.BudgetUsedUp) as reason:
        playground.note_state(key, State.FAILED, str(reason))
        return
    except (Project.DoesNotExist, Prompt.DoesNotExist):
        playground.note_state(key, State.FAILED, stored("The prompt was deleted."))
        return
    playground.note_state(key, State.RUNNING)
    work.do()
    playground.note_state(key, *work.end())


class _Work:
    """The work on a run: its model, and what it asks the model.

    Raises ModelUnavailable and BudgetUsedUp. Only the thread that made it asks the database.
    """

    def __init__(self, key: str, order: Order) -> None:
        self.key, self.order = key, order
        self.project = Project.objects.get(pk=order.project)
        prompt = Prompt.objects.select_related("project").get(pk=order.prompt)
        completions.check_budget(self.project)
        self.backend, self.at_once = _backend(order.model)
        self.prices = completions.prices_of(order.model)  # even if it is removed meanwhile
        self.variants = [playground.variant_of(prompt, fields) for fields in order.wordings]
        self.examples = [
            examples_for(self.project, variant, order.inputs) for variant in self.variants
        ]
        self.until = time.monotonic() + playground.RUN_SECONDS

    def do(self) -> None:
        """Have all outputs written, as many at once as the model takes."""
        with ThreadPoolExecutor(self.at_once) as pool:
            asked = [pool.submit(self._write, number) for number, _ in enumerate(self.order.pairs)]
            for future in as_completed(asked):
                self._finish(*future.result())

    def end(self) -> tuple[State, str]:
        """Return how the run ended, and a sentence if its time was up."""
        if not self._is_time_up():
            return State.DONE, ""
        return State.STOPPED, stored(
            "The run was stopped after %(seconds)s seconds, the limit of the playground.",
            seconds=playground.RUN_SECONDS,
        )

    def check(self) -> None:
        """Raise Stopped if nobody wants the run any more, or its time is up."""
        if self._is_time_up() or not playground.is_wanted(self.key):
            raise Stopped

    def _is_time_up(self) -> bool:
        return time.monotonic() > self.until

    def _write(self, number: int) -> tuple[int, Output, Completion | None]:
        """Return an output as it ended, and what the model wrote, if it was asked."""
        try:
            self.check()
            request = self._request(*self.order.pairs[number])
            note = _Note(self, number, request)
        except RenderingFailed as reason:
            return number, Output(State.FAILED, error=str(reason)), None
        except (Stopped, redis.RedisError):
            return number, Output(State.STOPPED), None
        try:
            completion = self.backend.stream(request, note.tell)
        except ModelUnavailable as reason:
            begun = _so_far(request, note.text) if note.text else None
            return number, Output(State.FAILED, error=str(reason)), begun
        except (Stopped, redis.RedisError):
            return number, Output(State.STOPPED), _so_far(request, note.text)
        state = State.FAILED if completion.error else State.DONE
        return number, Output(state, error=completion.error), completion

    def _request(self, wording: int, place: int) -> Request:
        """Return the request of a wording with an input. Raises RenderingFailed."""
        values, examples = self.order.inputs[place].values, self.examples[wording][place]
        request = request_for(self.variants[wording], values, examples=examples)
        length = sum(len(message["content"]) for message in request.messages)
        if length > playground.MOST_CHARACTERS:
            raise RenderingFailed(
                stored(
                    "The prompt has %(length)s characters. The playground sends at most %(most)s.",
                    length=length,
                    most=playground.MOST_CHARACTERS,
                )
            )
        return replace(request, max_tokens=min(request.max_tokens, playground.MOST_TOKENS))

    def _finish(self, number: int, output: Output, completion: Completion | None) -> None:
        """Note an output as it ended, and count what it cost, even if it was stopped."""
        if completion:
            completions.record_spending(self.project, self.order.model, self.prices, completion)
            output = replace(
                output,
                text=completion.text,
                tokens_in=completion.tokens_in,
                tokens_out=completion.tokens_out,
                milliseconds=completion.milliseconds,
                cost=str(self.prices.cost_of(completion)),
                cut_off=completion.cut_off,
            )
        try:
            playground.note_output(self.key, number, output)
        except redis.RedisError as error:  # the other outputs have their cost, too
            logger.warning("An output of the playground is lost: %s", error)


class _Note:
    """Notes a text while it grows: its first words at once, then not at every word."""

    def __init__(self, work: _Work, number: int, request: Request) -> None:
        self.work, self.number, self.text = work, number, ""
        self.noted: str | None = None
        playground.note_messages(work.key, number, request.messages)
        self._note()

    def tell(self, text: str) -> None:
        """Note the text so far, also if it was told before but not noted. Raises Stopped."""
        is_first = bool(text) and not self.text
        self.text = text
        if is_first or time.monotonic() - self.noted_at > NOTE_SECONDS:
            self.work.check()
            self._note()

    def _note(self) -> None:
        if self.text != self.noted:
            playground.note_output(self.work.key, self.number, Output(State.RUNNING, self.text))
        self.noted = self.text
        self.noted_at = time.monotonic()


def _backend(model: str) -> tuple[Backend, int]:
    """Return a model's backend, and how many requests it takes at once. Raises ModelUnavailable.

    A server is asked once and not for long, since a person waits.
    """
    options = backend_options(model)
    if options["backend"] != "openai":
        return backend_for(model), 1
    at_once = options.get("concurrency", SERVER_AT_ONCE)
    return load_backend(options | {"seconds": SERVER_SECONDS, "tries": 1}), at_once


def _so_far(request: Request, text: str) -> Completion:
    """Return about what a server counts for an answer that was stopped."""
    read = "\n".join(message["content"] for message in request.messages)
    written = estimate_tokens(text) if text else 0
    return Completion(text, estimate_tokens(read), written, 0, cut_off=True)
