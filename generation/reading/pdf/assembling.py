"""Put the blocks of a document together: its text, its pages and what is left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from generation.passages.left_out import LeftOut
from generation.reading.pdf.blocks import LEFT_OUT, Block
from generation.reading.pdf.notes import Labels
from generation.reading.pdf.writing import markdown_of, words_of


@dataclass(slots=True)
class Assembled:
    """The text of a document; see :class:`Reading`."""

    text: str
    page_starts: list[int]
    left_out: list[LeftOut] = field(default_factory=list)


def assemble(blocks: Sequence[Block], pages: int, labels: Labels) -> Assembled:
    """Return the text of blocks, with the offsets at which pages start.

    A page without text starts where the next page does, so that nothing stands on it.
    """
    words = words_of(blocks)
    parts: list[str] = []
    left_out: list[LeftOut] = []
    of_content: dict[int, int] = {}
    of_rest: dict[int, int] = {}
    at = 0
    for block in blocks:
        written, inside = markdown_of(block, words, labels)
        starts = of_rest if block.kind in LEFT_OUT else of_content
        for offset, page in inside:
            starts.setdefault(page, at + offset)
        if block.kind in LEFT_OUT:
            left_out.append(LeftOut(at, at + len(written), block.kind))
        parts.append(written)
        at += len(written) + 2
    text = "\n\n".join(parts)
    return Assembled(text, _ascending({**of_rest, **of_content}, pages, len(text)), left_out)


def _ascending(starts: dict[int, int], pages: int, end: int) -> list[int]:
    """Return an offset for each page, none after that of a later page."""
    offsets: list[int] = []
    for page in reversed(range(pages)):
        end = min(starts.get(page, end), end)
        offsets.append(end)
    return [0, *offsets[::-1][1:]] if offsets else []
