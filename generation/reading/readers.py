"""Read a file as text: Markdown with its headings, and the offsets at which pages start.

The text of a table is that of its contexts, once a column has been chosen for them.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from generation.passages.page_furniture import furniture
from generation.reading import file_types, text_files
from generation.reading.office import (
    docx_files,
    notebooks,
    odt_files,
    rst_files,
    rtf_files,
    slides,
)
from generation.reading.pdf import reading as pdf_files
from generation.reading.readings import CannotRead, Choices, Reading
from generation.reading.tables import sheets, table_files
from generation.reading.web import epubs, saved_pages, webpages
from qareview import tables
from qareview.stored_sentences import stored

Reader = Callable[[Path, Choices], Reading]
READERS: dict[str, Reader] = {
    file_types.HTML: webpages.read_page,
    file_types.MHTML: saved_pages.read_saved_page,
    file_types.EPUB: epubs.read_epub,
    file_types.MARKDOWN: text_files.read_markdown,
    file_types.PLAIN: text_files.read_plain_text,
    file_types.DOCX: docx_files.read_docx,
    file_types.IPYNB: notebooks.read_notebook,
    file_types.RTF: rtf_files.read_rtf,
    file_types.ODT: odt_files.read_odt,
    file_types.RST: rst_files.read_rst,
    file_types.PDF: pdf_files.read_pdf,
    file_types.PPTX: slides.read_slides,
}


def read_file(path: Path, name: str, choices: Choices | None = None) -> Reading:
    """Read the file at ``path``, uploaded as ``name``; the text of an archive is empty.

    Raises CannotRead.
    """
    choices = choices or Choices()
    media_type = file_types.media_type_of(path, name)
    if media_type in tables.KINDS:
        return table_files.read_table(path, media_type, choices)
    if media_type in file_types.WORKBOOKS:
        return sheets.read_workbook(path, media_type, choices)
    if media_type == file_types.ARCHIVE:
        return Reading("", media_type)  # the caller unpacks it
    reading = READERS[media_type](path, choices)
    if not reading.text.strip() and not reading.picture_pages:
        raise CannotRead(stored("No text was found in this file."))
    if reading.left_out or media_type in (file_types.PDF, file_types.PPTX):
        return reading
    return replace(reading, left_out=furniture(reading.text, reading.page_starts))


def load_libraries() -> None:
    """Load the libraries that reading needs, so that the first file is read as fast as others."""
    import html_to_markdown  # noqa: F401
    import pypdfium2  # noqa: F401
    import trafilatura

    trafilatura.extract("<html><body><p>It loads some of its parts only when used.</p></body>")
