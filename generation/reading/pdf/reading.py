"""Read PDF files: their text in reading order as Markdown, with its pages."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import CONTENTS, HIDDEN, RUNNING_HEAD
from generation.reading import file_types
from generation.reading.pdf import contents, layout, tagged
from generation.reading.pdf.assembling import assemble
from generation.reading.pdf.blocks import TEXT, Block, Style, size_of, style_of
from generation.reading.pdf.bullets import add_drawn_bullets
from generation.reading.pdf.columns import gutters_of, in_reading_order
from generation.reading.pdf.drawings import Drawings, drawings_of
from generation.reading.pdf.fields import add_written
from generation.reading.pdf.furniture import furniture_of
from generation.reading.pdf.grids import take_tables
from generation.reading.pdf.headings import Titles, outline_of, set_levels
from generation.reading.pdf.joining import joined
from generation.reading.pdf.lines import Line, lines_in_order, lines_of
from generation.reading.pdf.lists import set_depths
from generation.reading.pdf.notes import Labels, set_notes
from generation.reading.pdf.pictures import FEWEST_LETTERS, is_picture
from generation.reading.pdf.runs import PageText, text_of_page
from generation.reading.pdf.tags import Tag, tags_of
from generation.reading.readings import CannotRead, Choices, Reading
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

FEWEST_TAGS = 3  # on a page with tags; chosen
TAGGED_SHARE = 0.6  # of the pages with text that must have tags, or none are used; chosen


@dataclass(slots=True)
class _Page:
    """What is read of a page before the pages are compared."""

    text: PageText
    tags: dict[int, Tag] = field(default_factory=dict)
    is_picture: bool = False
    lines: list[Line] = field(default_factory=list)


def read_pdf(path: Path, choices: Choices) -> Reading:
    """Read a PDF file. Raises CannotRead."""
    pdf = _opened(path)
    try:
        pages = [_page(pdf, number) for number in range(len(pdf))]
        outline = outline_of(pdf)
    finally:
        pdf.close()
    blocks, labels = _blocks(pages, outline)
    assembled = assemble(blocks, len(pages), labels)
    pictures = [number for number, page in enumerate(pages, 1) if page.is_picture]
    return Reading(
        assembled.text,
        file_types.PDF,
        page_starts=assembled.page_starts,
        left_out=assembled.left_out,
        picture_pages=pictures,
        note=_note(pictures),
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
            raise CannotRead(
                stored(
                    "The %(kind)s file is protected by a password. Save a copy without a password "
                    "and upload that.",
                    kind="PDF",
                )
            ) from error
    raise CannotRead(
        stored(
            "The %(kind)s file is damaged and cannot be read. Open it, save it again and "
            "upload the new copy.",
            kind="PDF",
        )
    )


def _note(pictures: Sequence[int]) -> str:
    if not pictures:
        return ""
    if len(pictures) == 1:
        return stored("Page %(number)s is a picture, so its text is missing.", number=pictures[0])
    return stored(
        "Pages %(numbers)s are pictures, so their text is missing.",
        numbers=", ".join(map(str, pictures)),
    )


def _page(pdf: "PdfDocument", number: int) -> _Page:
    page = pdf[number]
    textpage = page.get_textpage()
    try:
        tags = tags_of(page)
        drawings = Drawings() if len(tags) >= FEWEST_TAGS else drawings_of(page)
        text = text_of_page(page, textpage, drawings)
        take_tables(text, drawings)
        add_drawn_bullets(text, drawings)
        add_written(page, pdf, text)
        letters = sum(len(run.text) for run in (*text.runs, *text.turned))
        return _Page(text, tags, letters < FEWEST_LETTERS and is_picture(page))
    finally:
        textpage.close()
        page.close()


def _blocks(pages: Sequence[_Page], outline: Mapping[int, Titles]) -> tuple[list[Block], Labels]:
    """Return the blocks of all pages in reading order, and the labels of their notes."""
    size = size_of(page.text for page in pages)
    gutters = gutters_of([page.text for page in pages], size)
    for number, (page, gutter) in enumerate(zip(pages, gutters, strict=True)):
        page.lines = in_reading_order(page.text.runs, number, gutter)
    style = style_of([page.lines for page in pages], size)
    reasons = furniture_of(
        [page.lines for page in pages], [page.text.height for page in pages], style.size
    )
    uses_tags = _are_tagged(pages)
    repeated = _repeated_turned(pages)
    blocks: list[Block] = []
    for number, page in enumerate(pages):
        titles = outline.get(number, {})
        blocks += _blocks_of_page(page, number, reasons, titles if not uses_tags else None, style)
        blocks += _beside(page, number, repeated)
    blocks = joined(blocks, style)
    labels = set_notes(blocks, style)
    set_levels(blocks)
    set_depths(blocks)
    return blocks, labels


def _are_tagged(pages: Sequence[_Page]) -> bool:
    """Whether most pages with text have tags."""
    with_text = [page for page in pages if page.text.runs]
    tagged_pages = sum(len(page.tags) >= FEWEST_TAGS for page in with_text)
    return tagged_pages > TAGGED_SHARE * len(with_text)


def _blocks_of_page(
    page: _Page, number: int, reasons: dict[int, str], titles: Titles | None, style: Style
) -> Iterator[Block]:
    """Yield the blocks of a page between its head and its foot; no titles if it has tags."""
    kept = [line for line in page.lines if id(line) not in reasons]
    left = [line for line in page.lines if id(line) in reasons]
    top = min((line.baseline for line in kept), default=0)
    yield from (Block(reasons[id(line)], [line]) for line in left if line.baseline < top)
    if titles is None:
        yield from tagged.blocks_by_tags(kept, page.tags, number)
    else:
        for is_contents, lines in contents.parts_of(kept):
            if is_contents:
                yield Block(CONTENTS, list(lines))
            else:
                yield from layout.blocks_of(lines, titles, style)
    yield from (Block(reasons[id(line)], [line]) for line in left if line.baseline >= top)


def _repeated_turned(pages: Sequence[_Page]) -> set[str]:
    """Return the turned texts that come on several pages, such as watermarks."""
    texts = Counter(text for page in pages for text in {run.text for run in page.text.turned})
    return {text for text, count in texts.items() if count > 2}


def _beside(page: _Page, number: int, repeated: set[str]) -> Iterator[Block]:
    """Yield the blocks of turned text and of text outside the visible part of a page."""
    for line in lines_in_order(page.text.turned, number):
        yield Block(RUNNING_HEAD if line.text in repeated else TEXT, [line])
    for line in lines_of(page.text.hidden, number):
        yield Block(HIDDEN, [line])
