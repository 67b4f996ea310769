"""How much of a document came out of a reader: the blocks of its source against those written.

Everything is counted as (right, of how many), so that documents can be added up.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from tests.fidelity.blocks import (
    CAPTION,
    CODE,
    DEFINITION,
    FOOTNOTE,
    HEADING,
    ITEM,
    MARK,
    PARAGRAPH,
    ROW,
    TERM,
    Block,
    exact,
    is_note_definition,
    letters,
    marked_calls,
    shingles,
    without_number,
)

SHORT = 30  # letters; a paragraph that short may stand by chance in another; chosen
PAGE_START = 40  # letters of a block that tell its page; chosen; nobody measured
NAMES = {
    PARAGRAPH: "paragraphs",
    ITEM: "items_whole",
    TERM: "terms",
    DEFINITION: "definitions",
    FOOTNOTE: "footnotes",
    CAPTION: "captions",
}


class Tally(dict[str, tuple[float, float]]):
    """For each figure how much is right, and of how much."""

    def count(self, name: str, right: float, of: float = 1) -> None:
        before, whole = self.get(name, (0, 0))
        self[name] = (before + right, whole + of)

    def add(self, other: "Tally") -> None:
        for name, (right, of) in other.items():
            self.count(name, right, of)

    def per_cent(self, name: str) -> float | None:
        """Return a figure in per cent, rounded down to a tenth; None if there was nothing."""
        right, of = self.get(name, (0, 0))
        return int(1000 * right / of + 1e-9) / 10 if of else None


class Written:
    """The blocks that a reader wrote, in the forms in which they are looked up."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self.letters = [letters(block.text) for block in blocks]
        self.counts = Counter(self.letters)
        self.squeezed = [_squeezed(block.text) for block in blocks]
        self.called = [marked_calls(block.text) for block in blocks]

    def where(self, texts: Iterable[str]) -> list[int]:
        """Return the numbers of the blocks of prose that contain one of the texts."""
        wanted = [text for text in texts if text]
        return [
            number
            for number, block in enumerate(self.blocks)
            if block.kind in (PARAGRAPH, ITEM)
            and any(text in self.letters[number] for text in wanted)
        ]

    @cached_property
    def headings(self) -> list[tuple[str, str, int]]:
        """The letters of each heading, those without its number, and its level."""
        return [
            (letters(block.text), letters(without_number(block.text)), block.level)
            for block in self.blocks
            if block.kind == HEADING
        ]

    def levels_of(self, heading: Block) -> list[int]:
        """Return the levels at which a heading was written."""
        text, bare = letters(heading.text), letters(without_number(heading.text))
        return [level for full, short, level in self.headings if text == full or bare == short]


def compare(truth: Sequence[Block], blocks: Sequence[Block], allowed: Iterable[str] = ()) -> Tally:
    """Compare what was written with the truth; texts that are ``allowed`` count as no mistake."""
    tally, written = Tally(), Written(blocks)
    _compare_headings(tally, truth, written)
    _compare_prose(tally, truth, written)
    _compare_calls(tally, truth, written)
    _compare_rows(tally, truth, blocks)
    _compare_code(tally, truth, blocks)
    _compare_words(tally, truth, blocks, allowed)
    return tally


def _compare_headings(tally: Tally, truth: Sequence[Block], written: Written) -> None:
    """Count headings; levels are compared after all of them are moved by the same number."""
    wanted = [block for block in truth if block.kind == HEADING]
    levels = [written.levels_of(block) for block in wanted]
    pairs = zip(wanted, levels, strict=True)
    moves = Counter(there[0] - block.level for block, there in pairs if there)
    move = moves.most_common(1)[0][0] if moves else 0
    for block, there in zip(wanted, levels, strict=True):
        tally.count("headings_at_all", bool(there))
        tally.count("headings", block.level + move in there)


def _numbered(truth: Sequence[Block]) -> Iterator[tuple[Block, set[str]]]:
    """Yield blocks and the letters that they may have: a call is written as a number or not."""
    number = 0
    for block in truth:
        texts = {letters(block.text)}
        for _ in range(block.text.count(MARK)):
            number += 1
            texts.add(letters(block.text.replace(MARK, str(number))))
        yield block, texts


def _compare_prose(tally: Tally, truth: Sequence[Block], written: Written) -> None:
    order: list[int] = []
    for block, texts in _numbered(truth):
        if block.kind not in NAMES or not letters(block.text):
            continue
        where = written.where(texts)
        tally.count("math" if block.has_math else NAMES[block.kind], bool(where))
        if block.kind == ITEM:
            _compare_item(tally, block, [written.blocks[number] for number in where])
        elif block.kind == FOOTNOTE:
            is_marked = any(is_note_definition(written.blocks[number].text) for number in where)
            tally.count("notes_marked", is_marked)
        elif block.kind == PARAGRAPH and not block.has_math and len(letters(block.text)) > SHORT:
            _compare_paragraph(tally, block, texts, where, written)
            order += where[:1]
        _compare_box(tally, block, [written.blocks[number] for number in where])
    tally.count("order", sum(a <= b for a, b in pairwise(order)), max(0, len(order) - 1))


