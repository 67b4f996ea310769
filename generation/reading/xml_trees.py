"""Parse XML that nobody vouches for, and change its elements, or those of HTML."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"


def parsed(data: bytes, *, recover: bool = False) -> "Element":
    """Return the root of an XML document; its entities stay unresolved, and nothing is fetched.

    With ``recover``, mistakes are skipped. Raises ValueError if it is no XML.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as reason:
        raise ValueError("no XML") from reason
    if root is None:  # if mistakes are all there is
        raise ValueError("no XML")
    return root


def local_name(element: "Element") -> str:
    """Return an element's name without its namespace; "" if it is an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def add_before(element: "Element", text: str) -> None:
    """Put text in front of an element."""
    previous, parent = element.getprevious(), element.getparent()
    if previous is not None:
        previous.tail = (previous.tail or "") + text
    elif parent is not None:
        parent.text = (parent.text or "") + text


def remove(element: "Element") -> None:
    """Take an element out of its tree; the text behind it stays."""
    parent = element.getparent()
    if parent is not None:
        if element.tail:
            add_before(element, element.tail)
            element.tail = None
        parent.remove(element)


def replace(element: "Element", text: str) -> None:
    """Put a text in the place of an element."""
    element.tail = text + (element.tail or "")
    remove(element)


def unwrap(element: "Element") -> None:
    """Put the content of an element in its place."""
    text, after = element.text or "", element.tail or ""
    children = list(element)
    if children:
        children[-1].tail = (children[-1].tail or "") + after
        element.tail = None
    for child in reversed(children):
        element.addnext(child)
    replace(element, text)


def choose_alternatives(root: "Element", choose: "Callable[[Element], Element | None]") -> None:
    """Keep one of several ways in which an office file says the same thing (ECMA-376, part 3)."""
    for alternatives in [*root.iter(_ALTERNATIVES)]:
        chosen = choose(alternatives)
        alternatives[:] = [] if chosen is None else list(chosen)
        unwrap(alternatives)
