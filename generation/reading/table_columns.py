"""Which columns of a table are context, question and answer, and what its rows give then."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import fmean
from typing import Any

from django.utils.translation.trans_null import gettext_noop  # without settings: see reader_process

from qareview.stored import joined, stored
from qareview.tables import BadTable, Table, storable

ROLES = ("context", "question", "answer")
NAMES = {  # what columns are called that play a role, the likeliest first
    "question": ("question", "query", "instruction", "prompt", "input", "user"),
    "answer": ("answer", "answers", "response", "output", "completion", "reply", "target"),
    "context": (
        *("context", "passage", "text", "content", "body", "paragraph", "chunk"),
        *("document", "source", "article", "abstract", "input"),
    ),
}
BESIDE = {"id", "title", "url", "document", "source", "headings", "pages", "reviewers", "edited"}

LOOKED_AT = 1000  # rows, to guess from
SHOWN = 5  # rows, before the import
LONGEST_SHOWN = 300  # characters of a value
_A_ROLE = {
    "context": stored("a context"),
    "question": stored("a question"),
    "answer": stored("an answer"),
}
_WITHOUT = {
    "row": gettext_noop("%(count)s without %(role)s (row %(places)s)"),
    "rows": gettext_noop("%(count)s without %(role)s (rows %(places)s)"),
    "line": gettext_noop("%(count)s without %(role)s (line %(places)s)"),
    "lines": gettext_noop("%(count)s without %(role)s (lines %(places)s)"),
}
NAMED_PLACES = 5  # of rows that are not imported
BETWEEN = "\n\n"  # contexts, in the text of the document


def survey(table: Table) -> dict[str, Any]:
    """Read all of a table; return its columns, its first rows, their number, and a guess.

    ``guess`` maps roles to columns. Raises BadTable.
    """
    first = list(islice(table.rows, LOOKED_AT))
    sample = [[value[:LONGEST_SHOWN] for value in row.values] for row in first[:SHOWN]]
    return {
        "columns": table.columns,
        "sample": sample,
        "rows": len(first) + sum(1 for _ in table.rows),
        "guess": guess(table.columns, [row.values for row in first]),
    }


def guess(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the column of each role: by its name, else by what stands in it."""
    found = _by_name(columns)
    values = {
        column: [row[index] for row in rows if row[index].strip()]
        for index, column in enumerate(columns)
    }
    free = [column for column in columns if column not in found.values() and values[column]]
    longest_first = sorted(free, key=lambda column: -fmean(map(len, values[column])))
    asking = [column for column in longest_first if _asks(values[column])]
    if asking and "question" not in found:
        found["question"] = asking[0]
    rest = [column for column in longest_first if column != found.get("question")]
    if rest and "context" not in found:
        found["context"] = rest.pop(0)
    named = [column for column in rest if column.lower() not in BESIDE and _says(values[column])]
    if named and "answer" not in found:
        found["answer"] = named[0]
    return _complete(found)


