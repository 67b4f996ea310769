"""The playground: what wordings of a prompt give with some inputs, at once, and stored nowhere.

A run is kept in the broker for an hour, and forgotten. A page starts it, a worker works on it
(:mod:`prompts.playing`) and notes what the model wrote so far, and the page asks for that until the
run has ended. A person has one run at a time: a new one stops the one before.

What a page asks for all the time is kept apart from what is long: the order, the form and the
messages that were sent.
"""

import json
import secrets
import time
from collections.abc import Collection, Sequence
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
MOST_INPUTS, MOST_WORDINGS = 5, 2
MOST_TOKENS = 1024  # of an output
MOST_CHARACTERS = 100_000  # of the messages of a request
RUN_SECONDS = 180  # that a run may take after its model was loaded
LONGEST_LABEL = 200  # characters of an input's label, of which pages show fewer

WAITING_RUNS = "playground:waiting"  # the list of runs that no worker has taken yet
TAKEN_RUNS = "playground:taken"  # of those that one has taken, until a worker finds them ended
WORDING_FIELDS = ("system", "template", "examples", "picks", "pick_count", "max_tokens")


class State(StrEnum):
    """The state of a run, or of one of its outputs."""

    WAITING = "waiting"  # for a worker, or for its turn
    LOADING = "loading"  # the model is loaded into memory
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


NOT_ENDED = (State.WAITING, State.LOADING, State.RUNNING)
ENDED = {*State} - {*NOT_ENDED}

# Changes fields of a run if its state is one of those in the first argument, in one step.
CHANGE = """
local state = redis.call("HGET", KEYS[1], "state")
if not state or not string.find(ARGV[1], state, 1, true) then return 0 end
redis.call("HSET", KEYS[1], unpack(ARGV, 2))
return 1
"""  # not translated: a program


