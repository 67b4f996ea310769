"""Read a web page: all of it but its menus, or its main text; the rest is listed as left out."""

import re
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import HIDDEN, SIDE_CONTENT, LeftOut
from generation.reading.decoding import clean, decode, encoding_named
from generation.reading.file_types import HTML
from generation.reading.readings import CONTENT, MAIN_TEXT, WHOLE_PAGE, CannotRead, Choices, Reading
from generation.reading.web import html_tables, html_trees, large_pages, page_areas, page_parts
from generation.reading.web.markdown_writing import markdown_of
from generation.reading.web.page_survey import MOSTLY_LINKS, survey, take_out
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from generation.reading.web.page_parts import Piece

LARGE = 4_000_000  # characters; above, trafilatura's time and memory grow faster than the page
MOST_BESIDE = 0.2  # share of the prose beside the main content of a whole page; chosen
_DECLARED = re.compile(rb"<meta[^>]+charset=[\"']?\s*([\w-]+)", re.IGNORECASE)
DECLARED_WITHIN = 4096  # first bytes; browsers look at 1024, but pages have more; chosen
_META = {
    "author": "author", "article:author": "author", "dc.creator": "author",
    "description": "description", "og:description": "description",
    "date": "date", "dc.date": "date", "article:published_time": "date",
}  # fmt: skip


def read_page(path: Path, choices: Choices) -> Reading:
    """Read a web page. Raises CannotRead."""
    page = clean(decode_page(path.read_bytes()))
    root = html_trees.parse_page(page)
    metadata = metadata_of(root)
    if len(page) > LARGE:
        del page  # or it would take as much memory as the text
        keeps_beside = choices.extent == WHOLE_PAGE
        text, left_out = _read_large(html_trees.body_of(root), keeps_beside=keeps_beside)
        note = _too_large() if choices.extent == MAIN_TEXT else ""
        extent = WHOLE_PAGE if keeps_beside else CONTENT
        return Reading(text, HTML, [], left_out, metadata=metadata, extent=extent, note=note)
    extent = choices.extent or (MAIN_TEXT if page_areas.is_article(page) else CONTENT)
    if extent == WHOLE_PAGE:
        area, pieces = _without_menus(root)
    else:
        area, pieces = _split(root, page, extent)
    if not choices.extent and extent == MAIN_TEXT and _loses_code(pieces):
        extent = CONTENT
        area, pieces = _split(html_trees.parse_page(page), page, extent)
    text, left_out = with_left_out(markdown_of(area), written(pieces))
    return Reading(text, HTML, [], left_out, metadata=metadata, extent=extent)


def _read_large(body: "HtmlElement", *, keeps_beside: bool) -> tuple[str, list[LeftOut]]:
    """Return the text of a page piece by piece, and what is left out of it at its end."""
    text: list[str] = []
    left_out: list[tuple[str, str]] = []
    for piece, goes_on in large_pages.pieces_of(body):
        html_tables.unwrap_layout(piece)
        page_parts.remove_code(piece)
        if keeps_beside:
            page_parts.keep_fields(piece)
        parts = survey(piece)
        others = page_parts.take_unseen(piece, parts, keeps_folded=True)
        others += page_parts.take_menus(piece, parts, are_lists=False, keeps_beside=keeps_beside)
        left_out += written(others)
        content = markdown_of(piece)
        if goes_on:  # what comes first is no head of a table
            first, _, rest = content.partition("\n")
            content = f"{first}\n{rest.partition(chr(10))[2]}"
        if content:
            text += ["\n" if goes_on else "\n\n", content]
    return with_left_out("".join(text[1:]), left_out)


def _too_large() -> str:
    return stored(
        "The web page is too large to tell its main text from the rest, so the whole page was read."
    )


def _loses_code(pieces: "list[Piece]") -> bool:
    """Whether code or definitions, which only manuals have, would be left out."""
    parts = [survey(element)[element] for element, reason in pieces if reason == SIDE_CONTENT]
    return any(part.code and part.link_share < MOSTLY_LINKS for part in parts)


def decode_page(data: bytes) -> str:
    """Decode a page as UTF-8, or as what it declares, or in the likeliest encoding.

    Raises CannotRead.
    """
    declared = _DECLARED.search(data[:DECLARED_WITHIN])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if not declared:
            return decode(data)
    try:
        if encoding := encoding_named(declared[1]):
            return data.decode(encoding)
    except UnicodeDecodeError:
        pass  # it is in another encoding than it says
    return decode(data)


def _without_menus(root: "HtmlElement") -> "tuple[HtmlElement, list[Piece]]":
    """Return all of a page that people who chose the whole page want, and the rest with reasons.

    Their text has what stands beside the main content too, such as comments and footers.
    """
    body = html_trees.body_of(root)
    html_tables.unwrap_layout(body)
    page_parts.remove_code(body)
    page_parts.keep_fields(body)
    parts = survey(body)
    pieces = page_parts.take_unseen(body, parts, keeps_folded=True)
    return body, pieces + page_parts.take_menus(body, parts, keeps_beside=True)


def _split(root: "HtmlElement", page: str, extent: str) -> "tuple[HtmlElement, list[Piece]]":
    """Return the part of a page that is its text, and the others with their reasons."""
    body = html_trees.body_of(root)
    html_tables.unwrap_layout(body)
    page_parts.remove_code(body)
    parts = survey(body)
    is_article = extent == MAIN_TEXT
    pieces = page_parts.take_unseen(body, parts, keeps_folded=not is_article)
    area = page_areas.main_area(body, parts, most_beside=1 if is_article else MOST_BESIDE)
    if area is not body and page_areas.add_title(area, body, parts):
        parts = survey(body)
    pieces += page_parts.take_menus(area, parts)
    if is_article:
        area, others = page_areas.take_article(area, page, parts)
        pieces += others
    if area is not body:
        take_out(area, parts)
        pieces += [*page_parts.take_menus(body, parts), (body, SIDE_CONTENT)]
    return area, pieces


def written(pieces: "list[Piece]") -> list[tuple[str, str]]:
    """Return parts of a page as Markdown, each with its reason."""
    return [(markdown_of(element), reason) for element, reason in pieces]


def with_left_out(text: str, others: list[tuple[str, str]]) -> tuple[str, list[LeftOut]]:
    """Return a text with what is left out of it at its end, and the ranges of that.

    Raises CannotRead if there is nothing but parts that are hidden until a script shows them.
    """
    if not text and any(reason == HIDDEN for _, reason in others):
        raise CannotRead(
            stored(
                "This web page has no text of its own; scripts put it there in a browser. Open it "
                "in a browser, save it as a complete page or as PDF, and upload that."
            )
        )
    parts, end, left_out = [text], len(text), []
    for reason, group in groupby(filter(itemgetter(0), others), key=itemgetter(1)):
        joined = "\n\n".join(content for content, _ in group)
        start = end + 2 if end else 0
        parts += ["\n\n" if end else "", joined]
        end = start + len(joined)
        left_out.append(LeftOut(start, end, reason))
    return "".join(parts), left_out


def metadata_of(root: "HtmlElement") -> dict[str, str]:
    """Return what a page says of itself: title, author, description, date and language."""
    metadata: dict[str, str] = {}
    title = root.find(".//head/title")
    if title is not None and html_trees.words_of(title):
        metadata["title"] = html_trees.words_of(title)
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        content = " ".join((meta.get("content") or "").split())
        if name in _META and content:
            metadata.setdefault(_META[name], content)
    language = root.get("lang") or root.get("xml:lang")
    if language:
        metadata["language"] = language
    return metadata
