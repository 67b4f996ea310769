"""What stands within a line of an HTML tree: links, pictures, raised letters, emphasis, blanks."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from generation.reading import xml_trees
from generation.reading.web import html_trees
from generation.reading.web.literal_text import LESS_THAN, literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_PERMALINKS = {"¶", "#", "§", "🔗", "", "\uf0c1", "[link]", "[edit]"}
_PERMALINK_CLASSES = {"headerlink", "anchorjs-link", "header-anchor"}
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_CAN_BE_RAISED = re.compile(r"[0-9+\-−=()]+|n|i")
_CAN_BE_LOWERED = re.compile(r"[0-9+\-−=()]+")
_FILE_NAME = re.compile(r"^\S+\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?)$", re.IGNORECASE)
_CONTACT = re.compile(r"\s*(?:mailto|tel):([^?#]+)", re.IGNORECASE)
_BLANKS = re.compile(  # but for a single one that is right already, as most are
    r"(?: (?=[ \t\n\r\f\xa0\u202f\u2007])|[\t\n\r\f\xa0\u202f\u2007])[ \t\n\r\f\xa0\u202f\u2007]*"
)
# A line end between letters of scripts without blanks stands for none (CSS Text 3, section 4.1.3).
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
_END_BETWEEN_WIDE = re.compile(rf"(?<=[{_WIDE}])[ \t\r\f]*\n[ \t\n\r\f]*(?=[{_WIDE}])")
_EMPHASIS = ("strong", "b", "em", "i", "var", "dfn", "cite", "u", "ins")
_PLAIN = ("var", "dfn", "cite", "u", "ins", "mark", "abbr", "acronym", "font", "big", "small")


def write_pictures(root: "HtmlElement") -> None:
    """Replace pictures by their alternative text, if it says more than the text beside it."""
    for picture in html_trees.elements(root, "img", "area"):
        words = " ".join((picture.get("alt") or "").split())
        html_trees.replace_with_text(picture, words if _says_something(words, picture) else "")


def _says_something(words: str, picture: "HtmlElement") -> bool:
    """Whether words are neither a file's name nor a single word, nor said again by a caption."""
    if _FILE_NAME.match(words) or (" " not in words and not _is_sentence_without_blanks(words)):
        return False
    around = next(picture.iterancestors("figure", "a", "p", "td"), None)
    if around is None:
        return True
    return words not in html_trees.words_of(around)


def _is_sentence_without_blanks(words: str) -> bool:
    return len(words) > 4 and words[0] > "\u2e80"  # Chinese and Japanese


def write_links(root: "HtmlElement") -> None:
    """Replace links by their text.

    The target of a link is kept where the link is all that an item of a list or a definition says,
    as in a list of sources, and leads to another site; in running text it would only disturb.
    Addresses of mail and numbers of telephones that the text does not say follow it in brackets.
    Links to a heading itself, such as "¶", go.
    """
    for link in html_trees.elements(root, "a"):
        if link.getparent() is None:
            continue
        words = html_trees.words_of(link)
        classes = html_trees.classes_of(link)
        is_permalink = words in _PERMALINKS or classes & _PERMALINK_CLASSES
        if is_permalink and "href" in link.attrib and not len(link):
            xml_trees.remove(link)
        elif not _keeps_target(link, words):
            if contact := _unsaid_contact(link, words):
                _append(link, f" ({contact})")
            link.drop_tag()


def _unsaid_contact(link: "HtmlElement", words: str) -> str:
    """Return the address or number that a link with words leads to, "" if its words say it."""
    match = _CONTACT.match(link.get("href") or "")
    contact = " ".join(unquote(match[1]).split()) if match else ""
    is_said = _letters(contact) in _letters(words)
    return "" if is_said or not words else contact


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _append(element: "HtmlElement", text: str) -> None:
    """Put text at the end of an element, or of the last block in it."""
    while len(element) and element[-1].tag in html_trees.BLOCKS and not element[-1].tail:
        element = element[-1]
    if len(element):
        element[-1].tail = f"{(element[-1].tail or '').rstrip()}{text}"
    else:
        element.text = f"{(element.text or '').rstrip()}{text}"


