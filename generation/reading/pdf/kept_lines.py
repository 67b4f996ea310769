"""Tell lines that somebody ended, as in an address, a poem or a list of names, from wrapped ones.

A wrapped line ends where the next word has no room. So a line after which it would have had room
was ended on purpose. Since a page may be set unevenly, all lines of a block are looked at together.
"""

from collections.abc import Sequence
from itertools import pairwise

from generation.reading.pdf.blocks import QUOTE, TEXT, Block
from generation.reading.pdf.layout import SHORT
from generation.reading.pdf.lines import Line
from generation.reading.pdf.runs import HYPHENS

FEWEST = 3  # lines; a shorter paragraph may be a caption; chosen; nobody measured
ENDED = 0.5  # of the lines leave room for the next word; chosen; nobody measured


def keeps_lines(block: Block) -> bool:
    """Whether the lines of a block were ended on purpose."""
    lines = block.lines
    if block.kind not in (TEXT, QUOTE) or len(lines) < FEWEST:
        return False
    if any(line.is_fixed for line in lines) or any(map(_is_divided, lines[:-1])):
        return False
    pairs = [(above, line) for above, line in pairwise(lines) if _place(above) == _place(line)]
    edges: dict[tuple[int, int], float] = {}
    for line in lines:
        edges[_place(line)] = max(line.right, edges.get(_place(line), 0))
    ended = sum(above.would_fit(line, edges[_place(line)]) for above, line in pairs)
    if ended > ENDED * len(pairs):
        return True
    begin_alike = all(map(_begins_anew, lines))
    return begin_alike and (ended >= ENDED * len(pairs) > 0 or _are_short(lines))


def _place(line: Line) -> tuple[int, int]:
    """Return the page and the column of a line."""
    return line.page, line.column


def _is_divided(line: Line) -> bool:
    return line.text.rstrip().endswith(tuple(HYPHENS))


def _begins_anew(line: Line) -> bool:
    """Whether a line begins with a capital or a number, as a sentence or a name does."""
    first = next(filter(str.isalnum, line.text), "")
    return first.isupper() or first.isdigit()


def _are_short(lines: Sequence[Line]) -> bool:
    """Whether all lines end well before the edge of their column."""
    return all(
        line.right < line.column_left + SHORT * (line.column_right - line.column_left)
        for line in lines
    )
