"""The regular expressions and JSON schemas of a team, which outputs should meet.

:mod:`prompts.sandbox` runs this in a process with limits: some patterns fill the memory when they
are compiled, and some schemas take for ever.
"""

import json
from collections.abc import Iterator
from typing import Any

import regex
from jsonschema import Draft202012Validator, SchemaError, ValidationError, validators
from referencing import Registry

from qareview.stored_sentences import stored

PATTERN_SECONDS = 0.5  # for each output; chosen; nobody measured
LONGEST_PATTERN = 1000  # characters; chosen; nobody measured
_TOO_SLOW = stored("The regular expression takes too long on this output. Simplify it.")
_TOO_LONG = stored("The regular expression is too large. Shorten it or reduce its repeats.")
# What compiling a regular expression raises if it is not valid, or nested too deep.
_INVALID = (regex.error, RecursionError, OverflowError, ValueError)


class CannotScore(Exception):
    """An output cannot be scored; the message says why."""


def matches_pattern(pattern: str, text: str) -> bool:
    """Return whether a regular expression matches somewhere in a text. Raises CannotScore."""
    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise CannotScore(_TOO_SLOW) from None
    except _INVALID as error:
        raise CannotScore(
            stored("The regular expression is not valid: %(error)s", error=error)
        ) from error


def meets_schema(schema: str, text: str) -> bool:
    """Return whether a text is JSON that meets a schema, which is JSON itself.

    Raises CannotScore, also if the schema refers to other files.
    """
    try:
        instance = json.loads(text)
    except (ValueError, RecursionError):
        return False
    try:
        return bool(_Validator(json.loads(schema), registry=Registry()).is_valid(instance))
    except (CannotScore, MemoryError):
        raise
    except Exception as error:  # such as a reference that cannot be resolved, or a circular one
        raise CannotScore(
            stored("The JSON schema cannot be used: %(error)s", error=str(error)[:200])
        ) from error


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    if isinstance(instance, str) and not matches_pattern(pattern, instance):
        yield ValidationError("pattern")


_Validator: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})


def objection_to_pattern(pattern: str) -> str:
    """Return, in a sentence, why a regular expression cannot be used; empty if it can."""
    if len(pattern) > LONGEST_PATTERN:
        return _TOO_LONG
    try:
        regex.compile(pattern)
    except _INVALID as error:
        return stored("The regular expression is not valid: %(error)s", error=error)
    return ""


def objection_to_schema(schema: str) -> str:
    """Return, in a sentence, why a JSON schema cannot be used; empty if it can.

    An empty object is checked against it, since some take for ever whatever they are given.
    """
    try:
        parts = json.loads(schema)
        json.dumps(parts, ensure_ascii=False).encode()
        Draft202012Validator.check_schema(parts)
    except (SchemaError, RecursionError, ValueError) as error:
        message = getattr(error, "message", str(error))
        return stored("The JSON schema is not valid: %(error)s", error=str(message)[:200])
    if r"\u0000" in schema:
        return stored("The JSON schema is not valid: %(error)s", error=r"\u0000")
    if "patternProperties" in schema:  # its patterns would run without a time limit
        return stored("A schema with “patternProperties” is not supported. Remove it.")
    return next(filter(None, map(objection_to_pattern, _patterns(parts))), "") or _trial(schema)


def _trial(schema: str) -> str:
    try:
        meets_schema(schema, "{}")
    except CannotScore as reason:
        return str(reason)
    return ""


def _patterns(schema: Any) -> Iterator[str]:
    """Yield the regular expressions in a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    if isinstance(schema, dict | list):
        for part in inner:
            yield from _patterns(part)
