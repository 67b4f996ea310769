"""Parse HTML, and ask and change its elements; all readers that have HTML share this."""

import html
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from generation.reading import xml_trees
from generation.reading.readings import CannotRead
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
CONTAINERS = (
    *("html", "body", "main", "article", "section", "div", "header", "footer", "nav", "aside"),
    *("form", "fieldset", "center", "hgroup", "address", "search"),
)
LISTS = ("ul", "ol", "dl")
TABLE_PARTS = ("tr", "td", "th", "thead", "tbody", "tfoot", "caption", "colgroup", "col")
BLOCKS = frozenset(
    (
        *HEADINGS,
        *CONTAINERS,
        *LISTS,
        *TABLE_PARTS,
        *("p", "li", "dt", "dd", "table", "pre", "blockquote", "figure", "figcaption", "hr"),
        *("details", "summary", "legend", "menu", "dir", "dialog", "optgroup", "option"),
    )
)
# What a browser never shows as text.
UNSEEN = (
    *("script", "style", "template", "head", "meta", "link", "base", "param", "source", "track"),
    *("iframe", "frame", "object", "embed", "applet", "audio", "video", "canvas", "svg", "map"),
)
DEEPEST = 2_000  # elements within each other; libxml2 stops at 2,048 and forgets the page
_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_DECLARATIONS = re.compile(
    r"\A\s*<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_HEAD = 10_000  # characters of a page in which it may declare something; chosen; nobody measured
_GENERIC = re.compile(
    r"<(/?)(?:div|span|section|article|font|center|b|i|em|strong|ul|ol|li|blockquote|table|tbody|tr"
    r"|td)\b[^>]{0,2000}>",
    re.IGNORECASE,
)


_UNFIT = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]))(?:;|(?![0-9a-fA-F]))"
)


def _lookup() -> Any:
    """Return which class elements have; lxml's own way asks for it in Python, for each of them."""
    import lxml.html
    from lxml import etree

    return etree.ElementDefaultClassLookup(
        element=lxml.html.HtmlElement, comment=lxml.html.HtmlComment
    )


def parse_page(page: str) -> "HtmlElement":
    """Return the root of a page.

    A page that nests deeper than the parser goes keeps its text and loses the elements that are
    nested. Raises CannotRead if there is nothing that can be parsed.
    """
    root = _parse(page)
    if root is None:
        root = _parse(_GENERIC.sub(r"<\1p>", page))
    if root is None:
        raise CannotRead(
            stored(
                "This web page cannot be read: its elements are nested too deeply, or there are "
                "none. Save it again from a browser."
            )
        )
    return root


def written_body(content: str) -> "HtmlElement":
    """Return a body of content that a program wrote, with all its elements however deep."""
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    parser.set_element_class_lookup(_lookup())
    page = f"<html><body>{without_controls(content)}</body></html>".encode(errors="replace")
    return next(lxml.html.document_fromstring(page, parser=parser).iter("body"))


def without_controls(page: str) -> str:
    """Return a page without the control characters, also as references, that no tree can hold."""
    return _UNFIT.sub("", page)


def _parse(page: str) -> "HtmlElement | None":
    import lxml.html
    from lxml import etree

    parser = lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    parser.set_element_class_lookup(_lookup())
    try:
        root = lxml.html.document_fromstring(
            without_controls(page).encode(errors="replace"), parser
        )
    except etree.ParserError:  # no element at all
        return None
    is_too_deep = any("depth" in entry.message for entry in parser.error_log)
    return None if is_too_deep else root


def parse_xhtml(page: str) -> "HtmlElement":
    """Return the root of a page of XHTML, whose elements may be closed where they begin.

    A page that is not well-formed is parsed as HTML. Raises CannotRead.
    """
    import lxml.html
    from lxml import etree

    parser = lxml.html.XHTMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    parser.set_element_class_lookup(_lookup())
    page = _without_entities(page)
    try:
        root = etree.fromstring(page.encode(errors="replace"), parser)
    except etree.XMLSyntaxError:
        return parse_page(page)
    for element in root.iter():
        if is_element(element):
            _drop_namespaces(element)
    return root


def _without_entities(page: str) -> str:
    """Replace what only HTML knows, such as "&nbsp;", and drop what declares encoding and type."""
    head = _DECLARATIONS.sub("", page[:_HEAD])
    page = f"{head}{page[_HEAD:]}"
    return _ENTITY.sub(
        lambda match: match[0] if match[1] in _XML_ENTITIES else html.unescape(match[0]), page
    ).lstrip()


def _drop_namespaces(element: "HtmlElement") -> None:
    """Give an element and its attributes the names that they have in HTML."""
    element.tag = element.tag.rpartition("}")[2]
    for name in list(element.attrib):
        space, _, local = name.rpartition("}")
        if space:
            value = element.attrib.pop(name)
            if local == "type":  # of EPUB; says what ARIA's roles say
                value, local = f"{element.get('role') or ''} {value}".strip(), "role"
            element.set(local, value)


def body_of(root: "HtmlElement") -> "HtmlElement":
    """Return the body of a page, or all of it if it has none."""
    body = root.find("body")
    return root if body is None else body


def elements(root: "HtmlElement", *tags: str) -> "list[HtmlElement]":
    """Return the elements of some tags within ``root``, itself among them, in their order.

    The tree may be changed while they are gone through.
    """
    return list(root.iter(*(tags or "*")))


def is_element(part: object) -> bool:
    """Whether a part of a tree is an element rather than a comment or an entity."""
    return isinstance(getattr(part, "tag", None), str)


def words_of(element: "HtmlElement") -> str:
    """Return an element's text with a single blank for each white space."""
    return " ".join("".join(element.itertext()).split())


def letters_in(element: "HtmlElement") -> int:
    """Return how many characters an element has, blanks aside."""
    return len("".join("".join(element.itertext()).split()))


def classes_of(element: "HtmlElement") -> set[str]:
    """Return the classes of an element in lower case."""
    return set((element.get("class") or "").lower().split())


def kind_of(element: "HtmlElement") -> str:
    """Return what a page says that an element is: its role, and its type in an EPUB."""
    return " ".join(filter(None, map(element.get, ("role", "epub:type"))))


def is_within(element: "HtmlElement", *tags: str) -> bool:
    """Whether an element is inside one of some tags."""
    return next(element.iterancestors(*tags), None) is not None


def has(element: "HtmlElement", *tags: str) -> bool:
    """Whether an element has one of some tags or is one."""
    return next(element.iter(*tags), None) is not None


def has_blocks(element: "HtmlElement") -> bool:
    """Whether an element has paragraphs, lists or other blocks in it."""
    return any(part.tag in BLOCKS for part in element.iterdescendants("*"))


def unwrap(elements: "Iterable[HtmlElement]") -> None:
    """Put what is in each of some elements in its place."""
    for element in elements:
        if element.getparent() is not None:
            xml_trees.unwrap(element)


def wrap(element: "HtmlElement", tag: str) -> None:
    """Put the content of an element in a new element of a tag inside it."""
    inner = element.makeelement(tag, {})
    inner.text, element.text = element.text, None
    for child in list(element):
        inner.append(child)
    element.append(inner)


def replace_with_text(element: "HtmlElement", text: str) -> None:
    """Put text in the place of an element."""
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "span", text, tail


def contents(element: "HtmlElement") -> "Iterator[HtmlElement | str]":
    """Yield the text and the child elements of an element in their order."""
    if element.text:
        yield element.text
    for child in element:
        yield child
        if child.tail:
            yield child.tail
