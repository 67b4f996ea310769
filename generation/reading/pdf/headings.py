"""Headings: which lines are headings, by the outline of the file or by their look, and how deep."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import mode
from typing import TYPE_CHECKING

from generation.reading.pdf.blocks import CAPTION, HEADING, LEADERS, MARKER, NUMBERED, Block, Style
from generation.reading.pdf.lines import Line

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

LARGER = 0.9  # points above the size of most text; chosen
MOST_LINES = 3  # of a heading; chosen
LONGEST = 220  # letters of a heading; chosen
LONGEST_BOLD = 90  # letters of a heading that is only bold; chosen
MOST_MARKS = 20_000  # entries of an outline that are read; chosen

Look = tuple[float, bool]  # the font size of a heading, and whether it is bold
Titles = Mapping[str, int]  # letters of a heading -> its level


def outline_of(pdf: "PdfDocument") -> dict[int, dict[str, int]]:
    """Return the titles that the outline of a file has for each page, with their levels."""
    import pypdfium2

    titles: dict[int, dict[str, int]] = defaultdict(dict)
    try:
        for count, mark in enumerate(pdf.get_toc()):
            target = mark.get_dest()
            page = target.get_index() if target is not None else None
            title = letters_of(mark.get_title())
            if page is not None and title and count < MOST_MARKS:
                titles[page][title] = mark.level + 1
    except pypdfium2.PdfiumError:
        return titles  # what could be read of a damaged outline
    return titles


def letters_of(text: str) -> str:
    """Return the letters and digits of a text, in lower case."""
    return "".join(filter(str.isalnum, text.lower()))


def heading_at(
    lines: Sequence[Line], at: int, titles: Titles, style: Style, is_apart: bool
) -> Block | None:
    """Return the heading that begins at a line, if one does; its level is 0 if not known."""
    line = lines[at]
    if line.is_fixed and not titles:
        return None
    if block := _titled(lines, at, titles, style):
        return block
    if line.is_fixed or LEADERS.search(line.text) or not any(map(str.isalpha, line.text)):
        return None
    if CAPTION.match(line.text) or (MARKER.match(line.text) and not NUMBERED.match(line.text)):
        return None
    is_large = line.size >= style.size + LARGER
    if is_large:
        return _large(lines, at)
    return Block(HEADING, [line]) if not titles and is_apart and _is_bold(line, style) else None


def _titled(lines: Sequence[Line], at: int, titles: Titles, style: Style) -> Block | None:
    """Return the heading that the outline names, on up to MOST_LINES lines."""
    line, letters = lines[at], ""
    if not titles or not (line.is_bold or line.size >= style.size or line.is_fixed):
        return None
    for stop in range(at + 1, min(at + MOST_LINES, len(lines)) + 1):
        if abs(lines[stop - 1].size - line.size) > 0.3:
            break
        letters += letters_of(lines[stop - 1].text)
        if (level := _level_of(letters, titles)) and not LEADERS.search(lines[stop - 1].text):
            return Block(HEADING, list(lines[at:stop]), level)
    return None


def _level_of(letters: str, titles: Titles) -> int:
    """Return the level of the title that letters are, but for a number before it; 0 if none."""
    if letters in titles:
        return titles[letters]
    numbered = re.match(
        r"(?:chapter|appendix|kapitel|anhang)?(?:\d{1,6}|[a-z]\d{1,5}|[a-z])", letters
    )
    return titles.get(letters[numbered.end() :], 0) if numbered else 0


def _large(lines: Sequence[Line], at: int) -> Block | None:
    """Return the heading of lines that are larger than most text."""
    stop = at + 1
    while stop < min(at + MOST_LINES + 1, len(lines)) and _continues(lines[stop - 1], lines[stop]):
        stop += 1
    length = sum(len(line.text) for line in lines[at:stop])
    is_short = stop - at <= MOST_LINES and length <= LONGEST
    return Block(HEADING, list(lines[at:stop])) if is_short else None


def _continues(above: Line, line: Line) -> bool:
    same = abs(above.size - line.size) < 0.3 and above.is_bold == line.is_bold
    step = line.baseline - above.baseline
    return same and above.column == line.column and 0 < step < 1.5 * line.size


def _is_bold(line: Line, style: Style) -> bool:
    """Whether a line is a short bold one that is no sentence."""
    is_sentence = line.text.rstrip().endswith((".", ",", ";", ":"))
    is_short = len(line.text) < LONGEST_BOLD and line.wide_spans == 1
    return line.is_bold and line.size >= style.size - 0.3 and is_short and not is_sentence


def set_levels(blocks: Sequence[Block]) -> None:
    """Set the levels of headings that have none: by their look, their number, or their size."""
    headings = [block for block in blocks if block.kind == HEADING]
    known: dict[Look, list[int]] = defaultdict(list)
    for block in headings:
        if block.level:
            known[_look(block)].append(block.level)
    levels = {look: mode(each) for look, each in known.items()}
    looks = sorted({_look(block) for block in headings if not block.level}, reverse=True)
    for block in headings:
        if not block.level:
            block.level = _level(block, levels, looks)


def _level(block: Block, levels: Mapping[Look, int], looks: Sequence[Look]) -> int:
    """Return the level of a heading that the outline has not."""
    look, number = _look(block), NUMBERED.match(block.lines[0].text)
    if look in levels:
        return levels[look]
    if number and "." in number[1]:
        return min(6, number[1].count(".") + 1)
    if levels:  # one below the smallest heading that is larger
        larger = [level for other, level in levels.items() if other > look]
        return min(6, max(larger, default=0) + 1)
    return min(6, looks.index(look) + 1)


def _look(block: Block) -> Look:
    return block.lines[0].size, block.lines[0].is_bold
