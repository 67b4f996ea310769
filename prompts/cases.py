"""The cases of an experiment: from approved items, from a file, or typed."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from prompts import approved_items
from prompts.models import Case, Experiment, Prompt
from qareview import csv_tables, tables
from qareview.stored_sentences import stored

MOST_CASES = 2000  # of an experiment; chosen; nobody measured
LONGEST_VALUE = 200_000  # characters; chosen; nobody measured
REFERENCE_COLUMNS = ("reference", "output", "expected")  # the first that has a value is used


class BadCases(Exception):
    """The cases cannot be used; the message says which and why."""


@dataclass(frozen=True)
class NewCase:
    """A case that is not stored yet."""

    values: dict[str, str]
    reference: str = ""
    item: int | None = None
    passage: int | None = None


def from_items(prompt: Prompt, names: Sequence[str], count: int, seed: int) -> list[NewCase]:
    """Draw approved items at random as cases; the same seed draws the same items.

    The reference is the text that the prompt would write: the item's question or its answer.
    """
    return [
        NewCase(
            approved_items.values_of(item, names),
            approved_items.output_of(item, names),
            item.item,
            item.passage,
        )
        for item in approved_items.items().drawn(prompt.project, count, seed)
    ]


def from_text(text: str, names: Sequence[str], *, is_typed: bool = False) -> list[NewCase]:
    """Read cases from lines of JSON objects or from CSV with a header. Raises BadCases.

    With ``is_typed``, and if there is one variable, a line may also be just its value.
    """
    text = text.replace("\0", "").removeprefix("\ufeff").strip()
    if not text:
        return []
    rows = _rows(text, names, is_typed)
    if len(rows) > MOST_CASES:
        raise BadCases(
            stored(
                "%(rows)s cases are too many. The limit is %(most)s.",
                rows=len(rows),
                most=MOST_CASES,
            )
        )
    return [_new_case(row, names, number) for number, row in enumerate(rows, 1)]


def _rows(text: str, names: Sequence[str], is_typed: bool) -> list[dict[str, str]]:
    is_jsonl = text.startswith("{")
    if is_typed and len(names) == 1 and not is_jsonl and not _has_header(text, names[0]):
        return [{names[0]: line} for line in text.splitlines() if line.strip()]
    try:
        table = tables.from_jsonl(text) if is_jsonl else csv_tables.from_csv(text, csv_tables.NAMES)
        rows = [dict(zip(table.columns, row.values, strict=True)) for row in table.rows]
    except tables.BadTable as reason:
        raise BadCases(str(reason)) from reason
    if table.bad_rows:
        raise BadCases(table.bad_rows[0].advice)
    if missing := [name for name in names if name not in table.columns]:
        raise BadCases(
            stored(
                "There is no column for %(names)s. The columns are: %(there)s.",
                names=", ".join(missing),
                there=", ".join(table.columns),
            )
        )
    return rows


def _has_header(text: str, name: str) -> bool:
    """Whether the first line of a text is a header that has a column of this name."""
    first = re.split(r"[,;\t|]", text.splitlines()[0])
    return name in (column.strip(' "') for column in first)


def _new_case(row: dict[str, str], names: Sequence[str], number: int) -> NewCase:
    if names and not any(row[name] for name in names):
        raise BadCases(
            stored(
                "Case %(number)s has no value for %(names)s.", number=number, names=", ".join(names)
            )
        )
    values = {name: row[name] for name in names}
    if any(len(value) > LONGEST_VALUE for value in values.values()):
        raise BadCases(
            stored(
                "Case %(number)s is longer than %(most)s characters.",
                number=number,
                most=LONGEST_VALUE,
            )
        )
    reference = next((row[name] for name in REFERENCE_COLUMNS if row.get(name)), "")
    return NewCase(values, reference[:LONGEST_VALUE])


def names_without_value(cases: Sequence[NewCase], names: Sequence[str]) -> list[str]:
    """Return the variables for which some case has no value."""
    return [name for name in names if any(name not in case.values for case in cases)]


def store_cases(experiment: Experiment, cases: Sequence[NewCase]) -> None:
    """Add cases to an experiment in their order; of cases with equal values only the first."""
    distinct = {json.dumps(case.values, sort_keys=True): case for case in reversed(cases)}
    Case.objects.bulk_create(
        Case(
            experiment=experiment,
            position=position,
            values=case.values,
            reference=case.reference,
            item=case.item,
            passage=case.passage,
        )
        for position, case in enumerate(reversed(list(distinct.values())))
    )
