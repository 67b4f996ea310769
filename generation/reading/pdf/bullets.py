"""Bullets of lists that are drawn, as browsers do, rather than written."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from generation.reading.pdf.runs import PageText, Run, place_on

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

SMALLEST, LARGEST = 0.2, 0.6  # font sizes across a bullet; chosen: browsers have 0.28 to 0.45
FARTHEST = 2.5  # font sizes from a bullet to its text; chosen
MOST_PATHS = 3_000  # of a page that are looked at; chosen
BULLET = "•"


def add_drawn_bullets(page: "PdfPage", text: PageText) -> None:
    """Add a run for each small square shape that stands right before a line."""
    starts = sorted(text.runs, key=lambda run: run.left)
    for left, top, right, bottom in _dots(page, text):
        size, middle = right - left, (top + bottom) / 2
        for run in starts:
            gap = run.left - right
            if gap > 0 and run.top < middle < run.bottom and gap < FARTHEST * run.size:
                if SMALLEST * run.size < size < LARGEST * run.size and run.text[0] != BULLET:
                    text.runs.append(_bullet(left, right, run))
                break


def _bullet(left: float, right: float, run: Run) -> Run:
    return Run(BULLET, left, right, run.baseline, run.size, run.font, run.tag, run.quarter)


def _dots(page: "PdfPage", text: PageText) -> Iterator[tuple[float, float, float, float]]:
    """Yield left, top, right and bottom of paths that are about as high as wide, and small."""
    import pypdfium2.raw as pdfium

    for count, path in enumerate(page.get_objects([pdfium.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if count > MOST_PATHS:
            return
        left, bottom, right, top = path.get_bounds()
        width, height = right - left, top - bottom
        if 1 < width < 10 and abs(width - height) < 0.2 * width:
            yield place_on(text, (left, bottom, right, top))
