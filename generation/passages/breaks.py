"""The places at which a text may be cut, and which of them are better than others.

The best is before a heading of a high level, then before a block, before an inner block such as an
item of a list, before a row of a table or a line of code, and after a sentence. A word, a link, a
code span, an emphasis or a formula is divided only if it is longer than a passage.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex

from generation.checks import sentence_splitting
from generation.passages.headings import Block, Outline
from generation.passages.left_out import FEWEST_WORDS
from generation.passages.table_headers import TableHeaders
from qareview.scripts import word_count

# Ranks of breaks; higher is better. Headings of level 1 to 6 have the ranks BLOCK + 6 to BLOCK + 1.
BLOCK = 100
ROW = 10  # one more behind a blank line in code
SENTENCE = 0
LONGEST_INTRODUCTION = 300  # characters; chosen; nobody measured
_LINED = {"fence", "code_block", "html_block"}  # blocks in which each line counts
_INTRODUCED = {"bullet_list", "ordered_list", "fence", "code_block", "html_block", "blockquote"}
_NOTE = re.compile(r"\[\^([^\[\]\s]{1,40})\]:")  # the beginning of a footnote
_LINE_END = re.compile(r"\n(?=.)", re.DOTALL)
_SPACE = re.compile(r"\s+")
_CLAUSE_END = re.compile(r"[，、；：]+")  # after these no space follows
_WORD_OR_MARK = regex.compile(r"(?w)\b")  # between the words of any script (UAX 29)
_LETTER = regex.compile(r"\X")
LONGEST_SPAN = 400  # characters; a longer link may be divided; chosen; nobody measured
_UP_TO = f"{{1,{LONGEST_SPAN}}}"
_CODE = r"`[^`]*`"
_SPAN_START = re.compile(r"[\\`$!\[<*_~]")  # signs with which what is not divided begins
_SPAN = re.compile(  # what is not divided; no part can match in two ways, so that it takes no time
    r"\\."  # an escape
    rf"|(?<!`)(?P<ticks>`++)(?!`).{_UP_TO}?(?<!`)(?P=ticks)(?!`)"  # a code span
    rf"|\$\$[^$]{_UP_TO}\$\$|\$(?![\s$])[^$\n]{_UP_TO}(?<![\s\\])\$(?!\d)"  # TeX
    rf"|!?\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\]){_UP_TO}\]"  # a link
    rf"(?:\((?:[^()\\]|\\.|\([^()]*\)){_UP_TO}\)|\[[^\[\]]*\])?"
    rf"|<[^<>\s][^<>]{_UP_TO}>"  # an address, or a tag of HTML
    rf"|(?P<strong>\*\*|__|~~)(?=\S)(?:{_CODE}|[^`]){_UP_TO}?(?<=\S)(?P=strong)"
    rf"|\*(?=[^\s*])(?:{_CODE}|\*\*[^*`]*\*\*|[^*`]){_UP_TO}?(?<=[^\s*])\*"
    rf"|(?<!\w)_(?=[^\s_])(?:{_CODE}|__[^_`]*__|[^_`]|(?<=[^\W_])_(?=[^\W_])){_UP_TO}?"
    r"(?<=[^\s_])_(?!\w)",
    re.DOTALL,
)


class Breaks:
    """Finds the best place to cut a text in a given stretch of it."""

    def __init__(self, text: str, outline: Outline, tables: TableHeaders) -> None:
        self._text = text
        ranks = dict(_ranks(text, outline, tables))
        self._offsets = sorted(ranks)
        self._ranks = [ranks[offset] for offset in self._offsets]

    def last(self, start: int, furthest: int) -> int:
        """Return where a passage from ``start`` ends best, after ``start``, up to ``furthest``."""
        first = bisect_right(self._offsets, start)
        after = bisect_right(self._offsets, furthest, first)
        known = zip(self._ranks[first:after], self._offsets[first:after], strict=True)
        rank, offset = max(known, default=(SENTENCE, start))
        if rank > SENTENCE:
            return offset
        stop = self._offsets[after] if after < len(self._offsets) else len(self._text)
        return self._within_block(start, furthest, min(stop, 2 * furthest - start), offset)

    def _within_block(self, start: int, furthest: int, stop: int, known: int) -> int:
        """Return the best end of a passage among sentences and words, or ``known`` if later.

        ``text[furthest:stop]`` is looked at too: a link may reach into it.
        """
        text = self._text[start:stop]
        most = furthest - start
        first = _SPAN_START.search(text)
        spans = (match.span() for match in _SPAN.finditer(text, first.start())) if first else ()
        inside = [span for span in spans if span[1] - span[0] <= most]
        known -= start
        for ends in (_sentence_ends, _line_ends, _clause_ends, _word_ends):
            possible = [end for end in ends(text, most) if 0 < end <= most]
            whole = [end for end in possible if not _is_inside(inside, end)]
            if whole or (ends is _sentence_ends and known > 0):
                return start + max([*whole, known])
        return start + max(
            (end for end in _letter_ends(text[: most + 1]) if 0 < end <= most), default=most
        )


def _ranks(text: str, outline: Outline, tables: TableHeaders) -> Iterator[tuple[int, int]]:
    """Yield offsets before which the text may be cut, and their ranks; later ones count."""
    for block in reversed(outline.blocks):  # outer blocks come before the inner ones
        if block.kind in _LINED:
            closing = text.rfind("\n", block.start, block.end - 1) + 1  # stays with the last line
            for at in _lines(text, block.start, closing):
                yield at, ROW + text.startswith("\n\n", at - 2)  # better behind a blank line
        yield block.start, max(BLOCK - block.depth, ROW + 2)
    for _, first, end in tables.tables:
        yield from ((at, ROW) for at in _lines(text, first, end))
    yield from ((heading.start, BLOCK + 7 - heading.level) for heading in outline.headings)
    headings = {heading.start for heading in outline.headings}
    outer = [block for block in outline.blocks if not block.depth]
    starts_of_tables = {start for start, _, _ in tables.tables}
    called = ""
    for block, following in pairwise(outer):
        if not _NOTE.match(text, block.start):
            called = text[block.start : block.end]
        is_glued = block.start in headings or _belongs_to_next(
            text, block, following, following.start in starts_of_tables
        )
        note = _NOTE.match(text, following.start)
        if (is_glued and following.start not in headings) or (note and f"[^{note[1]}]" in called):
            yield following.start, SENTENCE


def _belongs_to_next(text: str, block: Block, following: Block, is_table: bool) -> bool:
    """Whether a block is a caption or an introduction of the next, or too short to stand alone."""
    if block.kind != "paragraph" or block.end - block.start > LONGEST_INTRODUCTION:
        return False
    words = text[block.start : block.end].strip()
    introduces = "\n" not in words or words.endswith((":", "："))
    return (introduces and (is_table or following.kind in _INTRODUCED)) or (
        word_count(words) < FEWEST_WORDS
    )


def _lines(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the starts of the lines of a range but the first."""
    while start := text.find("\n", start, end - 1) + 1:
        yield start


def _sentence_ends(text: str, _: int) -> list[int]:
    breaks = sentence_splitting.breaks(text)
    return [match.end() for match in breaks if not match[0].startswith("\n")]


def _line_ends(text: str, _: int) -> list[int]:
    return [match.end() for match in _LINE_END.finditer(text)]


def _clause_ends(text: str, _: int) -> list[int]:
    return [match.end() for pattern in (_SPACE, _CLAUSE_END) for match in pattern.finditer(text)]


def _word_ends(text: str, most: int) -> list[int]:
    return [match.end() for match in _WORD_OR_MARK.finditer(text, 0, most + 1)]


def _letter_ends(text: str) -> list[int]:
    return [match.end() for match in _LETTER.finditer(text)]


def _is_inside(spans: Sequence[tuple[int, int]], offset: int) -> bool:
    """Whether an offset is inside one of some ranges, which are in order."""
    before = bisect_right(spans, (offset, -1)) - 1
    return before >= 0 and spans[before][0] < offset < spans[before][1]
