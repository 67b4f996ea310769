"""Choose the columns of a table for context, question and answer, and read their rows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import fmean
from typing import Any

from django.utils.translation.trans_null import gettext_noop  # without settings: see reader_process

from generation.passages.left_out import BAD_ROW, INCOMPLETE_ROW, OTHER_COLUMNS, LeftOut
from generation.reading.decoding import clean
from generation.reading.office.pieces import BETWEEN, joined_pieces
from generation.reading.readings import Reading
from generation.reading.tables import cell_texts, sheet_texts
from qareview import scripts
from qareview.storable_text import storable
from qareview.stored_sentences import joined, listed, stored
from qareview.tables import BadTable, Table

ROLES = ("context", "question", "answer")
FIRST_ROW = "first_row"  # beside the roles: what a person says that the first row of CSV holds
NAMES = {  # the usual names of the columns of each role, the likeliest first
    "question": ("question", "query", "instruction", "prompt", "input", "user", "user_input"),
    "answer": (
        *("answer", "answers", "response", "output", "completion", "reply", "target", "chosen"),
        "reference",
    ),
    "context": (
        *("context", "contexts", "passage", "text", "content", "body", "paragraph", "chunk"),
        *("document", "source", "article", "abstract", "input", "story", "page_content"),
        *("reference_contexts", "retrieved_contexts", "pos"),
    ),
}
# The names of columns that are never guessed to be answers.
BESIDE = {
    "id", "title", "url", "document", "source", "headings", "pages", "reviewers", "edited",
    "origin", "written_by",
}  # fmt: skip

GUESSED_FROM = 1000  # rows that a guess is based on; chosen; nobody measured
SHOWN = 5  # rows shown before the import; chosen; nobody measured
LONGEST_SHOWN = 300  # characters of a shown value; chosen; nobody measured
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
_WITH = {
    "row": gettext_noop("%(count)s with %(problem)s (row %(places)s)"),
    "rows": gettext_noop("%(count)s with %(problem)s (rows %(places)s)"),
    "line": gettext_noop("%(count)s with %(problem)s (line %(places)s)"),
    "lines": gettext_noop("%(count)s with %(problem)s (lines %(places)s)"),
}
MOST_PAGES = 10**6  # larger page numbers are taken for mistakes; chosen; nobody measured


def survey(table: Table) -> dict[str, Any]:
    """Read a whole table and return what a person needs to choose its columns.

    ``columns`` has their names, ``sample`` the first rows, ``rows`` the number of rows, and
    ``guess`` the likely column of each role. ``first_row`` is there for CSV: what its first row
    seems to hold. Raises BadTable.
    """
    first = list(islice(table.rows, GUESSED_FROM))
    sample = [[value[:LONGEST_SHOWN] for value in row.values] for row in first[:SHOWN]]
    return {
        "columns": table.columns,
        "sample": sample,
        "rows": len(first) + sum(1 for _ in table.rows),
        "guess": guess(table.columns, [row.values for row in first]),
        **({"first_row": table.first_row} if table.first_row else {}),
    }


def guess(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the likely column of each role, by the columns' names or by their values."""
    values = {
        column: [row[index] for row in rows if row[index].strip()]
        for index, column in enumerate(columns)
    }
    by_role = named_roles([column for column in columns if values[column]])
    free = [column for column in columns if column not in by_role.values() and values[column]]
    longest_first = sorted(free, key=lambda column: -fmean(map(len, values[column])))
    asking = [column for column in longest_first if _asks(values[column])]
    if asking and "question" not in by_role:
        by_role["question"] = asking[0]
    rest = [column for column in longest_first if column != by_role.get("question")]
    if rest and "context" not in by_role:
        by_role["context"] = rest.pop(0)
    answering = [
        column for column in rest if column.lower() not in BESIDE and _has_words(values[column])
    ]
    if answering and "answer" not in by_role:
        by_role["answer"] = answering[0]
    return _complete(by_role)


