"""A file becomes text: Markdown with its headings, and where in it each page starts.

What a file is shows in its first bytes; its name only tells apart kinds of text, such as Markdown
and CSV. A table becomes the text of its contexts, once it is known which column holds them.
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

from generation.passages.page_furniture import Range, furniture
from generation.reading import table_columns, webpages
from qareview import tables
from qareview.stored import stored

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
_ANY_TEXT = ("", ".txt", ".json")  # what text may be called that is JSONL all the same
_LONGEST = 10_000_000  # bytes of a line that is looked into to find out

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # more than two letters: a text may begin with PKI
_PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0"  # Word before 2007, and a DOCX under a password
_FOREIGN = {
    b"\xff\xd8\xff": stored("a JPEG picture"),
    b"\x89PNG": stored("a PNG picture"),
    b"GIF8": stored("a GIF picture"),
    b"RIFF": stored("a media file"),
    b"\x1f\x8b": stored("a gzip archive"),
    b"Rar!": stored("a RAR archive"),
    b"7z\xbc\xaf": stored("a 7-Zip archive"),
    b"\x7fELF": stored("a program"),
    b"MZ\x90": stored("a program"),
}
_WORD = re.compile(r"[^\W_]+")  # of what str.isalnum() says yes to
READABLE = stored(
    "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, EPUB, "
    "tables as CSV, JSONL or Parquet, or a ZIP of such"
)
_UPLOAD = stored("Upload %(readable)s.", readable=READABLE)


class CannotRead(Exception):
    """The file gives no text; the message says why and what to do."""


@dataclass(frozen=True)
class Reading:
    """The text of a file; ``page_starts``: an offset into ``text`` per page, if it has pages.

    ``furniture`` are ranges of the text that stand there for the pages' sake, with the reason.
    Of a table there are, until its columns are chosen, what :func:`columns.survey` found and no
    text; then the rows and the note of :class:`columns.Taken`.
    """

    text: str
    media_type: str
    page_starts: list[int] = field(default_factory=list)
    furniture: list[Range] = field(default_factory=list)
    survey: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""


def read(path: Path, name: str, chosen: Mapping[str, str] | None = None) -> Reading:
    """Read the file at ``path``, uploaded under ``name``; an archive has no text of its own.

    ``chosen`` are the columns to take of a table, by their roles. Raises CannotRead.
    """
    media_type = media_type_of(path, name)
    if media_type in tables.KINDS:
        return _read_table(path, media_type, chosen or {})
    if media_type == ARCHIVE:
        return Reading("", ARCHIVE)  # to be unpacked
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
            stored("No text found; run OCR first. The pages seem to be pictures of text.")
            if media_type == PDF
            else stored("No text was found in this file.")
        )
    return replace(reading, furniture=furniture(reading.text, reading.page_starts))


def load_libraries() -> None:
    """Load what reading needs, so that it need not be loaded again after a fork.

    No PDF or office file is read for it, since that starts threads.
    """
    import kreuzberg  # noqa: F401
    import trafilatura

    trafilatura.extract("<html><body><p>It loads some of its parts only when used.</p></body>")


def _read_table(path: Path, media_type: str, chosen: Mapping[str, str]) -> Reading:
    try:
        table = _table(path, media_type)
        wrong = table_columns.objection(chosen, table.columns) if chosen else ""
        if wrong or not chosen:
            return Reading("", media_type, survey=table_columns.survey(table), note=wrong)
        taken = table_columns.take(table, chosen)
    except tables.BadTable as reason:
        raise CannotRead(str(reason)) from reason
    return Reading(taken.text, media_type, rows=taken.rows, note=taken.note)


def _table(path: Path, media_type: str) -> tables.Table:
    if media_type == tables.PARQUET:
        return tables.from_parquet(path)
    text = decode(path.read_bytes())
    return tables.from_csv(text) if media_type == tables.CSV else tables.from_jsonl(text)


def media_type_of(path: Path, name: str) -> str:
    """Return what kind of file this is. Raises CannotRead for a kind that cannot be read."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise CannotRead(stored("The file is empty."))
    if re.search(rb"^%PDF-\d", start[:1024], re.MULTILINE):
        return PDF
    if start.startswith(_ZIP):
        return _kind_of_archive(path)
    if start.startswith(_PARQUET):
        return tables.PARQUET
    if start.startswith(_OLE):
        raise CannotRead(
            stored(
                "This is a Word file under a password or of the old .doc kind. "
                "Save it as .docx without a password."
            )
        )
    for signature, kind in _FOREIGN.items():
        if start.startswith(signature):
            raise CannotRead(
                stored(
                    "This is %(kind)s, whatever its name says. %(upload)s",
                    kind=kind,
                    upload=_UPLOAD,
                )
            )
    suffix = Path(name).suffix.lower()
    is_of_objects = suffix in _ANY_TEXT and _begins_with_object(path)
    return tables.JSONL if is_of_objects else _kind_of_text(decode(start, is_cut=True), suffix)


