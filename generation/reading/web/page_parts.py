"""What of a web page is not its text: menus, what stands beside it, what is hidden.

Nothing is dropped: each part is taken out of the tree and returned with the reason.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from generation.passages.left_out import CONTENTS, HIDDEN, MENU, SIDE_CONTENT
from generation.reading import xml_trees
from generation.reading.web import html_trees
from generation.reading.web.page_survey import MOSTLY_LINKS, Part, take_out

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from generation.reading.web.page_survey import Parts

    Why = Callable[[HtmlElement, Part], str]
    Piece = tuple[HtmlElement, str]  # and why it is left out

_MENU_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|navheader|navfooter|navpath|navrow|docnav|menu|sidebar"
    r"|breadcrumbs?|header|footer|masthead|related|recommended|more|links|tags?|categories|catlinks"
    r"|pagination|pager|skip-?link|toolbar|topbar|trending|popular|teaser|navbox"
    r"|share|sharing|social|banner)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_SURE_MENU_NAMES = re.compile(
    r"(?:^|[\s_-])(?:navbar|navigation|navheader|navfooter|docnav|breadcrumbs?|pagination|pager"
    r"|skip-?link|mw-editsection|mw-jump-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_CONTENTS_NAMES = re.compile(
    r"(?:^|[\s_-])(?:toc|contents|table-of-contents|tableofcontents|shortcontents)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_OVER_THE_PAGE = re.compile(
    r"(?:^|[\s_-])(?:modal|dialog|alertdialog|popup|overlay|cookies?|consent|lightbox|tooltip)"
    r"(?:[\s_-]|$)",
    re.IGNORECASE,
)
_UNSIGHTED = {
    "sr-only",
    "visually-hidden",
    "visuallyhidden",
    "screen-reader-text",
    "sr-only-focusable",
}
_HIDING = re.compile(r"display:none|visibility:hidden", re.IGNORECASE)
_LABELLED = {"submit", "button", "reset"}  # inputs whose value says what they do
_FIELDS = {"text", "search", "email", "url", "tel", "number", "date", "month", "week", "time"} | {
    "datetime-local"
}
_CONTROLS = ("button", "select", "textarea", "input", "datalist")
_NO_TEXT_OF_DRAWINGS = ("title", "desc", "defs", "metadata", "style", "script")
_INSTEAD = (
    "noscript",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "audio",
    "video",
    "canvas",
    "noembed",
    "noframes",
)
_STEPS = {"next", "prev", "previous", "up", "contents", "start", "index"}
_MENU_ROLES = {"navigation", "search", "menu", "menubar", "toolbar", "tablist"}
_SIDE_ROLES = {"banner", "contentinfo", "complementary"}
_INNER = ("main", "article", "section", "li", "dd", "td", "th", "blockquote", "figure", "details")
_LARGEST_MENU = 0.4  # share of the letters of its page; chosen; measured on news pages
_SURE_MENU = 300  # letters of a menu that says it is one; chosen; nobody measured
_LINK_LIST = 0.8  # share of letters in links of a list before or after all text; chosen
_FEWEST_LINKS = 2  # of such a list; chosen; nobody measured


def remove_code(body: "HtmlElement") -> None:
    """Remove what a browser runs and never shows; show what frames and fields have themselves."""
    _show_frames(body)
    _show_values(body)
    for element in html_trees.elements(body, "script", "style", "template", "link", "meta", "head"):
        if not (element.get("type") or "").startswith("math/tex"):
            xml_trees.remove(element)


def take_unseen(body: "HtmlElement", parts: "Parts", *, keeps_folded: bool) -> "list[Piece]":
    """Take out what a reader of the page does not see; return what of it has words.

    ``keeps_folded`` says that hidden prose is text of the page that unfolds on a click.
    """

    def reason(element: "HtmlElement", part: Part) -> str:
        if element.tag in _INSTEAD:
            return HIDDEN
        if element.tag == "svg":
            return SIDE_CONTENT
        if element.tag == "textarea":
            return HIDDEN if is_hidden(element) else SIDE_CONTENT
        if element.tag in _CONTROLS:
            return "" if _is_headline(element, parts) else MENU
        if not is_hidden(element):
            return ""
        folds = keeps_folded and part.prose and not _OVER_THE_PAGE.search(names_of(element))
        return "" if folds else HIDDEN

    return take(body, parts, reason)


def _is_headline(button: "HtmlElement", parts: "Parts") -> bool:
    """Whether a button is the headline of what unfolds below it on a click."""
    if button.tag != "button":
        return False
    heading = next(button.iterancestors(*html_trees.HEADINGS, "dt", "summary"), None)
    if heading is not None:  # which may have a button of its own, as to copy its address
        return html_trees.words_of(heading) == html_trees.words_of(button)
    below = button.getnext()
    if below is None or below not in parts or not parts[below].prose:
        return False
    unfolds = {"aria-expanded", "aria-controls"} & set(button.attrib)
    return bool(unfolds) or is_hidden(below)


def _show_frames(body: "HtmlElement") -> None:
    """Put what a frame has in the page itself in the frame's place; fetch nothing."""
    for frame in html_trees.elements(body, "iframe"):
        inner = frame.get("srcdoc")
        tail = frame.tail
        if inner and inner.strip():
            frame.clear()
            frame.tag, frame.tail = "div", tail
            for child in list(html_trees.body_of(html_trees.parse_page(inner))):
                frame.append(child)


