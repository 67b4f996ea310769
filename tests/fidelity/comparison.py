"""How much of a document came out of a reader: the blocks of its source against those written."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

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
    longest_prose,
    marked_calls,
    shingles,
    without_label,
    without_number,
)
from tests.fidelity.tally import Tally

FEW = 12  # letters, which may stand by chance anywhere; chosen; nobody measured
SHORT = 30  # letters; a paragraph that short may stand by chance in another; chosen
PAGE_START = 40  # letters of a block that tell its page; chosen; nobody measured
Row = tuple[str, ...]
NAMES = {
    PARAGRAPH: "paragraphs",
    ITEM: "items_whole",
    TERM: "terms",
    DEFINITION: "definitions",
    FOOTNOTE: "footnotes",
    CAPTION: "captions",
}


class Written:
    """The blocks that a reader wrote, in the forms in which they are looked up."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        self.letters = [letters(block.text) for block in blocks]
        self.counts = Counter(self.letters)
        self._numbers = [n for n, block in enumerate(blocks) if block.kind in (PARAGRAPH, ITEM)]
        prose = [f"\n{self.letters[number]}" for number in self._numbers]
        self._prose = "".join(prose)
        self._starts = list(accumulate(map(len, prose), initial=0))[:-1]
        self.squeezed = [_squeezed(f"{block.text}\n{block.source}") for block in blocks]
        self.called = [marked_calls(block.text) for block in blocks]

    def where(self, texts: Iterable[str]) -> list[int]:
        """Return the numbers of the blocks of prose that contain one of the texts."""
        return sorted({number for text in texts if text for number in self._holding(text)})

    def _holding(self, text: str) -> Iterator[int]:
        """Yield the numbers of blocks with a text: a few letters only where a block begins."""
        wanted = text if len(text) > FEW else f"\n{text}"
        place = self._prose.find(wanted)
        while place >= 0:
            number = bisect_right(self._starts, place) - 1
            yield self._numbers[number]
            next_start = self._starts[number + 1] if number + 1 < len(self._starts) else None
            place = -1 if next_start is None else self._prose.find(wanted, next_start)

    @cached_property
    def headings(self) -> list[tuple[set[str], int]]:
        """What each heading may be called, and its level."""
        return [(_names(b.text), b.level) for b in self.blocks if b.kind == HEADING]

    def levels_of(self, heading: Block) -> list[int]:
        """Return the levels at which a heading was written."""
        return [level for names, level in self.headings if names & _names(heading.text)]


def _names(heading: str) -> set[str]:
    """Return the letters of a heading, with its number and without it."""
    return {letters(heading), letters(without_number(heading))}


def compare(truth: Sequence[Block], blocks: Sequence[Block], allowed: Iterable[str] = ()) -> Tally:
    """Compare what was written with the truth; texts that are ``allowed`` count as no mistake."""
    tally, written = Tally(), Written(blocks)
    allowed = list(allowed)
    _compare_headings(tally, truth, written, allowed)
    _compare_prose(tally, truth, written)
    _compare_calls(tally, truth, written)
    _compare_rows(tally, truth, blocks)
    _compare_code(tally, truth, blocks)
    _compare_words(tally, truth, blocks, allowed)
    return tally


def _compare_headings(
    tally: Tally, truth: Sequence[Block], written: Written, allowed: Sequence[str]
) -> None:
    """Count headings; levels are compared after all of them are moved by the same number."""
    wanted = [block for block in truth if block.kind == HEADING]
    levels = [written.levels_of(block) for block in wanted]
    pairs = zip(wanted, levels, strict=True)
    moves = Counter(there[0] - block.level for block, there in pairs if there)
    move = moves.most_common(1)[0][0] if moves else 0
    for block, there in zip(wanted, levels, strict=True):
        tally.count("headings_at_all", bool(there))
        tally.count("headings", block.level + move in there, what=f"{block.level} {block.text}")
    right = set().union(*map(_names, (*allowed, *(block.text for block in wanted))))
    false = [names for names, _ in written.headings if not names & right]
    tally.count("false_headings", len(false), len(written.headings))
    tally.tell("false_headings", map(" or ".join, false))


