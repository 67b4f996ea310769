"""Read a file as text: Markdown with its headings, and the offsets at which pages start.

The first bytes of a file show its type. Its name only distinguishes types of text, such as Markdown
and CSV. The text of a table is that of its contexts, once a column has been chosen for them.
"""

import bisect
import codecs
import itertools
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import charset_normalizer

from generation.passages.page_furniture import FurnitureRange, furniture
from generation.reading import table_columns, webpages
from qareview import tables
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from kreuzberg import ExtractionConfig, ExtractionResult

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
HTML = "text/html"
MARKDOWN = "text/markdown"
RST = "text/x-rst"
PLAIN = "text/plain"
ARCHIVE = "application/zip"

EXTRACTED = {PDF: "PDF", DOCX: "DOCX", PPTX: "PPTX", ODT: "ODT", EPUB: "EPUB", RST: "RST"}
_SUFFIXES = {
    **dict.fromkeys((".html", ".htm"), HTML),
    **dict.fromkeys((".md", ".markdown"), MARKDOWN),
    **dict.fromkeys((".rst", ".rest"), RST),
    **dict.fromkeys((".csv", ".tsv"), tables.CSV),
    **dict.fromkeys((".jsonl", ".ndjson"), tables.JSONL),
}
_MAYBE_JSONL = ("", ".txt", ".json")  # suffixes of text that may be JSONL
_LONGEST_LINE = 10_000_000  # bytes of a first line, parsed to find out; chosen; nobody measured
BEGINNING = 60  # letters of a page that are looked for in the text; chosen; nobody measured
SHOWS_TYPE = 4096  # first bytes of a file that show its type; chosen; nobody measured

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # all four bytes, since a text may begin with “PK”
_PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0"  # Word before 2007, or a DOCX with a password
_FOREIGN = {
    b"\xff\xd8\xff": stored("a JPEG image"),
    b"\x89PNG": stored("a PNG image"),
    b"GIF8": stored("a GIF image"),
    b"RIFF": stored("a media file"),
    b"\x1f\x8b": stored("a gzip archive"),
    b"Rar!": stored("a RAR archive"),
    b"7z\xbc\xaf": stored("a 7-Zip archive"),
    b"\x7fELF": stored("a program"),
    b"MZ\x90": stored("a program"),
}
_WORD = re.compile(r"[^\W_]+")  # of characters for which str.isalnum() is true
READABLE = stored(
    "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, EPUB, tables "
    "(CSV, JSONL or Parquet), or a ZIP archive of these files"
)
_UPLOAD = stored("Upload %(readable)s.", readable=READABLE)


class CannotRead(Exception):
    """The file gives no text; the message says why and what to do."""


@dataclass(frozen=True)
class Reading:
    """The text of a file.

    ``page_starts`` has the offset of each page in ``text``, if there are pages. ``furniture`` has
    the ranges that :mod:`page_furniture` finds. Until its columns are chosen, a table has no text
    but a ``survey`` (see :func:`table_columns.survey`); after that, it has the ``rows`` and the
    ``note`` of :class:`table_columns.ImportedRows`.
    """

    text: str
    media_type: str
    page_starts: list[int] = field(default_factory=list)
    furniture: list[FurnitureRange] = field(default_factory=list)
    survey: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""


def read_file(path: Path, name: str, chosen: Mapping[str, str] | None = None) -> Reading:
    """Read the file at ``path``, uploaded as ``name``; the text of an archive is empty.

    ``chosen`` maps roles to the columns of a table. Raises CannotRead.
    """
    media_type = media_type_of(path, name)
    if media_type in tables.KINDS:
        return _read_table(path, media_type, chosen or {})
    if media_type == ARCHIVE:
        return Reading("", ARCHIVE)  # the caller unpacks it
    if media_type == RST:
        reading = _extract(_clean(decode(path.read_bytes())).encode(), media_type)
    elif media_type in EXTRACTED:
        reading = _extract(path.read_bytes(), media_type)
    elif media_type == HTML:
        reading = Reading(_clean(webpages.main_content(decode(path.read_bytes()))), HTML)
    else:
        text = _clean(decode(path.read_bytes()))
        reading = Reading(_joined(text) if media_type == PLAIN else text, media_type)
    if not reading.text.strip():
        raise CannotRead(
            stored(
                "No text found. The pages seem to be images, so run text recognition (OCR) first."
            )
            if media_type == PDF
            else stored("No text was found in this file.")
        )
    return replace(reading, furniture=furniture(reading.text, reading.page_starts))


