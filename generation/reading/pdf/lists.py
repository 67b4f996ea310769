"""How deep items of lists are, by how far they are indented."""

from collections.abc import Iterable

from generation.reading.pdf.blocks import HEADING, ITEM, Block

SAME = 3.0  # points: items of one depth differ less; chosen


def set_depths(blocks: Iterable[Block]) -> None:
    """Set the level of items that have none."""
    edges: list[float] = []  # of the items around, from the outermost
    for block in blocks:
        if block.kind == HEADING:
            edges = []
        if block.kind != ITEM or block.level:
            continue
        edge = block.lines[0].left - block.lines[0].column_left
        while edges and edge < edges[-1] - SAME:
            edges.pop()
        if not edges or edge > edges[-1] + SAME:
            edges.append(edge)
        block.level = len(edges)