def _show_values(body: "HtmlElement") -> None:
    """Make text of what fields show: in a ``textarea`` what is filled in, in an ``input`` hints."""
    for field in html_trees.elements(body, "input", "textarea"):
        kind = (field.get("type") or "text").lower() if field.tag == "input" else "text"
        value = html_trees.words_of(field) or field.get("value") or ""
        if kind in _LABELLED:
            field.text = value
        elif kind in _FIELDS and value:
            field.tag, field.text = "textarea", field.text or value
        elif kind in _FIELDS:
            field.tag, field.text = "input", field.get("placeholder")


def keep_fields(body: "HtmlElement") -> None:
    """Make what is filled in on a page text of its own line."""
    for field in html_trees.elements(body, "textarea"):
        if not is_hidden(field):
            field.tag = "span"


def is_hidden(element: "HtmlElement") -> bool:
    """Whether an element says itself that it is not shown."""
    if "hidden" in element.attrib or (element.tag == "dialog" and "open" not in element.attrib):
        return True
    style = element.get("style")
    if style and _HIDING.search(style.replace(" ", "")):
        return not html_trees.has(element, "math")
    return bool(element.get("class")) and bool(_UNSIGHTED & html_trees.classes_of(element))


def names_of(element: "HtmlElement") -> str:
    """Return what the page calls an element."""
    return " ".join(filter(None, map(element.get, ("class", "id", "role"))))


def take_menus(
    area: "HtmlElement", parts: "Parts", *, are_lists: bool = True, keeps_beside: bool = False
) -> "list[Piece]":
    """Take out and return the menus of an area, and what stands beside its text.

    Unless ``are_lists`` is false, lists of links before and after all prose are among them. With
    ``keeps_beside``, what is more than links stays.
    """
    size = parts[area].letters or 1

    def reason(element: "HtmlElement", part: Part) -> str:
        if not _may_be_menu(element, part):
            return ""
        if _is_contents(element, part) and parts[area].prose:
            return CONTENTS
        if _is_menu(element, part, size):
            return MENU
        why = _beside(element, part)
        return "" if keeps_beside and why == SIDE_CONTENT else why

    pieces = take(area, parts, reason)
    return pieces + (_take_link_lists(area, parts) if are_lists else [])


def _may_be_menu(element: "HtmlElement", part: Part) -> bool:
    return (
        part.letters > 0
        and not part.code
        and (element.tag in html_trees.BLOCKS or element.tag == "span")
        and element.tag not in (*html_trees.HEADINGS, "dt", "td", "th", "tr", "tbody")
        and not (part.letters > part.linked and element.find(".//h1") is not None)
    )


def _is_menu(element: "HtmlElement", part: Part, size: int) -> bool:
    names = names_of(element)
    is_named = element.tag == "nav" or (element.get("role") or "") in _MENU_ROLES
    if is_named and not part.prose:
        return True
    if part.prose:
        return False
    if _SURE_MENU_NAMES.search(names) and part.links and part.letters < _SURE_MENU:
        return True
    if part.links and part.letters < _SURE_MENU and _has_steps(element, part):
        return True
    is_small = part.letters < _LARGEST_MENU * size and element.tag != "span"
    return bool(is_small and part.link_share > MOSTLY_LINKS and _MENU_NAMES.search(names))


