"""The words of a page as PDFium has them, with their places and fonts.

Places are in points in a frame in which the word runs to the right and "up" is up.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from generation.reading.pdf.fonts import FEWEST_LETTERS, NAMELESS, Font, font_of, has_one_width

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

ASKEW = -1  # the quarter turns of text that runs in no right angle
MOST_ASKEW = 0.06  # quarter turns, of text that counts as straight; five degrees; chosen
LONGEST_NAME = 200  # bytes of the name of a font; chosen
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile(r"[0-9A-Za-z\u0660-\u0669][0-9A-Za-z\u0660-\u0669.,:/-]*")

Box = tuple[float, float, float, float]  # left, bottom, right and top


class Style(NamedTuple):
    """What the characters of a text object have in common."""

    size: float  # of the font, in points, to halves
    quarter: int  # turns to the left
    font: Font
    tag: int  # number of its marked content, -1 if it is in none
    baseline: float


@dataclass(slots=True)
class Word:
    """Characters without a blank among them, in one text object."""

    text: str
    left: float
    right: float
    style: Style
    is_after_blank: bool
    is_before_blank: bool = False


def in_frame(box: Box, quarter: int) -> Box:
    """Return a box in a frame in which text of that many quarter turns runs to the right."""
    left, bottom, right, top = box
    if quarter == 1:
        return bottom, -right, top, -left
    if quarter == 2:
        return -right, -top, -left, -bottom
    if quarter == 3:
        return -top, left, -bottom, right
    return box


class PageCharacters:
    """Reads the characters of a page.

    PDFium is asked only for the first and last character of a word, since each question takes a
    microsecond.
    """

    def __init__(self, textpage: "PdfTextPage") -> None:
        import pypdfium2.raw as pdfium

        self._pdfium, self._page = pdfium, textpage.raw
        returning_address = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
        self._object_at = ctypes.cast(pdfium.FPDFText_GetTextObject, returning_address)
        self._text = self._read_text(textpage.count_chars())
        self._styles: dict[int, Style] = {}
        self._rectangle, self._matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
        self._name = ctypes.create_string_buffer(LONGEST_NAME)
        self._fonts: dict[int, Font] = {}
        self._letters: dict[Font, dict[str, float]] = {}  # of fonts without a name, their widths

    def words(self) -> Iterator[Word]:
        """Yield the words in the order of the file."""
        runs_to_left = RIGHT_TO_LEFT.search(self._text)
        for match in re.finditer(r"\S+", self._text):
            start, stop = match.span()
            if runs_to_left and RIGHT_TO_LEFT.search(match[0]):
                yield self._word_to_the_left(start, stop)
                continue
            for first, end, address in self._by_object(start, stop):
                style = self._style(first, address)
                left, right = self._edges(first, end, style.quarter)
                if style.font.name.startswith(NAMELESS):
                    self._measure(first, end, style)
                is_last = end == stop and self._text[stop : stop + 1] == " "
                yield Word(self._text[first:end], left, right, style, first == start, is_last)

    def fixed_fonts(self) -> set[Font]:
        """Return the fonts without a name, of the words so far, whose letters are of one width."""
        fixed = {font for font, widths in self._letters.items() if has_one_width(widths)}
        known = {round(width, 2) for font in fixed for width in self._letters[font].values()}
        few = (font for font, each in self._letters.items() if 0 < len(each) < FEWEST_LETTERS)
        same = {
            font
            for font in few
            if {round(width, 2) for width in self._letters[font].values()} <= known
        }
        return fixed | same

    def _measure(self, start: int, stop: int, style: Style) -> None:
        widths = self._letters.setdefault(style.font, {})
        for index in range(start, stop):
            if self._text[index].isascii():
                left, _, right, _ = in_frame(self._box(index), style.quarter)
                widths[self._text[index]] = (right - left) / style.size

    def _style(self, index: int, address: int) -> Style:
        style = self._styles.get(address)
        if style is None:
            style = self._styles[address] = self._read_style(index)
        return style

    def _read_text(self, count: int) -> str:
        """Return the text of the page so that its n-th character is PDFium's n-th."""
        units = (ctypes.c_ushort * (2 * count + 2))()
        written = self._pdfium.FPDFText_GetText(self._page, 0, count, units)
        text = bytes(units)[: 2 * (written - 1)].decode("utf-16-le", errors="replace")
        if len(text) == count:
            return text
        return "".join(chr(self._pdfium.FPDFText_GetUnicode(self._page, at)) for at in range(count))

    def _by_object(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Yield the parts of ``start:stop`` that are in one text object, each with its address."""
        first = self._address(start)
        if stop - start == 1 or first == self._address(stop - 1):
            yield start, stop, first
            return
        at = start
        for index in range(start + 1, stop + 1):
            address = self._address(index) if index < stop else -1
            if address != first:
                yield at, index, first
                at, first = index, address

    def _address(self, index: int) -> int:
        return self._object_at(self._page, index) or 0

    def _read_style(self, index: int) -> Style:
        pdfium, page, matrix = self._pdfium, self._page, self._matrix
        pdfium.FPDFText_GetMatrix(page, index, matrix)
        size = pdfium.FPDFText_GetFontSize(page, index) * math.hypot(matrix.c, matrix.d)
        turns = math.degrees(math.atan2(matrix.b, matrix.a)) / 90
        quarter = round(turns) % 4 if abs(turns - round(turns)) < MOST_ASKEW else ASKEW
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetCharOrigin(page, index, x, y)
        _, baseline, _, _ = in_frame((x.value, y.value, x.value, y.value), quarter)
        held = pdfium.FPDFText_GetTextObject(page, index)
        tag = pdfium.FPDFPageObj_GetMarkedContentID(held) if held else -1
        font = self._read_font(index, held)
        return Style(max(0.5, round(2 * size) / 2), quarter, font, tag, baseline)

    def _read_font(self, index: int, held: Any) -> Font:
        """Return the font of a character; that of each of PDFium's fonts is read once."""
        handle = self._pdfium.FPDFTextObj_GetFont(held) if held else None
        address = ctypes.addressof(handle.contents) if handle else 0
        if address not in self._fonts:
            flags = ctypes.c_int()
            self._pdfium.FPDFText_GetFontInfo(self._page, index, self._name, LONGEST_NAME, flags)
            # Each page has fonts without a name of its own, as addresses return.
            name = self._name.value.decode(errors="replace") or f"{NAMELESS}{id(self)} {address}"
            weight = self._pdfium.FPDFText_GetFontWeight(self._page, index)
            self._fonts[address] = font_of(name, flags.value, weight)
        return self._fonts[address]

    def _edges(self, start: int, stop: int, quarter: int) -> tuple[float, float]:
        """Return the left and the right edge of a word."""
        if quarter == 0:  # nearly all words
            left, _, right, _ = self._box(start)
            if stop - start == 1:
                return left, right
            left_of_last, _, right_of_last, _ = self._box(stop - 1)
            return min(left, left_of_last), max(right, right_of_last)
        boxes = [in_frame(self._box(index), quarter) for index in (start, stop - 1)]
        return min(box[0] for box in boxes), max(box[2] for box in boxes)

    def _box(self, index: int) -> Box:
        box = self._rectangle
        self._pdfium.FPDFText_GetLooseCharBox(self._page, index, box)
        return box.left, box.bottom, box.right, box.top

    def _word_to_the_left(self, start: int, stop: int) -> Word:
        """Return a word of a script that runs to the left, with its letters in their order.

        PDFium has some of them as they are seen, from left to right. The others it has turned round
        with the letters of ligatures, which stand in one place.
        """
        style = self._style(start, self._address(start))
        places = [in_frame(self._box(index), style.quarter) for index in range(start, stop)]
        pairs = zip(self._text[start:stop], places, strict=True)
        groups = [
            (place[0], "".join(letter for letter, _ in group))
            for place, group in groupby(pairs, key=lambda pair: pair[1])
        ]
        steps = [left > before for (before, _), (left, _) in pairwise(groups)]
        if sum(steps) > len(steps) / 2:
            groups.sort(key=lambda group: -group[0])
            text = "".join(letters for _, letters in groups)
            text = _LEFT_TO_RIGHT.sub(lambda match: match[0][::-1], text)
        else:
            text = "".join(letters[::-1] for _, letters in groups)
        left, right = min(place[0] for place in places), max(place[2] for place in places)
        return Word(text, left, right, style, True)
