"""How much text, how many links and how much prose each element of a page has, in one pass."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.web import html_trees

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    Parts = dict[HtmlElement, "Part"]  # in the order of the page

PROSE = 75  # letters of a paragraph, some 15 words; chosen; the sketch measured before had 15 words
MOSTLY_LINKS = 0.5  # share of the letters; chosen; nobody measured
FEW_LINKS = 0.3  # share of the letters of a paragraph of prose; chosen; nobody measured
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")  # scripts that say a word in two letters
_WIDE_COUNTS = 3  # letters that one of these stands for; chosen; nobody measured
_NO_PROSE = (*html_trees.HEADINGS, "pre", "option", "figcaption", "dt", "th")


@dataclass(slots=True)
class Part:
    """An element of a page: where it begins and ends, and what it has, parts within it included.

    ``own`` has the letters outside of blocks within it. ``prose`` counts the letters of paragraphs,
    ``code`` the blocks that only a manual has: code and definitions.
    """

    start: int
    end: int = 0
    letters: int = 0
    linked: int = 0
    links: int = 0
    own: int = 0
    own_linked: int = 0
    prose: int = 0
    code: int = 0

    @property
    def link_share(self) -> float:
        return self.linked / max(1, self.letters)


def survey(root: "HtmlElement") -> "Parts":
    """Return what each element within ``root`` has, ``root`` included."""
    from lxml import etree

    parts: Parts = {}
    around: list[Part] = []
    blocks: list[Part] = []
    links = 0
    for event, element in etree.iterwalk(root, events=("start", "end"), tag="*"):
        is_link = element.tag == "a" and "href" in element.attrib
        is_block = element.tag in html_trees.BLOCKS or element is root
        if event == "start":
            part = parts[element] = Part(start=len(parts))
            around.append(part)
            if is_block:
                blocks.append(part)
            links += is_link
            part.links += is_link
            _count(element.text, part, blocks[-1], is_linked=links > 0)
            continue
        part = around.pop()
        part.end = len(parts)
        links -= is_link
        if is_block:
            blocks.pop()
            _count_block(element, part)
        if around:
            _add(part, around[-1])
            _count(element.tail, around[-1], blocks[-1], is_linked=links > 0)
    return parts


def _count(text: str | None, part: Part, block: Part, *, is_linked: bool) -> None:
    if not text or not (length := len("".join(text.split()))):
        return
    if not text.isascii():
        length += (_WIDE_COUNTS - 1) * len(_WIDE.findall(text))
    part.letters += length
    block.own += length
    if is_linked:
        part.linked += length
        block.own_linked += length


def _count_block(element: "HtmlElement", part: Part) -> None:
    if element.tag in ("pre", "dl"):
        part.code += 1
    elif (
        element.tag not in _NO_PROSE
        and part.own >= PROSE
        and part.own_linked < FEW_LINKS * part.own
    ):
        part.prose += part.own


def _add(part: Part, parent: Part) -> None:
    parent.letters += part.letters
    parent.linked += part.linked
    parent.links += part.links
    parent.prose += part.prose
    parent.code += part.code


def take_out(element: "HtmlElement", parts: "Parts") -> Part:
    """Take an element out of its tree and of what is around it; return what it has."""
    part = parts[element]
    for around in element.iterancestors():
        if around in parts:
            _subtract(part, parts[around])
    xml_trees.remove(element)
    for inner in html_trees.elements(element):
        parts.pop(inner, None)
    return part


def _subtract(part: Part, parent: Part) -> None:
    parent.letters -= part.letters
    parent.linked -= part.linked
    parent.links -= part.links
    parent.prose -= part.prose
    parent.code -= part.code
