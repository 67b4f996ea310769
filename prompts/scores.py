"""Automatic scores of a run's output and of its usage."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import regex
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from jsonschema import Draft202012Validator, SchemaError, ValidationError, validators
from rapidfuzz.distance import LCSseq
from referencing import Registry

from prompts import approved_items
from prompts.models import Experiment, Run
from qareview import scripts
from qareview.embeddings import embed
from qareview.stored_sentences import stored

PATTERN_SECONDS = 0.5  # for each output; chosen; nobody measured
WORDS, EXACT, ROUGE, SIMILARITY = "words", "exact", "rouge", "similarity"
PATTERN, SCHEMA, SUPPORT, FLAGS = "pattern", "schema", "support", "flags"


@dataclass(frozen=True)
class ScoreKind:
    """A kind of score: its name and meaning; ``sign`` is 1 if more is better, -1 if less is."""

    name: StrOrPromise
    tells: StrOrPromise
    sign: int = 1


KINDS = {
    EXACT: ScoreKind(
        _("exact match"), _("Whether it equals the reference, ignoring case and spaces")
    ),
    ROUGE: ScoreKind(_("ROUGE-L"), _("Overlap with the words of the reference, in the same order")),
    SIMILARITY: ScoreKind(_("similarity"), _("How close its meaning is to the reference")),
    SUPPORT: ScoreKind(_("support"), _("How well the passage supports its weakest sentence")),
    PATTERN: ScoreKind(_("pattern"), _("Whether it matches the regular expression")),
    SCHEMA: ScoreKind(_("schema"), _("Whether it is JSON that matches the schema")),
    FLAGS: ScoreKind(_("flags"), _("Number of problems the checks found"), -1),
    WORDS: ScoreKind(_("words"), _("Length in words"), -1),
    "tokens": ScoreKind(_("tokens"), _("Tokens read and written"), -1),
    "milliseconds": ScoreKind(_("milliseconds"), _("Its share of its batch’s running time"), -1),
    "cost": ScoreKind(_("cost"), _("Based on the prices in the settings"), -1),
}
USAGE_SCORES = ("tokens", "milliseconds", "cost")  # columns of each run


class CannotScore(Exception):
    """An output cannot be scored; the message says why."""


def score_runs(experiment: Experiment, runs: Sequence[Run]) -> dict[int, str]:
    """Set the scores and flags of an experiment's runs, which are loaded with their cases.

    Returns the reasons why runs could not be scored, by their ids. Raises ModelUnavailable.
    """
    task = experiment.prompt.task
    checked = approved_items.items().check_outputs(
        task, [(run.case.values, run.output) for run in runs]
    )
    for run, (scores, flags) in zip(runs, checked, strict=True):
        run.flags = [*_own_flags(run), *flags]
        run.scores = {WORDS: scripts.word_count(run.output), FLAGS: len(run.flags), **scores}
    _score_by_reference([run for run in runs if run.case.references])
    return _score_by_requirements(experiment, runs)


EMPTY, CUT_OFF = "empty", "cut off"
NAMES = {EMPTY: _("empty"), CUT_OFF: _("cut off")}


def _own_flags(run: Run) -> list[str]:
    if not run.output:
        return [EMPTY]
    return [CUT_OFF] if run.cut_off else []


def flag_name(flag: str) -> str:
    """Return the name of a flag as pages show it."""
    return str(NAMES[flag]) if flag in NAMES else approved_items.items().flag_name(flag)


def score_of(run: Run, name: str) -> float | None:
    """Return a run's score with a name, or None if it has no such score."""
    if name == "tokens":
        return run.tokens_in + run.tokens_out
    if name in USAGE_SCORES:
        return float(getattr(run, name))
    return run.scores.get(name)


def _score_by_reference(runs: Sequence[Run]) -> None:
    """Score runs against the references of their cases: of several, the nearest (Lin 2004)."""
    texts = sorted({text for run in runs for text in (run.output, *run.case.references)})
    vectors = dict(zip(texts, embed(texts), strict=True))
    for run in runs:
        output, references = run.output, run.case.references
        near = [float(vectors[output] @ vectors[each]) if output else 0.0 for each in references]
        is_exact = _normalised(output) in map(_normalised, references)
        run.scores |= {
            EXACT: float(is_exact),
            ROUGE: round(max(rouge_l(output, each) for each in references), 3),
            SIMILARITY: round(max(0.0, *near), 3),
        }


