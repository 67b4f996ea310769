"""The order in which people read the shapes of a slide: from above, and from the left."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from generation.reading.office.slide_text import A, P, placeholder_key
from generation.reading.xml_trees import local_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SHAPES = ("sp", "graphicFrame", "cxnSp")
DEEPEST = 50  # groups in groups; chosen; nobody measured
MOST_COMPARED = 300  # shapes whose order is compared with that of the file; chosen


class Place(NamedTuple):
    """Where a shape stands."""

    left: int
    top: int
    right: int
    bottom: int


class Placed(NamedTuple):
    """Shapes that stay together, where they stand, and their number in the file."""

    place: Place | None
    shapes: list["Element"]
    number: int


def in_order(tree: "Element", places: Mapping[str, "Element"], depth: int = 0) -> list["Element"]:
    """Return the shapes in a tree of shapes; those of a group stay together.

    ``places`` has the properties that placeholders have from their layout. If the place of a shape
    is not known, all stay in the order of the file.
    """
    placed: list[Placed] = []
    for child in tree:
        name = local_name(child)
        if name == "grpSp" and depth < DEEPEST:
            inner = in_order(child, places, depth + 1)
            placed.append(Placed(_place(child), inner, len(placed)))
        elif name in _SHAPES:
            place = _place(child) or _inherited(child, places)
            placed.append(Placed(place, [child], len(placed)))
    if all(part.place is not None for part in placed):
        placed = _cut(placed, 0)
    return [shape for part in placed for shape in part.shapes]


def _place(shape: "Element") -> Place | None:
    for path in (f"{P}spPr/{A}xfrm", f"{P}grpSpPr/{A}xfrm", f"{P}xfrm"):
        frame = shape.find(path)
        offset = None if frame is None else frame.find(A + "off")
        size = None if frame is None else frame.find(A + "ext")
        if offset is not None and size is not None:
            left, top = (_number(offset, name) for name in ("x", "y"))
            width, height = (_number(size, name) for name in ("cx", "cy"))
            return Place(left, top, left + width, top + height)
    return None


def _inherited(shape: "Element", places: Mapping[str, "Element"]) -> Place | None:
    layout = places.get(placeholder_key(shape))
    return None if layout is None else _place(layout)


def _number(element: "Element", name: str) -> int:
    try:
        return int(element.get(name, "0"))
    except ValueError:
        return 0


def _cut(placed: Sequence[Placed], depth: int) -> list[Placed]:
    """Order shapes by gaps between them, as rows or as columns, and then those in each.

    Where both are possible, it is what agrees more with the order of the file, and rows otherwise.
    """
    cuts = [_groups(placed, start, end) for start, end in ((1, 3), (0, 2))]  # sides of a Place
    cuts = [groups for groups in cuts if len(groups) > 1]
    if not cuts or depth >= DEEPEST:
        return sorted(placed, key=lambda shape: (_at(shape, 1), _at(shape, 0)))
    chosen = min(cuts, key=_disorder) if len(placed) <= MOST_COMPARED else cuts[0]
    return [shape for group in chosen for shape in _cut(group, depth + 1)]


def _disorder(groups: Sequence[Sequence[Placed]]) -> int:
    """Return how many pairs of shapes stand in the file in another order than their groups."""
    numbers = [[shape.number for shape in group] for group in groups]
    return sum(
        first > second
        for place, group in enumerate(numbers)
        for later in numbers[place + 1 :]
        for first in group
        for second in later
    )


def _groups(placed: Sequence[Placed], start: int, end: int) -> list[list[Placed]]:
    """Return shapes in groups with gaps between them."""
    groups: list[list[Placed]] = []
    reached = 0
    for shape in sorted(placed, key=lambda shape: _at(shape, start)):
        if groups and _at(shape, start) < reached:
            groups[-1].append(shape)
            reached = max(reached, _at(shape, end))
        else:
            groups.append([shape])
            reached = _at(shape, end)
    return groups


def _at(shape: Placed, side: int) -> int:
    return shape.place[side] if shape.place else 0
