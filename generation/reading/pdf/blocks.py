"""Blocks: what stands together on a page, such as a paragraph, a heading or a table."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from generation.passages.left_out import CONTENTS, HIDDEN, PAGE_NUMBER, RUNNING_HEAD
from generation.reading.pdf.lines import Line
from generation.reading.pdf.runs import PageText

HEADING = "heading"
TEXT = "text"
ITEM = "item"
CODE = "code"
TABLE = "table"
QUOTE = "quote"
NOTE = "note"
TERM = "term"
CELL = "cell"  # of a tagged table, until its cells are put in rows
LEFT_OUT = (RUNNING_HEAD, PAGE_NUMBER, CONTENTS, HIDDEN)  # kinds that are no content

MARKER = re.compile(r"([•◦▪‣·●○■□–*⁃∙➢✓-]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\(?[ivx]{1,4}[.)])(?:\s+|$)")
LEADERS = re.compile(  # ". . . . 12"; begins where the marks do, or a long line takes long
    r"(?<![\s.])(?:\s*+\.){4,}+\s*+\w{0,6}$|\s[.·…]{3,}+\s*+\d+$"
)
CAPTION = re.compile(
    r"(?i:figure|fig\.|table|listing|abbildung|abb\.|tabelle|tab\.)\s*"
    r"(?:\d[\w.-]*|[A-Z](?:[.\d][\w.-]*)?(?=[\s:.]|$))|[図表]\s*\d"
)
NUMBERED = re.compile(r"(\d+(?:\.\d+)*)\.?\s+\S")
SENTENCE_END = tuple('.!?:;。！？؟…"”»')
COMMON = 0.4  # of how often the commonest step between lines comes; chosen
MUCH_SMALLER = 0.9  # points below the size of most text: notes and captions; chosen


@dataclass(slots=True)
class Block:
    """Lines that belong together, from one page or more."""

    kind: str
    lines: list[Line]
    level: int = 0  # of a heading, or the depth of an item; 0 if not known yet
    marker: str = ""
    rows: list[list[str]] = field(default_factory=list)
    later_pages: dict[int, int] = field(default_factory=dict)  # first row -> page, of a table
    is_tagged: bool = False

    @property
    def text(self) -> str:
        """Its lines as they are on the page."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Style:
    """How most of a document is set."""

    size: float  # of its font
    pitch: float  # from baseline to baseline
    pitches: dict[float, float]  # of other font sizes

    def pitch_of(self, size: float) -> float:
        """Return the usual distance of baselines in a font size."""
        return self.pitches.get(size, max(self.pitch * size / self.size, 1.0))


def size_of(pages: Iterable[PageText]) -> float:
    """Return the font size of most letters that are not in a fixed-width font."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            if not run.font.is_fixed:
                sizes[round(run.size * 2) / 2] += len(run.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def style_of(lines_of_pages: Sequence[Sequence[Line]], size: float) -> Style:
    """Return how most of a document, of which ``size`` is the font size, is set."""
    steps: dict[float, list[float]] = {}
    for lines in lines_of_pages:
        for above, line in pairwise(lines):
            step = line.baseline - above.baseline
            if above.size == line.size and above.column == line.column and 0 < step < 3 * size:
                steps.setdefault(line.size, []).append(round(step, 1))
    pitches = {each: _usual(measured) for each, measured in steps.items() if len(measured) > 2}
    pitch = pitches.pop(size, 1.3 * size)
    return Style(size, pitch, {each: step for each, step in pitches.items() if step < 2 * each})


def _usual(steps: Sequence[float]) -> float:
    """Return the smallest step of those that are common; the others are between paragraphs."""
    counts = Counter(steps)
    common = COMMON * max(counts.values())
    return min(step for step, count in counts.items() if count >= common)


def is_small(block: Block, style: Style) -> bool:
    """Whether a block is set smaller than most text, as notes are."""
    small = bool(block.lines) and block.lines[0].size <= style.size - MUCH_SMALLER
    return small and block.kind in (TEXT, ITEM, NOTE)