def _keeps_target(link: "HtmlElement", words: str) -> bool:
    target = link.get("href") or ""
    if not re.match(r"https?://\S+$", target) or not words or html_trees.has_blocks(link):
        return False
    if _bare(target) == _bare(words) or html_trees.is_within(link, *html_trees.HEADINGS, "table"):
        return False
    around = next(link.iterancestors("li", "dd"), None)
    return around is not None and html_trees.words_of(around) == words


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?|/$", "", address.strip().lower())


def write_raised(root: "HtmlElement") -> None:
    """Write raised and lowered letters so that "10 to the 6th" does not become "106"."""
    for element in html_trees.elements(root, "sup", "sub"):
        text = html_trees.words_of(element)
        if not text or len(element) or html_trees.is_within(element, "pre"):
            element.drop_tag()
        elif element.tag == "sup":
            html_trees.replace_with_text(element, _raised(text, _before(element)))
        else:
            html_trees.replace_with_text(element, _lowered(text))


def _raised(text: str, before: str) -> str:
    if _CAN_BE_RAISED.fullmatch(text):
        return text.translate(_RAISED)
    if (text.isalpha() and (before.isdigit() or not before.isalnum())) or not text[0].isalnum():
        return text  # as in "1st"
    return literal(f"^{text}" if text.isalnum() else f"^({text})")


def _lowered(text: str) -> str:
    if _CAN_BE_LOWERED.fullmatch(text):
        return text.translate(_LOWERED)
    return literal(f"_{text}" if text.isalnum() else f"_({text})")


def _before(element: "HtmlElement") -> str:
    """Return the character in front of an element, or "" at the start of what is around it."""
    previous = element.getprevious()
    if previous is None:
        parent = element.getparent()
        return (parent.text or "")[-1:] if parent is not None else ""
    return (previous.tail or "")[-1:] or "".join(previous.itertext())[-1:]


def _after(element: "HtmlElement") -> str:
    following = element.getnext()
    if element.tail or following is None:
        return (element.tail or "")[:1]
    return "".join(following.itertext())[:1]


def write_emphasis(root: "HtmlElement") -> None:
    """Keep bold and italic where Markdown can tell it, that is around whole words."""
    html_trees.unwrap(html_trees.elements(root, *_PLAIN))
    for element in html_trees.elements(root, "strong", "b", "em", "i"):
        text = "".join(element.itertext())
        if (
            not any(map(str.isalnum, text))
            or _before(element).isalnum()
            or _after(element).isalnum()
            or (_before(element) and element.getprevious() is not None and not _tail_of(element))
            or html_trees.is_within(element, *html_trees.HEADINGS, "strong", "b", "em", "i", "th")
            or html_trees.has_blocks(element)
        ):
            element.drop_tag()


def _tail_of(element: "HtmlElement") -> str | None:
    """Return the text between an element and the one before it."""
    previous = element.getprevious()
    return None if previous is None else previous.tail


def even_out_blanks(root: "HtmlElement") -> None:
    """Make each white space one blank, as a browser does, and take it from the edges of blocks.

    A sign "<" of the text is marked, lest it be taken for the start of a tag.
    """
    for element in html_trees.elements(root):
        if element.tag == "pre":
            _even_tail(element)
            continue
        parent = element.getparent()
        if parent is None or parent.tag != "pre":
            if (text := element.text) and (even := _even(text)) != text:
                element.text = even
            _even_tail(element)
        if element.tag in html_trees.BLOCKS or element.tag == "br":
            _strip_edges(element)


def _even_tail(element: "HtmlElement") -> None:
    if (tail := element.tail) and (even := _even(tail)) != tail:
        element.tail = even


def _even(text: str) -> str:
    if "\n" in text and not text.isascii():
        text = _END_BETWEEN_WIDE.sub("", text)
    return _BLANKS.sub(" ", text).replace("<", LESS_THAN)


def _strip_edges(element: "HtmlElement") -> None:
    """Strip the text at the start of a block and in front of and behind it."""
    if (text := element.text) and text[0].isspace():
        element.text = text.lstrip()
    if (tail := element.tail) and tail[0].isspace():
        element.tail = tail.lstrip()
    previous = element.getprevious()
    if previous is not None:
        if (tail := previous.tail) and tail.endswith(" "):
            previous.tail = tail.rstrip(" ")
    elif (parent := element.getparent()) is not None and (parent.text or "").endswith(" "):
        parent.text = parent.text.rstrip(" ")
