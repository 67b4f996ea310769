"""The main content of a web page as Markdown, without its menus; of a very large one in pieces."""

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LARGE = 4_000_000  # characters: beyond, trafilatura's time and memory grow faster than the page
PIECE = 500_000  # characters of HTML extracted at once
_HEADING = re.compile(r"\s*<h[1-6]\b")  # one that a piece ended with would be dropped
_BESIDE = ("script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside")


def main_content(page: str) -> str:
    """Return the main content of a page; nothing if it has none."""
    if len(page) <= LARGE:
        return _extract(page)
    return "\n\n".join(filter(None, map(_extract, _pieces(page))))


def _extract(page: str) -> str:
    import trafilatura

    return trafilatura.extract(page, output_format="markdown", include_tables=True) or ""


def _pieces(page: str) -> Iterator[str]:
    """Yield pages that have the parts of a large one in turn; what stands beside is left out."""
    import lxml.html
    from lxml import etree

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True)
    body = lxml.html.document_fromstring(page.encode(), parser).find("body")
    if body is None:
        return
    etree.strip_elements(body, *_BESIDE, with_tail=False)
    gathered: list[str] = []
    size = 0
    for part in filter(None, _parts(body)):
        is_after_heading = bool(gathered) and _HEADING.match(gathered[-1])
        if size and size + len(part) > PIECE and not is_after_heading:
            yield _page(gathered)
            gathered, size = [], 0
        gathered.append(part)
        size += len(part)
    yield _page(gathered)


def _page(parts: list[str]) -> str:
    return f"<html><body><article>{''.join(parts)}</article></body></html>"


def _parts(body: "HtmlElement") -> Iterator[str]:
    """Yield HTML that, joined, is the element's; what is larger than a piece is taken apart."""
    from lxml import etree

    waiting: list[HtmlElement | str] = [body]
    while waiting:
        element = waiting.pop()
        if isinstance(element, str):
            yield element
            continue
        written = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
        if len(written) <= PIECE or not len(element):
            yield written
        else:
            for child in reversed(element):
                waiting += [_paragraph(child.tail), child]
            waiting.append(_paragraph(element.text))


def _paragraph(text: str | None) -> str:
    return f"<p>{html.escape(text)}</p>" if text and text.strip() else ""
