"""Join the cells of RTF that are merged, by what the definitions of their rows say.

A cell is merged with the one before it or above it by a control word, or it is as wide as several
cells of other rows.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from generation.reading.office.blocks import Paragraph, Table

NEAR = 60  # twips between right edges that are meant to be the same; chosen; nobody measured


@dataclass(frozen=True)
class Shape:
    """What the definition of a row says of a cell: its right edge, and what it is merged with."""

    right: int = 0
    joins_left: bool = False
    joins_up: bool = False


DEFINES_ROW = "trowd"
_MERGED = {"clmrg": "joins_left", "clvmrg": "joins_up"}  # the control words, and what they set
DEFINES_CELL = ("cellx", *_MERGED)


@dataclass
class RowShape:
    """The definition of a row, as far as it has been read."""

    cells: list[Shape] = field(default_factory=list)
    next: Shape = field(default_factory=Shape)

    def take(self, word: str, number: int) -> None:
        """Take a control word that defines a cell."""
        if word in _MERGED:
            self.next = replace(self.next, **{_MERGED[word]: True})
        else:
            self.cells.append(replace(self.next, right=number))
            self.next = Shape()


@dataclass
class ShapedTable(Table):
    """A table with the definitions of its rows."""

    shapes: list[list[Shape]] = field(default_factory=list)


@dataclass
class _Slot:
    """Cells of a row that are one: their columns, and how many rows they are high."""

    cell: list[Paragraph]
    first: int
    columns: int
    joins_up: bool
    rows: int = 1


def with_merged_cells(table: ShapedTable) -> Table:
    """Return a table whose merged cells are one; rows without a fitting definition stay."""
    columns = _columns(table.shapes)
    joined = Table()
    above: dict[int, _Slot] = {}
    kept: list[list[_Slot]] = []
    for cells, shapes in zip(table.rows, table.shapes, strict=True):
        row = {slot.first: slot for slot in _slots(cells, shapes, columns)}
        joining = {first for first, slot in row.items() if _joined_up(slot, above)}
        kept.append([slot for first, slot in row.items() if first not in joining])
        above = {first: (above if first in joining else row)[first] for first in row}
    for number, slots in enumerate(kept):
        joined.rows.append([slot.cell for slot in slots])
        joined.spans |= {
            (number, place): (slot.columns, slot.rows)
            for place, slot in enumerate(slots)
            if slot.columns > 1 or slot.rows > 1
        }
    return joined


def _columns(shapes: Sequence[Sequence[Shape]]) -> list[int]:
    """Return the right edges of a table's columns; none if each cell is one, so all rows agree."""
    if len({len(row) for row in shapes}) < 2:
        return []
    edges: list[int] = []
    for edge in sorted({shape.right for row in shapes for shape in row}):
        if not edges or edge - edges[-1] > NEAR:
            edges.append(edge)
    return edges


def _slots(
    cells: Sequence[list[Paragraph]], shapes: Sequence[Shape], columns: Sequence[int]
) -> list[_Slot]:
    """Return the cells of a row, with those joined that are merged beside each other."""
    if len(cells) != len(shapes):
        return [_Slot(cell, place, 1, joins_up=False) for place, cell in enumerate(cells)]
    slots: list[_Slot] = []
    end = 0
    for number, (cell, shape) in enumerate(zip(cells, shapes, strict=True), 1):
        reached = bisect_right(columns, shape.right) if columns else number
        first, end = end, max(end + 1, reached)
        if shape.joins_left and slots:
            slots[-1].cell += cell
            slots[-1].columns = end - slots[-1].first
        else:
            slots.append(_Slot(cell, first, end - first, shape.joins_up))
    return slots


def _joined_up(slot: _Slot, above: dict[int, _Slot]) -> bool:
    """Whether a cell belongs to the one above it; if so, that takes it."""
    upper = above.get(slot.first) if slot.joins_up else None
    if upper is None or upper.columns != slot.columns:
        return False
    upper.cell += slot.cell
    upper.rows += 1
    return True
