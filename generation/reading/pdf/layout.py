"""The blocks of a page without tags, by how its lines are set."""

import re
from collections.abc import Sequence

from generation.reading.pdf.blocks import (
    CODE,
    ITEM,
    LEADERS,
    MARKER,
    SENTENCE_END,
    TERM,
    TEXT,
    Block,
    Style,
)
from generation.reading.pdf.headings import Titles, heading_at
from generation.reading.pdf.lines import CALL, Line
from generation.reading.pdf.tables import table_at
from generation.reading.pdf.terms import with_terms_apart

HEADING_GAP = 1.15  # of the pitch: a bold line that far below is a heading; chosen
PARAGRAPH_GAP = 1.22  # of the pitch: a line that far below begins a paragraph; chosen
INDENT = 0.8  # of the font size: a line that far to the right is indented; chosen
CODE_GAP = 5.0  # font sizes: a line of code that far below begins another block; chosen
SHORT = 0.55  # of its column: a line that short ends a paragraph if its sentence ends; chosen
OTHER_SIZE = 0.75  # points: a line whose font differs that much begins another block; chosen
FEWEST_FIELDS = 3  # lines that begin with labels are fields, also if they are long; chosen
MOST_BESIDE = 6  # lines above or below, by which the width of a paragraph is told; chosen
_LABEL = re.compile(r"[^\W\d_][^:.;!?]{0,40}:(?:\s|$)")  # "Name:"; its length is chosen


def blocks_of(lines: Sequence[Line], titles: Titles, style: Style) -> list[Block]:
    """Return the blocks of a page's lines; ``titles`` are those that its outline has there."""
    return _Layout(with_terms_apart(lines), titles, style).read()


def _begins_with_label(line: Line) -> bool:
    return not line.text[:1].islower() and bool(_LABEL.match(line.text))


