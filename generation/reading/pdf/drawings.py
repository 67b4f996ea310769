"""What is drawn on a page beside its text: the rules of tables, and dots that serve as bullets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generation.reading.pdf.characters import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

MOST_PATHS = 3_000  # of a page that are looked at; chosen
THICKEST = 2.0  # points across a rule; chosen
SHORTEST = 5.0  # points along a rule; chosen
DOT = (1.0, 10.0)  # points across a dot; chosen
OBLONG = 0.2  # of its width: a dot is higher or lower by less; chosen


@dataclass(slots=True)
class Drawings:
    """Boxes of what is drawn on a page, in PDFium's frame."""

    dots: list[Box] = field(default_factory=list)
    horizontal: list[Box] = field(default_factory=list)
    vertical: list[Box] = field(default_factory=list)

    def divides(self, left: float, right: float, baseline: float) -> bool:
        """Whether a vertical rule stands between two edges at the height of a baseline."""
        return any(
            left - 1 <= rule[0] and rule[2] <= right + 1 and rule[1] <= baseline <= rule[3]
            for rule in self.vertical
        )


def drawings_of(page: "PdfPage") -> Drawings:
    """Return what is drawn on a page."""
    import pypdfium2.raw as pdfium

    drawings = Drawings()
    for count, path in enumerate(page.get_objects([pdfium.FPDF_PAGEOBJ_PATH], max_depth=3)):
        if count >= MOST_PATHS:
            return Drawings()  # a plot or a map
        _sort(path.get_bounds(), drawings)
    return drawings


def _sort(box: Box, drawings: Drawings) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    if height <= THICKEST and width >= SHORTEST:
        drawings.horizontal.append(box)
    elif width <= THICKEST and height >= SHORTEST:
        drawings.vertical.append(box)
    elif DOT[0] < width < DOT[1] and abs(width - height) < OBLONG * width:
        drawings.dots.append(box)


def touching(boxes: Sequence[Box], slack: float) -> list[list[Box]]:
    """Return groups of boxes that touch each other, or nearly."""
    groups: list[list[Box]] = []
    for box in boxes:
        near = [group for group in groups if any(_touch(box, other, slack) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([box, *(other for group in near for other in group)])
    return groups


def _touch(box: Box, other: Box, slack: float) -> bool:
    is_beside = box[0] - slack > other[2] or other[0] - slack > box[2]
    return not is_beside and box[1] - slack <= other[3] and other[1] - slack <= box[3]
