"""The words that a person sees on a web page, and how many of them a text has."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.fidelity.blocks import words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

UNSEEN = {"head", "script", "style", "noscript", "template", "svg", "iframe", "select", "textarea"}
_HIDES = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def visible_words(page: str) -> Counter[str]:
    """Count the words of :func:`visible_text`."""
    return Counter(words(visible_text(page)))


def visible_text(page: str) -> str:
    """Return the text of an HTML page that a browser shows without running scripts."""
    import lxml.html

    if not page.strip():
        return ""
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True)
    root = lxml.html.document_fromstring(page.encode(), parser=parser)
    return " ".join(_texts(root))


def share_kept(seen: Counter[str], text: str) -> tuple[int, int]:
    """Return how many of the words seen are in a text, and how many there are."""
    return (seen & Counter(words(text))).total(), seen.total()


def _texts(root: "HtmlElement") -> Iterator[str]:
    """Yield the texts in an element, in order; a deep page must not end in a recursion."""
    waiting: list[HtmlElement | str] = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif not _is_unseen(part):
            for child in reversed(part):
                waiting += [child.tail or "", child]
            waiting.append(part.text or "")


def _is_unseen(element: "HtmlElement") -> bool:
    return (
        not isinstance(element.tag, str)
        or element.tag in UNSEEN
        or "hidden" in element.attrib
        or bool(_HIDES.search(element.get("style", "")))
    )
