"""Write what charts and diagrams in a DOCX file say after the paragraphs that hold them."""

from typing import TYPE_CHECKING

from generation.reading.office import slide_graphics
from generation.reading.office.blocks import Block, Paragraph
from generation.reading.office.docx_styles import W
from generation.reading.office.packages import Package

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def write_graphics(document: "Element", part: str, package: Package) -> None:
    """Put the values of charts as tables, and the points of diagrams as paragraphs."""
    places: dict[Element, Element] = {}  # the last block that was put after each paragraph
    for drawing in [*document.iter(W + "drawing")]:
        holder = next(drawing.iterancestors(W + "p"), None)
        if holder is None:
            continue
        for block in slide_graphics.blocks(drawing, part, package):
            written = _written(document, block)
            places.get(holder, holder).addnext(written)
            places[holder] = written


def _written(document: "Element", block: Block) -> "Element":
    if isinstance(block, Paragraph):
        return _paragraph(document, block)
    table = document.makeelement(W + "tbl")
    for row in block.rows:
        written_row = table.makeelement(W + "tr")
        table.append(written_row)
        for cell in row:
            written_cell = table.makeelement(W + "tc")
            written_cell.extend(_paragraph(document, paragraph) for paragraph in cell)
            written_row.append(written_cell)
    return table


def _paragraph(document: "Element", block: Paragraph) -> "Element":
    paragraph = document.makeelement(W + "p")
    run = paragraph.makeelement(W + "r")
    text = run.makeelement(W + "t")
    text.text = block.text
    run.append(text)
    paragraph.append(run)
    return paragraph
