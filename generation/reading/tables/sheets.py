"""Read workbooks as tables: XLSX, XLSB, XLS and ODS.

Sheets with the same columns are one table. Of other sheets, one with questions, answers and
contexts is read, or else the one with the most rows, and the note names the rest.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from generation.reading import file_types
from generation.reading.readings import CannotRead, Choices, Reading, damaged, protected
from generation.reading.tables import table_columns
from generation.reading.tables.workbook_repair import with_relations
from qareview import tables
from qareview.stored_sentences import joined, quoted, stored

KINDS = {file_types.XLSX: "XLSX", file_types.XLS: "XLS", file_types.ODS: "ODS"}
HEADER_WITHIN = 20  # rows in which the names of the columns are looked for; chosen
LONGEST_SHOWN = 80  # characters of a line in a note; chosen; nobody measured


@dataclass(frozen=True)
class Sheet:
    """A sheet: the names of its columns, its rows with their numbers, and what is above them."""

    name: str
    columns: list[str]
    rows: list[tuple[int, list[str]]]
    above: list[str]


def read_workbook(path: Path, media_type: str, choices: Choices) -> Reading:
    """Read a workbook: its survey, or its rows once its columns are chosen. Raises CannotRead."""
    chosen = choices.columns
    sheets, unread = _sheets(path, KINDS[media_type])
    table, note = _table(sheets, unread, chosen)
    try:
        problem = table_columns.objection(chosen, table.columns) if chosen else ""
        if problem or not chosen:
            survey = table_columns.survey(table)
            return Reading("", media_type, survey=survey, note=joined([problem, note]))
        imported = table_columns.take_columns(table, chosen)
    except tables.BadTable as reason:
        raise CannotRead(str(reason)) from reason
    note = joined([imported.note, note])
    return Reading(imported.text, media_type, rows=imported.rows, note=note)


def _table(
    sheets: Sequence[Sheet], unread: Sequence[str], chosen: Mapping[str, str]
) -> tuple[tables.Table, str]:
    """Return the table of the likeliest sheet and those with its columns, and what is not in it."""
    having = [sheet for sheet in sheets if set(chosen.values()) <= set(sheet.columns)]
    likeliest = max(having or sheets, key=_likelihood, default=None)
    if likeliest is None:
        raise CannotRead(
            stored("The workbook has no table. Put the names of the columns in the first row.")
        )
    taken = [sheet for sheet in sheets if sheet.columns == likeliest.columns]
    others = [sheet.name for sheet in sheets if sheet not in taken]
    rows = (row for sheet in taken for row in sheet.rows)
    note = [_other_sheets(likeliest.name, [*others, *unread])]
    note += [_lines_above(sheet.above) for sheet in taken]
    return tables.Table(likeliest.columns, tables.numbered(rows), unit="row"), joined(note)


def _likelihood(sheet: Sheet) -> tuple[bool, bool, bool, int]:
    """Return what the likeliest sheet has most of: names of roles, values like theirs, and rows."""
    named = table_columns.named_roles(sheet.columns)
    rows = [values for _, values in sheet.rows[: table_columns.GUESSED_FROM]]
    guessed = table_columns.guess(sheet.columns, rows) if sheet.rows else {}
    return (
        len(named) == len(table_columns.ROLES),
        len(guessed) == len(table_columns.ROLES),
        {"question", "answer"} <= set(named),
        len(sheet.rows),
    )


def _other_sheets(taken: str, others: Sequence[str]) -> str:
    if not others:
        return ""
    return stored(
        "The columns are those of the sheet “%(taken)s”. Sheets that were not read: %(others)s. "
        "Save each as a file of its own and upload it.",
        taken=taken,
        others=_quoted(others),
    )


def _lines_above(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return stored("Above the table stands: %(lines)s.", lines=_quoted(lines))


def _quoted(texts: Sequence[str]) -> str:
    return quoted([text[:LONGEST_SHOWN] for text in texts])


def _sheets(path: Path, kind: str) -> tuple[list[Sheet], list[str]]:
    """Return the sheets that are tables, and the names of hidden ones. Raises CannotRead."""
    import python_calamine as calamine

    try:
        workbook = calamine.CalamineWorkbook.from_object(with_relations(path))
        read: list[Sheet] = []
        hidden: list[str] = []
        for metadata in workbook.sheets_metadata:
            if metadata.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(metadata.name)
            if not sheet.height:
                continue
            if metadata.visible != calamine.SheetVisibleEnum.Visible:
                hidden.append(metadata.name)
            elif table := _sheet(metadata.name, _values(sheet)):
                read.append(table)
    except calamine.PasswordError:
        raise protected(kind) from None
    except (calamine.CalamineError, OSError, ValueError):
        raise damaged(kind) from None
    return read, hidden


def _values(sheet: Any) -> list[list[str]]:
    """Return the cells of a sheet as they are shown; a merged cell is repeated in all its rows."""
    most = tables.MOST_ROWS + HEADER_WITHIN
    rows = [[_shown(value) for value in row] for row in islice(sheet.iter_rows(), most)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for number in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[number]) and not rows[number][left]:
                rows[number][left] = rows[top][left]
    return rows


def _shown(value: Any) -> str:
    """Return a value as a sheet shows it, but dates as ISO 8601 writes them."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"  # the digits that Excel keeps
    if isinstance(value, datetime.datetime):
        is_date = value.time() == datetime.time()
        return value.date().isoformat() if is_date else value.isoformat(" ", "minutes")
    return tables.storable(str(value)).strip()


def _sheet(name: str, rows: Sequence[list[str]]) -> Sheet | None:
    """Return a sheet with the first row of several values as its header; None if it is empty."""
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    if not filled:
        return None
    widest = max(sum(map(bool, row)) for _, row in filled)
    least = min(2, widest)
    header = next(
        (place for place, (_, row) in enumerate(filled[:HEADER_WITHIN]) if _count(row) >= least), 0
    )
    body = filled[header + 1 :]
    used = [
        column for column in range(len(rows[0])) if any(row[column] for _, row in filled[header:])
    ]
    above = [" ".join(filter(None, row)) for _, row in filled[:header]]
    columns = _named([filled[header][1][column] for column in used])
    return Sheet(name, columns, [(n, [row[column] for column in used]) for n, row in body], above)


def _count(row: Sequence[str]) -> int:
    return sum(map(bool, row))


def _named(names: Sequence[str]) -> list[str]:
    """Return names of columns that differ; a column without a name is called by its number."""
    named: list[str] = []
    for number, name in enumerate(names[: tables.MOST_COLUMNS], 1):
        name = " ".join(name.split()) or f"column {number}"  # not translated: as in other tables
        again = f"{name} ({number})" if name in named else name
        named.append(again)
    return named