def load_libraries() -> None:
    """Load the libraries that reading needs, so that the first file is read as fast as others."""
    import kreuzberg  # noqa: F401
    import trafilatura

    trafilatura.extract("<html><body><p>It loads some of its parts only when used.</p></body>")


def _read_table(path: Path, media_type: str, chosen: Mapping[str, str]) -> Reading:
    try:
        table = _table(path, media_type)
        problem = table_columns.objection(chosen, table.columns) if chosen else ""
        if problem or not chosen:
            return Reading("", media_type, survey=table_columns.survey(table), note=problem)
        imported = table_columns.take_columns(table, chosen)
    except tables.BadTable as reason:
        raise CannotRead(str(reason)) from reason
    return Reading(imported.text, media_type, rows=imported.rows, note=imported.note)


def _table(path: Path, media_type: str) -> tables.Table:
    if media_type == tables.PARQUET:
        return tables.from_parquet(path)
    text = decode(path.read_bytes())
    return tables.from_csv(text) if media_type == tables.CSV else tables.from_jsonl(text)


def media_type_of(path: Path, name: str) -> str:
    """Return the media type of a file. Raises CannotRead for a type that cannot be read."""
    with path.open("rb") as file:
        start = file.read(SHOWS_TYPE)
    if not start.strip():
        raise CannotRead(stored("The file is empty."))
    if re.search(rb"^%PDF-\d", start[:1024], re.MULTILINE):
        return PDF
    if start.startswith(_ZIP):
        return _kind_of_archive(path)
    if start.startswith(_PARQUET):
        return tables.PARQUET
    _refuse_foreign(start)
    suffix = Path(name).suffix.lower()
    is_jsonl = suffix in _MAYBE_JSONL and _begins_with_object(path)
    return tables.JSONL if is_jsonl else _kind_of_text(decode(start, is_cut=True), suffix)


def _refuse_foreign(start: bytes) -> None:
    """Raise CannotRead if the first bytes of a file show a type that cannot be read."""
    if start.startswith(_OLE):
        raise CannotRead(
            stored(
                "This Word file is protected by a password or in the old .doc format. Save "
                "it as .docx without a password."
            )
        )
    for signature, kind in _FOREIGN.items():
        if start.startswith(signature):
            raise CannotRead(
                stored(
                    "This file is %(kind)s, which cannot be read. %(upload)s",
                    kind=kind,
                    upload=_UPLOAD,
                )
            )


def _begins_with_object(path: Path) -> bool:
    """Whether the first line that is not blank is a JSON object."""
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(_LONGEST_LINE).removeprefix(codecs.BOM_UTF8), b"")
        first = next((line for line in lines if line.strip()), b"").lstrip()
    return first.startswith(b"{") and tables.is_object(decode(first))


def _kind_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "word/document.xml" in names:
                return DOCX
            if "ppt/presentation.xml" in names:
                return PPTX
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    declared = file.read(100).decode("ascii", errors="replace").strip()
                if declared in (ODT, EPUB):
                    return declared
    except zipfile.BadZipFile:
        raise CannotRead(
            stored("The file is damaged: it starts like a DOCX file but is incomplete.")
        ) from None
    return ARCHIVE


def _kind_of_text(start: str, suffix: str) -> str:
    kind = _SUFFIXES.get(suffix, PLAIN)
    head = start[:2000].lower()
    if kind in tables.KINDS:
        return kind
    if "<html" in head or "<!doctype html" in head:
        return HTML
    return kind


