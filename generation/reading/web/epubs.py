"""Read an EPUB: its chapters in the order of the book, from the files of its archive alone."""

import posixpath
import re
import urllib.parse
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import CONTENTS, PAGE_NUMBER, LeftOut
from generation.reading import xml_trees
from generation.reading.decoding import clean
from generation.reading.file_types import EPUB
from generation.reading.readings import CannotRead, Choices, Reading, damaged
from generation.reading.web import html_tables, html_trees, page_parts
from generation.reading.web.markdown_writing import markdown_of
from generation.reading.web.page_survey import Part, survey
from generation.reading.web.webpages import decode_page, with_left_out, written
from generation.reading.zip_parts import ZIP_ERRORS, ZipParts
from qareview.stored_sentences import joined, stored

if TYPE_CHECKING:
    from lxml.etree import _Element as Element
    from lxml.html import HtmlElement

    from generation.reading.web.page_parts import Piece
    from generation.reading.web.page_survey import Parts

MOST_CHAPTERS = 10_000  # chosen; nobody measured
MOST_NAMED = 10  # chapters that a note names; chosen; nobody measured
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_ALL_LINKS = 0.8  # share of letters in links of a chapter that lists the others; chosen
_FEWEST_LINKS = 3  # of such a chapter; chosen; nobody measured


@dataclass
class _Book:
    """What an EPUB says of itself: the addresses of its chapters, in order, and who wrote it."""

    chapters: list[str] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)
    metadata: dict[str, str] = field(default_factory=dict)


