"""Open workbooks, XLSX, XLSB, XLS and ODS, and find the table of each sheet."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.reading.readings import CannotRead, damaged, protected
from generation.reading.tables.beside_cells import texts_beside_cells
from generation.reading.tables.workbook_repair import with_relations
from qareview import tables
from qareview.storable_text import storable

HEADER_WITHIN = 20  # rows in which the names of the columns are looked for; chosen


@dataclass(frozen=True)
class Sheet:
    """A sheet: its first row with values, its other rows with their numbers, and what is above.

    Empty rows and columns are dropped. ``above`` has the lines above the table: rows of one value.
    """

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    above: list[str]

    @property
    def columns(self) -> list[str]:
        """The names of its columns, which differ."""
        return _named(self.header)


@dataclass(frozen=True)
class Workbook:
    """The sheets that have text: those that are shown and those that are hidden.

    ``others`` are the names of sheets without cells, such as charts. ``beside`` has the texts that
    are in no cell, each with the reason why it is in no passage.
    """

    shown: list[Sheet] = field(default_factory=list)
    hidden: list[Sheet] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)


def opened_workbook(path: Path, kind: str) -> Workbook:
    """Return the sheets of a workbook of a kind, such as "XLSX". Raises CannotRead."""
    import python_calamine as calamine

    book = Workbook(beside=[*texts_beside_cells(path, kind)])
    try:
        workbook = calamine.CalamineWorkbook.from_object(with_relations(path))
        for metadata in workbook.sheets_metadata:
            if metadata.typ != calamine.SheetTypeEnum.WorkSheet:
                book.others.append(metadata.name)
                continue
            is_shown = metadata.visible == calamine.SheetVisibleEnum.Visible
            if sheet := _sheet(metadata.name, _values(workbook.get_sheet_by_name(metadata.name))):
                (book.shown if is_shown else book.hidden).append(sheet)
    except calamine.PasswordError:
        raise protected(kind) from None
    except (calamine.CalamineError, OSError, ValueError):
        raise damaged(kind) from None
    return book


def _values(sheet: Any) -> list[list[str]]:
    """Return the cells of a sheet as they are shown; a merged cell is repeated in all its rows.

    Raises CannotRead if there are too many rows.
    """
    if sheet.height > tables.MOST_ROWS + HEADER_WITHIN:
        raise CannotRead(tables.TOO_MANY_ROWS)
    rows = [[_shown(value) for value in row] for row in sheet.iter_rows()]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for number in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[number]) and not rows[number][left]:
                rows[number][left] = rows[top][left]
    return rows


def _shown(value: Any) -> str:
    """Return a value as a sheet shows it, but dates as ISO 8601 writes them."""
    if isinstance(value, str):
        return storable(value).strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"  # the digits that Excel keeps
    if isinstance(value, datetime.datetime):
        is_date = value.time() == datetime.time()
        return value.date().isoformat() if is_date else value.isoformat(" ", "minutes")
    return storable(str(value)).strip()


def _sheet(name: str, rows: Sequence[list[str]]) -> Sheet | None:
    """Return a sheet with the first row of several values as its header; None if it is empty."""
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    if not filled:
        return None
    least = min(2, max(_count(row) for _, row in filled))
    header = next(
        (place for place, (_, row) in enumerate(filled[:HEADER_WITHIN]) if _count(row) >= least), 0
    )
    used = [
        column for column in range(len(rows[0])) if any(row[column] for _, row in filled[header:])
    ]
    above = [" ".join(filter(None, row)) for _, row in filled[:header]]
    body = [(number, [row[column] for column in used]) for number, row in filled[header + 1 :]]
    return Sheet(name, [filled[header][1][column] for column in used], body, above)


def _count(row: Sequence[str]) -> int:
    return sum(map(bool, row))


def _named(names: Sequence[str]) -> list[str]:
    """Return names of columns that differ; a column without a name is called by its number."""
    named: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        name = " ".join(name.split()) or f"column {number}"  # not translated: as in other tables
        while name in named:
            name = f"{name} ({number})"
        named[name] = None
    return list(named)