def decode(data: bytes, *, is_cut: bool = False) -> str:
    """Decode text by its byte order mark, or as UTF-8, or in the likeliest encoding.

    ``is_cut`` says that ``data`` is only the beginning of a file. Raises CannotRead.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        return _without_mark(data)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=not is_cut)
    except UnicodeDecodeError:
        patched = data.decode(errors="replace")
        letters = sum(character > "\x7f" for character in patched)
        # In other encodings, nearly all of these characters cannot be decoded as UTF-8.
        is_damaged_utf_8 = patched.count("\ufffd") * 4 < letters
        return patched if is_damaged_utf_8 else _by_likelihood(data)


def _by_likelihood(data: bytes) -> str:
    """Decode in the likeliest encoding, or in Windows-1252, the most common, if about as likely."""
    guesses = charset_normalizer.from_bytes(data)
    best = guesses.best()
    if best is None:
        raise CannotRead(
            stored("The encoding of this text is not known. %(upload)s", upload=_UPLOAD)
        )
    least = best.coherence - 0.05  # coherence is noise in short texts; chosen; nobody measured
    western = (guess for guess in guesses if "cp1252" in guess.could_be_from_charset)
    return str(next((guess for guess in western if guess.coherence >= least), best))


def _without_mark(data: bytes) -> str:
    """Decode UTF-16 without a byte order mark: in Latin text every other byte is zero."""
    for encoding, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if high.count(0) > len(high) / 2:
            return data.decode(encoding, errors="replace")
    raise CannotRead(stored("This is not a text file. %(upload)s", upload=_UPLOAD))


def _clean(text: str) -> str:
    """Use Unix line ends, and drop soft hyphens and NUL characters.

    PostgreSQL cannot store NUL characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").lstrip("\ufeff")
    return re.sub("\u00ad\n?", "", text)


def _joined(text: str) -> str:
    """Join words that are divided at line ends.

    The hyphen is kept if the text has the word elsewhere with the hyphen but not without it.
    """
    words = set(re.findall(r"\w+(?:-\w+)*", text.lower()))

    def join(match: "re.Match[str]") -> str:
        whole, hyphened = match[1] + match[2], f"{match[1]}-{match[2]}"
        is_one_word = whole.lower() in words or hyphened.lower() not in words
        return whole if is_one_word else hyphened

    return re.sub(r"(?<!\w)(\w{2,}+)-\n[ \t]*+([^\W\d_A-Z]\w+)", join, text)


def extraction() -> "ExtractionConfig":
    """Return the options for kreuzberg."""
    import kreuzberg

    return kreuzberg.ExtractionConfig(
        output_format="markdown",
        pages=kreuzberg.PageConfig(extract_pages=True),
        # Keep running heads: page_furniture leaves them out, and pages show what it left out.
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
        use_cache=False,  # otherwise a copy of every text stays under ~/.cache
    )


def _extract(data: bytes, media_type: str) -> Reading:
    import kreuzberg

    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, config=extraction())
    except kreuzberg.KreuzbergError as error:
        raise CannotRead(_sentence(str(error), media_type)) from error
    text = _clean(result.content)
    return Reading(text, media_type, _page_starts(text, _pages(result)))


def _sentence(error: str, media_type: str) -> str:
    kind = EXTRACTED[media_type]
    if "password" in error.lower():
        return stored(
            "The %(kind)s file is protected by a password. Save a copy without a password "
            "and upload that.",
            kind=kind,
        )
    return stored(
        "The %(kind)s file is damaged and cannot be read. Open it, save it again and "
        "upload the new copy.",
        kind=kind,
    )


def _pages(result: "ExtractionResult") -> list[str]:
    return [page["content"] for page in result.pages or []]


def _page_starts(text: str, pages: Sequence[str]) -> list[int]:
    """Return the offset in ``text`` of each page, found by the first letters of the page.

    Only letters and digits are compared, since Markdown and page text differ in marks and line
    ends. A page that cannot be found gets the offset of the page before it.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    before = list(itertools.accumulate((end - start for start, end in words), initial=0))
    letters = "".join(text[start:end] for start, end in words)
    starts: list[int] = []
    at = 0
    for page in pages:
        beginning = "".join(itertools.islice(filter(str.isalnum, page), BEGINNING))
        place = letters.find(beginning, at) if beginning else -1
        if place >= 0:
            word = bisect.bisect_right(before, place) - 1
            starts.append(_with_marks(text, words[word][0] + place - before[word]))
            at = place + len(beginning)
        else:
            starts.append(starts[-1] if starts else 0)
    return [0, *starts[1:]] if starts else []


def _with_marks(text: str, offset: int) -> int:
    """Return the start of the line if only marks, as of a heading, are before ``offset`` in it."""
    line = text.rfind("\n", 0, offset) + 1
    return offset if any(map(str.isalnum, text[line:offset])) else line
