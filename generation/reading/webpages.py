"""Read a web page: all of it but its menus, or its main text; the rest is listed as left out."""

import codecs
import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import HIDDEN, SIDE_CONTENT, LeftOut
from generation.reading import html_tables, html_trees, page_areas, page_parts
from generation.reading.decoding import clean, decode
from generation.reading.file_types import HTML
from generation.reading.markdown_writing import markdown_of
from generation.reading.page_survey import MOSTLY_LINKS, survey
from generation.reading.readings import MAIN_TEXT, WHOLE_PAGE, CannotRead, Choices, Reading
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from generation.reading.page_parts import Piece

LARGE = 4_000_000  # characters; above, trafilatura's time and memory grow faster than the page
MOST_BESIDE = 0.2  # share of the prose beside the main content of a whole page; chosen
_DECLARED = re.compile(rb"<meta[^>]+charset=[\"']?\s*([\w-]+)", re.IGNORECASE)
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
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
    extent = choices.extent or (MAIN_TEXT if page_areas.is_article(page) else WHOLE_PAGE)
    note = ""
    if extent == MAIN_TEXT and len(page) > LARGE:
        extent, note = WHOLE_PAGE, _too_large()
    area, pieces = _split(root, page, extent)
    if not choices.extent and extent == MAIN_TEXT and _loses_code(pieces):
        extent = WHOLE_PAGE
        area, pieces = _split(html_trees.parse_page(page), page, extent)
    text = markdown_of(area)
    if not text:
        _refuse_empty(pieces)
    text, left_out = with_pieces(text, pieces)
    return Reading(text, HTML, left_out=left_out, metadata=metadata, extent=extent, note=note)


def _too_large() -> str:
    return stored(
        "The web page is too large to tell its main text from the rest, so the whole page was read."
    )


def _loses_code(pieces: "list[Piece]") -> bool:
    """Whether code or definitions, which only manuals have, would be left out."""
    parts = [survey(element)[element] for element, reason in pieces if reason == SIDE_CONTENT]
    return any(part.code and part.link_share < MOSTLY_LINKS for part in parts)


def decode_page(data: bytes) -> str:
    """Decode a page as UTF-8, or as what it declares, or in the likeliest encoding."""
    declared = _DECLARED.search(data[:4096])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if not declared:
            return decode(data)
    try:
        name = codecs.lookup(declared[1].decode()).name
        return data.decode(_WIDER.get(name, name))
    except (LookupError, UnicodeDecodeError):
        return decode(data)


def _split(root: "HtmlElement", page: str, extent: str) -> "tuple[HtmlElement, list[Piece]]":
    """Return the part of a page that is its text, and the others with their reasons."""
    body = html_trees.body_of(root)
    html_tables.unwrap_layout(body)
    pieces = page_parts.take_unseen(body, keeps_folded=extent == WHOLE_PAGE)
    most_beside = MOST_BESIDE if extent == WHOLE_PAGE else 1
    area = page_areas.main_area(body, most_beside=most_beside)
    pieces += page_parts.take_menus(area)
    if extent == MAIN_TEXT:
        area, others = page_areas.take_article(area, page)
        pieces += others
    if area is not body:
        pieces += _rest(body, area)
    return area, pieces


def _rest(body: "HtmlElement", area: "HtmlElement") -> "list[Piece]":
    """Return what is outside of an area, the menus apart."""
    html_trees.remove(area)
    menus = page_parts.take_menus(body)
    return [*menus, (body, SIDE_CONTENT)]


def _refuse_empty(pieces: "list[Piece]") -> None:
    if any(reason == HIDDEN for _, reason in pieces):
        raise CannotRead(
            stored(
                "This web page has no text of its own; scripts put it there in a browser. Open it "
                "in a browser, save it as a complete page or as PDF, and upload that."
            )
        )


def with_pieces(text: str, pieces: "list[Piece]") -> tuple[str, list[LeftOut]]:
    """Return a text with what is left out of it at its end, and the ranges of that."""
    left_out: list[LeftOut] = []
    for reason, group in groupby(pieces, key=lambda piece: piece[1]):
        written = [markdown_of(element) for element, _ in group]
        joined = "\n\n".join(filter(None, written))
        if joined:
            text = f"{text}\n\n" if text else ""
            left_out.append(LeftOut(len(text), len(text) + len(joined), reason))
            text += joined
    return text, left_out


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