@dataclass(frozen=True)
class Output:
    """What a wording gave with an input, so far; ``cost`` is a decimal number."""

    state: State = State.WAITING
    text: str = ""
    error: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    milliseconds: int = 0
    cost: str = "0"
    cut_off: bool = False
    messages: list[Message] = field(default_factory=list)  # that were sent, if they were read

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
    """What to run: each wording with each input."""

    user: int
    project: int
    prompt: int
    model: str
    wordings: list[dict[str, Any]]  # the fields in WORDING_FIELDS
    inputs: list[Input]
    labels: list[str]  # of the inputs; empty: a typed text

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The numbers of the wording and the input of each output."""
        return _pairs(len(self.wordings), len(self.inputs))


def _pairs(wordings: int, inputs: int) -> list[tuple[int, int]]:
    """Return the numbers of the wording and the input of each output, input by input."""
    return [(wording, place) for place in range(inputs) for wording in range(wordings)]


@dataclass(frozen=True)
class PlaygroundRun:
    """A run as it is now; ``labels`` are those of its inputs, empty for a typed text."""

    key: str
    prompt: int
    wordings: int  # how many
    labels: list[str]
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
        labels = [label or gettext("A text of your own") for label in self.labels]
        pairs = _pairs(self.wordings, len(self.labels))
        return [
            (number, output, titles[wording], labels[place])
            for number, (output, (wording, place)) in enumerate(
                zip(self.outputs, pairs, strict=True)
            )
        ]

    def changed_since(self, seen: str) -> list[tuple[int, Output, str, str, bool]]:
        """Return the rows of outputs that changed since a page saw the states ``seen``.

        The last value of each is whether the page only knew that the output waits.
        """
        return [
            (*row, letter == State.WAITING[0])
            for row, letter in zip(self.rows, _letters(seen), strict=False)
            if row[1].state == State.RUNNING or row[1].state[0] != letter
        ]

    @property
    def ended_outputs(self) -> int:
        """How many outputs are complete, or failed."""
        return sum(output.has_ended for output in self.outputs)


def _letters(seen: str) -> str:
    """Return the letters of the states of outputs that a page has seen, as of all there may be."""
    most = MOST_INPUTS * MOST_WORDINGS
    return seen[1 : most + 1].ljust(most, State.WAITING[0])


def wording_of(variant: Variant) -> dict[str, Any]:
    """Return the fields of a variant that decide on its requests."""
    return {name: getattr(variant, name) for name in WORDING_FIELDS}


def variant_of(prompt: Prompt, wording: dict[str, Any]) -> Variant:
    """Return a variant, not stored, with the fields of a wording."""
    return Variant(prompt=prompt, **wording)


# What pages do; each raises redis.RedisError if the broker is away


def start_run(order: Order, form: str) -> str:
    """Queue a run; stop the one that the person had before; return its key.

    ``form`` is what the page sent, to show it again.
    """
    key = secrets.token_urlsafe(12)
    with broker().pipeline() as steps:
        steps.set(_name_of_user(order.user), key, ex=KEPT_SECONDS, get=True)
        steps.hset(_name(key), mapping=_fields(order, form))
        steps.expire(_name(key), KEPT_SECONDS)
        steps.rpush(WAITING_RUNS, key)
        steps.expire(WAITING_RUNS, KEPT_SECONDS)
        before, *_ = steps.execute()
    if before:
        note_state(before, State.STOPPED)
    return key


def _fields(order: Order, form: str) -> dict[str, str | float]:
    """Return the fields of a run that nobody has taken."""
    labels = [label[:LONGEST_LABEL] for label in order.labels]
    head = {"prompt": order.prompt, "wordings": len(order.wordings), "labels": labels}
    return {
        "head": json.dumps(head),
        "order": json.dumps(asdict(order)),
        "form": form,
        "state": State.WAITING,
        "heard": time.time(),
    }


def stop_run(user: int) -> None:
    """Stop the run of a person, if one is kept and has not ended."""
    key = broker().get(_name_of_user(user))
    if key:
        note_state(key, State.STOPPED)


def latest_run(user: int, prompt: int, seen: str = "") -> PlaygroundRun | None:
    """Return the latest run of a person as :func:`read_run`, if it is still kept.

    Returns None as well if it is of another prompt.
    """
    key = broker().get(_name_of_user(user))
    run = read_run(key, seen) if key else None
    return run if run and run.prompt == prompt else None


def read_run(key: str, seen: str = "") -> PlaygroundRun | None:
    """Return a run; None if it is not kept any more.

    The messages that were sent are read of outputs that only wait on a page that has ``seen``.
    """
    letters = _letters(seen)
    shown = [number for number, letter in enumerate(letters) if letter == State.WAITING[0]]
    names = ["head", "state", "error", "heard"]
    names += [_output_name(number) for number, _ in enumerate(letters)]
    names += [_messages_name(number) for number in shown]
    values = dict(zip(names, broker().hmget(_name(key), names), strict=True))
    if values["head"] is None:
        return None
    head = json.loads(values["head"])
    state, error = _state(values)
    count = len(_pairs(head["wordings"], len(head["labels"])))
    outputs = [_output(values, number) for number in range(count)]
    if state in ENDED:
        outputs = [output if output.has_ended else _left(output) for output in outputs]
    return PlaygroundRun(key=key, **head, state=state, error=error, outputs=outputs)


def _state(values: dict[str, Any]) -> tuple[State, str]:
    """Return the state of a run, and what is wrong: perhaps that its worker is silent."""
    state = State(values["state"])
    is_silent = time.time() - float(values["heard"]) > settings.WORKER_SILENT_SECONDS
    if is_silent and state in (State.LOADING, State.RUNNING):
        return State.FAILED, stored("The worker stopped. Run again.")
    return state, json.loads(values["error"] or '""', cls=SentenceDecoder)


def _output(values: dict[str, Any], number: int) -> Output:
    stated = values[_output_name(number)]
    fields = json.loads(stated, cls=SentenceDecoder) if stated else {}
    messages = json.loads(values.get(_messages_name(number)) or "[]")
    state = State(fields.get("state", State.WAITING))
    return Output(**fields | {"state": state, "messages": messages})


def _left(output: Output) -> Output:
    """Return an output that nobody writes on any more."""
    return replace(output, state=State.STOPPED)


def form_of(key: str) -> str:
    """Return what the page of a run sent; empty if it is not kept any more."""
    form: str | None = broker().hget(_name(key), "form")
    return form or ""


# What workers do; the same holds


def take_run(seconds: float) -> str | None:
    """Return the key of the run that waited longest; None if none comes in time.

    If the worker dies before it begins the run, :func:`return_lost_runs` lets another one take it.
    """
    key: str | None = broker().blmove(WAITING_RUNS, TAKEN_RUNS, seconds, "LEFT", "RIGHT")
    return key


def return_lost_runs(own: Collection[str]) -> None:
    """Let runs wait again that were taken and not begun, but for a worker's ``own``.

    A worker that has just taken one may begin it nonetheless: only one of those who try can. Runs
    that have ended are forgotten here.
    """
    for key in {*broker().lrange(TAKEN_RUNS, 0, -1)} - {*own}:
        state = broker().hget(_name(key), "state")
        if state in (State.LOADING, State.RUNNING):
            continue
        with broker().pipeline() as steps:
            steps.lrem(TAKEN_RUNS, 0, key)
            if state == State.WAITING:
                steps.lpush(WAITING_RUNS, key)
                steps.expire(WAITING_RUNS, KEPT_SECONDS)
            steps.execute()


def begin_run(key: str) -> Order | None:
    """Return what to run; None if the run is not kept, has been begun or has been stopped."""
    begun = {"state": State.LOADING, "heard": time.time()}
    return _order(key) if _change(key, [State.WAITING], begun) else None


def _order(key: str) -> Order | None:
    text = broker().hget(_name(key), "order")
    if text is None:
        return None
    values = json.loads(text)
    inputs = [Input(**each) for each in values.pop("inputs")]
    return Order(**values, inputs=inputs)


def note_state(key: str, state: State, error: str = "") -> None:
    """Note the state of a run, unless it has ended."""
    _change(key, NOT_ENDED, {"state": state, "error": json.dumps(error, cls=SentenceEncoder)})


def _change(key: str, among: Sequence[State], values: dict[str, Any]) -> bool:
    """Change a run if its state is ``among`` these; return whether it was."""
    fields = [part for pair in values.items() for part in pair]
    return bool(broker().eval(CHANGE, 1, _name(key), " ".join(among), *fields))


def note_messages(key: str, number: int, messages: Sequence[Message]) -> None:
    """Note what is sent for an output of a run, which is kept from now."""
    _note(key, _messages_name(number), json.dumps(messages))


def note_output(key: str, number: int, output: Output) -> None:
    """Note an output of a run, which is kept from now; so is what is left of one that was lost."""
    fields = asdict(output)
    del fields["messages"]
    _note(key, _output_name(number), json.dumps(fields, cls=SentenceEncoder))


def note_alive(keys: Sequence[str]) -> None:
    """Note that a worker is at these runs, which are kept from now."""
    for key in keys:
        _note(key, "heard", time.time())


def _note(key: str, name: str, value: str | float) -> None:
    """Note a field of a run, which is kept from now, even if the run was lost meanwhile."""
    with broker().pipeline() as steps:
        steps.hset(_name(key), name, value)
        steps.expire(_name(key), KEPT_SECONDS)
        steps.execute()


def is_wanted(key: str) -> bool:
    """Return whether a run is kept and has not been stopped."""
    return broker().hget(_name(key), "state") in NOT_ENDED


def _name(key: str) -> str:
    return f"playground:run:{key}"


def _name_of_user(user: int) -> str:
    return f"playground:of:{user}"


def _output_name(number: int) -> str:
    return f"output:{number}"


def _messages_name(number: int) -> str:
    return f"messages:{number}"
