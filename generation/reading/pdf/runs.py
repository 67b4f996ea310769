"""The text of a page as runs: pieces of a line in one font, with their places.

PDFium gives characters in the order of the file. Coordinates are in points; here, their origin is
the upper left corner of the page, turned so that most of its text runs from left to right.
"""

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from generation.reading.pdf.fonts import Font, font_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

HYPHEN = "\u00ad"  # PDFium marks hyphens at line ends with U+FFFE, which is no character
WIDEST_BLANK = 0.75  # of the font size, between words of a run; chosen; nobody measured
FIXED_BLANK = 0.9  # the same in a fixed-width font, whose blank is 0.6 wide; chosen
NARROWEST_BLANK = 0.25  # a wider gap is a blank even if PDFium sees none; chosen
ARABIC = re.compile("[\u0600-\u08ff\ufb50-\ufefc]")
_HALVES = re.compile("[\ud800-\udfff]")  # of characters beyond U+FFFF
_LIGATURES = re.compile("[\ufb00-\ufb06]")
_REPLACED = str.maketrans(
    {
        "\ufffe": HYPHEN,
        "\x02": HYPHEN,  # what some versions of PDFium write for the same hyphen
        "\u00a0": " ",
        **dict.fromkeys("\uf0b7\uf0a7\uf06e\uf0d8\uf02d", "•"),  # bullets of Symbol and Wingdings
        **dict.fromkeys(map(chr, range(32)), ""),
    }
)

Box = tuple[float, float, float, float]  # left, bottom, right and top, as PDFium has them


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
    quarter: int = 0  # how many quarter turns the text is turned to the left; -1 if askew

    @property
    def top(self) -> float:
        """Upper edge of letters without accents."""
        return self.baseline - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """Lower edge of letters such as "g"."""
        return self.baseline + 0.25 * self.size


@dataclass(slots=True)
class PageText:
    """The runs of a page in the order of the file."""

    width: float
    height: float
    runs: list[Run]
    turned: list[Run] = field(default_factory=list)  # not in the direction of most of the text
    hidden: list[Run] = field(default_factory=list)  # outside the visible part of the page


class _Style(NamedTuple):
    """What the characters of a text object have in common."""

    size: float
    quarter: int
    font: Font
    tag: int


def text_of_page(page: "PdfPage", textpage: "PdfTextPage") -> PageText:
    """Return the text of a page."""
    runs = list(_runs(_words(textpage)))
    weights: Counter[int] = Counter()
    for run in runs:
        weights[run.quarter] += len(run.text)
    weights.pop(-1, None)
    quarter = weights.most_common(1)[0][0] if weights else page.get_rotation() // 90
    left, bottom, right, top = _in_frame(_visible_box(page), quarter)
    for run in runs:
        run.left, run.right, run.baseline = run.left - left, run.right - left, top - run.baseline
    width, height = right - left, top - bottom
    straight = [run for run in runs if run.quarter == quarter]
    inside = [run for run in straight if _is_inside(run, width, height)]
    return PageText(
        width,
        height,
        inside,
        [run for run in runs if run.quarter != quarter],
        [run for run in straight if not _is_inside(run, width, height)],
    )


def _is_inside(run: Run, width: float, height: float) -> bool:
    return run.right > 0 and run.left < width and run.bottom > 0 and run.top < height


def _visible_box(page: "PdfPage") -> Box:
    left, bottom, right, top = page.get_cropbox()
    outer = page.get_mediabox()
    return (
        max(left, outer[0]),
        max(bottom, outer[1]),
        min(right, outer[2]),
        min(top, outer[3]),
    )


def _in_frame(box: Box, quarter: int) -> Box:
    """Return a box in a frame in which text of that many quarter turns runs to the right."""
    left, bottom, right, top = box
    frames = {
        1: (bottom, -right, top, -left),
        2: (-right, -top, -left, -bottom),
        3: (-top, left, -bottom, right),
    }
    return frames.get(quarter, box)


def _words(textpage: "PdfTextPage") -> Iterator[tuple[Run, bool]]:
    """Yield words, each with whether a blank stands before it in the file's text."""
    raw = textpage.raw
    text = _text(textpage)
    styles: dict[int, _Style] = {}
    end = 0
    for match in re.finditer(r"\S+", text):
        for start, stop, key in _by_object(raw, *match.span()):
            style = styles.get(key) or styles.setdefault(key, _style(raw, start))
            yield _word(raw, text, start, stop, style), start > end or start == 0
            end = stop


