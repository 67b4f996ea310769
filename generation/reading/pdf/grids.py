"""Tables with rules: what stands between the rules is a cell."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from generation.reading.pdf.characters import Box
from generation.reading.pdf.drawings import Drawings, touching
from generation.reading.pdf.lines import lines_of
from generation.reading.pdf.runs import PageText, Run, place_on

SLACK = 3.0  # points between rules that belong together; chosen
FEWEST_CELLS = 2  # columns of a table, and rows; chosen
FEWEST_FILLED = 0.4  # of the cells of a table; fewer are filled in a plot or a form; chosen


def take_tables(text: PageText, drawings: Drawings) -> None:
    """Replace the runs in each table with rules by one that has the cells."""
    if not drawings.vertical:
        return
    horizontal, vertical = set(drawings.horizontal), set(drawings.vertical)
    for group in touching([*drawings.horizontal, *drawings.vertical], SLACK):
        columns = _edges(box[0] for box in group if box in vertical)
        rows = _edges(box[1] for box in group if box in horizontal)
        if min(len(columns), len(rows)) > FEWEST_CELLS:
            _take(text, (columns[0], rows[0], columns[-1], rows[-1]), columns, rows)


def _edges(places: Iterable[float]) -> list[float]:
    """Return places in ascending order, one for those that nearly coincide."""
    edges: list[float] = []
    for place in sorted(places):
        if not edges or place > edges[-1] + SLACK:
            edges.append(place)
    return edges


def _take(text: PageText, box: Box, columns: Sequence[float], rows: Sequence[float]) -> None:
    left, top, right, bottom = place_on(text, box)
    if text.quarter:
        return  # its columns are the rows of the page; rare
    lefts = [place_on(text, (column, 0, column, 0))[0] for column in columns]
    tops = sorted(place_on(text, (0, row, 0, row))[1] for row in rows)
    inside = [
        run
        for run in text.runs
        if left - 1 <= (run.left + run.right) / 2 <= right + 1
        and top - 1 <= (run.top + run.bottom) / 2 <= bottom + 1
    ]
    cells = [row for row in _rows(inside, lefts, tops) if any(row)]
    filled = sum(bool(cell) for row in cells for cell in row)
    if len(cells) < FEWEST_CELLS or filled < FEWEST_FILLED * len(cells) * (len(columns) - 1):
        return
    taken = {id(run) for run in inside}
    place = min(index for index, run in enumerate(text.runs) if id(run) in taken)
    text.runs[:] = [run for run in text.runs if id(run) not in taken]
    first = inside[0]
    written = "\n".join("\n".join(row) for row in cells)
    table = Run(written, left, right, bottom, first.size, first.font, first.tag, table=cells)
    text.runs.insert(place, table)


def _rows(
    runs: Sequence[Run], lefts: Sequence[float], tops: Sequence[float]
) -> Iterator[list[str]]:
    """Yield the cells of each row, their lines divided by line ends."""
    for top, bottom in pairwise(tops):
        band = [run for run in runs if top <= (run.top + run.bottom) / 2 < bottom]
        cells: list[list[Run]] = [[] for _ in lefts[1:]]
        for run in band:
            column = bisect_right(lefts, (run.left + run.right) / 2) - 1
            cells[min(max(column, 0), len(cells) - 1)].append(run)
        yield ["\n".join(line.text for line in lines_of(cell, 0)) for cell in cells]
