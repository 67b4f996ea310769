"""What a page of a manual says, counted from its HTML by rules of its own.

None of it is shared with our readers: the blocks of the element that holds the page's text.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tests.fidelity.blocks import (
    CODE,
    DEFINITION,
    HEADING,
    ITEM,
    MARK,
    PARAGRAPH,
    ROW,
    TERM,
    Block,
    letters,
)

if TYPE_CHECKING:
    from lxml.html import HtmlElement

AREAS = ("//main", "//*[@role='main']", "//*[@id='content']", "//body")
# What is no text: menus, lists of contents, signs that link to headings, numbers of footnotes.
_NO_TEXT = (
    "nav", "header", "footer", "script", "style", "noscript", "*[@hidden]",
    "*[@role='navigation']", "*[starts-with(@class, 'nav')]", "*[contains(@class, 'docnav')]",
    "*[@class='related']", "*[@class='sphinxsidebar']", "*[@class='header']",
    "*[@class='toc']", "*[@class='contents']", "*[@class='menu']", "*[@class='shortcontents']",
    "*[contains(@class, 'toctree-wrapper')]", "*[@id='SEC_Contents']",
    "*[contains(@class, 'headerlink')]", "*[@class='copiable-link']",
    "dl[contains(@class, 'footnote')]/dt", "h5[a[starts-with(@id, 'FOOT')]]",
    "h4[contains(@class, 'footnote')]", "table[@class='menu']", "ul[contains(@class, 'toc')]",
)  # fmt: skip
_CALLS = (  # of footnotes, as Sphinx, DocBook, texinfo and pandoc write them
    "a[contains(@class, 'footnote-reference')]", "a[@class='footnote']", "a[@class='footnote-ref']",
    "a[starts-with(@id, 'DOCF')]",
)  # fmt: skip
_BOXES = ("note", "tip", "important", "warning", "caution")  # DocBook writes them as tables
_STRUCTURE = {"p", "div", "ul", "ol", "dl", "table", "pre", "blockquote", "section", "article"}
_STRUCTURE |= {"h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "figure", "aside", "tr", "td"}
_LISTS = ("ul", "ol", "dl", "table", "pre")


def blocks_of_page(page: bytes) -> list[Block]:
    """Return the blocks of an HTML page."""
    import lxml.html

    root = lxml.html.document_fromstring(page)
    area = next(element for path in AREAS for element in root.xpath(path))
    for element in _matching(area, _NO_TEXT):
        element.drop_tree()
    for element in _matching(area, _CALLS):
        element.tail = f"{MARK}{element.tail or ''}"
        element.drop_tree()
    return [block for block in _blocks(area) if letters(block.text)]


def _matching(area: "HtmlElement", paths: Iterable[str]) -> Iterator["HtmlElement"]:
    """Yield the elements that still stand in the area."""
    for element in area.xpath("|".join(f".//{path}" for path in paths)):
        if any(ancestor is area for ancestor in element.iterancestors()):
            yield element


def _blocks(area: "HtmlElement") -> Iterator[Block]:
    for element in area.iter():
        if not isinstance(element.tag, str):
            continue
        if next(element.iterancestors("table"), None) is not None and element.tag != "tr":
            continue  # what is in a table is counted by its rows
        if _is_paragraph(element):
            yield from _paragraph(element)
        elif re.fullmatch("h[1-6]", element.tag):
            yield Block(HEADING, _text(element), int(element.tag[1]))
        elif element.tag in _READ:
            yield from _READ[element.tag](element)


def _is_paragraph(element: "HtmlElement") -> bool:
    """Whether an element is a paragraph; DocBook may write one as a div."""
    is_div = element.tag == "div" and "para" in element.get("class", "").split()
    return element.tag == "p" or (is_div and not any(c.tag in _STRUCTURE for c in element))


def _paragraph(element: "HtmlElement") -> Iterator[Block]:
    parent = element.getparent()
    is_first = parent is not None and parent.tag == "li" and parent[0] is element
    yield Block(ITEM if is_first else PARAGRAPH, _text(element), _depth(element))


def _item(element: "HtmlElement") -> Iterator[Block]:
    if not any(child.tag in ("p", "div") for child in element):
        yield Block(ITEM, _text(element, without=_LISTS), _depth(element))


def _term(element: "HtmlElement") -> Iterator[Block]:
    yield Block(TERM, _text(element))


def _definition(element: "HtmlElement") -> Iterator[Block]:
    if not any(child.tag in _STRUCTURE for child in element):
        yield Block(DEFINITION, _text(element))


def _code(element: "HtmlElement") -> Iterator[Block]:
    yield Block(CODE, "".join(map(str, element.itertext())))


def _row(element: "HtmlElement") -> Iterator[Block]:
    """Yield a row of a table of data: more cells than one, and nothing but text in them."""
    table = next(element.iterancestors("table"))
    if any(ancestor.get("class") in _BOXES for ancestor in table.iterancestors("div")):
        return
    is_nested = next(table.iterancestors("table"), None) is not None
    has_structure = any(cell.tag in _STRUCTURE - {"td"} for cell in element.iterdescendants())
    cells = tuple(_text(cell) for cell in element if cell.tag in ("td", "th"))
    if len(cells) > 1 and not is_nested and not has_structure and len(list(table.iter("tr"))) > 1:
        yield Block(ROW, " ".join(cells), cells=cells)


_READ = {
    "li": _item,
    "dt": _term,
    "dd": _definition,
    "pre": _code,
    "tr": _row,
}


def _depth(element: "HtmlElement") -> int:
    return sum(ancestor.tag in ("ul", "ol") for ancestor in element.iterancestors())


def _text(element: "HtmlElement", without: tuple[str, ...] = ()) -> str:
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in without:
            blank = " " if child.tag == "br" or child.tag in _STRUCTURE else ""
            parts += [blank, _text(child, without), blank]
        parts.append(child.tail or "")
    return "".join(parts)