def named_roles(columns: Sequence[str]) -> dict[str, str]:
    """Return the column of each role that has one of its usual names."""
    by_name = {column.lower(): column for column in reversed(columns)}
    by_role: dict[str, str] = {}
    for role, names in NAMES.items():
        candidates = [by_name[name] for name in names if name in by_name]
        free = [column for column in candidates if column not in by_role.values()]
        if free:
            by_role[role] = free[0]
    return by_role


def _asks(values: Sequence[str]) -> bool:
    """Whether most values are questions."""
    return sum(map(scripts.asks, values)) * 2 > len(values)


def _has_words(values: Sequence[str]) -> bool:
    """Whether most values have a letter."""
    return sum(any(map(str.isalpha, value)) for value in values) * 2 > len(values)


def _complete(by_role: dict[str, str]) -> dict[str, str]:
    """Return a guess with all three roles, or else only the column of the context, if any."""
    if set(by_role) == set(ROLES):
        return {role: by_role[role] for role in ROLES}
    return {"context": by_role["context"]} if "context" in by_role else {}


def objection(chosen: Mapping[str, str], columns: Sequence[str]) -> str:
    """Return what is wrong with a choice of columns, as a sentence; "" if it is valid."""
    unknown = [column for column in chosen.values() if column not in columns]
    if unknown:
        return stored(
            "The table has no column “%(unknown)s”. Its columns are: %(join)s.",
            unknown=unknown[0],
            join=", ".join(columns),
        )
    if "context" not in chosen:
        return stored("Choose the column with the context. Its rows become the passages.")
    if ("question" in chosen) != ("answer" in chosen):
        return stored("Choose a column for the question and one for the answer, or neither.")
    if len(set(chosen.values())) < len(chosen):
        return stored("Choose a different column for each.")
    return ""


@dataclass(frozen=True)
class ImportedRows:
    """The contexts of a table joined to a text, and its rows.

    A row has "row", its number; "start" and "end", the offsets of its context in the text;
    "headings" and "pages"; and, if it is a triple, "question" and "answer". ``rest`` has what else
    the table says, and the reasons why it is in no passage. ``note`` says which rows were not
    imported, and why.
    """

    text: str
    rows: list[dict[str, Any]]
    rest: list[tuple[str, str]]
    note: str


def take_columns(table: Table, chosen: Mapping[str, str]) -> ImportedRows:
    """Read the chosen columns of all rows; a repeated context is in the text once.

    Raises BadTable if the table is damaged or no row can be imported.
    """
    spans: dict[str, tuple[int, int]] = {}
    refused: dict[str, list[int]] = defaultdict(list)
    rows, incomplete, last = [], [], 0
    for row in table.rows:
        last = row.number
        cells = dict(zip(table.columns, row.values, strict=True))
        texts = {role: _text(role, cells[chosen[role]]) for role in ROLES if role in chosen}
        if missing := next((role for role, text in texts.items() if not text), ""):
            refused[missing].append(row.place)
            incomplete.append(row.values)
        else:
            start, end = _span(spans, texts.pop("context"))
            origin = _headings_and_pages(cells)
            rows.append({"row": row.number, "start": start, "end": end, **origin, **texts})
    note = _note_on_rows(table, last, refused)
    if not rows:
        raise BadTable(stored("Nothing can be imported. %(note)s", note=note))
    if "question" not in chosen:
        note = joined([note, _repeated(len(rows) - len(spans))])
    note = joined([*table.notes, note])
    rest = [*_refused(table, incomplete), (_other_columns(table, chosen, rows), OTHER_COLUMNS)]
    return ImportedRows(BETWEEN.join(spans), rows, rest, note)


