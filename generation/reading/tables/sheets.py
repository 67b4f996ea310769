"""Read workbooks: as tables whose columns people choose, or all sheets as one text.

Sheets with the same columns are one table. Once the columns of a table are chosen, the other sheets
and what stands above the table are left out, but stay in the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from generation.passages.left_out import ABOVE_TABLE, HIDDEN_SHEET, OTHER_SHEET
from generation.reading import file_types
from generation.reading.office.pieces import as_reading
from generation.reading.readings import ALL_SHEETS, CannotRead, Choices, Reading
from generation.reading.tables import sheet_texts, table_columns
from generation.reading.tables.workbooks import Sheet, Workbook, opened_workbook
from qareview import tables
from qareview.stored_sentences import joined, quoted, stored

KINDS = {file_types.XLSX: "XLSX", file_types.XLS: "XLS", file_types.ODS: "ODS"}
SHEET = "sheet"  # beside the roles of the columns: the name of the sheet that has them
LONGEST_SHOWN = 80  # characters of a line in a note; chosen; nobody measured
MOST_OFFERED = 30  # tables whose first rows are shown; chosen; nobody measured

Group = list[Sheet]  # sheets with the same columns, which are one table


def read_workbook(path: Path, media_type: str, choices: Choices) -> Reading:
    """Read a workbook: as text if that was chosen or no sheet has a table, or else as a table.

    A table has a survey, or its rows once its columns are chosen. Raises CannotRead.
    """
    book = opened_workbook(path, KINDS[media_type])
    if not book.shown:
        raise CannotRead(
            stored("The workbook has no table. Put the names of the columns in the first row.")
        )
    groups = _groups(book.shown)
    if choices.extent == ALL_SHEETS or not groups:
        return _as_text(book, media_type)
    roles = {role: choices.columns[role] for role in table_columns.ROLES if role in choices.columns}
    group = _chosen(groups, choices.columns.get(SHEET, ""), roles)
    problem = table_columns.objection(roles, group[0].columns) if roles else ""
    try:
        if problem or not roles:
            first = [group, *(other for other in groups if other is not group)]
            return _survey(first, book, media_type, problem)
        return _rows(group, book, media_type, roles)
    except tables.BadTable as reason:
        raise CannotRead(str(reason)) from reason


def _groups(sheets: Sequence[Sheet]) -> list[Group]:
    """Return the tables that the sheets make, the likeliest first."""
    by_columns: dict[tuple[str, ...], Group] = {}
    for sheet in sheets:
        by_columns.setdefault(tuple(sheet.columns), []).append(sheet)
    having = [
        group
        for columns, group in by_columns.items()
        if len(columns) <= tables.MOST_COLUMNS and any(sheet.rows for sheet in group)
    ]
    if len(having) < 2:
        return having  # a guess takes long
    return sorted(having, key=lambda group: max(map(_likelihood, group)), reverse=True)


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


def _chosen(groups: Sequence[Group], name: str, roles: Mapping[str, str]) -> Group:
    """Return the table of the sheet of this name, or else the likeliest with the chosen columns."""
    of_name = [group for group in groups if any(sheet.name == name for sheet in group)]
    having = [group for group in groups if set(roles.values()) <= set(group[0].columns)]
    return next(iter([*of_name, *having, *groups]))


def _table(group: Group) -> tables.Table:
    rows = (row for sheet in group for row in sheet.rows)
    return tables.Table(group[0].columns, tables.numbered(rows), unit="row")


def _survey(groups: Sequence[Group], book: Workbook, media_type: str, problem: str) -> Reading:
    """Return the reading of a workbook whose columns are not chosen. Raises BadTable.

    The survey has the first table, and those of other sheets as "others"; each with its "sheets".
    """
    first, *others = [
        {**table_columns.survey(_table(group)), "sheets": [sheet.name for sheet in group]}
        for group in groups[:MOST_OFFERED]
    ]
    survey: dict[str, Any] = {**first, "others": others}
    above = _lines_above([line for sheet in groups[0] for line in sheet.above])
    note = joined([problem, above, _not_offered(groups[MOST_OFFERED:]), _without_cells(book)])
    return Reading("", media_type, survey=survey, note=note)


def _rows(group: Group, book: Workbook, media_type: str, roles: Mapping[str, str]) -> Reading:
    """Return the reading of a table whose columns are chosen; what is not in it is left out.

    Raises BadTable.
    """
    imported = table_columns.take_columns(_table(group), roles)
    others = [sheet for sheet in book.shown if sheet not in group]
    rest = [
        (sheet_texts.lines_above(group), ABOVE_TABLE),
        *sheet_texts.pieces(others, OTHER_SHEET),
        *sheet_texts.pieces(book.hidden, HIDDEN_SHEET),
        *book.beside,
    ]
    reading = table_columns.reading_of(imported, media_type, rest)
    return replace(reading, note=joined([reading.note, _without_cells(book)]))


def _as_text(book: Workbook, media_type: str) -> Reading:
    """Return the reading of all sheets as one text, each under its name if there are several."""
    alone = len(book.shown) == 1
    shown: Iterable[tuple[str, str]] = (
        [(sheet_texts.text_of(book.shown[0]), "")] if alone else sheet_texts.pieces(book.shown)
    )
    pieces = [*shown, *sheet_texts.pieces(book.hidden, HIDDEN_SHEET), *book.beside]
    reading = as_reading(pieces, media_type, note=_without_cells(book))
    return replace(reading, extent=ALL_SHEETS)


def _lines_above(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    shown = quoted([line[:LONGEST_SHOWN] for line in lines])
    return stored("Above the table stands: %(lines)s.", lines=shown)


def _not_offered(groups: Sequence[Group]) -> str:
    if not groups:
        return ""
    return stored(
        "Columns can be chosen for the first %(most)s tables, not for these sheets: %(names)s.",
        most=MOST_OFFERED,
        names=quoted([sheet.name for group in groups for sheet in group]),
    )


def _without_cells(book: Workbook) -> str:
    if not book.others:
        return ""
    return stored(
        "Sheets without cells, such as charts, were not read: %(names)s.",
        names=quoted(book.others),
    )