class _Layout:
    """Reads lines in their order and puts them into blocks."""

    def __init__(self, lines: Sequence[Line], titles: Titles, style: Style) -> None:
        self._lines, self._titles, self._style = lines, titles, style
        self._blocks: list[Block] = []

    def read(self) -> list[Block]:
        at = 0
        while at < len(self._lines):
            block = table_at(self._lines, at) or heading_at(
                self._lines,
                at,
                self._titles,
                self._style,
                is_apart=self._step(at) > HEADING_GAP * self._style.pitch,
            )
            if block:
                self._blocks.append(block)
                at += len(block.lines)
            else:
                self._add(at)
                at += 1
        return self._blocks

    def _step(self, at: int) -> float:
        """Return how far a line is below the one before it; a lot if it is not."""
        if at == 0:
            return 99.0
        above, line = self._lines[at - 1], self._lines[at]
        step = line.baseline - above.baseline
        return step if above.column == line.column and step > 0 else 99.0

    def _last(self, at: int) -> Block | None:
        """Return the block that the line before this one belongs to, in the same column."""
        return self._blocks[-1] if self._blocks and self._step(at) < 99.0 else None

    def _add(self, at: int) -> None:
        line, last = self._lines[at], self._last(at)
        if self._is_term(at):
            self._blocks.append(Block(TERM, [line]))
            return
        if line.is_fixed:
            self._add_fixed(at, line, last)
            return
        mark = MARKER.match(line.text)
        if mark and self._is_item(at, line, last):
            self._blocks.append(Block(ITEM, [line], marker=mark[1]))
        elif last is None or last.kind not in (TEXT, ITEM) or self._is_new(at, line, last):
            self._blocks.append(Block(TEXT, [line]))
        else:
            last.lines.append(line)

    def _add_fixed(self, at: int, line: Line, last: Block | None) -> None:
        """Add a line in a fixed-width font: code, or a line of a paragraph about code."""
        if last is not None and self._takes_fixed(at, line, last):
            last.lines.append(line)
        else:
            self._blocks.append(Block(CODE, [line]))

    def _takes_fixed(self, at: int, line: Line, last: Block) -> bool:
        if last.kind == CODE:
            return self._step(at) < CODE_GAP * line.size
        return self._is_within_paragraph(at, line, last)

    def _is_within_paragraph(self, at: int, line: Line, last: Block) -> bool:
        is_close = self._step(at) <= HEADING_GAP * self._style.pitch
        if last.kind not in (TEXT, ITEM) or not is_close or self._is_followed_by_fixed(at):
            return False
        above = last.lines[-1]
        has_ended = above.words.endswith(SENTENCE_END)
        goes_on = not (has_ended and above.would_fit(line, above.column_right))
        return goes_on and line.left < above.left + 2 * self._style.size

    def _is_followed_by_fixed(self, at: int) -> bool:
        if at + 1 >= len(self._lines) or not self._lines[at + 1].is_fixed:
            return False
        return self._step(at + 1) < HEADING_GAP * self._style.pitch

    def _is_term(self, at: int) -> bool:
        """Whether a line is a term: what it means stands beside it, or indented right below."""
        if at + 1 >= len(self._lines):
            return False
        line, after = self._lines[at], self._lines[at + 1]
        step, indent = after.baseline - line.baseline, after.left - line.left
        if line.column != after.column or after.is_fixed:
            return False
        if abs(step) < 1:
            return after.left > line.right
        is_close = 0 < step <= PARAGRAPH_GAP * self._style.pitch
        return line.is_fixed and is_close and indent > 1.5 * self._style.size

    def _is_item(self, at: int, line: Line, last: Block | None) -> bool:
        """Whether a line with a mark begins an item, rather than going on with a sentence."""
        mark = MARKER.match(line.text)
        if mark is None or (mark.end() == len(line.text) and len(line.text) > 4):
            return False
        if last is None or last.kind != TEXT or mark[1][-1] not in ".)" or mark[1] in ("1.", "1)"):
            return True
        above = last.lines[-1]
        is_same_edge = abs(line.left - above.left) < 1 and self._step(at) < PARAGRAPH_GAP * (
            self._style.pitch_of(line.size)
        )
        return not (is_same_edge and above.is_full and not above.words.endswith(SENTENCE_END))

    def _is_new(self, at: int, line: Line, last: Block) -> bool:
        """Whether a line begins a paragraph, rather than going on with the last block."""
        above = last.lines[-1]
        if line.text.startswith(CALL):
            return True  # a note
        if self._step(at) > PARAGRAPH_GAP * self._pitch(line, last):
            return True
        if abs(above.size - line.size) > OTHER_SIZE or LEADERS.search(above.text):
            return True
        if last.kind == ITEM:
            return line.left < last.lines[0].left - 1
        if self._is_field(at, last):
            return True
        return self._is_indented(line, last) or self._is_after_end(at, line, above)

    def _is_field(self, at: int, last: Block) -> bool:
        """Whether a line is a field of a form, such as "Name: Jane", set below another line.

        In a sentence, the first word of such a line would stand at the end of the line above.
        """
        around = self._around(at)
        labelled = [n in around and self._has_label(n, at) for n in range(at - 2, at + 3)]
        if not labelled[2]:
            return False
        if any(all(labelled[start : start + FEWEST_FIELDS]) for start in range(FEWEST_FIELDS)):
            return True
        edge = max(self._lines[number].right for number in around)
        if len(around) < FEWEST_FIELDS:
            edge = self._lines[at].column_right
        begins_or_goes_on = labelled[3] or _begins_with_label(last.lines[0])
        return begins_or_goes_on and last.lines[-1].would_fit(self._lines[at], edge)

    def _around(self, at: int) -> range:
        """Return the numbers of the lines above and below one that are no further apart."""
        begin, end = at, at + 1
        pitch = PARAGRAPH_GAP * self._style.pitch_of(self._lines[at].size)
        while begin > max(0, at - MOST_BESIDE) and self._step(begin) <= pitch:
            begin -= 1
        while end < min(len(self._lines), at + MOST_BESIDE) and self._step(end) <= pitch:
            end += 1
        return range(begin, end)

    def _has_label(self, at: int, beside: int) -> bool:
        """Whether a line begins with a label, at the same edge as another."""
        is_same_edge = abs(self._lines[at].left - self._lines[beside].left) < 1
        return is_same_edge and _begins_with_label(self._lines[at])

    def _pitch(self, line: Line, last: Block) -> float:
        """Return the distance of baselines to expect in a block."""
        pitch = self._style.pitch_of(line.size)
        if len(last.lines) > 1 and abs(last.lines[-1].size - line.size) < OTHER_SIZE:
            above, upper = last.lines[-1], last.lines[-2]
            return max(0.9 * pitch, above.baseline - upper.baseline)
        is_unknown = line.size not in self._style.pitches
        return pitch * 1.15 if line.size < self._style.size - 0.7 and is_unknown else pitch

    def _is_indented(self, line: Line, last: Block) -> bool:
        """Whether a line is set further in, or out, than the lines above, as a paragraph is."""
        above = last.lines[-1]
        indent, has_ended = line.left - above.left, above.words.endswith(SENTENCE_END)
        is_further_in = indent > INDENT * self._style.size
        if is_further_in and len(last.lines) == 1:
            return not above.is_full and indent > 1.5 * self._style.size
        if is_further_in:
            return has_ended or not above.is_full
        is_further_out = -indent > 1.2 * self._style.size and len(last.lines) > 1
        return is_further_out and (has_ended or not above.is_full)

    def _is_after_end(self, at: int, line: Line, above: Line) -> bool:
        """Whether the paragraph above has ended: its last line is short and ends a sentence."""
        if not above.words.endswith((".", "!", "?", ":", "。")):
            return False
        indent = line.left - line.column_left
        if not above.is_full and indent > INDENT * self._style.size:
            return True
        middle = above.column_left + SHORT * (above.column_right - above.column_left)
        pitch = self._style.pitch_of(line.size)
        return above.right < middle and self._step(at) > 1.05 * pitch
