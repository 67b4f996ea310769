"""The cases of an experiment: from approved items, from a file, or typed."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from prompts import approved_items
from prompts.models import Case, Experiment, Prompt
from qareview import tables
from qareview.stored import stored

MOST = 2000  # cases of an experiment
LONGEST = 200_000  # characters of a value
REFERENCE = ("reference", "output", "expected")  # what the column of wanted outputs is called


class BadCases(Exception):
    """The cases cannot be taken; the message says which and why."""


@dataclass(frozen=True)
class Given:
    """A case that is not stored yet."""

    values: dict[str, str]
    reference: str = ""
    item: int | None = None
    passage: int | None = None


def from_items(prompt: Prompt, names: Sequence[str], count: int, seed: int) -> list[Given]:
    """Draw approved items at random, the same for one seed; what they bear is the reference."""
    return [
        Given(
            approved_items.values_of(one, names),
            approved_items.output_of(one, names),
            one.item,
            one.passage,
        )
        for one in approved_items.items().drawn(prompt.project, count, seed)
    ]


def from_text(text: str, names: Sequence[str], *, is_typed: bool = False) -> list[Given]:
    """Read cases, a JSON object a line or CSV with a header.

    What is typed for a single variable may be a value a line. A column called reference, output or
    expected holds the wanted output. Raises BadCases.
    """
    text = text.replace("\0", "").removeprefix("\ufeff").strip()
    if not text:
        return []
    rows = _rows(text, names, is_typed)
    if len(rows) > MOST:
        raise BadCases(
            stored("%(rows)s cases are too many: %(most)s can be run.", rows=len(rows), most=MOST)
        )
    return [_given(row, names, number) for number, row in enumerate(rows, 1)]


def _rows(text: str, names: Sequence[str], is_typed: bool) -> list[dict[str, str]]:
    is_jsonl = text.startswith("{")
    if is_typed and len(names) == 1 and not is_jsonl and not _has_header(text, names[0]):
        return [{names[0]: line} for line in text.splitlines() if line.strip()]
    try:
        table = tables.from_jsonl(text) if is_jsonl else tables.from_csv(text)
        rows = [dict(zip(table.columns, row.values, strict=True)) for row in table.rows]
    except tables.BadTable as reason:
        raise BadCases(str(reason)) from reason
    if lacking := [name for name in names if name not in table.columns]:
        raise BadCases(
            stored(
                "There is no column for %(names)s. There are: %(there)s.",
                names=", ".join(lacking),
                there=", ".join(table.columns),
            )
        )
    return rows


def _has_header(text: str, name: str) -> bool:
    """Whether the first line of a text is a header with a column of a name."""
    first = re.split(r"[,;\t|]", text.splitlines()[0])
    return name in (column.strip(' "') for column in first)


def _given(row: dict[str, str], names: Sequence[str], number: int) -> Given:
    if names and not any(row[name] for name in names):
        raise BadCases(
            stored(
                "Case %(number)s has no value for %(names)s.", number=number, names=", ".join(names)
            )
        )
    told = {name: row[name] for name in names}
    if any(len(value) > LONGEST for value in told.values()):
        raise BadCases(
            stored(
                "Case %(number)s is longer than %(most)s characters.",
                number=number,
                most=LONGEST,
            )
        )
    wanted = next((row[name] for name in REFERENCE if row.get(name)), "")
    return Given(told, wanted[:LONGEST])


def lacking(given: Sequence[Given], names: Sequence[str]) -> list[str]:
    """Return the variables that some of the cases have no value for."""
    return [name for name in names if any(name not in one.values for one in given)]


def store(experiment: Experiment, given: Sequence[Given]) -> None:
    """Add cases to an experiment, each different input once, in their order."""
    distinct = {json.dumps(one.values, sort_keys=True): one for one in reversed(given)}
    Case.objects.bulk_create(
        Case(
            experiment=experiment,
            position=position,
            values=one.values,
            reference=one.reference,
            item=one.item,
            passage=one.passage,
        )
        for position, one in enumerate(reversed(list(distinct.values())))
    )
