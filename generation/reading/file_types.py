"""Tell the type of a file by its first bytes.

Its name only distinguishes types of text, such as Markdown and CSV.
"""

import codecs
import re
import zipfile
from itertools import chain, islice
from pathlib import Path

from generation.reading import old_office
from generation.reading.decoding import decode
from generation.reading.readings import UPLOAD, CannotRead
from generation.reading.zip_parts import ZIP_ERRORS
from qareview import tables
from qareview.stored_sentences import stored

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
WORKBOOKS = (XLSX, XLS, ODS)
RTF = "application/rtf"
MHTML = "multipart/related"
IPYNB = "application/x-ipynb+json"
HTML = "text/html"
MARKDOWN = "text/markdown"
RST = "text/x-rst"
PLAIN = "text/plain"
ARCHIVE = "application/zip"

_SUFFIXES = {
    **dict.fromkeys((".html", ".htm"), HTML),
    **dict.fromkeys((".md", ".markdown"), MARKDOWN),
    **dict.fromkeys((".rst", ".rest"), RST),
    **dict.fromkeys((".csv", ".tsv"), tables.CSV),
    **dict.fromkeys((".jsonl", ".ndjson"), tables.JSONL),
    ".json": tables.JSON,
}
# What may stand before the first element of a page, and the elements that only pages begin with.
# The quantifier never gives back: the ways to divide comments double with each of them.
_BEFORE_HTML = r"(?:\s|\ufeff|<!--.*?-->|<\?xml.*?\?>)*+"
_BEGINS_LIKE_HTML = re.compile(
    rf"{_BEFORE_HTML}<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL
)
_BEGINS_WITH_ELEMENT = re.compile(
    r"\s*<(?:title|meta|link|script|style|div|p|h[1-6]|table|[uod]l|article|section|main|header"
    r"|nav|center|span)(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_BEGINS_LIKE_SVG = re.compile(
    rf"{_BEFORE_HTML}(?:<!doctype\s+svg\b[^\[>]*(?:\[.*?\])?\s*>)?{_BEFORE_HTML}<svg[\s/>]",
    re.IGNORECASE | re.DOTALL,
)
_HEADER = re.compile(r"([A-Za-z][\w-]*):[ \t].*(?:\n[ \t].*)*\n?")
_OF_PROGRAMS = {"message-id", "mime-version", "received", "return-path"}  # no person writes these
_MAYBE_JSONL = ("", ".txt", ".json")  # suffixes of text that may be JSONL
_MAYBE_JSON = ("", ".txt")  # suffixes of text that is JSON if all of it can be read as JSON
_BEGINS_LIKE_JSON = re.compile(rb"\s*(?:\[\s*)?\{\s*[\"}]")
_LONGEST_LINE = 10_000_000  # bytes of a first line, parsed to find out; chosen; nobody measured
MOST_LINES = 10  # of a text that may be a table, compared with each other; chosen; nobody measured
PDF_WITHIN = 1024  # first bytes in which a PDF begins (PDF Reference 1.7, appendix H, note 13)
SHOWS_TYPE = 4096  # first bytes of a file that show its type; chosen; nobody measured

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # all four bytes, since a text may begin with “PK”
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_DECLARED = {  # types that a file of its own in the archive names
    **dict.fromkeys((ODT, f"{ODT}-template", f"{ODT}-web"), ODT),
    **dict.fromkeys((ODS, f"{ODS}-template"), ODS),
    EPUB: EPUB,
}
_MAIN_PARTS = {  # words in the type of an office file's main part, whatever its name is
    b"wordprocessingml.document.main": DOCX,
    b"wordprocessingml.template.main": DOCX,
    b"ms-word.document.macroEnabled.main": DOCX,
    b"ms-word.template.macroEnabledTemplate.main": DOCX,
    b"presentationml.presentation.main": PPTX,
    b"presentationml.slideshow.main": PPTX,
    b"ms-powerpoint.presentation.macroEnabled.main": PPTX,
    b"spreadsheetml.sheet.main": XLSX,
    b"ms-excel.sheet.macroEnabled.main": XLSX,
    b"ms-excel.sheet.binary.macroEnabled.main": XLSX,
}
_USUAL_PARTS = {"word/document.xml": DOCX, "ppt/presentation.xml": PPTX, "xl/workbook.xml": XLSX}
_LONGEST_TYPES = 1_000_000  # bytes read of the list of parts; chosen; nobody measured
_PARQUET = b"PAR1"
_RTF = b"{\\rtf"
_SAVED_PAGE = re.compile(
    rb"\A(?:[\w-]+:[^\n]*\n|[ \t][^\n]*\n)*Content-Type:\s*multipart/related", re.IGNORECASE
)
_NOTEBOOK = re.compile(rb'"cell_type":\s*"(?:markdown|code|raw)"|"nbformat":\s*\d')
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


def media_type_of(path: Path, name: str) -> str:
    """Return the media type of a file. Raises CannotRead for a type that cannot be read."""
    with path.open("rb") as file:
        start = file.read(SHOWS_TYPE)
    if not start.strip():
        raise CannotRead(stored("The file is empty."))
    suffix = Path(name).suffix.lower()
    if kind := _kind_of_bytes(start, path, suffix):
        return kind
    if kind := _kind_of_json(path, suffix):
        return kind
    text = decode(start, is_cut=True)
    _refuse_mail(text, suffix)
    return _kind_of_text(text, suffix)


