"""The blocks and headings of a Markdown text, and the headings that each passage stands under.

Blocks are found by a CommonMark parser, so a line of code, of a table or of front matter is no
heading. It differs from CommonMark where texts do: code in a list item may stand further to the
left than the item, and a line above dashes is a heading only if it is one line and no table row.
"""

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from generation.passages.left_out import LeftOut

DEEPEST = 60  # nested lists and quotes; the parser skips what is deeper; chosen; nobody measured
SECTION = 250_000  # characters that are parsed together; chosen; nobody measured
LONGEST = 300  # characters of a heading; a longer line is text; chosen; nobody measured
FEWEST_DASHES = 2  # under a heading, since one may be a bullet; chosen; nobody measured

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n[\w-]+[ \t]*:.*?^(?:---|\.\.\.)[ \t]*$", re.MULTILINE | re.DOTALL
)
_MARKS = re.compile(r"^#{1,6}(?:[ \t]+|$)")
_CLOSING_MARKS = re.compile(r"(?:^|[ \t]+)#+$")
_COLUMNS = re.compile(
    r"\S(?: {3,}|[ ]*\t)\S|\|"
)  # of a table in plain text, or of a Markdown table
_FENCE = re.compile(r"(`{3,}|~{3,})([^\n]*)")
_ITEM = re.compile(r" *(?:[-+*]|\d{1,9}[.)])[ \t]")


class Heading(NamedTuple):
    """A heading ``text[start:end]``, with its level from 1 to 6 and its words."""

    start: int
    end: int
    level: int
    words: str


class Block(NamedTuple):
    """A block ``text[start:end]`` of whole lines, such as a list, an item of it or a paragraph.

    ``kind`` is the name that markdown-it has for it, without “_open”; ``depth`` says how many
    blocks it is in.
    """

    start: int
    end: int
    kind: str
    depth: int


class Outline(NamedTuple):
    """The headings of a text, and its blocks in the order of their starts, the outer ones first."""

    headings: list[Heading]
    blocks: list[Block]


def outline_of(text: str, left_out: Sequence[LeftOut] = (), *, is_plain: bool = False) -> Outline:
    """Return the blocks of a text, and its headings that stand in no list, quote or left-out range.

    In plain text (``is_plain``), lines that begin with “#” are comments.
    """
    text = _blanked(text, left_out)
    matter = _FRONT_MATTER.match(text)
    first = matter.end() if matter else 0
    outline = Outline([], [])
    for blocks, headings in _in_sections(text):
        outline.blocks.extend(blocks)
        outline.headings.extend(
            heading
            for heading in headings
            if heading.start >= first and not (is_plain and text.startswith("#", heading.start))
        )
    return outline


def headings_of(
    text: str, left_out: Sequence[LeftOut] = (), *, is_plain: bool = False
) -> list[Heading]:
    """Return the headings of :func:`outline_of`."""
    return outline_of(text, left_out, is_plain=is_plain).headings


