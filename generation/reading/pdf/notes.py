"""Footnotes: which blocks are notes, and where the text calls them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from generation.reading.pdf.blocks import ITEM, NOTE, TEXT, Block, Style, is_small
from generation.reading.pdf.lines import CALL, CALL_END, POWERS, Line

BACK = "\u21a9"  # the arrow of a note that links back to its call
_CALL = re.compile(f"{CALL}([^{CALL_END}]+){CALL_END}")
STARTS_NOTE = re.compile(
    f"(?:{CALL}([^{CALL_END}]+){CALL_END}|(\\d{{1,3}}|[*†‡§])(?=[.\\s]))\\.?\\s*"
)

Labels = Mapping[tuple[int, str], str]  # page and number of a note -> what Markdown calls it


def set_notes(blocks: Sequence[Block], style: Style) -> dict[tuple[int, str], str]:
    """Make blocks that text calls into notes, and return their labels."""
    called = {
        (line.page, number)
        for block in blocks
        if not _may_be_note(block, style)
        for line in block.lines
        for number in calls_of(line)
    }
    labels: dict[tuple[int, str], str] = {}
    for block in blocks:
        if block.lines and (number := _number(block, style)):
            places = _places(block, number, called)
            if places:
                label = _label(number, block.lines[0].page, labels.values())
                block.kind, block.marker = NOTE, number
                labels |= dict.fromkeys([*places, (block.lines[0].page, number)], label)
    return labels


def _places(block: Block, number: str, called: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the calls of a note: those on its page, or anywhere if it links back to them."""
    page = block.lines[0].page
    links_back = BACK in block.lines[-1].text
    return [call for call in called if call[1] == number and (links_back or call[0] == page)]


def _may_be_note(block: Block, style: Style) -> bool:
    if block.kind == NOTE or is_small(block, style):
        return True
    return bool(block.lines) and block.lines[0].text.startswith(CALL)


def calls_of(line: Line) -> list[str]:
    """Return the raised numbers of a line."""
    return [number for each in _CALL.findall(line.text) for number in re.split(r"[,\s]+", each)]


def _number(block: Block, style: Style) -> str:
    """Return the number that a block begins with if it may be a note; "" if not."""
    if block.kind == ITEM and BACK in block.lines[-1].text:
        return block.marker.strip("().")
    if block.kind not in (TEXT, ITEM, NOTE) or not _may_be_note(block, style):
        return ""
    match = STARTS_NOTE.match(block.lines[0].text)
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
        return match[1].translate(POWERS)

    return _CALL.sub(call, text)


def without_number(text: str) -> str:
    """Return the first line of a note without its number."""
    match = STARTS_NOTE.match(text)
    return text[match.end() :] if match else text
