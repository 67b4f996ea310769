"""Take a large web page apart, so that each piece can be written in little memory."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from generation.reading.web import html_trees

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    Part = tuple[HtmlElement, tuple[str, ...]]  # and the tags of the elements around it

PIECE = 500_000  # characters of HTML written together; chosen; nobody measured
_REPEATED = ("ul", "ol", "table", "tbody", "blockquote", "main", "article", "section")
_NEVER_DIVIDED = ("p", "pre", "tr", "li", "dl", "thead", *html_trees.HEADINGS)


def pieces_of(body: "HtmlElement") -> "Iterator[tuple[HtmlElement, bool]]":
    """Yield pieces that together have the content of a page, and whether each goes on with a table.

    The body is emptied. A list, a table or a quote that is in several pieces is one in each.
    """
    parts: list[Part] = []
    size = 0
    last: tuple[str, ...] = ()
    for part, around, length in _parts(body):
        is_after_heading = bool(parts) and parts[-1][0].tag in html_trees.HEADINGS
        if size and size + length > PIECE and not is_after_heading:
            yield _piece(parts), "table" in last and parts[0][1] == last
            last = parts[-1][1]
            parts, size = [], 0
        parts.append((part, around))
        size += length
    if parts:
        yield _piece(parts), "table" in last and parts[0][1] == last


def _piece(parts: "list[Part]") -> "HtmlElement":
    """Return an element with some parts; adjacent ones of the same list or table share one."""
    import lxml.html

    root = lxml.html.Element("div")
    for around, group in groupby(parts, key=lambda part: part[1]):
        inner = root
        for tag in around:
            inner.append(inner.makeelement(tag, {}))
            inner = inner[-1]
        inner.extend([element for element, _ in group])
    return root


def _parts(body: "HtmlElement") -> "Iterator[tuple[HtmlElement, tuple[str, ...], int]]":
    """Yield the content of an element in parts, with the length of their HTML.

    Elements larger than PIECE are divided if possible.
    """
    waiting: list[Part] = [(body, ())]
    while waiting:
        element, around = waiting.pop()
        length = _length(element)
        if length <= PIECE or not len(element) or element.tag in _NEVER_DIVIDED:
            yield element, around, length
            continue
        within = (*around, str(element.tag)) if element.tag in _REPEATED else around
        waiting += [(child, within) for child in reversed(_children(element))]


def _length(element: "HtmlElement") -> int:
    from lxml import etree

    return len(etree.tostring(element, encoding="utf-8", method="html", with_tail=False))


def _children(element: "HtmlElement") -> "list[HtmlElement]":
    """Take out the children of an element; text beside them becomes paragraphs."""
    children: list[HtmlElement] = []
    for part in list(html_trees.contents(element)):
        if not isinstance(part, str):
            part.tail = None
            children.append(part)
        elif part.strip():
            paragraph = element.makeelement("p", {})
            paragraph.text = part
            children.append(paragraph)
    element.clear()
    return children
