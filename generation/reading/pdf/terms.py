"""Terms that stand on the first line of what they mean, before a gap."""

from collections.abc import Sequence
from dataclasses import replace

from generation.reading.pdf.blocks import LEADERS, MARKER
from generation.reading.pdf.lines import Line, line_of
from generation.reading.pdf.tables import table_at

BROADEST = 0.4  # of the column: the width of a term; chosen
INDENT = 1.5  # font sizes, at least, from a term to what it means; chosen
NEARBY = 2  # lines before and after one, of which one has to begin where the meaning does; chosen
SAME = 1.5  # points: edges that differ less are the same; chosen


def with_terms_apart(lines: Sequence[Line]) -> list[Line]:
    """Return lines with each term on a line of its own, before that of its meaning.

    A term is known by the lines around it, of which one has its meaning at the same edge.
    """
    apart: list[Line] = []
    at = 0
    while at < len(lines):
        table = table_at(lines, at)
        if table is not None:
            apart += table.lines
            at += len(table.lines)
            continue
        around = (*lines[max(0, at - NEARBY) : at], *lines[at + 1 : at + 1 + NEARBY])
        apart += _divided(lines[at]) if _begins_with_term(lines[at], around) else [lines[at]]
        at += 1
    return apart


def _begins_with_term(line: Line, around: Sequence[Line]) -> bool:
    if line.is_fixed or len(line.spans) != 2 or LEADERS.search(line.text):
        return False
    term, meaning = line.spans
    width = line.column_right - line.column_left
    is_short = term.right - term.left < BROADEST * width
    is_indented = meaning.left - line.left > INDENT * line.size
    if not is_short or not is_indented or MARKER.match(line.text):
        return False
    if term.text.endswith(":"):  # "Name: value" is one line, beside other pairs
        around = [each for each in around if len(each.spans) == 1]
    return any(_begins_at(meaning.left, each) for each in around)


def _begins_at(edge: float, line: Line) -> bool:
    if len(line.spans) == 2 and not line.spans[0].text.endswith(":"):
        return abs(line.spans[1].left - edge) < SAME
    return abs(line.left - edge) < SAME


def _divided(line: Line) -> list[Line]:
    edge = line.spans[1].left - SAME
    parts = (
        [run for run in line.runs if run.left < edge],
        [run for run in line.runs if run.left >= edge],
    )
    return [
        replace(
            line_of(part, line.page),
            column=line.column,
            column_left=line.column_left,
            column_right=line.column_right,
        )
        for part in parts
        if part
    ]
