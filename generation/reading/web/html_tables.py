"""Tables of an HTML tree: data is written as rows; what only lays out the page is unwrapped."""

import copy
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.web import html_trees
from generation.reading.web.literal_text import ROW_END, literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LONG_CELL = 1_500  # characters; a table without headings with such a cell lays out; chosen
_FEW_CELLS = 3  # in the row of a table with blocks of code that lays out; chosen; nobody measured
MOST_CELLS = 500_000  # of a table, with those that cells claim to span; chosen; nobody measured
MOST_SPANNED = 1_000  # rows or columns, as in browsers
MOST_REPEATED = 500_000  # letters in the rows that cells span; chosen; nobody measured


def unwrap_layout(root: "HtmlElement") -> None:
    """Make the cells of tables that only lay out the page blocks of their own."""
    for table in reversed(html_trees.elements(root, "table")):
        if lays_out(table):
            for part in _own_parts(table):
                if part.tag == "th":
                    part.set("class", "title")  # as of a note, which DocBook draws as a table
                part.tag = "p" if part.tag == "caption" else "div"
            table.tag = "div"


def _own_parts(table: "HtmlElement") -> "list[HtmlElement]":
    """Return the parts of a table that are not those of a table in it."""
    return [
        part
        for part in table.iter(*html_trees.TABLE_PARTS)
        if next(part.iterancestors("table"), None) is table
    ]


def rows_of(table: "HtmlElement") -> "list[list[HtmlElement]]":
    """Return the cells of each row of a table that has any."""
    rows = [
        [cell for cell in row if cell.tag in ("td", "th")]
        for row in _own_parts(table)
        if row.tag == "tr"
    ]
    return [row for row in rows if row]


def lays_out(table: "HtmlElement") -> bool:
    """Whether a table places blocks on the page rather than data in rows and columns."""
    rows = rows_of(table)
    filled = [row for row in rows if any(html_trees.words_of(cell) for cell in row)]
    columns = max((sum(map(_has_words, row)) for row in filled), default=0)
    if table.get("role") in ("presentation", "none") or len(filled) < 2 or columns < 2:
        return True
    headed = any(cell.tag == "th" for row in rows for cell in row)
    for part in table.iter("h1", "h2", "h3", "pre", "table"):
        if part is table:
            continue
        if part.tag == "pre":
            cells = max(map(len, rows))
            if "\n" in "".join(part.itertext()).strip() and cells <= _FEW_CELLS:
                return True
        elif part.tag != "table" or not headed:
            return True
    return not headed and any(
        html_trees.letters_in(cell) > LONG_CELL for row in rows for cell in row
    )


def _has_words(cell: "HtmlElement") -> bool:
    return bool(html_trees.words_of(cell))


def write_tables(root: "HtmlElement") -> None:
    """Write tables of data as rows between vertical bars, with their caption before them."""
    for table in reversed(html_trees.elements(root, "table")):
        if table.getparent() is None:
            html_trees.wrap(table, "table")
            table.tag, table = "div", table[0]
        if html_trees.is_within(table, "td", "th"):
            _write_inner_table(table)
        else:
            _write_table(table)


def _write_inner_table(table: "HtmlElement") -> None:
    """Write a table in a cell of another as text: its cells with commas, its rows apart."""
    rows = rows_of(table)
    for row in rows:
        for cell in row[1:]:
            cell.text = ", " + (cell.text or "").lstrip()
        for cell in row:
            cell.tail = None
            flatten(cell)
    for row in rows[1:]:
        row[0].text = "; " + (row[0].text or "").lstrip()
    html_trees.unwrap(part for part in _own_parts(table))
    table.tag = "span"


def flatten(cell: "HtmlElement") -> None:
    """Make the blocks in a cell one line of text; items of a list are set apart by semicolons."""
    for item in cell.iter("li", "p", "div"):
        item.text = item.text and item.text.lstrip()
        if not len(item):
            item.text = item.text and item.text.rstrip()
    for block in html_trees.elements(cell):
        if block is cell or (block.tag not in html_trees.BLOCKS and block.tag != "br"):
            continue
        previous = block.getprevious()
        between = " "
        if block.tag == "li" and previous is not None and previous.tag == "li":
            words = html_trees.words_of(previous)
            between = " " if words[-1:] in ".;:,!?" else "; "
        xml_trees.add_before(block, between)
        following = block.getnext()
        if block.tag != "li" or following is None or following.tag != "li":
            block.tail = " " + (block.tail or "")
        if block.tag == "pre":
            block.text = literal(f"`{' '.join(block.text_content().split())}`")
            del block[:]
    blocks = [part for part in html_trees.elements(cell) if part is not cell]
    html_trees.unwrap(part for part in blocks if part.tag in html_trees.BLOCKS or part.tag == "br")
    _escape_bars(cell)


def _strip(cell: "HtmlElement") -> None:
    """Strip the text at the start and at the end of a cell."""
    cell.text = cell.text and cell.text.lstrip()
    if len(cell):
        cell[-1].tail = cell[-1].tail and cell[-1].tail.rstrip()
    elif cell.text:
        cell.text = cell.text.rstrip()


def _escape_bars(cell: "HtmlElement") -> None:
    for element in html_trees.elements(cell):
        element.text = element.text and _escaped(element.text)
        if element is not cell:
            element.tail = element.tail and _escaped(element.tail)