def _normalised(text: str) -> str:
    return " ".join(text.casefold().split())


def rouge_l(output: str, reference: str) -> float:
    """Return the F1 of the longest common subsequence of words, from 0 to 1 (Lin 2004, ROUGE)."""
    words, reference_words = (scripts.words(text.casefold()) for text in (output, reference))
    if not words or not reference_words:
        return 0.0
    return 2 * LCSseq.similarity(words, reference_words) / (len(words) + len(reference_words))


def _score_by_requirements(experiment: Experiment, runs: Sequence[Run]) -> dict[int, str]:
    """Score runs against the pattern and schema; return why some could not be, by their ids."""
    refused = {}
    for run in runs:
        try:
            if experiment.pattern:
                run.scores[PATTERN] = float(matches_pattern(experiment.pattern, run.output))
            if experiment.schema is not None:
                run.scores[SCHEMA] = float(meets_schema(experiment.schema, run.output))
        except CannotScore as reason:
            refused[run.pk] = str(reason)
    return refused


_TOO_SLOW = stored("The regular expression takes too long on this output. Simplify it.")


def matches_pattern(pattern: str, text: str) -> bool:
    """Return whether a regular expression matches somewhere in a text. Raises CannotScore."""
    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except regex.error as error:
        raise CannotScore(
            stored("The regular expression is not valid: %(error)s", error=error)
        ) from error
    except TimeoutError:
        raise CannotScore(_TOO_SLOW) from None


def meets_schema(schema: Any, text: str) -> bool:
    """Return whether a text is JSON that meets a schema.

    Raises CannotScore, also if the schema refers to other files.
    """
    try:
        instance = json.loads(text)
    except (ValueError, RecursionError):
        return False
    try:
        return bool(_Validator(schema, registry=Registry()).is_valid(instance))
    except CannotScore:
        raise
    except Exception as error:  # such as a reference that cannot be resolved, or a circular one
        raise CannotScore(
            stored("The JSON schema cannot be used: %(error)s", error=str(error)[:200])
        ) from error


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    if isinstance(instance, str) and not matches_pattern(pattern, instance):
        yield ValidationError("pattern")


_Validator: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})


LONGEST_PATTERN = 1000  # characters; chosen; nobody measured
HEAVIEST_PATTERN = 20_000  # pieces, see _weight; chosen; nobody measured
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*),?(\d*)\}|[*+?()]|.", re.DOTALL)
_TOO_LARGE = stored("The regular expression is too large. Shorten it or reduce its repeats.")


def objection_to_pattern(pattern: str) -> str:
    """Return, in a sentence, why a regular expression cannot be used; empty if it can.

    Nested repeats are limited, since compiling them could use up the memory.
    """
    if len(pattern) > LONGEST_PATTERN or _weight(pattern) > HEAVIEST_PATTERN:
        return _TOO_LARGE
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError, MemoryError, OverflowError, ValueError) as error:
        return stored("The regular expression is not valid: %(error)s", error=error)
    return ""


def _weight(pattern: str) -> int:
    """Estimate how many pieces a pattern has if its repeats are written out."""
    groups, last = [0], 0  # the weight of each open group, and of the last piece
    for piece in _PIECE.finditer(pattern):
        if piece[0] == "(":
            groups.append(0)
            continue
        if piece[0] == ")" and len(groups) > 1:
            last = groups.pop() + 1
        elif piece[1] is not None or piece[0] in "*+?":
            bounds = [int(number[:7] or 0) for number in piece.groups(default="")]
            last *= max(2, *bounds) - 1  # counted once already
        else:
            last = 1
        groups[-1] += last
    return sum(groups)


def objection_to_schema(schema: Any) -> str:
    """Return, in a sentence, why a JSON schema cannot be used; empty if it can."""
    try:
        text = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        text.encode()
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError, ValueError) as error:
        message = getattr(error, "message", str(error))
        return stored("The JSON schema is not valid: %(error)s", error=str(message)[:200])
    if r"\u0000" in text:
        return stored("The JSON schema is not valid: %(error)s", error=r"\u0000")
    if "patternProperties" in text:  # its patterns would run without a time limit
        return stored("A schema with “patternProperties” is not supported. Remove it.")
    return next(filter(None, map(objection_to_pattern, _patterns(schema))), "")


def _patterns(schema: Any) -> Iterator[str]:
    """Yield the regular expressions in a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    if isinstance(schema, dict | list):
        for part in inner:
            yield from _patterns(part)