def _blanked(text: str, left_out: Sequence[LeftOut]) -> str:
    """Return a text of the same length and lines with spaces in place of ranges left out."""
    parts, end = [], 0
    for gap in left_out:
        parts += [text[end : gap.start], re.sub(r"[^\n]", " ", text[gap.start : gap.end])]
        end = gap.end
    return "".join([*parts, text[end:]])


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST})
    parser.disable(["normalize", "inline", "reference"])  # the last two can take long
    parser.block.ruler.at(
        "fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    return parser


def _in_sections(text: str) -> Iterator[tuple[list[Block], list[Heading]]]:
    """Yield the blocks and headings, parsing a section of the text at a time to save memory.

    A section starts with the last block of the one before, which may not have been whole.
    """
    parser, at, size = _parser(), 0, SECTION
    while at < len(text):
        end = text.find("\n", at + size) + 1 or len(text)
        lines = text[at:end].split("\n")
        starts = list(accumulate((len(line) + 1 for line in lines), initial=at))
        tokens = [token for token in parser.parse(text[at:end]) if token.map]
        outer = [token for token in tokens if not token.level]
        last = outer[-1].map[0] if outer and outer[-1].map and end < len(text) else len(lines)
        if last:
            yield (
                list(_blocks_among(tokens, last, starts)),
                list(_headings_among(outer, lines[:last], starts)),
            )
            at, size = min(starts[last], len(text)), SECTION
        else:
            size *= 2


def _blocks_among(tokens: Sequence[Token], last: int, starts: Sequence[int]) -> Iterator[Block]:
    for token in tokens:
        first, end = token.map or (0, 0)
        if first < last:
            yield Block(starts[first], starts[end], token.type.removesuffix("_open"), token.level)


def _headings_among(
    blocks: Sequence[Token], lines: Sequence[str], starts: Sequence[int]
) -> Iterator[Heading]:
    for block in blocks:
        first, last = block.map or (0, 0)
        if block.type != "heading_open" or first >= len(lines):
            continue
        words = _words(lines[first:last], block.markup)
        if words is not None:
            yield Heading(starts[first], starts[last], int(block.tag[1:]), words)


def _words(lines: Sequence[str], markup: str) -> str | None:
    """Return the words of a heading's lines; None if they are no heading after all."""
    line = lines[0].strip(" \t\r")
    if len(line) > LONGEST:
        return None
    if markup.startswith("#"):
        return _CLOSING_MARKS.sub("", _MARKS.sub("", line)).strip(" \t")
    dashes = len(lines[-1].strip(" \t\r"))
    is_text = len(lines) > 2 or dashes < FEWEST_DASHES or _COLUMNS.search(line)
    return None if is_text else line


def _fence(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Parse a fenced block.

    Lines of code in a list item may stand further to the left than the item, if the fence that
    closes them does not.
    """
    opening = _fence_at(state, first)
    if opening is None or state.is_code_block(first):
        return False
    mark, info = opening
    if mark[0] == "`" and "`" in info:
        return False
    if not silent:
        state.line = _line_after(state, first, last, mark)
        state.push("fence", "code", 0).map = [first, state.line]
    return True


def _fence_at(state: StateBlock, line: int) -> tuple[str, str] | None:
    """Return the marks that a line begins with and the text behind them, if it is a fence."""
    start = state.bMarks[line] + state.tShift[line]
    match = _FENCE.match(state.src, start, state.eMarks[line])
    return (match[1], match[2]) if match else None


def _line_after(state: StateBlock, first: int, last: int, mark: str) -> int:
    """Return the line behind a fenced block that ``mark`` opens in the line ``first``."""
    left = 0  # the first line of text that stands further to the left than the block
    for line in range(first + 1, last):
        closing = _fence_at(state, line)
        is_inside = state.sCount[line] >= state.blkIndent
        if closing and closing[0].startswith(mark) and not closing[1].strip():
            if is_inside:
                return line + 1
            return left or line
        if not is_inside and not state.isEmpty(line):
            left = left or line
            if closing or _ITEM.match(state.src, state.bMarks[line]):
                return left
    return left or last


def without_headings(text: str, start: int, end: int, headings: Sequence[Heading]) -> str:
    """Return ``text[start:end]`` without the headings in it."""
    parts = []
    first = bisect_right(headings, start, key=lambda heading: heading.end)
    behind = bisect_left(headings, end, key=lambda heading: heading.start)
    for heading in headings[first:behind]:
        parts.append(text[start : heading.start])
        start = heading.end
    return "".join([*parts, text[start:end]])


class HeadingTracker:
    """Finds the headings above each passage; call ``at`` in the order of the text."""

    def __init__(self, text: str, headings: Sequence[Heading]) -> None:
        self._text = text
        self._headings = deque(headings)
        self._above: list[Heading] = []

    def at(self, start: int, end: int) -> list[str]:
        """Return the headings of a passage, the outermost first.

        These include headings at its beginning, but not those after its first words.
        """
        words_from = start
        while self._headings and self._headings[0].start < end:
            heading = self._headings[0]
            if heading.start > words_from and self._text[words_from : heading.start].strip():
                break
            self._above = [above for above in self._above if above.level < heading.level]
            self._above.append(self._headings.popleft())
            words_from = max(words_from, heading.end)
        return [heading.words for heading in self._above]
