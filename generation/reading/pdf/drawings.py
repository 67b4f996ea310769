"""What is drawn on a page beside its text: the rules of tables, and dots that serve as bullets."""

import ctypes
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generation.reading.pdf.characters import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfObject, PdfPage

MOST_PATHS = 3_000  # of a page that are looked at; chosen
MOST_SEGMENTS = 200  # of a path; more are a curve; chosen
MOST_ALIKE = 600  # rules in a direction, or dots; more are a plot; chosen
THICKEST = 2.0  # points across a rule; chosen
SHORTEST = 5.0  # points along a rule; chosen
DOT = (1.0, 10.0)  # points across a dot; chosen
OBLONG = 0.2  # of its width: a dot is higher or lower by less; chosen


@dataclass(slots=True)
class Drawings:
    """Boxes of what is drawn on a page, in PDFium's frame."""

    dots: list[Box] = field(default_factory=list)
    horizontal: list[Box] = field(default_factory=list)
    vertical: list[Box] = field(default_factory=list)  # from left to right

    def divides(self, left: float, right: float, baseline: float) -> bool:
        """Whether a vertical rule stands between two edges at the height of a baseline."""
        for at in range(bisect_left(self.vertical, (left - 1,)), len(self.vertical)):
            rule = self.vertical[at]
            if rule[0] > right + 1:
                break
            if rule[2] <= right + 1 and rule[1] <= baseline <= rule[3]:
                return True
        return False


def drawings_of(page: "PdfPage") -> Drawings:
    """Return what is drawn on a page."""
    import pypdfium2.raw as pdfium

    drawings = Drawings()
    for count, path in enumerate(page.get_objects([pdfium.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if count >= MOST_PATHS:
            return Drawings()  # a plot or a map
        if not _sort(path.get_bounds(), drawings):
            for box in _strokes(path):
                _sort(box, drawings)
    drawings.vertical.sort()
    is_plot = max(map(len, (drawings.dots, drawings.horizontal, drawings.vertical))) > MOST_ALIKE
    return Drawings() if is_plot else drawings


def _sort(box: Box, drawings: Drawings) -> bool:
    """Add a box to the drawings if it is a rule or a dot; return whether it is."""
    width, height = box[2] - box[0], box[3] - box[1]
    if height <= THICKEST and width >= SHORTEST:
        drawings.horizontal.append(box)
    elif width <= THICKEST and height >= SHORTEST:
        drawings.vertical.append(box)
    elif DOT[0] < width < DOT[1] and abs(width - height) < OBLONG * width:
        drawings.dots.append(box)
    else:
        return False
    return True


def _strokes(path: "PdfObject") -> Iterator[Box]:
    """Yield the boxes of the straight lines of a path that is stroked, such as a grid."""
    import pypdfium2.raw as pdfium

    fill, is_stroked = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path.raw, fill, is_stroked)
    count = pdfium.FPDFPath_CountSegments(path.raw)
    if not is_stroked.value or count > MOST_SEGMENTS:
        return
    matrix = path.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    before = (0.0, 0.0)
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path.raw, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = matrix.on_point(x.value, y.value)
        if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_LINETO:
            left, right = sorted((before[0], point[0]))
            bottom, top = sorted((before[1], point[1]))
            yield left, bottom, right, top
        before = point


def touching(boxes: Sequence[Box], slack: float) -> list[list[Box]]:
    """Return groups of boxes that touch each other, or nearly."""
    import numpy as np

    left, bottom, right, top = np.array(boxes, dtype=float).reshape(-1, 4).T
    is_left = np.ones(len(boxes), dtype=bool)  # for a group
    groups: list[list[Box]] = []
    for first in range(len(boxes)):
        reached = [first] if is_left[first] else []
        is_left[first] = False
        for at in reached:  # grows while it is gone through
            is_near = (
                is_left
                & (left - slack <= right[at])
                & (left[at] - slack <= right)
                & (bottom - slack <= top[at])
                & (bottom[at] - slack <= top)
            )
            is_left &= ~is_near
            reached += np.flatnonzero(is_near).tolist()
        groups += [[boxes[at] for at in reached]] if reached else []
    return groups
