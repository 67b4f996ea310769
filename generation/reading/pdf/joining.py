"""Join the blocks that the end of a column or of a page has cut."""

import re
from collections.abc import Iterable, Sequence

from generation.reading.pdf.blocks import (
    CODE,
    ITEM,
    LEFT_OUT,
    QUOTE,
    SENTENCE_END,
    TABLE,
    TEXT,
    Block,
    Style,
    is_small,
)
from generation.reading.pdf.runs import HYPHENS

FARTHEST = 8  # blocks between the halves of one: heads, page numbers and notes; chosen
LEAST_BEFORE = 30  # letters of the line before a cut that goes on with a capital; chosen
_DIVIDED = re.compile(rf"[^\W\d_][{HYPHENS}]$")
_GOES_ON = (*HYPHENS, ",", "،", "、", "，")


def joined(blocks: Iterable[Block], style: Style) -> list[Block]:
    """Return blocks with those joined that belong together."""
    kept: list[Block] = []
    for block in blocks:
        if block.kind == TABLE:
            _drop_header(kept, block, style)
        last = _last(kept, style)
        if last is not None and _belongs(last, block, style):
            if block.kind == TABLE:
                _add_rows(last, block)
            last.lines += block.lines
        else:
            kept.append(block)
    return kept


def _last(kept: Sequence[Block], style: Style) -> Block | None:
    """Return the last block but for heads, page numbers and notes."""
    for block in reversed(kept[-FARTHEST:]):
        if block.kind not in LEFT_OUT and not is_small(block, style):
            return block
    return None


def _drop_header(kept: list[Block], block: Block, style: Style) -> None:
    """Drop the lines right above a part of a table that only say its header again."""
    again: list[str] = []
    for number, above in enumerate(reversed(kept[-FARTHEST:]), 1):
        if above.kind != TEXT or above.lines[0].page != block.lines[0].page:
            return
        again += above.text.split()
        last = _last(kept[-number - FARTHEST : -number], style)
        if last is not None and last.kind == TABLE and _belongs(last, block, style):
            if sorted(again) == sorted(" ".join(last.rows[0]).split()):
                del kept[-number:]
            return


def _add_rows(last: Block, block: Block) -> None:
    """Add the rows of the second part of a table, without a header that is set again."""
    rows = block.rows[1:] if last.rows[:1] == block.rows[:1] else block.rows
    if rows and block.lines[0].page != last.lines[-1].page:
        last.later_pages[len(last.rows)] = block.lines[0].page
    last.rows += rows


def _belongs(last: Block, block: Block, style: Style) -> bool:
    above, line = last.lines[-1], block.lines[0]
    has_moved = above.page != line.page or above.column != line.column
    if last.kind == block.kind == CODE:
        return has_moved or last.lines[-1].baseline < line.baseline
    if last.kind == block.kind == TABLE:
        return has_moved and len(last.rows[0]) == len(block.rows[0])
    if last.kind == block.kind == TEXT and _DIVIDED.search(above.text) and line.text[:1].islower():
        return True
    if not has_moved or is_small(block, style) or block.marker:
        return False
    kinds = (TEXT, ITEM, QUOTE)
    if block.kind not in kinds or last.kind not in kinds or abs(above.size - line.size) >= 0.6:
        return False
    return _goes_on(last, block)


def _goes_on(last: Block, block: Block) -> bool:
    """Whether the sentence at the end of a block goes on in another."""
    above, line = last.lines[-1], block.lines[0]
    if not (last.is_tagged or above.is_full):
        return False
    end, start = above.words.rstrip(), line.text[:1]
    if start.islower():
        return True
    if end.endswith((*SENTENCE_END, "'", ")")):
        return False
    is_prose = last.kind == block.kind == TEXT and len(above.text) > LEAST_BEFORE
    return end.endswith(_GOES_ON) or not start.isupper() or is_prose