def read_epub(path: Path, _: Choices) -> Reading:
    """Read an EPUB. Raises CannotRead."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except ZIP_ERRORS:
        raise damaged("EPUB") from None


def _read(archive: zipfile.ZipFile) -> Reading:
    files = _Files(archive)
    book = _book(files)
    protected = _protected(files)
    if protected & set(book.chapters):
        raise CannotRead(
            stored(
                "This EPUB is protected against copying (DRM), so its text cannot be read. Upload "
                "a copy without protection."
            )
        )
    trees, missing = _trees(files, book)
    text, left_out = _text(trees, book)
    return Reading(text, EPUB, left_out=left_out, metadata=book.metadata, note=_note(missing))


class _Files:
    """The files of an archive by their names."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._infos = {posixpath.normpath(info.filename): info for info in archive.infolist()}
        self._parts = ZipParts(archive)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if there is none of this name, or a broken one.

        Raises CannotRead if all files that were read are too large together.
        """
        info = self._infos.get(name)
        try:
            return None if info is None else self._parts.read(info)
        except (*ZIP_ERRORS, RuntimeError):  # RuntimeError if it is encrypted
            return None

    def xml(self, name: str) -> "Element | None":
        """Return the root of an XML file, None if there is none."""
        data = self.read(name)
        try:
            return None if data is None else xml_trees.parsed(data, recover=True)
        except ValueError:
            return None


def _book(files: _Files) -> _Book:
    """Return what the package file of an EPUB says. Raises CannotRead if there is none."""
    container = files.xml(_CONTAINER)
    place = (
        ""
        if container is None
        else container.xpath("string(//*[local-name()='rootfile']/@full-path)")
    )
    package = files.xml(_address("", str(place)))
    if package is None:
        raise damaged("EPUB")
    items = {item.get("id"): item for item in package.iter("{*}item")}
    book = _Book(metadata=_metadata(package))
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None:
            book.chapters.append(str(reference.get("idref")))
            continue
        address = _address(posixpath.dirname(place), item.get("href") or "")
        kind = (item.get("media-type") or "").lower()
        if "html" in kind or "xml" in kind or not kind:
            book.chapters.append(address)
        if "nav" in (item.get("properties") or "").split():
            book.contents.add(address)
    book.contents |= _guided(package, posixpath.dirname(place))
    if len(book.chapters) > MOST_CHAPTERS:
        raise CannotRead(
            stored(
                "This EPUB has %(chapters)s chapters. The limit is %(most_chapters)s. Split it "
                "into smaller books.",
                chapters=len(book.chapters),
                most_chapters=MOST_CHAPTERS,
            )
        )
    return book


def _guided(package: "Element", folder: str) -> set[str]:
    """Return the chapters that an EPUB 2 says are its table of contents."""
    references = package.iter("{*}reference")
    return {
        _address(folder, reference.get("href") or "")
        for reference in references
        if reference.get("type") == "toc"
    }


def _address(folder: str, href: str) -> str:
    """Return the name in the archive that an address leads to, as seen from a file in a folder.

    Addresses of other kinds, such as of files of this machine, lead to no name of the archive.
    """
    path = urllib.parse.unquote(href.split("#")[0])
    return posixpath.normpath(posixpath.join(folder, path))


def _metadata(package: "Element") -> dict[str, str]:
    """Return the title, the authors, the language, the date and the description of a book."""
    metadata: dict[str, str] = {}
    for name, key in (
        ("title", "title"),
        ("creator", "author"),
        ("language", "language"),
        ("date", "date"),
        ("description", "description"),
    ):
        values = [" ".join((part.text or "").split()) for part in package.iter(f"{{*}}{name}")]
        if any(values):
            metadata[key] = ", ".join(filter(None, values))
    return metadata


def _protected(files: _Files) -> set[str]:
    """Return the names of the files that are encrypted, fonts aside."""
    root = files.xml(_ENCRYPTION)
    if root is None:
        return set()
    protected = set()
    for data in root.iter("{*}EncryptedData"):
        method = next((part.get("Algorithm") for part in data.iter("{*}EncryptionMethod")), "")
        if method not in _FONTS:
            protected |= {
                _address("", part.get("URI") or "") for part in data.iter("{*}CipherReference")
            }
    return protected


def _trees(files: _Files, book: _Book) -> "tuple[dict[str, HtmlElement], list[str]]":
    """Return the body of each chapter by its name, and the names of those that are missing."""
    trees: dict[str, HtmlElement] = {}
    missing: list[str] = []
    for name in dict.fromkeys(book.chapters):
        data = files.read(name)
        body = None if data is None or not data.strip() else _body(data)
        if body is None:
            missing.append(name)
        else:
            trees[name] = body
    return trees, missing


def _body(data: bytes) -> "HtmlElement | None":
    """Return the body of a chapter, None if it cannot be parsed."""
    try:
        root = html_trees.parse_xhtml(clean(decode_page(data)))
    except CannotRead:
        return None
    return html_trees.body_of(root)


def _text(trees: "dict[str, HtmlElement]", book: _Book) -> tuple[str, list[LeftOut]]:
    """Return the text of all chapters, with the tables of contents left out at its end."""
    import lxml.html

    whole = lxml.html.Element("div")
    pieces: list[Piece] = []
    numbers = {name: number for number, name in enumerate(trees)}
    for name, body in trees.items():
        page_parts.remove_code(body)
        parts = survey(body)
        pieces += page_parts.take_unseen(body, parts, keeps_folded=True)
        _join_addresses(body, name, numbers)
        body.tag, body.tail = "div", None
        if name in book.contents or _lists_chapters(body):
            pieces.append((body, CONTENTS))
        else:
            html_tables.unwrap_layout(body)
            pieces += _contents_in(body, parts)
            whole.append(body)
    return with_left_out(markdown_of(whole), written(pieces))


def _join_addresses(body: "HtmlElement", name: str, numbers: dict[str, int]) -> None:
    """Make links between chapters links within one page, as which all chapters are written."""
    for element in html_trees.elements(body):
        if element.get("id"):
            element.set("id", f"{numbers[name]}-{element.get('id')}")
    for link in html_trees.elements(body, "a"):
        href = link.get("href")
        if href is None or re.match(r"[a-z][a-z0-9+.-]*:", href, re.IGNORECASE):
            continue
        target = name if href.startswith("#") else _address(posixpath.dirname(name), href)
        if target in numbers:
            link.set("href", f"#{numbers[target]}-{href.partition('#')[2]}")


def _contents_in(body: "HtmlElement", parts: "Parts") -> "list[Piece]":
    """Take out and return the lists of chapters and the page numbers within a chapter."""

    def reason(element: "HtmlElement", part: Part) -> str:
        kind = html_trees.kind_of(element)
        if element.tag == "nav" and part.links:
            return CONTENTS
        return PAGE_NUMBER if "pagebreak" in kind and not part.prose else ""

    return page_parts.take(body, parts, reason)


def _lists_chapters(body: "HtmlElement") -> bool:
    """Whether a chapter has hardly more than links to the others."""
    links = [link for link in body.iter("a") if (link.get("href") or "").startswith("#")]
    linked = sum(map(html_trees.letters_in, links))
    return len(links) >= _FEWEST_LINKS and linked > _ALL_LINKS * html_trees.letters_in(body)


def _note(missing: list[str]) -> str:
    """Return a sentence that names the chapters that could not be read, "" if there are none."""
    if not missing:
        return ""
    names = ", ".join(posixpath.basename(name) for name in missing[:MOST_NAMED])
    more = len(missing) - MOST_NAMED
    return joined(
        [
            stored(
                "These chapters are missing in the EPUB or cannot be read: %(names)s.", names=names
            ),
            stored("%(more)s more are missing, too.", more=more) if more > 0 else "",
        ]
    )
