"""The playground: what wordings of a prompt give with some inputs, at once, and stored nowhere.

A run is kept in the broker for an hour, and forgotten. A page starts it, a worker works on it
(:mod:`prompts.playing`) and notes what the model wrote so far, and the page asks for that until the
run has ended. A person has one run at a time: a new one stops the one before.
"""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from prompts.examples import Input
from prompts.models import Prompt, Variant
from qareview.backends import Message
from qareview.broker import broker
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder, stored

# Chosen; nobody measured.
KEPT_SECONDS = 3600  # that a run is kept after it was last written to
MOST_INPUTS = 5
MOST_TOKENS = 1024  # of an output
MOST_CHARACTERS = 100_000  # of the messages of a request
RUN_SECONDS = 180  # that a run may take after its model was loaded

WAITING_RUNS = "playground:waiting"  # the list of runs that no worker has taken yet
WORDING_FIELDS = ("system", "template", "examples", "picks", "pick_count", "max_tokens")


class State(StrEnum):
    """The state of a run, or of one of its outputs."""

    WAITING = "waiting"  # for a worker, or for its turn
    LOADING = "loading"  # the model is loaded into memory
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


ENDED = {State.DONE, State.FAILED, State.STOPPED}


@dataclass(frozen=True)
class Output:
    """What a wording gave with an input, so far; ``cost`` is a decimal number."""

    state: State = State.WAITING
    messages: list[Message] = field(default_factory=list)
    text: str = ""
    error: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    milliseconds: int = 0
    cost: str = "0"
    cut_off: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ENDED

    @property
    def seconds(self) -> float:
        """How long the model took."""
        return self.milliseconds / 1000

    @property
    def has_cost(self) -> bool:
        """Whether it cost money."""
        return Decimal(self.cost) > 0


