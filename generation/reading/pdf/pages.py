"""What is read of each page, and the blocks that the pages of a document have together."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generation.passages.left_out import CONTENTS, HIDDEN, RUNNING_HEAD
from generation.reading.pdf import contents, layout, tagged
from generation.reading.pdf.blocks import TEXT, Block, Style, size_of, style_of
from generation.reading.pdf.bullets import add_drawn_bullets
from generation.reading.pdf.columns import gutters_of, in_reading_order
from generation.reading.pdf.drawings import Drawings, drawings_of
from generation.reading.pdf.fields import add_written
from generation.reading.pdf.furniture import furniture_of
from generation.reading.pdf.grids import take_tables
from generation.reading.pdf.headings import Titles, set_levels
from generation.reading.pdf.joining import joined
from generation.reading.pdf.lines import Line, lines_in_order, lines_of, mark_cut_words
from generation.reading.pdf.lists import set_depths
from generation.reading.pdf.notes import Labels, set_notes
from generation.reading.pdf.pictures import is_picture
from generation.reading.pdf.runs import PageText, text_of_page
from generation.reading.pdf.tags import Tag, tags_of

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

FEWEST_TAGS = 3  # on a page with tags; chosen
TAGGED_SHARE = 0.6  # of the pages with text that must have tags, or none are used; chosen
FEWEST_LETTERS = 4  # a page with fewer has no text; chosen
MOST_BESIDE = 200  # letters of a head and a foot beside a picture; chosen
FEWEST_PAGES = 3  # on which a turned text, such as a watermark, comes again; chosen


@dataclass(slots=True)
class Page:
    """What is read of a page before the pages are compared."""

    number: int  # from 0
    text: PageText
    tags: dict[int, Tag] = field(default_factory=dict)
    shows_picture: bool = False  # looked for where there is little text
    is_damaged: bool = False  # so that it has no text
    lines: list[Line] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)  # to leave lines out, by their ids

    @property
    def is_picture(self) -> bool:
        """Whether it shows something but has no text except for a head and a foot."""
        letters = sum(len(run.text) for run in self.text.turned)
        letters += sum(len(line.text) for line in self.lines if id(line) not in self.reasons)
        return self.shows_picture and letters < FEWEST_LETTERS


def read_page(pdf: "PdfDocument", number: int) -> Page:
    """Read a page of a document; ``number`` counts from 0."""
    import pypdfium2

    try:
        page = pdf[number]
    except pypdfium2.PdfiumError:
        return Page(number, PageText(0, 0, []), is_damaged=True)
    textpage = page.get_textpage()
    try:
        tags = tags_of(page)
        drawings = Drawings() if len(tags) >= FEWEST_TAGS else drawings_of(page)
        text = text_of_page(page, textpage, drawings)
        take_tables(text, drawings)
        add_drawn_bullets(text, drawings)
        add_written(page, pdf, text)
        letters = sum(len(run.text) for run in (*text.runs, *text.turned))
        return Page(number, text, tags, letters < MOST_BESIDE and is_picture(page))
    finally:
        textpage.close()
        page.close()


def set_lines(pages: Sequence[Page]) -> Style:
    """Set the lines of pages and the reasons to leave some out; return how most text is set."""
    size = size_of(page.text for page in pages)
    gutters = gutters_of([page.text for page in pages], size)
    for page, of_page in zip(pages, gutters, strict=True):
        page.lines = in_reading_order(page.text.runs, page.number, of_page)
    lines = [page.lines for page in pages]
    mark_cut_words([line for of_page in lines for line in of_page])
    style = style_of(lines, size)
    reasons = furniture_of(lines, [page.text.height for page in pages], style.size)
    for page in pages:
        page.reasons = reasons
    return style


def blocks_of(
    pages: Sequence[Page], outline: Mapping[int, Titles], style: Style
) -> tuple[list[Block], Labels]:
    """Return the blocks of all pages in reading order, and the labels of their notes."""
    uses_tags = _are_tagged(pages)
    repeated = _repeated_turned(pages)
    blocks: list[Block] = []
    for page in pages:
        titles = None if uses_tags and page.tags else outline.get(page.number, {})
        blocks += _blocks_of_page(page, titles, style)
        blocks += _beside(page, repeated)
    contents.take_titles(blocks)
    blocks = joined(blocks, style)
    labels = set_notes(blocks, style)
    set_levels(blocks)
    set_depths(blocks)
    return blocks, labels


def _are_tagged(pages: Sequence[Page]) -> bool:
    """Whether most pages with text have tags."""
    with_text = [page for page in pages if page.text.runs]
    tagged_pages = sum(len(page.tags) >= FEWEST_TAGS for page in with_text)
    return tagged_pages > TAGGED_SHARE * len(with_text)


def _blocks_of_page(page: Page, titles: Titles | None, style: Style) -> Iterator[Block]:
    """Yield the blocks of a page between its head and its foot; no titles if it has tags."""
    kept = [line for line in page.lines if id(line) not in page.reasons]
    left = [line for line in page.lines if id(line) in page.reasons]
    top = min((line.baseline for line in kept), default=0)
    yield from (Block(page.reasons[id(line)], [line]) for line in left if line.baseline < top)
    if titles is None:
        yield from tagged.blocks_by_tags(kept, page.tags, page.number)
    else:
        for is_contents, lines in contents.parts_of(kept):
            if is_contents:
                yield Block(CONTENTS, list(lines))
            else:
                yield from layout.blocks_of(lines, titles, style)
    yield from (Block(page.reasons[id(line)], [line]) for line in left if line.baseline >= top)


def _repeated_turned(pages: Sequence[Page]) -> set[str]:
    """Return the turned texts that come on several pages, such as watermarks."""
    texts = Counter(text for page in pages for text in {run.text for run in page.text.turned})
    return {text for text, count in texts.items() if count >= FEWEST_PAGES}


def _beside(page: Page, repeated: set[str]) -> Iterator[Block]:
    """Yield the blocks of turned text and of text outside the visible part of a page."""
    for line in lines_in_order(page.text.turned, page.number):
        yield Block(RUNNING_HEAD if line.text in repeated else TEXT, [line])
    if hidden := lines_of(page.text.hidden, page.number):
        yield Block(HIDDEN, hidden)