def _text(textpage: "PdfTextPage") -> str:
    """Return the text of a page so that its n-th character is PDFium's n-th."""
    import pypdfium2.raw as pdfium

    count = textpage.count_chars()
    units = (ctypes.c_ushort * (2 * count + 2))()
    written = pdfium.FPDFText_GetText(textpage.raw, 0, count, units)
    text = bytes(units)[: 2 * (written - 1)].decode("utf-16-le", errors="replace")
    if len(text) == count:
        return text
    return "".join(chr(pdfium.FPDFText_GetUnicode(textpage.raw, at)) for at in range(count))


def _by_object(raw: Any, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of ``start:stop`` that are in one text object, each with its address."""
    first = _object_at(raw, start)
    if first == _object_at(raw, stop - 1):
        yield start, stop, first
        return
    at = start
    for index in range(start + 1, stop + 1):
        here = _object_at(raw, index) if index < stop else -1
        if here != first:
            yield at, index, first
            at, first = index, here


def _object_at(raw: Any, index: int) -> int:
    import pypdfium2.raw as pdfium

    held = pdfium.FPDFText_GetTextObject(raw, index)
    return ctypes.addressof(held.contents) if held else 0


def _style(raw: Any, index: int) -> _Style:
    import pypdfium2.raw as pdfium

    matrix, flags, name = pdfium.FS_MATRIX(), ctypes.c_int(), ctypes.create_string_buffer(200)
    pdfium.FPDFText_GetMatrix(raw, index, matrix)
    pdfium.FPDFText_GetFontInfo(raw, index, name, 200, flags)
    size = pdfium.FPDFText_GetFontSize(raw, index) * math.hypot(matrix.c, matrix.d)
    turns = math.degrees(math.atan2(matrix.b, matrix.a)) / 90
    quarter = round(turns) % 4 if abs(turns - round(turns)) < 0.06 else -1  # five degrees; chosen
    font = font_of(
        name.value.decode(errors="replace"),
        flags.value,
        pdfium.FPDFText_GetFontWeight(raw, index),
    )
    held = pdfium.FPDFText_GetTextObject(raw, index)
    tag = pdfium.FPDFPageObj_GetMarkedContentID(held) if held else -1
    return _Style(max(0.5, round(2 * size) / 2), quarter, font, tag)


def _word(raw: Any, text: str, start: int, stop: int, style: _Style) -> Run:
    import pypdfium2.raw as pdfium

    first, last = pdfium.FS_RECTF(), pdfium.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetLooseCharBox(raw, start, first)
    pdfium.FPDFText_GetLooseCharBox(raw, stop - 1, last)
    pdfium.FPDFText_GetCharOrigin(raw, start, x, y)
    box = (
        min(first.left, last.left),
        min(first.bottom, last.bottom),
        max(first.right, last.right),
        max(first.top, last.top),
    )
    left, _, right, _ = _in_frame(box, style.quarter)
    baseline = {1: -x.value, 2: -y.value, 3: x.value}.get(style.quarter, y.value)
    word = cleaned(_in_logical_order(raw, text, start, stop))
    return Run(word, left, right, baseline, style.size, style.font, style.tag, style.quarter)


def _in_logical_order(raw: Any, text: str, start: int, stop: int) -> str:
    """Return a word; PDFium has the letters of Arabic ligatures the wrong way round."""
    word = text[start:stop]
    if not ARABIC.search(word):
        return word
    letters = list(word)
    for at in range(len(letters) - 1):
        if _box(raw, start + at) == _box(raw, start + at + 1):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def _box(raw: Any, index: int) -> Box:
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(raw, index, box)
    return box.left, box.bottom, box.right, box.top


def cleaned(text: str) -> str:
    """Return text with letters for ligatures, bullets for those of symbol fonts, no controls."""
    text = text.translate(_REPLACED)
    if _HALVES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _runs(words: Iterable[tuple[Run, bool]]) -> Iterator[Run]:
    """Join words that stand beside each other in one font."""
    run: Run | None = None
    for word, is_apart in words:
        if not word.text.strip():
            continue
        if run is not None and _goes_on(run, word):
            gap = word.left - run.right
            blank = " " if is_apart or gap > NARROWEST_BLANK * run.size else ""
            run.text += blank + word.text
            run.right = max(run.right, word.right)
            continue
        if run is not None:
            yield run
        run = word
    if run is not None:
        yield run


def _goes_on(run: Run, word: Run) -> bool:
    if run.font != word.font or run.tag != word.tag or run.quarter != word.quarter:
        return False
    if abs(run.size - word.size) > 0.1 or abs(run.baseline - word.baseline) > 0.1 * run.size:
        return False
    widest = FIXED_BLANK if run.font.is_fixed else WIDEST_BLANK
    return -0.3 * run.size < word.left - run.right < widest * run.size