def _numbered(truth: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    """Yield each block, and its text with numbers where it calls footnotes, as in print."""
    number = 0
    for block in truth:
        text = block.text
        while MARK in text:
            number += 1
            text = text.replace(MARK, str(number), 1)
        yield block, text


def _compare_prose(tally: Tally, truth: Sequence[Block], written: Written) -> None:
    order: list[int] = []
    for block, with_numbers in _numbered(truth):
        texts = {letters(block.text), letters(with_numbers)}
        if block.kind not in NAMES or not letters(block.text):
            continue
        where = written.where(texts)
        name = "math" if block.has_math else NAMES[block.kind]
        tally.count(name, bool(where), what=block.text)
        if block.kind == ITEM:
            _compare_item(tally, block, [written.blocks[number] for number in where])
        elif block.kind == FOOTNOTE and block.level:
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
    tally.count("items", item.level in levels, what=f"{item.level} {item.text}")


def _compare_paragraph(
    tally: Tally, block: Block, texts: set[str], where: Sequence[int], written: Written
) -> None:
    squeezed = _squeezed(block.text)
    is_marked = any(squeezed in written.squeezed[number] for number in where)
    tally.count("marks", is_marked, what=block.text)
    there = [written.blocks[number] for number in where]
    has_blanks = any(exact(block.text) in exact(f"{b.text}\n{b.source}") for b in there)
    tally.count("blanks", has_blanks, what=block.text)
    tally.count("alone", any(written.counts[text] for text in texts), what=block.text)


def _compare_box(tally: Tally, block: Block, there: Sequence[Block]) -> None:
    if block.is_quote:
        tally.count("quotes", any(other.is_quote for other in there), what=block.text)
    if block.admonition:
        tally.count("admonitions", any(other.is_quote for other in there), what=block.text)


def _compare_calls(tally: Tally, truth: Sequence[Block], written: Written) -> None:
    """Count the blocks in which every call of a footnote is marked at its place."""
    everything = "\n".join(written.called)
    for block in truth:
        if MARK in block.text:
            tally.count("notes_called", marked_calls(block.text) in everything, what=block.text)


def _squeezed(text: str) -> str:
    return exact(text).replace(" ", "")


def _compare_rows(tally: Tally, truth: Sequence[Block], blocks: Sequence[Block]) -> None:
    """Count cells in the right column of a row; each row that was written counts once."""
    rows = [_cells(block) for block in truth if block.kind == ROW]
    written = [_cells(block) for block in blocks if block.kind == ROW]
    whole = Counter(rows) & Counter(written)
    missing = list((Counter(rows) - whole).elements())
    best = _best_matches(missing, list((Counter(written) - whole).elements()))
    for row in whole.elements():
        tally.count("cells", sum(map(bool, row)), sum(map(bool, row)))
    for number, row in enumerate(missing):
        tally.count("cells", best.get(number, 0), sum(map(bool, row)), what=" | ".join(row))


def _best_matches(rows: list[Row], written: list[Row]) -> dict[int, int]:
    """Return how many cells of each row are in the row that is most like it."""
    pairs = [
        (same, -abs(number - place), number, place)
        for number, row in enumerate(rows)
        for place, other in enumerate(written)
        if (same := _same(row, other))
    ]
    best: dict[int, int] = {}
    taken: set[int] = set()
    for same, _, number, place in sorted(pairs, reverse=True):
        if number not in best and place not in taken:
            best[number] = same
            taken.add(place)
    return best


def _cells(block: Block) -> Row:
    return tuple(exact(cell).replace("; ", " ") for cell in block.cells)  # blocks are joined so


def _same(row: Row, other: Row) -> int:
    return sum(a == b != "" for a, b in zip(row, other, strict=False))


def _compare_code(tally: Tally, truth: Sequence[Block], blocks: Sequence[Block]) -> None:
    """Count lines of code with their indentation, and the languages of blocks."""
    written = [block for block in blocks if block.kind == CODE]
    there = Counter(_lines(written))
    for line in _lines(truth):
        match = next((other for other in _as_indented(line) if there[other] > 0), None)
        tally.count("code", match is not None, what=line)
        there[match or ""] -= 1
    for block in truth:
        if block.kind == CODE and block.language:
            first = block.text.splitlines()[0].strip()
            languages = [other.language for other in written if first in other.text]
            tally.count("languages", block.language in languages, what=block.language)


def _lines(blocks: Iterable[Block]) -> list[str]:
    lines = [line for block in blocks if block.kind == CODE for line in block.text.splitlines()]
    return [line.replace("\u00a0", " ").rstrip() for line in lines if line.strip()]


def _as_indented(line: str) -> list[str]:
    """Return a line and what it becomes where tabs are shown by blanks."""
    return [line, *(line.expandtabs(width) for width in (2, 4, 8))]


def _compare_words(
    tally: Tally, truth: Sequence[Block], blocks: Sequence[Block], allowed: Iterable[str]
) -> None:
    """Count runs of words that nobody wrote, or that stand there more often than in the truth.

    A run may reach from a block into the next, since blocks that were joined are counted elsewhere.
    """
    texts, numbered = list(_texts(truth)), list(_texts_with_numbers(truth))
    wanted = shingles(texts) | shingles([" ".join(texts)])
    wanted |= shingles(without_number(block.text) for block in truth if block.kind == HEADING)
    wanted |= shingles(numbered) | shingles([" ".join(numbered)])
    wanted += shingles(allowed)
    written = shingles(_texts_without_numbers(_without_math(truth, blocks)))
    too_many = written - wanted
    tally.count("false_text", too_many.total(), written.total())
    tally.count("doubled_text", sum(too_many[run] for run in wanted), written.total())
    tally.tell("false_text", _joined(too_many))


def _without_math(truth: Sequence[Block], blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks but for paragraphs with formulas, of which most formats know no TeX."""
    formulas = [(letters(longest_prose(b.text)), letters(b.text)) for b in truth if b.has_math]
    for block in blocks:
        text = letters(block.text)
        if not any(len(p) > FEW and p in text and len(text) < 2 * len(f) for p, f in formulas):
            yield block


def _joined(runs: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield texts of runs of words that go on from each other."""
    text: tuple[str, ...] = ()
    for run in runs:
        if text and text[-3:] == run[:3]:
            text = (*text, run[-1])
        else:
            yield " ".join(text)
            text = run
    yield " ".join(text)


def _texts(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield from block.cells or block.text.splitlines()


def _texts_without_numbers(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield texts without the numbers that programs put before headings and captions."""
    for block in blocks:
        if block.kind == HEADING:
            yield without_number(block.text)
        elif block.kind == PARAGRAPH:
            yield without_label(block.text)
        else:
            yield from _texts([block])


def _texts_with_numbers(truth: Sequence[Block]) -> Iterator[str]:
    """Yield texts as prints have them: footnotes are called by numbers and begin with them."""
    notes = 0
    for block, text in _numbered(truth):
        if block.kind == FOOTNOTE and block.level:
            notes += 1
            yield f"{notes} {text}"
        else:
            yield from block.cells or text.splitlines()