def _compare_item(tally: Tally, item: Block, there: Sequence[Block]) -> None:
    levels = [block.level for block in there if block.kind == ITEM]
    tally.count("items_as_items", bool(levels))
    tally.count("items", item.level in levels)


def _compare_paragraph(
    tally: Tally, block: Block, texts: set[str], where: Sequence[int], written: Written
) -> None:
    squeezed = _squeezed(block.text)
    tally.count("marks", any(squeezed in written.squeezed[number] for number in where))
    tally.count("blanks", any(exact(block.text) in exact(written.blocks[n].text) for n in where))
    tally.count("alone", any(written.counts[text] for text in texts))


def _compare_box(tally: Tally, block: Block, there: Sequence[Block]) -> None:
    if block.is_quote:
        tally.count("quotes", any(other.is_quote for other in there))
    if block.admonition:
        tally.count("admonitions", any(other.is_quote for other in there))


def _compare_calls(tally: Tally, truth: Sequence[Block], written: Written) -> None:
    """Count the blocks in which every call of a footnote is marked at its place."""
    everything = "\n".join(written.called)
    for block in truth:
        if MARK in block.text:
            tally.count("notes_called", marked_calls(block.text) in everything)


def _squeezed(text: str) -> str:
    return exact(text).replace(" ", "")


def _compare_rows(tally: Tally, truth: Sequence[Block], blocks: Sequence[Block]) -> None:
    """Count cells in the right column of a row; each row that was written counts once."""
    wanted = [_cells(block) for block in truth if block.kind == ROW]
    written = [_cells(block) for block in blocks if block.kind == ROW]
    pairs = [
        (_same(row, other), -abs(number - place), number, place)
        for number, row in enumerate(wanted)
        for place, other in enumerate(written)
    ]
    best: dict[int, int] = {}
    taken: set[int] = set()
    for same, _, number, place in sorted(pairs, reverse=True):
        if number not in best and place not in taken:
            best[number] = same
            taken.add(place)
    for number, row in enumerate(wanted):
        tally.count("cells", best.get(number, 0), sum(map(bool, row)))


def _cells(block: Block) -> list[str]:
    return [exact(cell) for cell in block.cells]


def _same(row: Sequence[str], other: Sequence[str]) -> int:
    return sum(a == b != "" for a, b in zip(row, other, strict=False))


def _compare_code(tally: Tally, truth: Sequence[Block], blocks: Sequence[Block]) -> None:
    """Count lines of code with their indentation, and the languages of blocks."""
    written = [block for block in blocks if block.kind == CODE]
    for width in (4, 8):
        wanted = Counter(_lines(truth, width))
        there = Counter(_lines(written, width))
        right = (wanted & there).total()
        if right >= tally.get("code", (0, 0))[0]:
            tally["code"] = (right, wanted.total())
    for block in truth:
        if block.kind == CODE and block.language:
            first = block.text.splitlines()[0].strip()
            languages = [other.language for other in written if first in other.text]
            tally.count("languages", block.language in languages)


def _lines(blocks: Iterable[Block], width: int) -> list[str]:
    lines = [line for block in blocks if block.kind == CODE for line in block.text.splitlines()]
    return [line.rstrip().expandtabs(width) for line in lines if line.strip()]


def _compare_words(
    tally: Tally, truth: Sequence[Block], blocks: Sequence[Block], allowed: Iterable[str]
) -> None:
    """Count runs of words that nobody wrote, or that stand there more often than in the truth.

    A run may reach from a block into the next, since blocks that were joined are counted elsewhere.
    """
    texts = list(_texts_with_numbers(truth))
    wanted = shingles(_texts(truth)) | shingles(texts) | shingles([" ".join(_texts(truth))])
    wanted |= shingles([" ".join(texts)])
    wanted += shingles(allowed)
    written = shingles(_texts(blocks))
    false = sum(count for run, count in written.items() if run not in wanted)
    twice = sum(max(0, count - wanted[run]) for run, count in written.items() if run in wanted)
    tally.count("false_text", false + twice, written.total())
    tally.count("doubled_text", twice, written.total())


def _texts(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield from block.cells or block.text.splitlines()


def _texts_with_numbers(truth: Sequence[Block]) -> Iterator[str]:
    """Yield texts as prints have them: footnotes are called by numbers and begin with them."""
    calls = notes = 0
    for block in truth:
        text = block.text
        while MARK in text:
            calls += 1
            text = text.replace(MARK, str(calls), 1)
        if block.kind == FOOTNOTE:
            notes += 1
            text = f"{notes} {text}"
        yield from block.cells or text.splitlines()
