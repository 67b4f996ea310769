"""What a team writes that runs as a program: templates, regular expressions and JSON schemas.

None of them can hold up or crash whoever asks for it: they run in processes with limits of time and
memory, which are kept warm: see :mod:`qareview.limited_processes`. What reached a limit is refused
for a while at once, so that nobody waits for the same thing again and again.
"""

import functools
import json
import threading
import time
from typing import Any

from prompts.output_rules import CannotScore
from prompts.templates import TemplateRefused as TemplateRefused
from qareview.limited_processes import (
    LimitedProcesses,
    NeededTooMuchMemory,
    Stopped,
    TookTooLong,
)
from qareview.stored_sentences import stored

# All chosen; nobody measured.
SECONDS = 5  # for each; the slowest that is allowed takes half a second of a core
MEGABYTES = 600  # of memory; the process itself takes a tenth of it
MOST_AT_ONCE = 2  # processes of each process that asks
REFUSED_SECONDS = 60  # after a limit was reached
MOST_STOPPED = 3  # inputs at which a program may reach a limit before it is refused for all; chosen

_processes = LimitedProcesses("prompts.sandbox_process", most=MOST_AT_ONCE)


def render(template: str, values: dict[str, Any]) -> str:
    """Fill in a template with a value for each variable. Raises TemplateRefused."""
    text: str = _of_template("render", template, values)
    return text


@functools.lru_cache(maxsize=100)
def variables_in(template: str) -> frozenset[str]:
    """Return the variables that a template uses. Raises TemplateRefused if it is not valid."""
    return frozenset(_of_template("variables", template))


def usable_variables(template: str) -> frozenset[str]:
    """Return the variables that a stored template uses; none if it is not valid.

    It may have been before the rules changed. Whoever fills it in gets to know.
    """
    try:
        return variables_in(template)
    except TemplateRefused:
        return frozenset()


def _of_template(task: str, template: str, *more: Any) -> Any:
    try:
        answer = _ask(task, template, *more)
    except _Refused as limit:
        raise TemplateRefused(
            stored("The template was stopped: %(reason)s.", reason=limit)
        ) from None
    if "refused" in answer:
        raise TemplateRefused(answer["refused"])
    return answer["result"]


def matches_pattern(pattern: str, text: str) -> bool:
    """Return whether a regular expression matches somewhere in a text. Raises CannotScore."""
    return _of_requirement("match", pattern, text)


def meets_schema(schema: Any, text: str) -> bool:
    """Return whether a text is JSON that meets a schema.

    Raises CannotScore, also if the schema refers to other files.
    """
    return _of_requirement("validate", json.dumps(schema), text)


def _of_requirement(task: str, requirement: str, text: str) -> bool:
    try:
        answer = _ask(task, requirement, text)
    except _Refused as limit:
        raise CannotScore(_stopped_requirement(task, limit)) from None
    if "refused" in answer:
        raise CannotScore(answer["refused"])
    return bool(answer["result"])


def objection_to_pattern(pattern: str) -> str:
    """Return, in a sentence, why a regular expression cannot be used; empty if it can."""
    return _objection("object_to_pattern", pattern)


def objection_to_schema(schema: Any) -> str:
    """Return, in a sentence, why a JSON schema cannot be used; empty if it can."""
    try:
        text = json.dumps(schema, allow_nan=False)
    except (ValueError, RecursionError) as error:
        return stored("The JSON schema is not valid: %(error)s", error=error)
    return _objection("object_to_schema", text)


def _objection(task: str, requirement: str) -> str:
    try:
        objection: str = _ask(task, requirement)["result"]
    except _Refused as limit:
        return _stopped_requirement(task, limit)
    return objection


def _stopped_requirement(task: str, limit: Exception) -> str:
    if task in ("match", "object_to_pattern"):
        return stored("The regular expression was stopped: %(reason)s. Simplify it.", reason=limit)
    return stored("The JSON schema was stopped: %(reason)s. Simplify it.", reason=limit)


class _Refused(Exception):
    """A limit was reached, now or a short while ago; the message says which."""


# By program and input: until when it is refused, and why.
_reached: dict[tuple[str, str], tuple[float, str]] = {}
_lock = threading.Lock()


def _ask(task: str, program: str, *more: Any) -> dict[str, Any]:
    """Return the answer to a task for which a program of the team has to run. Raises _Refused.

    What reached a limit is refused for a while: with the same input, or with any after it reached
    limits with some. One hard input does not keep the others from being tried.
    """
    key, given = f"{task} {program}", json.dumps(more, sort_keys=True)
    if reason := _reason_to_refuse(key, given):
        raise _Refused(reason)
    try:
        answer: dict[str, Any] = _processes.ask(
            [task, program, *more], seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped as stopped:
        reason = _limit(stopped)
        with _lock:
            _reached[key, given] = time.monotonic() + REFUSED_SECONDS, reason
        raise _Refused(reason) from None
    return answer


def _reason_to_refuse(key: str, given: str) -> str:
    with _lock:
        now = time.monotonic()
        for old in [other for other, (until, _) in _reached.items() if until < now]:
            del _reached[old]
        stopped = {other: why for (program, other), (_, why) in _reached.items() if program == key}
    if len(stopped) >= MOST_STOPPED:
        return next(iter(stopped.values()))
    return stopped.get(given, "")


def _limit(stopped: Stopped) -> str:
    if isinstance(stopped, TookTooLong):
        return stored("it took longer than %(seconds)s seconds", seconds=SECONDS)
    if isinstance(stopped, NeededTooMuchMemory):
        return stored("it needed more than %(megabytes)s MB of memory", megabytes=MEGABYTES)
    return stored("it ended the process that ran it")


def forget_refusals() -> None:
    """Let what reached a limit be tried again."""
    with _lock:
        _reached.clear()
