"""Take the text of an ODT file that its writer has hidden."""

from typing import TYPE_CHECKING

from generation.reading.office.odt_repair import PARAGRAPHS, written
from generation.reading.office.odt_styles import TEXT, Styles
from generation.reading.xml_trees import remove

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_IN_LISTS = (TEXT + "list-item", TEXT + "list")


def take_hidden(text: "Element", styles: Styles) -> list[str]:
    """Remove what is hidden: sections, paragraphs and words; return the text of each."""
    hidden = [
        element
        for element in text.iter(TEXT + "section", *PARAGRAPHS, TEXT + "span", TEXT + "hidden-text")
        if _is_hidden(element, styles)
    ]
    chosen = set(hidden)
    outermost = [one for one in hidden if not any(above in chosen for above in one.iterancestors())]
    texts = [_text_of(element) for element in outermost]
    for element in outermost:
        holder = element.getparent()
        remove(element)
        _remove_emptied(holder)
    return [line for line in texts if line]


def _is_hidden(element: "Element", styles: Styles) -> bool:
    if element.tag == TEXT + "section":
        display, is_met = element.get(TEXT + "display"), element.get(TEXT + "is-hidden") == "true"
        return bool(display == "none" or (display == "condition" and is_met))
    if element.tag == TEXT + "hidden-text":
        return bool(element.get(TEXT + "is-hidden") == "true")
    if element.tag == TEXT + "span":
        return styles.is_hidden(element, "text")
    marks = element.iter(TEXT + "hidden-paragraph")
    is_marked = any(mark.get(TEXT + "is-hidden") == "true" for mark in marks)
    return is_marked or styles.is_hidden(element, "paragraph")


def _text_of(element: "Element") -> str:
    parts = [*element.iter(*PARAGRAPHS)] or [element]
    lines = (" ".join(written(part).split()) for part in parts)
    shown = "\n\n".join(line for line in lines if line)
    return shown or str(element.get(TEXT + "string-value", ""))


def _remove_emptied(holder: "Element | None") -> None:
    """Remove an item or a list in which nothing is left."""
    while holder is not None and holder.tag in _IN_LISTS and not len(holder):
        above = holder.getparent()
        remove(holder)
        holder = above
