"""Extract the main content of a web page as Markdown, without menus; large pages in pieces."""

import functools
import html
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.reading.decoding import clean, decode
from generation.reading.file_types import HTML
from generation.reading.readings import Choices, Reading

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SHORT = 1_000  # characters of content that is extracted again; chosen; nobody measured
LARGE = 4_000_000  # characters; above, trafilatura's time and memory grow faster than the page
PIECE = 500_000  # characters of HTML extracted together; chosen; nobody measured
_MAIN = re.compile(r"<(?:main|article)\b", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1|<[^>]*>", re.IGNORECASE | re.DOTALL)
_CONTAINERS = {"ul", "ol", "table", "tbody", "blockquote"}  # repeated around each of their parts
Part = tuple[str, tuple[str, ...]]  # HTML, and the names of the elements around it
_HEADING = re.compile(r"\s*<h[1-6]\b")  # trafilatura drops a heading at the end of a page
_REMOVED = ("script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside")


def read_page(path: Path, _: Choices) -> Reading:
    """Read a web page. Raises CannotRead."""
    return Reading(clean(main_content(decode(path.read_bytes()))), HTML)


def main_content(page: str) -> str:
    """Return the main content of a page; "" if it has none."""
    if len(page) <= LARGE:
        return _extract(page)
    return "\n\n".join(filter(None, map(_extract, _pieces(page))))


def _extract(page: str) -> str:
    """Return the main content of a page.

    trafilatura compares its result with that of a fallback, which takes a quarter of the time. It
    uses the fallback only if that is twice as long or if there are hardly any paragraphs, so the
    first call is ``fast``, without the fallback, and suffices if neither is possible. trafilatura
    also takes a short result for a mistake and returns all words of the page. If the page marks its
    main content, this is extracted instead, with its headings.
    """
    import trafilatura

    extract = functools.partial(trafilatura.extract, output_format="markdown", include_tables=True)
    content = extract(page, fast=True) or ""
    if len(content) < SHORT or _is_half_at_most(content, page):
        content = extract(page) or ""
    if len(content) < SHORT and _MAIN.search(page):
        marked = extract(page, config=_config_for_short_content()) or ""
        return marked if len(marked) * 2 > len(content) else content
    return content


def _is_half_at_most(content: str, page: str) -> bool:
    """Whether a page has at least twice the text of ``content``, or few paragraphs for its tables.

    In these cases, trafilatura may use its fallback.
    """
    tags = page.lower()
    has_few_paragraphs = tags.count("<p>") + tags.count("<p ") <= tags.count("<table")
    return has_few_paragraphs or len(content) * 2 <= len(_UNSEEN.sub("", page))


@functools.cache
def _config_for_short_content() -> Any:
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")
    return config


def _pieces(page: str) -> Iterator[str]:
    """Yield small pages that together have the content of a large page, without its menus."""
    import lxml.html
    from lxml import etree

    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True)
    body = lxml.html.document_fromstring(page.encode(), parser).find("body")
    if body is None:
        return
    etree.strip_elements(body, *_REMOVED, with_tail=False)
    parts: list[Part] = []
    size = 0
    for part, around in _parts(body):
        if not part:
            continue
        is_after_heading = bool(parts) and _HEADING.match(parts[-1][0])
        if size and size + len(part) > PIECE and not is_after_heading:
            yield _page(parts)
            parts, size = [], 0
        parts.append((part, around))
        size += len(part)
    yield _page(parts)


def _page(parts: list[Part]) -> str:
    """Return a page of parts; adjacent parts of the same list or table are put in one again."""
    written = [
        "".join(f"<{tag}>" for tag in around)
        + "".join(part for part, _ in group)
        + "".join(f"</{tag}>" for tag in reversed(around))
        for around, group in groupby(parts, key=lambda part: part[1])
    ]
    return f"<html><body><article>{''.join(written)}</article></body></html>"


def _parts(body: "HtmlElement") -> Iterator[Part]:
    """Yield the HTML of an element in parts; elements larger than PIECE are divided if possible."""
    from lxml import etree

    waiting: list[tuple[HtmlElement | str, tuple[str, ...]]] = [(body, ())]
    while waiting:
        element, around = waiting.pop()
        if isinstance(element, str):
            yield element, around
            continue
        written = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
        if len(written) <= PIECE or not len(element):
            yield written, around
        else:
            within = (*around, str(element.tag)) if element.tag in _CONTAINERS else around
            for child in reversed(element):
                waiting += [(_paragraph(child.tail), within), (child, within)]
            waiting.append((_paragraph(element.text), within))


def _paragraph(text: str | None) -> str:
    return f"<p>{html.escape(text)}</p>" if text and text.strip() else ""