def _begins_with_object(path: Path) -> bool:
    """Whether the first line that is not blank is a JSON object."""
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(_LONGEST).removeprefix(codecs.BOM_UTF8), b"")
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
            stored("The file is damaged: it starts like a DOCX and then breaks off.")
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
    """Decode text of any common encoding: by its byte order mark, as UTF-8, else by likelihood.

    ``is_cut`` says that data are the beginning of something longer. Raises CannotRead.
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
        is_damaged_utf_8 = patched.count("\ufffd") * 4 < letters  # other encodings: nearly all
        return patched if is_damaged_utf_8 else _by_likelihood(data)


def _by_likelihood(data: bytes) -> str:
    """Decode by the best guess; Windows-1252, the most common, where it is about as good."""
    guesses = charset_normalizer.from_bytes(data)
    best = guesses.best()
    if best is None:
        raise CannotRead(
            stored("This is not text in any encoding known. %(upload)s", upload=_UPLOAD)
        )
    least = best.coherence - 0.05  # its coherence with a language says little in short texts
    western = (guess for guess in guesses if "cp1252" in guess.could_be_from_charset)
    return str(next((guess for guess in western if guess.coherence >= least), best))


def _without_mark(data: bytes) -> str:
    """Decode UTF-16 without a byte order mark: in Latin text every other byte is zero."""
    for encoding, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if high.count(0) > len(high) / 2:
            return data.decode(encoding, errors="replace")
    raise CannotRead(stored("This is not a text file. %(upload)s", upload=_UPLOAD))


def _clean(text: str) -> str:
    """Use one kind of line end, and drop soft hyphens and NUL, which PostgreSQL cannot store."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").lstrip("\ufeff")
    return re.sub("\u00ad\n?", "", text)


def _joined(text: str) -> str:
    """Join words that are broken at line ends.

    The hyphen stays where the text has the word with it elsewhere, and not the word without.
    """
    words = set(re.findall(r"\w+(?:-\w+)*", text.lower()))

    def join(match: "re.Match[str]") -> str:
        whole, hyphened = match[1] + match[2], f"{match[1]}-{match[2]}"
        is_one_word = whole.lower() in words or hyphened.lower() not in words
        return whole if is_one_word else hyphened

    return re.sub(r"(?<!\w)(\w{2,}+)-\n[ \t]*+([^\W\d_A-Z]\w+)", join, text)


def extraction() -> "ExtractionConfig":
    """Return how kreuzberg is asked to extract."""
    import kreuzberg

    return kreuzberg.ExtractionConfig(
        output_format="markdown",
        pages=kreuzberg.PageConfig(extract_pages=True),
        # running heads are left out by ourselves, where it can be seen
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
        use_cache=False,  # else the text of every document stays under ~/.cache as well
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
            "The %(kind)s is protected by a password. Save a copy without one and upload that.",
            kind=kind,
        )
    return stored(
        "The %(kind)s is damaged and cannot be read. Open it, save it anew and upload that.",
        kind=kind,
    )


def _pages(result: "ExtractionResult") -> list[str]:
    return [page["content"] for page in result.pages or []]


def _page_starts(text: str, pages: Sequence[str]) -> list[int]:
    """Return where in ``text`` each page starts, found by the letters the page begins with.

    Markdown and page text differ in marks and line ends, so letters and digits alone are
    compared. A page that is not found starts where the one before it did.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    before = list(itertools.accumulate((end - start for start, end in words), initial=0))
    letters = "".join(text[start:end] for start, end in words)
    starts: list[int] = []
    at = 0
    for page in pages:
        beginning = "".join(itertools.islice(filter(str.isalnum, page), 60))
        found = letters.find(beginning, at) if beginning else -1
        if found >= 0:
            word = bisect.bisect_right(before, found) - 1
            starts.append(_with_marks(text, words[word][0] + found - before[word]))
            at = found + len(beginning)
        else:
            starts.append(starts[-1] if starts else 0)
    return [0, *starts[1:]] if starts else []


def _with_marks(text: str, offset: int) -> int:
    """Return where the line starts if only marks, such as those of a heading, stand before."""
    line = text.rfind("\n", 0, offset) + 1
    return offset if any(map(str.isalnum, text[line:offset])) else line