def _escaped(text: str) -> str:
    mark = literal("\\|")
    return re.sub(f"(?<!{literal(chr(92))})[|{literal('|')}]", mark, text)


def _write_table(table: "HtmlElement") -> None:
    for caption in [part for part in _own_parts(table) if part.tag == "caption"]:
        caption.tag = "p"
        caption.tail = None
        table.addprevious(caption)
    grid = _grid(table)
    for cell in {cell for row in grid for cell in row if cell is not None}:
        cell.tail = None
        flatten(cell)
        cell.tag = "span"
        _strip(cell)
    grid = _with_copies(_without_empty(grid))
    while len(grid) > 1 and sum(cell is not None for cell in grid[0]) == 1 < len(grid[0]):
        title = next(cell for cell in grid.pop(0) if cell is not None)
        title.tag = "p"
        table.addprevious(title)
    _fill(table, grid)


def _grid(table: "HtmlElement") -> "list[list[HtmlElement | None]]":
    """Return the rows of a table, all as long.

    A cell that spans rows stands in each of them, so that a passage that begins with a later row
    has it; what a cell spans beside itself is None. Cells of a table that claims to be larger than
    any span nothing.
    """
    rows = _with_head_first(table)
    is_huge = _is_huge(rows)
    grid: list[list[HtmlElement | None]] = []
    taken: dict[tuple[int, int], HtmlElement | None] = {}
    for y, row in enumerate(rows):
        cells: list[HtmlElement | None] = []
        for cell in row:
            while (y, len(cells)) in taken:
                cells.append(taken[y, len(cells)])
            spans = (1, 1) if is_huge else (_span(cell, "colspan"), _span(cell, "rowspan"))
            spanned = [cell, *[None] * (spans[0] - 1)]
            for below in range(1, min(spans[1], len(rows) - y)):
                taken |= {(y + below, x): part for x, part in enumerate(spanned, len(cells))}
            cells += spanned
        grid.append(cells)
    longest = max(map(len, grid), default=0)
    if longest * len(grid) > MOST_CELLS:
        return grid
    return [
        [*row, *(taken.get((y, x)) for x in range(len(row), longest))] for y, row in enumerate(grid)
    ]


def _is_huge(rows: "list[list[HtmlElement]]") -> bool:
    """Whether the cells of a table claim to span more than any table has, or too much text."""
    cells = [(cell, _span(cell, "rowspan")) for row in rows for cell in row]
    if sum(_span(cell, "colspan") * height for cell, height in cells) > MOST_CELLS:
        return True
    repeated = ((cell, min(height, len(rows))) for cell, height in cells if height > 1)
    letters = sum(height * html_trees.letters_in(cell) for cell, height in repeated)
    return letters > MOST_REPEATED


def _with_head_first(table: "HtmlElement") -> "list[list[HtmlElement]]":
    rows = rows_of(table)
    order = {"thead": 0, "tfoot": 2}
    return sorted(rows, key=lambda row: order.get(str(row[0].getparent().getparent().tag), 1))


def _span(cell: "HtmlElement", name: str) -> int:
    text = (cell.get(name) or "1").strip()
    return max(1, min(int(text), MOST_SPANNED)) if re.fullmatch(r"[0-9]{1,9}", text) else 1


def _without_empty(grid: "list[list[HtmlElement | None]]") -> "list[list[HtmlElement | None]]":
    """Return the rows that have any text of their own, without the columns that have none."""
    above: list[list[HtmlElement | None]] = [[], *grid]
    grid = [row for row, before in zip(grid, above, strict=False) if _has_own_words(row, before)]
    filled: set[int] = set()
    for row in grid:
        filled.update(x for x, cell in enumerate(row) if cell is not None and _has_words(cell))
    return [[cell for x, cell in enumerate(row) if x in filled] for row in grid]


def _has_own_words(row: "list[HtmlElement | None]", above: "list[HtmlElement | None]") -> bool:
    """Whether a row has any text beside the cells that the row above has, too."""
    spanning = set(above)
    return any(cell is not None and cell not in spanning and _has_words(cell) for cell in row)


def _with_copies(grid: "list[list[HtmlElement | None]]") -> "list[list[HtmlElement | None]]":
    """Return rows of which each has a copy of the cells that it shares with the row above."""
    copied = grid[:1]
    for above, row in pairwise(grid):
        spanning = set(above)
        copied.append(
            [cell if cell is None or cell not in spanning else copy.deepcopy(cell) for cell in row]
        )
    return copied


def _fill(table: "HtmlElement", grid: "list[list[HtmlElement | None]]") -> None:
    """Make a table a paragraph with a line for each row, and one below the first."""
    tail = table.tail
    table.clear()
    table.tag, table.tail = "p", tail
    for number, row in enumerate(grid):
        _add_line(table, row)
        if number == 0:
            _add_line(table, [_rule(table) for _ in row])


def _rule(table: "HtmlElement") -> "HtmlElement":
    rule = table.makeelement("span", {})
    rule.text = literal("---")
    return rule


def _add_line(table: "HtmlElement", row: "list[HtmlElement | None]") -> None:
    """Add cells to a table as a line between vertical bars."""
    line = table.makeelement("span", {})
    for cell in row:
        inner = table.makeelement("span", {}) if cell is None else cell
        inner.tail = literal(" | ")
        line.append(inner)
    line.text = literal("| ")
    if row:
        line[-1].tail = literal(" |") + ROW_END
    table.append(line)
    table.append(table.makeelement("br", {}))