def _has_steps(element: "HtmlElement", part: Part) -> bool:
    """Whether links to the pages before and after a page are most of an element."""
    if part.link_share < MOSTLY_LINKS or html_trees.has(element, *html_trees.HEADINGS):
        return False
    steps = [link for link in element.iter("a") if (link.get("rel") or "").lower() in _STEPS]
    return len(steps) > 1


def _is_contents(element: "HtmlElement", part: Part) -> bool:
    is_named = _CONTENTS_NAMES.search(names_of(element)) or element.get("role") == "doc-toc"
    return bool(is_named and part.links > 1 and part.link_share > MOSTLY_LINKS)


def _beside(element: "HtmlElement", part: Part) -> str:
    """Return why the frame of a page is left out, "" if an element is none of it."""
    is_frame = element.tag in ("header", "footer", "aside") or element.get("role") in _SIDE_ROLES
    if not is_frame or html_trees.is_within(element, *_INNER) or _has_notes(element):
        return ""
    if element.tag == "header" and html_trees.has(element, "h1"):
        return ""
    return MENU if part.link_share > MOSTLY_LINKS else SIDE_CONTENT


def _has_notes(element: "HtmlElement") -> bool:
    return any("note" in names_of(part).lower() for part in html_trees.elements(element))


def _take_link_lists(area: "HtmlElement", parts: "Parts") -> "list[Piece]":
    """Take out lists of links before the first and after the last paragraph of an area."""
    inside = within(area, parts)
    prose = [part.start for element, part in inside if _is_paragraph(element, part)]
    if not prose:
        return []
    first, last = prose[0], prose[-1]

    def reason(element: "HtmlElement", part: Part) -> str:
        is_outside = part.end <= first or (part.start > last and not _has_heading(element))
        is_list = element.tag in ("ul", "ol", "table", "div") and part.links >= _FEWEST_LINKS
        if not (is_outside and is_list and part.link_share > _LINK_LIST):
            return ""
        if html_trees.has(element, "p", "dl", "pre", *html_trees.HEADINGS):
            return ""
        return "" if html_trees.is_within(element, "dl", "section") else MENU

    return take(area, parts, reason)


def _has_heading(element: "HtmlElement") -> bool:
    """Whether an element stands right below a heading, as a list of sources does."""
    previous = element.getprevious()
    return previous is not None and previous.tag in html_trees.HEADINGS


def _is_paragraph(element: "HtmlElement", part: Part) -> bool:
    """Whether an element is a paragraph of prose itself, or code, rather than around one."""
    return element.tag == "pre" or (part.prose > 0 and part.own == part.prose)


def take(area: "HtmlElement", parts: "Parts", reason: "Why") -> "list[Piece]":
    """Take out the outermost elements for which ``reason`` says one; return those with words."""
    pieces: list[Piece] = []
    until = 0
    for element, part in within(area, parts):
        if part.start < until or not (why := reason(element, part)):
            continue
        until = part.end
        take_out(element, parts)
        _show(element)
        if part.letters:
            pieces.append((element, why))
    return pieces


def within(area: "HtmlElement", parts: "Parts") -> "list[tuple[HtmlElement, Part]]":
    """Return what is in an area, in its order."""
    start, end = parts[area].start, parts[area].end
    return [(element, part) for element, part in parts.items() if start < part.start < end]


def _show(element: "HtmlElement") -> None:
    """Make text of what has text but is none on a page, such as a drawing or a choice."""
    for part in html_trees.elements(element, *_NO_TEXT_OF_DRAWINGS):
        if part is not element:
            xml_trees.remove(part)
    if element.tag == "svg":
        labels = " ".join(element.itertext()).split()
        element.clear()
        element.text = " ".join(labels)
    for option in element.iter("option", "optgroup"):
        option.tag = "p"
    if element.tag in (*_INSTEAD, *_CONTROLS, "svg", "dialog"):
        element.tag = "div"
