"""Tables of contents and indexes: lines that end in leaders or in the number of a page."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from generation.passages.left_out import CONTENTS
from generation.reading.pdf.blocks import HEADING, LEADERS, Block
from generation.reading.pdf.lines import Line

FEWEST_ENTRIES = 3  # with leaders; chosen
FEWEST_WITHOUT_LEADERS = 5  # entries that end in a number only; chosen
MOST_BETWEEN = 2  # lines between two entries, as of long titles; chosen
_TITLE = re.compile(
    r"(?:table\s+of\s+)?contents|index|inhalt(?:sverzeichnis)?|table\s+des\s+matières|sommaire|"
    r"índice|indice|目次|目录",
    re.IGNORECASE,
)
_NUMBER = re.compile(r".*\D(\d{1,4}|[ivxlc]{1,7})\s*$")


def take_titles(blocks: Sequence[Block]) -> None:
    """Make the title of a table of contents a part of it, so that it heads no other text."""
    for block, after in pairwise(blocks):
        if (
            block.kind == HEADING
            and after.kind == CONTENTS
            and _TITLE.fullmatch(block.text.strip())
        ):
            block.kind = CONTENTS


def parts_of(lines: Sequence[Line]) -> Iterator[tuple[bool, Sequence[Line]]]:
    """Yield the parts of a page in order, each with whether it is a table of contents."""
    at = 0
    for start, end in _regions(_entries(lines)):
        if start > at:
            yield False, lines[at:start]
        yield True, lines[start:end]
        at = end
    if at < len(lines):
        yield False, lines[at:]


def _entries(lines: Sequence[Line]) -> list[bool]:
    """Return for each line whether it is an entry of a table of contents."""
    with_leaders = [bool(LEADERS.search(line.text)) for line in lines]
    if sum(with_leaders) >= FEWEST_ENTRIES:
        return [
            leads or _ends_in_number(line) for leads, line in zip(with_leaders, lines, strict=True)
        ]
    numbered = [_ends_in_number(line) for line in lines]
    is_named = any(_TITLE.fullmatch(line.text.strip()) for line in lines[:4])
    if is_named and sum(numbered) >= FEWEST_WITHOUT_LEADERS and _ascend(lines, numbered):
        return numbered
    return [False] * len(lines)


def _ends_in_number(line: Line) -> bool:
    """Whether a line ends in a number that stands apart at its right edge."""
    return line.wide_spans > 1 and line.is_full and bool(_NUMBER.fullmatch(line.text))


def _ascend(lines: Sequence[Line], numbered: Sequence[bool]) -> bool:
    numbers = [
        int(match[1])
        for line, is_numbered in zip(lines, numbered, strict=True)
        if is_numbered and (match := _NUMBER.fullmatch(line.text)) and match[1].isdigit()
    ]
    return all(first <= second for first, second in pairwise(numbers))


def _regions(entries: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of lines with at least FEWEST_ENTRIES entries close to each other."""
    places = [at for at, is_entry in enumerate(entries) if is_entry]
    while places:
        count = 1
        while count < len(places) and places[count] - places[count - 1] <= MOST_BETWEEN + 1:
            count += 1
        if count >= FEWEST_ENTRIES:
            yield places[0], places[count - 1] + 1
        places = places[count:]