@dataclass(frozen=True)
class Order:
    """What to run: each wording with each input. ``form`` is what the page sent."""

    user: int
    project: int
    prompt: int
    model: str
    wordings: list[dict[str, Any]]  # the fields in WORDING_FIELDS
    inputs: list[Input]
    labels: list[str]  # of the inputs; empty: a typed text
    form: str

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The numbers of the wording and the input of each output, input by input."""
        wordings = range(len(self.wordings))
        return [(wording, place) for place in range(len(self.inputs)) for wording in wordings]


@dataclass(frozen=True)
class PlaygroundRun:
    """A run as it is now."""

    key: str
    order: Order
    state: State
    error: str
    outputs: list[Output]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ENDED

    @property
    def seen(self) -> str:
        """What a page that shows the run as it is now has seen: the states, by their letters."""
        return "".join(state[0] for state in (self.state, *(each.state for each in self.outputs)))

    @property
    def rows(self) -> list[tuple[int, Output, str, str]]:
        """Each output with its number, and the labels of its wording and its input."""
        titles = [gettext("Wording 1"), gettext("Wording 2")]
        labels = [label or gettext("A text of your own") for label in self.order.labels]
        return [
            (number, output, titles[wording], labels[place])
            for number, (output, (wording, place)) in enumerate(
                zip(self.outputs, self.order.pairs, strict=True)
            )
        ]

    def changed_since(self, seen: str) -> list[tuple[int, Output, str, str, bool]]:
        """Return the rows of outputs that changed since a page saw the states ``seen``.

        The last value of each is whether the page only knew that the output waits.
        """
        letters = seen[1:].ljust(len(self.outputs), State.WAITING[0])
        return [
            (*row, letter == State.WAITING[0])
            for row, letter in zip(self.rows, letters, strict=False)
            if row[1].state == State.RUNNING or row[1].state[0] != letter
        ]

    @property
    def ended_outputs(self) -> int:
        """How many outputs are complete, or failed."""
        return sum(output.has_ended for output in self.outputs)


def wording_of(variant: Variant) -> dict[str, Any]:
    """Return the fields of a variant that decide on its requests."""
    return {name: getattr(variant, name) for name in WORDING_FIELDS}


def variant_of(prompt: Prompt, wording: dict[str, Any]) -> Variant:
    """Return a variant, not stored, with the fields of a wording."""
    return Variant(prompt=prompt, **wording)


# What pages do; each raises redis.RedisError if the broker is away


def start_run(order: Order) -> str:
    """Queue a run; stop the one that the person had before; return its key."""
    stop_run(order.user)
    key = secrets.token_urlsafe(12)
    values = {"order": json.dumps(asdict(order)), "state": State.WAITING, "heard": time.time()}
    with broker().pipeline() as steps:
        steps.hset(_name(key), mapping=values)
        steps.expire(_name(key), KEPT_SECONDS)
        steps.set(_name_of_user(order.user), key, ex=KEPT_SECONDS)
        steps.rpush(WAITING_RUNS, key)
        steps.expire(WAITING_RUNS, KEPT_SECONDS)
        steps.execute()
    return key


def stop_run(user: int) -> None:
    """Stop the run of a person, if one is kept and has not ended."""
    key = broker().get(_name_of_user(user))
    state = broker().hget(_name(key), "state") if key else None
    if state and State(state) not in ENDED:
        broker().hset(_name(key), "state", State.STOPPED)


def latest_run(user: int, prompt: int) -> PlaygroundRun | None:
    """Return the latest run of a person, if it is still kept and is of this prompt."""
    key = broker().get(_name_of_user(user))
    run = read_run(key) if key else None
    return run if run and run.order.prompt == prompt else None


def read_run(key: str) -> PlaygroundRun | None:
    """Return a run; None if it is not kept any more."""
    values = broker().hgetall(_name(key))
    if "order" not in values:
        return None
    order = _order(values["order"])
    state, error = (
        State(values["state"]),
        json.loads(values.get("error", '""'), cls=SentenceDecoder),
    )
    is_silent = time.time() - float(values["heard"]) > settings.WORKER_SILENT_SECONDS
    if is_silent and state in (State.LOADING, State.RUNNING):
        state, error = State.FAILED, stored("The worker stopped. Run again.")
    outputs = [_output(values.get(f"output:{number}")) for number, _ in enumerate(order.pairs)]
    if state in ENDED:
        outputs = [output if output.has_ended else _left(output) for output in outputs]
    return PlaygroundRun(key, order, state, error, outputs)


def _left(output: Output) -> Output:
    """Return an output that nobody writes on any more."""
    return replace(output, state=State.STOPPED)


# What workers do; the same holds


def take_run(seconds: float) -> str | None:
    """Return the key of the run that waited longest; None if none comes in time."""
    taken = broker().blpop([WAITING_RUNS], timeout=seconds)
    return taken[1] if taken else None


def note_state(key: str, state: State, error: str = "") -> None:
    """Note the state of a run, unless it has ended."""
    if is_wanted(key):
        values = {"state": state, "error": json.dumps(error, cls=SentenceEncoder)}
        broker().hset(_name(key), mapping=values)


def note_output(key: str, number: int, output: Output) -> None:
    """Note an output of a run, which is kept from now; so is what is left of one that was lost."""
    text = json.dumps(asdict(output), cls=SentenceEncoder)
    with broker().pipeline() as steps:
        steps.hset(_name(key), f"output:{number}", text)
        steps.expire(_name(key), KEPT_SECONDS)
        steps.execute()


def note_alive(keys: Sequence[str]) -> None:
    """Note that a worker is at these runs, which are kept from now."""
    for key in keys:
        if broker().expire(_name(key), KEPT_SECONDS):
            broker().hset(_name(key), "heard", time.time())


def is_wanted(key: str) -> bool:
    """Return whether a run is kept and has not been stopped."""
    state = broker().hget(_name(key), "state")
    return state is not None and State(state) not in ENDED


def _name(key: str) -> str:
    return f"playground:run:{key}"


def _name_of_user(user: int) -> str:
    return f"playground:of:{user}"


def _order(text: str) -> Order:
    values = json.loads(text)
    inputs = [Input(**each) for each in values.pop("inputs")]
    return Order(**values, inputs=inputs)


def _output(text: str | None) -> Output:
    values = json.loads(text, cls=SentenceDecoder) if text else {}
    return Output(**values | {"state": State(values.get("state", State.WAITING))})
