"""Bullets of lists that are drawn, as browsers do, rather than written."""

from generation.reading.pdf.drawings import Drawings
from generation.reading.pdf.runs import PageText, Run, place_on

SMALLEST, LARGEST = 0.2, 0.6  # font sizes across a bullet; chosen: browsers have 0.28 to 0.45
FARTHEST = 2.5  # font sizes from a bullet to its text; chosen
BULLET = "•"


def add_drawn_bullets(text: PageText, drawings: Drawings) -> None:
    """Add a run for each dot that stands right before a line."""
    starts = sorted(text.runs, key=lambda run: run.left)
    for dot in drawings.dots:
        left, top, right, bottom = place_on(text, dot)
        run = next((run for run in starts if _is_before(left, (top + bottom) / 2, run)), None)
        if (
            run
            and SMALLEST * run.size < right - left < LARGEST * run.size
            and run.text[0] != BULLET
        ):
            text.runs.append(_bullet(left, right, run))


def _is_before(left: float, middle: float, run: Run) -> bool:
    """Whether a place is at the height of a run and not far before it."""
    return 0 < run.left - left < FARTHEST * run.size and run.top < middle < run.bottom


def _bullet(left: float, right: float, run: Run) -> Run:
    return Run(BULLET, left, right, run.baseline, run.size, run.font, run.tag, run.quarter)
