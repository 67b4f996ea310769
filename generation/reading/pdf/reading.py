"""Read PDF files: their text in reading order as Markdown, with its pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generation.reading import file_types
from generation.reading.pdf import recognition
from generation.reading.pdf.assembling import assemble
from generation.reading.pdf.headings import outline_of
from generation.reading.pdf.pages import Page, blocks_of, read_page, set_lines
from generation.reading.readings import Choices, Reading, damaged, protected
from qareview.stored_sentences import joined, listed, stored

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument


def read_pdf(path: Path, choices: Choices) -> Reading:
    """Read a PDF file, and the text of its pictures if that is asked for. Raises CannotRead."""
    pdf = _opened(path)
    try:
        pages = [read_page(pdf, number) for number in range(len(pdf))]
        outline = outline_of(pdf)
        if all(page.is_damaged for page in pages):
            raise damaged("PDF")
        style = set_lines(pages)
        pictures = [page.number for page in pages if page.is_picture]
        recognised = _recognise(pdf, pages, pictures) if choices.ocr else {}
    finally:
        pdf.close()
    if recognised:
        style = set_lines(pages)
    blocks, labels = blocks_of(pages, outline, style)
    assembled = assemble(blocks, len(pages), labels)
    ocr_pages = [number + 1 for number, has_text in recognised.items() if has_text]
    return Reading(
        assembled.text,
        file_types.PDF,
        page_starts=assembled.page_starts,
        left_out=assembled.left_out,
        picture_pages=[number + 1 for number in pictures if number + 1 not in ocr_pages],
        ocr_pages=ocr_pages,
        note=_note(
            [page.number + 1 for page in pages if page.is_damaged],
            [number + 1 for number in pictures if number not in recognised],
            choices,
        ),
    )


def _opened(path: Path) -> "PdfDocument":
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
        if len(pdf):
            pdf.init_forms()
            return pdf
        pdf.close()
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise protected("PDF") from error
    raise damaged("PDF")


def _recognise(
    pdf: "PdfDocument", pages: Sequence[Page], pictures: Sequence[int]
) -> dict[int, bool]:
    """Recognise the text of pictures; return whether each has some, if there was time for it."""
    if not pictures or not recognition.is_installed():
        return {}
    texts = recognition.recognise(pdf, pictures)
    for number, text in texts.items():
        if text.runs:
            pages[number].text, pages[number].tags = text, {}
    return {number: bool(text.runs) for number, text in texts.items()}


def _note(damaged: Sequence[int], pictures: Sequence[int], choices: Choices) -> str:
    """Return what is missing; pages are counted from 1."""
    why = _why_unread() if pictures and choices.ocr else ""
    return joined([_of_damaged(damaged), _of_pictures(pictures), why])


def _of_damaged(pages: Sequence[int]) -> str:
    if len(pages) > 1:
        return stored("Pages %(pages)s are damaged, so their text is missing.", pages=listed(pages))
    missing = stored("Page %(page)s is damaged, so its text is missing.", page=listed(pages))
    return missing if pages else ""


def _of_pictures(pages: Sequence[int]) -> str:
    if len(pages) > 1:
        return stored(
            "Pages %(pages)s are pictures, so their text is missing.", pages=listed(pages)
        )
    missing = stored("Page %(page)s is a picture, so its text is missing.", page=listed(pages))
    return missing if pages else ""


def _why_unread() -> str:
    """Return why text was not recognised though that was asked for."""
    if not recognition.is_installed():
        return stored("Text recognition (OCR) is not installed. Run “make ocr” on the server.")
    return stored(
        "Text recognition (OCR) stopped after %(minutes)s minutes. Split the file to read the "
        "other pages.",
        minutes=recognition.MOST_SECONDS // 60,
    )
