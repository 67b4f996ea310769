"""Nest the items whose depth only the names of their styles tell, such as "List Bullet 2".

Each of these styles of Word has a list of its own, so pandoc takes them for lists beside each
other.
"""

import copy
import re
from typing import TYPE_CHECKING

from generation.reading.office.docx_styles import Styles, W, set_numbering

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DEEPER = re.compile(r"list (?:bullet|number) ([2-5])")  # the deepest that Word has is 5


def nest_items(document: "Element", numbering: "Element | None", styles: Styles) -> None:
    """Give the items of such styles the level that their names tell."""
    if numbering is None:
        return
    firsts = _first_levels(numbering)
    done: set[tuple[str, int]] = set()
    for paragraph in document.iter(W + "p"):
        number, level = styles.numbering(paragraph)
        depth = _depth(styles.names(paragraph))
        if level or not depth or number not in firsts:
            continue
        if (number, depth) not in done:
            _add_level(*firsts[number], depth)
            done.add((number, depth))
        set_numbering(paragraph, number, depth)


def _depth(names: list[str]) -> int:
    """Return the level that the names of a style tell, counted from 0."""
    matches = map(_DEEPER.fullmatch, names)
    return next((int(match[1]) - 1 for match in matches if match), 0)


def _first_levels(numbering: "Element") -> dict[str, tuple["Element", "Element"]]:
    """Return each list, by its id, with its first level."""
    abstract = {
        element.get(W + "abstractNumId"): level
        for element in numbering.iter(W + "abstractNum")
        for level in element.iterfind(f"{W}lvl[@{W}ilvl='0']")
    }
    firsts = {}
    for element in numbering.iter(W + "num"):
        kind = element.find(W + "abstractNumId")
        own = element.find(f"{W}lvlOverride/{W}lvl[@{W}ilvl='0']")
        first = abstract.get("" if kind is None else kind.get(W + "val")) if own is None else own
        if first is not None:
            firsts[element.get(W + "numId", "")] = element, first
    return firsts


def _add_level(numbered: "Element", first: "Element", level: int) -> None:
    """Add a deeper level, with the numbers or bullets of the first, to a list."""
    override = numbered.makeelement(W + "lvlOverride", {W + "ilvl": str(level)})
    deeper = copy.deepcopy(first)
    deeper.set(W + "ilvl", str(level))
    override.append(deeper)
    numbered.append(override)
