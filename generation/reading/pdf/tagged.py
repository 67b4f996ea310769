"""The blocks of a page with tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generation.passages.left_out import CONTENTS
from generation.reading.pdf.blocks import (
    CELL,
    CODE,
    HEADING,
    ITEM,
    NOTE,
    QUOTE,
    TABLE,
    TEXT,
    Block,
)
from generation.reading.pdf.lines import Line, line_of, lines_in_order
from generation.reading.pdf.runs import Run
from generation.reading.pdf.tags import Tag, roles_of_headings

_NOTES = {"Note", "FENote", "Footnote"}
_PARTS = {"Span", "Link", "Strong", "Em"}  # of a paragraph, if they do not stand alone
_NOT_CODE = {"LI", "LBody", "Caption", "TD", "TH"}


@dataclass(slots=True)
class _Tagged:
    """A block with the tag it comes from."""

    block: Block
    tag: Tag


def blocks_by_tags(lines: Sequence[Line], tags: Mapping[int, Tag], page: int) -> list[Block]:
    """Return the blocks of a page in the order of its tags, then lines that have no tag.

    Those above all others come first, such as the header of a table that goes on.
    """
    runs: dict[int, list[Run]] = {}
    for line in lines:
        for run in line.runs:
            if run.tag in tags:
                runs.setdefault(tags[run.tag].block, []).append(run)
    columns = {id(run): line for line in lines for run in line.runs}
    tagged = [_block(runs[block], tags, page, columns) for block in sorted(runs)]
    blocks = _with_tables(_with_markers(_with_rest_of_lines(tagged)))
    loose = [line for line in lines if not any(run.tag in tags for run in line.runs)]
    top = min((run.baseline for each in runs.values() for run in each), default=0)
    return [
        *(Block(TEXT, [line]) for line in loose if line.baseline < top),
        *blocks,
        *(Block(TEXT, [line]) for line in loose if line.baseline >= top),
    ]


def _block(
    runs: Sequence[Run], tags: Mapping[int, Tag], page: int, columns: Mapping[int, Line]
) -> _Tagged:
    runs = sorted(runs, key=lambda run: run.tag)
    tag = tags[runs[0].tag]
    labels = [run for run in runs if _is_marker(tags[run.tag])]
    words = [run for run in runs if not _is_marker(tags[run.tag])]
    marker = "".join(run.text for run in labels).strip()
    lines = lines_in_order(words or runs, page)
    for line in lines:
        around = columns[id(line.runs[0])]
        line.column = around.column
        line.column_left, line.column_right = around.column_left, around.column_right
    kind, level = _kind(tag, lines)
    if not words:
        kind = ITEM
    return _Tagged(Block(kind, lines if words else [], level, marker, is_tagged=True), tag)


def _is_marker(tag: Tag) -> bool:
    """Whether a tag is for the mark of an item; other labels are text."""
    return tag.roles[-1] == "Lbl" and "LI" in tag.roles


def _kind(tag: Tag, lines: Sequence[Line]) -> tuple[str, int]:
    """Return what a block is by its tags, and its level."""
    roles = set(tag.roles)
    if levels := list(roles_of_headings(tag)):
        return HEADING, levels[-1]
    if "TD" in roles or "TH" in roles:
        return CELL, 0
    if "TOC" in roles or "TOCI" in roles:
        return CONTENTS, 0
    if roles & _NOTES:
        return NOTE, 0
    is_fixed = all(line.is_fixed for line in lines) and tag.roles[-1] not in _PARTS
    is_code = 0 <= tag.place_of("Code") <= tag.block
    if is_code or (is_fixed and not roles & _NOT_CODE):
        return CODE, 0
    if "LI" in roles:
        return ITEM, tag.roles.count("L")
    return (QUOTE if "BlockQuote" in roles else TEXT), 0


def _with_rest_of_lines(tagged: Sequence[_Tagged]) -> list[_Tagged]:
    """Join blocks that stand on one line, such as code within a sentence."""
    kept: list[_Tagged] = []
    for each in tagged:
        if kept and _goes_on_with_line(kept[-1].block, each.block):
            last = kept[-1].block
            last.kind = TEXT if CODE in (last.kind, each.block.kind) else last.kind
            last.lines = _on_one_line(last.lines, each.block.lines)
        else:
            kept.append(each)
    return kept


def _goes_on_with_line(last: Block, block: Block) -> bool:
    kinds = (TEXT, CODE, ITEM)
    if last.kind not in kinds or block.kind not in (TEXT, CODE) or not (last.lines and block.lines):
        return False
    above, line = last.lines[-1], block.lines[0]
    is_beside = abs(above.baseline - line.baseline) < 0.3 * line.size
    return is_beside and above.right - 1 < line.left < above.right + line.size


def _on_one_line(lines: Sequence[Line], more: Sequence[Line]) -> list[Line]:
    seam = line_of([*lines[-1].runs, *more[0].runs], lines[-1].page)
    seam.column = lines[-1].column
    seam.column_left, seam.column_right = lines[-1].column_left, lines[-1].column_right
    return [*lines[:-1], seam, *more[1:]]


def _with_markers(tagged: Sequence[_Tagged]) -> list[_Tagged]:
    """Give the mark of an item to its first block; later blocks of it have none."""
    kept: list[_Tagged] = []
    marker, seen = "", set()
    for each in tagged:
        if not each.block.lines:
            marker = each.block.marker
            continue
        item = each.tag.place_of("LI")
        if each.block.kind == ITEM and item not in seen:
            each.block.marker = each.block.marker or marker or "•"
        seen.add(item)
        marker = ""
        kept.append(each)
    return kept


def _with_tables(tagged: Sequence[_Tagged]) -> list[Block]:
    """Put the cells of each table into its rows."""
    blocks: list[Block] = []
    table, row, cell = -1, -1, -1
    for each in tagged:
        if each.block.kind != CELL:
            blocks.append(each.block)
            table = -1
            continue
        text = each.block.text
        place = each.tag.place_of("Table"), each.tag.place_of("TR"), _cell_of(each.tag)
        if place[0] != table:
            blocks.append(Block(TABLE, [], is_tagged=True))
        if place[0] != table or place[1] != row:
            blocks[-1].rows.append([])
        rows = blocks[-1].rows
        if place == (table, row, cell):
            rows[-1][-1] += f"\n{text}"
        else:
            rows[-1].append(text)
        blocks[-1].lines += each.block.lines
        table, row, cell = place
    return blocks


def _cell_of(tag: Tag) -> int:
    return max(tag.place_of("TD"), tag.place_of("TH"))
