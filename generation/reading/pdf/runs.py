"""The text of a page as runs: pieces of a line in one font, with their places.

The origin is the upper left corner of the visible part of the page, which is turned so that most of
its text runs from left to right.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generation.reading.pdf.characters import ASKEW, Box, PageCharacters, Word, in_frame
from generation.reading.pdf.drawings import Drawings
from generation.reading.pdf.fonts import Font

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

HYPHEN = "\u00ad"  # what the hyphen at a line end becomes; PDFium has U+FFFE for it
HYPHENS = f"-{HYPHEN}\u2010"  # that divide a word at a line end
WIDEST_BLANK = 0.75  # of the font size, between words of a run; chosen; nobody measured
FIXED_BLANK = 0.9  # the same in a fixed-width font, whose blank is 0.6 wide; chosen
NARROWEST_BLANK = 0.25  # a wider gap is a blank even if PDFium sees none; chosen
ABOVE_BASELINE, BELOW_BASELINE = 0.75, 0.25  # of the font size, that letters take up; chosen
_LIGATURES = re.compile("[\ufb00-\ufb06\u210e\U0001d400-\U0001d7ff]")  # and slanted variables
_HALVES = re.compile("[\ud800-\udfff]")  # of characters beyond U+FFFF
_REPLACED = str.maketrans(
    {
        **dict.fromkeys(map(chr, range(32)), ""),
        **dict.fromkeys("\ue000\ue001", ""),  # in lines, these stand around the numbers of notes
        "\ufffe": HYPHEN,
        "\x02": HYPHEN,  # what some versions of PDFium have
        **dict.fromkeys("\uf0b7\uf0a7\uf06e\uf0d8\uf02d", "•"),  # bullets of Symbol and Wingdings
    }
)


@dataclass(slots=True)
class Run:
    """Text in one font on one baseline."""

    text: str
    left: float
    right: float
    baseline: float  # from the upper edge of the page
    size: float
    font: Font
    tag: int = -1  # number of the marked content that it stands in, -1 if in none
    quarter: int = 0  # how many quarter turns the text is turned to the left
    table: list[list[str]] | None = None  # cells, if the run stands for a table with rules
    is_before_blank: bool = False
    cuts_word: bool = False  # if a line ends with it, the next line goes on with its last word

    @property
    def top(self) -> float:
        """Upper edge of letters without accents."""
        return self.baseline - ABOVE_BASELINE * self.size

    @property
    def bottom(self) -> float:
        """Lower edge of letters such as "g"."""
        return self.baseline + BELOW_BASELINE * self.size


@dataclass(slots=True)
class PageText:
    """The runs of a page in the order of the file."""

    width: float
    height: float
    runs: list[Run]
    turned: list[Run] = field(default_factory=list)  # not in the direction of most of the text
    hidden: list[Run] = field(default_factory=list)  # outside the visible part of the page
    quarter: int = 0  # how many quarter turns it is turned
    corner: tuple[float, float] = (0, 0)  # its upper left corner in PDFium's frame, once turned


def text_of_page(page: "PdfPage", textpage: "PdfTextPage", drawings: Drawings) -> PageText:
    """Return the text of a page; the rules of tables divide runs."""
    characters = PageCharacters(textpage)
    runs = list(_runs(characters.words(), drawings))
    fixed = characters.fixed_fonts()
    quarter = _main_quarter(runs, page.get_rotation() // 90)
    left, bottom, right, top = in_frame(_visible_box(page), quarter)
    for run in runs:
        run.text = _cleaned(run.text)
        if run.font in fixed:
            run.font = run.font._replace(is_fixed=True)
        run.left, run.right, run.baseline = run.left - left, run.right - left, top - run.baseline
    text = PageText(right - left, top - bottom, [], quarter=quarter, corner=(left, top))
    for run in filter(lambda run: run.text, runs):
        if run.quarter != quarter:
            text.turned.append(run)
        else:
            (text.runs if _is_visible(run, text) else text.hidden).append(run)
    return text


def place_on(page: PageText, box: Box) -> Box:
    """Return left, top, right and bottom on a page of a box in PDFium's frame."""
    left, bottom, right, top = in_frame(box, page.quarter)
    return (
        left - page.corner[0],
        page.corner[1] - top,
        right - page.corner[0],
        page.corner[1] - bottom,
    )


def _main_quarter(runs: Iterable[Run], otherwise: int) -> int:
    """Return how often most of the text is turned by a quarter."""
    letters: Counter[int] = Counter()
    for run in runs:
        letters[run.quarter] += len(run.text)
    letters.pop(ASKEW, None)
    return letters.most_common(1)[0][0] if letters else otherwise


def _is_visible(run: Run, page: PageText) -> bool:
    is_beside = run.right <= 0 or run.left >= page.width
    return not is_beside and run.bottom > 0 and run.top < page.height


def _visible_box(page: "PdfPage") -> Box:
    left, bottom, right, top = page.get_cropbox()
    outer = page.get_mediabox()
    return max(left, outer[0]), max(bottom, outer[1]), min(right, outer[2]), min(top, outer[3])


def _cleaned(text: str) -> str:
    """Return text with letters for ligatures, bullets for those of symbol fonts, no controls."""
    text = text.translate(_REPLACED)
    if _HALVES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _runs(words: Iterable[Word], drawings: Drawings) -> Iterator[Run]:
    """Join words that stand beside each other in one font."""
    run: Run | None = None
    for word in words:
        if run is not None and _goes_on(run, word) and not _is_divided(run, word, drawings):
            gap = word.left - run.right
            blank = " " if word.is_after_blank or gap > NARROWEST_BLANK * run.size else ""
            run.text += blank + word.text
            run.right = max(run.right, word.right)
            run.is_before_blank = word.is_before_blank
            continue
        if run is not None:
            yield run
        size, quarter, font, tag, baseline = word.style
        run = Run(word.text, word.left, word.right, baseline, size, font, tag, quarter)
        run.is_before_blank = word.is_before_blank
    if run is not None:
        yield run


def _is_divided(run: Run, word: Word, drawings: Drawings) -> bool:
    if not drawings.vertical or run.quarter:
        return False
    return drawings.divides(run.right, word.left, run.baseline)


def _goes_on(run: Run, word: Word) -> bool:
    size, quarter, font, tag, baseline = word.style
    if run.font is not font or run.size != size or run.tag != tag or run.quarter != quarter:
        return False
    if abs(run.baseline - baseline) > 0.1 * size:
        return False
    widest = FIXED_BLANK if font.is_fixed else WIDEST_BLANK
    return -0.3 * size < word.left - run.right < widest * size