def _by_name(columns: Sequence[str]) -> dict[str, str]:
    by_name = {column.lower(): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for role, names in NAMES.items():
        there = [by_name[name] for name in names if name in by_name]
        free = [column for column in there if column not in found.values()]
        if free:
            found[role] = free[0]
    return found


def _asks(values: Sequence[str]) -> bool:
    return sum(value.rstrip().endswith("?") for value in values) * 2 > len(values)


def _says(values: Sequence[str]) -> bool:
    return sum(any(map(str.isalpha, value)) for value in values) * 2 > len(values)


def _complete(found: dict[str, str]) -> dict[str, str]:
    """Leave question and answer out of a guess that lacks one of the two, or the context."""
    if set(found) == set(ROLES):
        return {role: found[role] for role in ROLES}
    first = next((found[role] for role in ROLES if role in found), "")
    return {"context": first} if first else {}


def objection(chosen: Mapping[str, str], columns: Sequence[str]) -> str:
    """Return, in a sentence, what is wrong with a choice of columns; nothing if it can be taken."""
    unknown = [column for column in chosen.values() if column not in columns]
    if unknown:
        return stored(
            "The table has no column “%(unknown)s”. It has: %(join)s.",
            unknown=unknown[0],
            join=", ".join(columns),
        )
    if "context" not in chosen:
        return stored("Say which column holds the context: its rows become the passages.")
    if ("question" in chosen) != ("answer" in chosen):
        return stored("Choose a column for the question and one for the answer, or neither.")
    if len(set(chosen.values())) < len(chosen):
        return stored("Choose a different column for each.")
    return ""


@dataclass(frozen=True)
class Taken:
    """What the rows of a table give: a text of their contexts, and the rows with places in it.

    A row is {"row", "start", "end", "headings", "pages"} and, of a triple, {"question", "answer"}.
    ``note`` says what was not imported, and why.
    """

    text: str
    rows: list[dict[str, Any]]
    note: str


def take(table: Table, chosen: Mapping[str, str]) -> Taken:
    """Take the chosen columns of all rows; a context that comes again is in the text once.

    Raises BadTable.
    """
    places: dict[str, tuple[int, int]] = {}
    refused: dict[str, list[int]] = defaultdict(list)
    rows, last = [], 0
    for row in table.rows:
        last = row.number
        cells = dict(zip(table.columns, row.values, strict=True))
        texts = {role: _text(role, cells[chosen[role]]) for role in ROLES if role in chosen}
        if missing := next((role for role, text in texts.items() if not text), ""):
            refused[missing].append(row.place)
        else:
            start, end = _place(places, texts.pop("context"))
            rows.append({"row": row.number, "start": start, "end": end, **_beside(cells), **texts})
    note = _note(refused, last, table.unit)
    if not rows:
        raise BadTable(stored("Nothing can be imported. %(note)s", note=note))
    if "question" not in chosen:
        note = joined([note, _repeated(len(rows) - len(places))])
    return Taken(BETWEEN.join(places), rows, note)


def _text(role: str, cell: str) -> str:
    """Return a value without the blanks around it; of several answers, as in SQuAD, the first."""
    found = _json(cell) if role == "answer" else None
    if isinstance(found, dict):
        found = found.get("text")
    if isinstance(found, list):
        cell = next((one for one in found if isinstance(one, str)), "")
    return storable(cell).strip()


def _place(places: dict[str, tuple[int, int]], context: str) -> tuple[int, int]:
    """Return where a context stands in the text; one that is new stands at its end."""
    if context not in places:
        start = next(reversed(places.values()))[1] + len(BETWEEN) if places else 0
        places[context] = start, start + len(context)
    return places[context]


def _beside(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the headings and pages that a row gives for its context, as our own exports do."""
    headings, pages = _json(cells.get("headings", "")), _json(cells.get("pages", ""))
    if _are(headings, str):
        headings = [storable(heading) for heading in headings]
    else:
        headings = [cells["headings"]] if cells.get("headings") else []
    is_range = _are(pages, int) and len(pages) == 2 and 0 < pages[0] <= pages[1] < 10**6
    return {"headings": headings, "pages": pages if is_range else [None, None]}


def _are(found: Any, kind: type) -> bool:
    return isinstance(found, list) and all(type(one) is kind for one in found)


def _json(cell: str) -> Any:
    """Return the list or object that a value is as JSON; None if it is neither."""
    try:
        return json.loads(cell) if cell.startswith(("[", "{")) else None
    except (ValueError, RecursionError):
        return None


def _note(refused: Mapping[str, Sequence[int]], rows: int, unit: str) -> str:
    count = sum(map(len, refused.values()))
    if not count:
        return ""
    reasons = [
        stored(
            _WITHOUT[unit if len(places) == 1 else f"{unit}s"],
            count=len(places),
            role=_A_ROLE[role],
            places=_listed(places),
        )
        for role, places in refused.items()
    ]
    told = {"count": count, "rows": rows, "reasons": joined(reasons, ", ")}
    if count == 1:
        return stored("%(count)s of %(rows)s rows was not imported: %(reasons)s.", **told)
    return stored("%(count)s of %(rows)s rows were not imported: %(reasons)s.", **told)


def _listed(places: Sequence[int]) -> str:
    shown = ", ".join(map(str, places[:NAMED_PLACES]))
    more = len(places) - NAMED_PLACES
    return stored("%(shown)s and %(more)s more", shown=shown, more=more) if more > 0 else shown


def _repeated(count: int) -> str:
    if not count:
        return ""
    if count == 1:
        return stored("1 row repeats the context of an earlier one, so they share a passage.")
    return stored(
        "%(count)s rows repeat the context of an earlier one, so they share a passage.",
        count=count,
    )
