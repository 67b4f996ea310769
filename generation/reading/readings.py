"""What a reader returns of a file, what people may choose about it, and why there is no text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.passages.left_out import LeftOut
from qareview.stored_sentences import stored

READABLE = stored(
    "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, RTF, EPUB, Jupyter "
    "notebooks, tables (XLSX, XLS, ODS, CSV, JSON, JSONL or Parquet), or a ZIP archive of "
    "these files"
)
UPLOAD = stored("Upload %(readable)s.", readable=READABLE)

# How much of a web page is its text, or of a workbook.
WHOLE_PAGE = "whole page"  # all but its menus
CONTENT = "content"  # all but its menus and what stands beside the content, such as a footer
MAIN_TEXT = "main text"  # the article among menus, advertising and comments
ALL_SHEETS = "all sheets"  # of a workbook, as text: no columns are chosen


class CannotRead(Exception):
    """The file gives no text; the message says why and what to do."""


class CannotReadNow(CannotRead):
    """The file may give text another time; the message says what to change until then."""


def damaged(kind: str) -> CannotRead:
    """Return the error for a file of a kind, such as "DOCX", that is damaged."""
    return CannotRead(
        stored(
            "The %(kind)s file is damaged and cannot be read. Open it, save it again and "
            "upload the new copy.",
            kind=kind,
        )
    )


def protected(kind: str) -> CannotRead:
    """Return the error for a file of a kind, such as "PDF", that needs a password."""
    return CannotRead(
        stored(
            "The %(kind)s file is protected by a password. Save a copy without a password "
            "and upload that.",
            kind=kind,
        )
    )


@dataclass(frozen=True)
class Choices:
    """What people chose for a file.

    ``columns`` maps roles to the columns of a table. ``extent`` is WHOLE_PAGE, CONTENT or MAIN_TEXT
    for a web page, ALL_SHEETS for a workbook, or "" if the reader is to decide. ``ocr`` is true if
    text is to be recognised on pages that are pictures.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    extent: str = ""
    ocr: bool = False


@dataclass(frozen=True)
class Reading:
    """The text of a file.

    ``text`` has all that a person sees in the file. ``left_out`` has the ranges of it that are in
    no passage, such as menus and running heads, in ascending order without overlap. ``page_starts``
    has the offset of each page in ``text``, if there are pages; ``picture_pages`` the numbers, from
    1, of the pages that are only pictures, and ``ocr_pages`` of those whose text was recognised.
    ``metadata`` has what the file says of itself, such as "title" and "author". ``extent`` says how
    much of a web page or a workbook was taken (see :class:`Choices`). ``note`` says what could not
    be read.

    Until its columns are chosen, a table has no text but a ``survey`` (see
    :func:`table_columns.survey`); after that, it has the ``rows`` and the ``note`` of
    :class:`table_columns.ImportedRows`. What else the file says is left out behind its contexts.
    """

    text: str
    media_type: str
    page_starts: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    picture_pages: list[int] = field(default_factory=list)
    ocr_pages: list[int] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    extent: str = ""
    survey: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
