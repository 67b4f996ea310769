"""Footnotes: which blocks are notes, and where the text calls them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from generation.reading.pdf.blocks import ITEM, NOTE, TEXT, Block, Style, is_small
from generation.reading.pdf.lines import CALL, CALL_END, Line

_CALL = re.compile(f"{CALL}([^{CALL_END}]+){CALL_END}")
_STARTS_NOTE = re.compile(f"(?:{CALL}([^{CALL_END}]+){CALL_END}|(\\d{{1,3}}|[*†‡§])(?=\\s))\\s*")

Labels = Mapping[tuple[int, str], str]  # page and number of a note -> what Markdown calls it


def set_notes(blocks: Sequence[Block], style: Style) -> dict[tuple[int, str], str]:
    """Make blocks that text on their page calls into notes, and return their labels."""
    called = {(line.page, number) for line in _lines(blocks, style) for number in _calls(line)}
    labels: dict[tuple[int, str], str] = {}
    for block in blocks:
        if block.kind not in (TEXT, ITEM, NOTE) or not block.lines:
            continue
        line = block.lines[0]
        number = _number(line)
        if number and (line.page, number) in called and _may_be_note(block, style):
            block.kind, block.marker = NOTE, number
            labels[line.page, number] = _label(number, line.page, labels.values())
    return labels


def _lines(blocks: Iterable[Block], style: Style) -> list[Line]:
    return [line for block in blocks if not _may_be_note(block, style) for line in block.lines]


def _may_be_note(block: Block, style: Style) -> bool:
    return block.kind == NOTE or is_small(block, style)


def _calls(line: Line) -> list[str]:
    return [number for each in _CALL.findall(line.text) for number in re.split(r"[,\s]+", each)]


def _number(line: Line) -> str:
    match = _STARTS_NOTE.match(line.text)
    return (match[1] or match[2]).strip() if match else ""


def _label(number: str, page: int, used: Iterable[str]) -> str:
    name = number if number.isdigit() else "note"
    return name if name not in used else f"{name}-{page + 1}"


def with_labels(text: str, page: int, labels: Labels) -> str:
    """Return text with the calls of notes as Markdown has them, and other raised numbers."""

    def call(match: "re.Match[str]") -> str:
        numbers = re.split(r"[,\s]+", match[1])
        if all((page, number) in labels for number in numbers):
            return "".join(f"[^{labels[page, number]}]" for number in numbers)
        return match[1]

    return _CALL.sub(call, text)


def without_number(text: str) -> str:
    """Return the first line of a note without its number."""
    match = _STARTS_NOTE.match(text)
    return text[match.end() :] if match else text
