"""Tables without tags: lines whose gaps stand above each other."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from generation.reading.pdf.blocks import LEADERS, MARKER, TABLE, Block
from generation.reading.pdf.lines import Line

FEWEST_ROWS, FEWEST_COLUMNS = 3, 3  # two columns are more often terms and what they mean; chosen
MOST_ROWS = 300  # of a table on one page; chosen
FEWEST_PAIRS = 3  # rows of two cells; chosen
SAME_EDGE = 2.0  # points: edges of cells in a column differ less; chosen
LARGEST_STEP = 3.6  # font sizes between rows; chosen
OTHER_SIZE = 0.75  # points: rows whose fonts differ more are of no table; chosen
CLOSE = 0.8  # of the usual step: a line that close goes on with cells of the row above; chosen

Columns = list[tuple[float, float]]


def table_at(lines: Sequence[Line], at: int) -> Block | None:
    """Return the table that begins at a line, if one does."""
    if (cells := lines[at].runs[0].table) is not None:
        return Block(TABLE, [lines[at]], rows=cells)
    if len(lines[at].spans) < 2:
        return None
    return _of_columns(lines, at) or _of_pairs(lines, at)


def _of_pairs(lines: Sequence[Line], at: int) -> Block | None:
    """Return the table of two columns that begins at a line: all its cells begin at two edges.

    Its header is bold; pairs without a header are terms and what they mean.
    """
    if not lines[at].is_bold or at + 1 == len(lines) or lines[at + 1].is_bold:
        return None
    first, second = lines[at].left, lines[at].spans[1].left
    rows: list[Line] = []
    for line in lines[at : at + MOST_ROWS]:
        if not _is_pair(line, first, second) or (rows and not _is_below(line, rows[-1])):
            break
        rows.append(line)
    if len(rows) < FEWEST_PAIRS or lines[at].spans[0].right > second - 1:
        return None
    return Block(TABLE, rows, rows=[[span.text for span in row.spans] for row in rows])


def _is_pair(line: Line, first: float, second: float) -> bool:
    if len(line.spans) != 2 or line.is_fixed or MARKER.match(line.text):
        return False
    if line.runs[0].table is not None or LEADERS.search(line.text):
        return False
    return abs(line.left - first) < SAME_EDGE and abs(line.spans[1].left - second) < SAME_EDGE


def _is_below(line: Line, row: Line) -> bool:
    step = line.baseline - row.baseline
    return line.column == row.column and 0 < step < LARGEST_STEP * line.size


def _of_columns(lines: Sequence[Line], at: int) -> Block | None:
    rows, columns = _rows(lines, at)
    full = [row for row in rows if len(row.spans) >= max(2, 0.6 * len(columns))]
    if len(full) < FEWEST_ROWS or len(columns) < FEWEST_COLUMNS:
        return None
    while rows[-1] not in full and _reaches_over(rows[-1], columns):
        rows.pop()
    usual = median(below.baseline - above.baseline for above, below in pairwise(full))
    return Block(TABLE, rows, rows=_cells(rows, columns, CLOSE * usual))


def _rows(lines: Sequence[Line], at: int) -> tuple[list[Line], Columns]:
    rows: list[Line] = []
    columns: Columns = []
    for line in lines[at : at + MOST_ROWS]:
        if not _may_be_row(line, rows, columns):
            break
        merged = _merged([*columns, *((span.left, span.right) for span in line.spans)])
        if rows and len(merged) < max(FEWEST_COLUMNS, len(columns)) - (len(rows) == 1):
            break
        columns = merged
        rows.append(line)
    return rows, columns


def _may_be_row(line: Line, rows: Sequence[Line], columns: Columns) -> bool:
    if line.is_fixed or line.runs[0].table is not None or LEADERS.search(line.text):
        return False  # lines of code may be aligned
    if not rows:
        return len(line.spans) > 1
    step = line.baseline - rows[-1].baseline
    if line.column != rows[-1].column or not 0 < step < LARGEST_STEP * line.size:
        return False
    if abs(line.size - rows[-1].size) > OTHER_SIZE:
        return False
    if len(line.spans) < 2:
        if line.is_bold and not rows[-1].is_bold:
            return False  # a heading
        is_narrow = line.right - line.left < 0.5 * (line.column_right - line.column_left)
        return bool(columns) and len(rows) > 1 and is_narrow
    return not (MARKER.match(line.text) and len(line.spans) == 2)


def _merged(spans: Columns) -> Columns:
    """Return spans with those joined that overlap."""
    merged: Columns = []
    for left, right in sorted(spans):
        if merged and left < merged[-1][1] - 0.5:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _reaches_over(line: Line, columns: Columns) -> bool:
    """Whether a line of one part begins in the first column and reaches into the second."""
    second = columns[1][0]
    return len(line.spans) < 2 and line.left < second - 2 and line.right > second


def _cells(rows: Sequence[Line], columns: Columns, close: float) -> list[list[str]]:
    table: list[list[str]] = []
    above: Line | None = None
    for row in rows:
        cells = _cells_of(row, columns)
        if above is not None and not cells[0] and row.baseline - above.baseline < close:
            pairs = zip(table[-1], cells, strict=True)
            table[-1] = [f"{upper}\n{lower}".strip() for upper, lower in pairs]
        else:
            table.append(cells)
        above = row
    return table


def _cells_of(row: Line, columns: Columns) -> list[str]:
    cells = [""] * len(columns)
    for span in row.spans:
        shares = [min(span.right, right) - max(span.left, left) for left, right in columns]
        column = shares.index(max(shares))
        cells[column] = f"{cells[column]} {span.text}".strip()
    return cells