def _kind_of_bytes(start: bytes, path: Path, suffix: str) -> str:
    """Return the type of a file if its first bytes show it, or "". Raises CannotRead."""
    if re.search(rb"^%PDF-\d", start[:PDF_WITHIN], re.MULTILINE):
        return PDF
    if start.startswith(_ZIP):
        return _kind_of_archive(path)
    if start.startswith(_OLE) and old_office.is_workbook(path, suffix):
        return XLS
    _refuse_foreign(start)
    is_notebook = suffix == ".ipynb" or (
        start.lstrip().startswith(b"{") and _NOTEBOOK.search(start)
    )
    shown = {
        tables.PARQUET: start.startswith(_PARQUET),
        RTF: start.startswith(_RTF),
        MHTML: suffix != ".eml" and _SAVED_PAGE.match(start),
        IPYNB: is_notebook,
    }
    return next((kind for kind, is_shown in shown.items() if is_shown), "")


def _refuse_foreign(start: bytes) -> None:
    """Raise CannotRead if the first bytes of a file show a type that cannot be read."""
    for signature, kind in _FOREIGN.items():
        if start.startswith(signature):
            raise _foreign(kind)


def _foreign(kind: str) -> CannotRead:
    return CannotRead(
        stored("This file is %(kind)s, which cannot be read. %(upload)s", kind=kind, upload=UPLOAD)
    )


def _refuse_mail(start: str, suffix: str) -> None:
    """Raise CannotRead for an e-mail as programs store it; one copied as text is text."""
    names = _header_names(start)
    is_stored = suffix == ".eml" or (suffix in ("", ".txt") and _OF_PROGRAMS & names)
    if is_stored and "from" in names and names & {"date", "subject"}:
        raise CannotRead(
            stored(
                "This file is an e-mail, which cannot be read. Upload its text as a text file, and "
                "its attachments as files of their own."
            )
        )


def _header_names(start: str) -> set[str]:
    """Return the names of the headers with which a text begins, in lower case."""
    start = re.sub(r"\r\n?", "\n", start)
    names, at = set(), 0
    while header := _HEADER.match(start, at):
        names.add(header[1].lower())
        at = header.end()
    return names


def _kind_of_json(path: Path, suffix: str) -> str:
    """Return the kind of JSON that a file is by its content, or ""."""
    if suffix in _MAYBE_JSONL and _begins_with_objects(path, 2 if suffix == ".json" else 1):
        return tables.JSONL
    return tables.JSON if suffix in _MAYBE_JSON and _is_json(path) else ""


def _is_json(path: Path) -> bool:
    """Whether a whole file is a JSON object, or a list of objects, over several lines."""
    with path.open("rb") as file:
        start = file.read(SHOWS_TYPE).removeprefix(codecs.BOM_UTF8)
    return bool(_BEGINS_LIKE_JSON.match(start)) and tables.is_json(decode(path.read_bytes()))


def _begins_with_objects(path: Path, least: int) -> bool:
    """Whether the first lines that are not blank, of which there are enough, are JSON objects."""
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(_LONGEST_LINE).removeprefix(codecs.BOM_UTF8), b"")
        first = list(islice((line.strip() for line in lines if line.strip()), least))
    return len(first) == least and all(
        line.startswith(b"{") and tables.is_object(decode(line)) for line in first
    )


def _kind_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            types = _beginning(archive, "[Content_Types].xml")
            named = (kind for name, kind in _USUAL_PARTS.items() if name in archive.namelist())
            typed = (kind for main, kind in _MAIN_PARTS.items() if main in types)
            office = next(chain(typed, named), "")
            is_book = "META-INF/container.xml" in archive.namelist()
            declared = _beginning(archive, "mimetype").decode("ascii", errors="replace").strip()
    except (*ZIP_ERRORS, RuntimeError):  # RuntimeError if it is encrypted
        raise CannotRead(
            stored("The file is damaged: it starts like a DOCX file but is incomplete.")
        ) from None
    if kind := office or _DECLARED.get(declared):
        return kind
    if is_book:
        return EPUB  # some books lack the file "mimetype"
    if declared.startswith(_OPEN_DOCUMENT):
        raise CannotRead(
            stored("This kind of OpenDocument file cannot be read. %(upload)s", upload=UPLOAD)
        )
    return ARCHIVE


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the first bytes of a file in an archive; none if it is not there."""
    if name not in archive.namelist():
        return b""
    with archive.open(name) as file:
        return file.read(_LONGEST_TYPES)


def _kind_of_text(start: str, suffix: str) -> str:
    """Return the kind of a text by its suffix, or HTML if it begins like a page.

    A text that only mentions “<html” is no page. Raises CannotRead for drawings and other XML.
    """
    kind = _SUFFIXES.get(suffix, PLAIN)
    if kind in tables.KINDS or kind == HTML:
        return kind
    if _BEGINS_LIKE_HTML.match(start) or (kind == PLAIN and _BEGINS_WITH_ELEMENT.match(start)):
        return HTML
    if kind == PLAIN and _BEGINS_LIKE_SVG.match(start):
        raise _foreign(stored("an SVG image"))
    if kind == PLAIN and start.lstrip().startswith("<?xml"):
        raise CannotRead(
            stored(
                "This is an XML file, and only the program that wrote it knows what its elements "
                "mean. Save its text as HTML or Markdown, or its records as CSV or JSONL."
            )
        )
    return tables.CSV if kind == PLAIN and _is_divided_by_tabs(start) else kind


def _is_divided_by_tabs(start: str) -> bool:
    """Whether each line of a text has as many tabs, of which a table of three columns has two."""
    lines = start.rstrip("\r\n").splitlines()[:MOST_LINES]
    tabs = {line.count("\t") for line in lines}
    return len(lines) > 1 and len(tabs) == 1 and tabs.pop() > 1 and not lines[0].startswith("\t")
