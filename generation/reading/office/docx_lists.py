"""Nest the items whose depth the numbering does not tell.

The names of their styles do, such as "List Bullet 2", or only how far they are indented. Each of
these styles of Word has a list of its own, so pandoc takes them for lists beside each other.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from generation.reading.office.docx_styles import Styles, W, set_numbering

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

Level = tuple["Element", "Element"]  # a list, and the first level of it
DEEPER_BY = 100  # twips that an item of a deeper list is further in; chosen; nobody measured
DEEPEST = 8  # level of a list that Word has, counted from 0
_DEEPER = re.compile(r"list (?:bullet|number) ([2-5])")  # the deepest that Word has is 5


def nest_items(document: "Element", numbering: "Element | None", styles: Styles) -> None:
    """Give the items whose depth is known otherwise the level that they look to have."""
    if numbering is None:
        return
    firsts = _first_levels(numbering)
    done: set[tuple[str, int]] = set()
    for items in _runs_of_items(document, firsts, styles):
        for item, depth in zip(items, _depths(items, firsts, styles), strict=True):
            number, _ = styles.numbering(item)
            if depth and (number, depth) not in done:
                _add_level(*firsts[number], depth)
                done.add((number, depth))
            if depth:
                set_numbering(item, number, depth)


def _runs_of_items(
    document: "Element", firsts: Mapping[str, Level], styles: Styles
) -> Iterator[list["Element"]]:
    """Yield items that follow each other."""
    run: list[Element] = []
    for paragraph in document.iter(W + "p"):
        if styles.numbering(paragraph)[0] not in firsts or styles.heading_level(paragraph):
            continue
        if run and paragraph.getprevious() is not run[-1]:
            yield run
            run = []
        run.append(paragraph)
    if run:
        yield run


def _depths(items: Sequence["Element"], firsts: Mapping[str, Level], styles: Styles) -> list[int]:
    """Return the level of each item, counted from 0; 0 too if its numbering tells the level."""
    numberings = [styles.numbering(item) for item in items]
    told = [level for _, level in numberings]
    named = [_depth(styles.names(item)) for item in items]
    if any(told) or any(named):
        return [0 if level else depth for level, depth in zip(told, named, strict=True)]
    return _depths_by_indent(
        [
            styles.indent(item, firsts[number][1])
            for item, (number, _) in zip(items, numberings, strict=True)
        ]
    )


def _depths_by_indent(indents: Sequence[int]) -> list[int]:
    """Return the level of each item, counted from 0: below the last one that is further out."""
    depths: list[int] = []
    outer: list[int] = []  # the indents of the lists that are open
    for indent in indents:
        while len(outer) > 1 and indent < outer[-1] - DEEPER_BY / 2:
            outer.pop()
        if not outer or (indent > outer[-1] + DEEPER_BY and len(outer) <= DEEPEST):
            outer.append(indent)
        outer[0] = min(outer[0], indent)
        depths.append(len(outer) - 1)
    return depths


def _depth(names: list[str]) -> int:
    """Return the level that the names of a style tell, counted from 0."""
    matches = map(_DEEPER.fullmatch, names)
    return next((int(match[1]) - 1 for match in matches if match), 0)


def _first_levels(numbering: "Element") -> dict[str, Level]:
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