def _refused(table: Table, incomplete: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield the rows that lack a chosen value, if they say anything, and those with mistakes."""
    if saying := [values for values in incomplete if any(map(str.strip, values))]:
        yield sheet_texts.table_of(table.columns, saying), INCOMPLETE_ROW
    yield sheet_texts.paragraphs(row.text for row in table.bad_rows), BAD_ROW


def _other_columns(
    table: Table, chosen: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
) -> str:
    """Return the names of the columns from which nothing was taken."""
    taken = {*chosen.values()}
    taken |= {beside for beside in ("headings", "pages") if any(any(row[beside]) for row in rows)}
    return sheet_texts.paragraphs([", ".join(name for name in table.columns if name not in taken)])


def reading_of(
    imported: ImportedRows, media_type: str, rest: Iterable[tuple[str, str]] = ()
) -> Reading:
    """Return the reading of a table, with what is in no passage behind its contexts.

    ``rest`` has the texts that stand beside the table, and the reasons why they are left out.
    """
    text, parts = joined_pieces([*imported.rest, *rest])
    offset = len(imported.text) + len(BETWEEN)
    left_out = [LeftOut(part.start + offset, part.end + offset, part.reason) for part in parts]
    text = f"{imported.text}{BETWEEN}{text}" if text else imported.text
    return Reading(text, media_type, left_out=left_out, rows=imported.rows, note=imported.note)


def _text(role: str, cell: str) -> str:
    """Return a value as text, without surrounding spaces; see :mod:`cell_texts` for lists."""
    return clean(cell_texts.text_of(role, cell)).strip()


def _span(spans: dict[str, tuple[int, int]], context: str) -> tuple[int, int]:
    """Return the start and end of a context in the text; add a new context at the text's end."""
    if context not in spans:
        start = next(reversed(spans.values()))[1] + len(BETWEEN) if spans else 0
        spans[context] = start, start + len(context)
    return spans[context]


def _headings_and_pages(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the headings and pages of a row, from the columns that a release's export has."""
    headings, pages = (
        cell_texts.json_in(cells.get("headings", "")),
        cell_texts.json_in(cells.get("pages", "")),
    )
    if _are(headings, str):
        headings = [storable(heading) for heading in headings]
    else:
        headings = [cells["headings"]] if cells.get("headings") else []
    is_range = _are(pages, int) and len(pages) == 2 and 0 < pages[0] <= pages[1] < MOST_PAGES
    return {"headings": headings, "pages": pages if is_range else [None, None]}


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(type(value) is kind for value in values)


def note_on_bad_rows(table: Table, rows: int) -> str:
    """Return which rows cannot be imported, whatever columns are chosen; "" if all can be.

    ``rows`` is the number of rows, without bad ones.
    """
    if not table.bad_rows:
        return ""
    return stored(
        "%(count)s of %(rows)s rows cannot be imported: %(reasons)s.",
        count=len(table.bad_rows),
        rows=rows + len(table.bad_rows),
        reasons=joined(_problems(table), ", "),
    )


def _note_on_rows(table: Table, rows: int, without: Mapping[str, Sequence[int]]) -> str:
    """Return which rows were not imported, and why: ``without`` a role, or bad; "" if all were."""
    reasons = [
        stored(
            _WITHOUT[_number_of(table.unit, places)],
            count=len(places),
            role=_A_ROLE[role],
            places=listed(places),
        )
        for role, places in without.items()
    ]
    count = len(table.bad_rows) + sum(map(len, without.values()))
    if not count:
        return ""
    counts = {
        "count": count,
        "rows": rows + len(table.bad_rows),
        "reasons": joined([*reasons, *_problems(table)], ", "),
    }
    if count == 1:
        return stored("%(count)s of %(rows)s rows was not imported: %(reasons)s.", **counts)
    return stored("%(count)s of %(rows)s rows were not imported: %(reasons)s.", **counts)


def _problems(table: Table) -> list[str]:
    by_problem: dict[str, list[int]] = defaultdict(list)
    for bad_row in table.bad_rows:
        by_problem[bad_row.problem].append(bad_row.place)
    return [
        stored(
            _WITH[_number_of(table.unit, places)],
            count=len(places),
            problem=problem,
            places=listed(places),
        )
        for problem, places in by_problem.items()
    ]


def _number_of(unit: str, places: Sequence[int]) -> str:
    return unit if len(places) == 1 else f"{unit}s"


def _repeated(count: int) -> str:
    if not count:
        return ""
    if count == 1:
        return stored("1 row repeats the context of an earlier one, so they share a passage.")
    return stored(
        "%(count)s rows repeat the context of an earlier one, so they share a passage.",
        count=count,
    )
