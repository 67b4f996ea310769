"""The blocks of an HTML tree that Markdown has no sign for, written with the signs it has."""

from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.web import html_trees

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_ADMONITIONS = {
    *("admonition", "note", "warning", "tip", "caution", "important", "danger", "hint"),
    *("attention", "seealso", "admonitionblock", "callout", "notice"),
}
_TITLES = {"admonition-title", "title", "callout-title", "admonition-heading", "label"}
_SHORT_PAGE = 1_000  # letters, of which an admonition may be nearly all; chosen
_LARGE_SHARE = 0.6  # of a page that no admonition has; chosen; nobody measured


def write_headings(root: "HtmlElement") -> None:
    """Keep only the text of headings, in one line; drop those without any."""
    for element in html_trees.elements(root):
        level = element.get("aria-level") or "2"
        if element.get("role") == "heading" and element.tag in ("div", "p", "span"):
            element.tag = f"h{level}" if level in "123456" else "h6"
    for heading in html_trees.elements(root, *html_trees.HEADINGS):
        if not html_trees.words_of(heading):
            xml_trees.remove(heading)
            continue
        for part in html_trees.elements(heading)[1:]:
            if part.tag in html_trees.BLOCKS or part.tag == "br":
                xml_trees.add_before(part, " ")
                part.tail = " " + (part.tail or "")
            part.drop_tag()


def write_admonitions(root: "HtmlElement") -> None:
    """Make notes and warnings block quotes that begin with their title in bold."""
    size = html_trees.letters_in(root)
    for element in html_trees.elements(root, "div", "aside", "section", "blockquote", "dl", "p"):
        classes = html_trees.classes_of(element)
        if not (classes & _ADMONITIONS or element.get("role") == "note"):
            continue
        is_large = html_trees.letters_in(element) > _LARGE_SHARE * size and size > _SHORT_PAGE
        if is_large or element.find(".//h1") is not None or html_trees.is_within(element, "p"):
            continue
        _write_title(element)
        if element.tag == "p":
            html_trees.wrap(element, "p")
        element.tag = "blockquote"


def _write_title(element: "HtmlElement") -> None:
    """Make what names an admonition a paragraph in bold."""
    for part in html_trees.elements(element)[1:]:
        classes = html_trees.classes_of(part)
        is_title = classes & _TITLES or part.tag in (*html_trees.HEADINGS, "summary", "dt")
        if is_title and html_trees.words_of(part):
            before = html_trees.words_of(element).startswith(html_trees.words_of(part))
            if before:
                make_bold(part)
            return


def make_bold(element: "HtmlElement") -> None:
    """Make an element a paragraph in bold."""
    for part in html_trees.elements(element)[1:]:
        if part.tag in ("strong", "b", "em", "i") or part.tag in html_trees.BLOCKS:
            if part.tag in html_trees.BLOCKS:
                xml_trees.add_before(part, " ")
                part.tail = " " + (part.tail or "")
            part.drop_tag()
    element.text = element.text and element.text.lstrip()
    html_trees.wrap(element, "strong")
    element.tag = "p"


def write_details(root: "HtmlElement") -> None:
    """Make what is folded on the page plain blocks below their summary in bold."""
    for summary in html_trees.elements(root, "summary"):
        if html_trees.has(summary, *html_trees.HEADINGS):
            summary.tag = "div"
        else:
            make_bold(summary)
    for details in html_trees.elements(root, "details"):
        details.tag = "div"


def write_buttons(root: "HtmlElement") -> None:
    """Make the buttons that unfold a part of the page its headline."""
    for button in html_trees.elements(root, "button"):
        if html_trees.is_within(button, *html_trees.HEADINGS, "dt", "summary"):
            button.drop_tag()
        else:
            make_bold(button)


def write_definitions(root: "HtmlElement") -> None:
    """Make the terms of definition lists paragraphs in bold, and definitions blocks after them."""
    for part in reversed(html_trees.elements(root, "dt", "dd")):
        parent = part.getparent()
        if parent is not None and parent.tag == "dt":  # libxml2 does not close a term by another
            parent.addnext(part)
    for part in html_trees.elements(root, "dl", "dt", "dd"):
        if part.tag != "dt":
            part.tag = "div"
        elif not html_trees.words_of(part):
            xml_trees.remove(part)
        elif html_trees.has(part, *html_trees.HEADINGS, "pre"):
            part.tag = "div"
        else:
            make_bold(part)


def write_figures(root: "HtmlElement") -> None:
    """Make captions paragraphs."""
    for part in html_trees.elements(root, "figure", "figcaption", "legend"):
        has_blocks = part.tag == "figure" or html_trees.has_blocks(part)
        part.tag = "div" if has_blocks else "p"


def write_lists(root: "HtmlElement") -> None:
    """Put into items what stands in lists beside them, and drop empty items."""
    for menu in html_trees.elements(root, "menu", "dir"):
        menu.tag = "ul"
    for item in html_trees.elements(root, "li"):
        if not html_trees.words_of(item):
            xml_trees.remove(item)
    for holder in html_trees.elements(root, "ul", "ol"):
        _put_in_items(holder)


def _put_in_items(holder: "HtmlElement") -> None:
    if (holder.text or "").strip() and holder.getparent() is not None:
        lead = holder.makeelement("p", {})
        lead.text, holder.text = holder.text, None
        holder.addprevious(lead)
    item: HtmlElement | None = None
    for child in list(holder):
        tail, child.tail = child.tail, None
        if child.tag == "li":
            item = child
        elif item is not None and html_trees.is_element(child):
            item.append(child)
        elif html_trees.words_of(child):
            html_trees.wrap(child, str(child.tag))
            child.tag, item = "li", child
        if (tail or "").strip() and item is not None:
            rest = holder.makeelement("div", {})
            rest.text = tail
            item.append(rest)


def write_breaks(root: "HtmlElement") -> None:
    """Make two line breaks after another the end of a paragraph; drop those at its end."""
    for line in html_trees.elements(root, "hr"):
        xml_trees.remove(line)
    for line in html_trees.elements(root, "br"):
        following = line.getnext()
        if line.getparent() is None or html_trees.is_within(line, "pre"):
            continue
        if (line.tail or "").strip():
            continue
        if following is None:
            _end_line(line)
        elif following.tag == "br":
            _part(line)
        elif following.tag in html_trees.BLOCKS:
            xml_trees.remove(line)


def _end_line(line: "HtmlElement") -> None:
    """Remove a line break at the end of a block."""
    parent = line.getparent()
    if parent.tag in html_trees.BLOCKS:
        xml_trees.remove(line)


def _part(line: "HtmlElement") -> None:
    """Make a line break, and those that follow it, the gap between two paragraphs."""
    while (following := line.getnext()) is not None and following.tag == "br":
        if (line.tail or "").strip():
            break
        line.tail = following.tail
        following.tail = None
        xml_trees.remove(following)
    line.tag = "div"
    for around in line.iterancestors():
        if around.tag in ("p", *html_trees.HEADINGS):
            around.tag = "div"
        if around.tag in html_trees.BLOCKS:
            break
        around.tag = "div" if around.tag in ("font", "center", "span") else around.tag
