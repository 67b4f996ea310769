"""Lines: the runs of a page that stand beside each other."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import NamedTuple

from generation.reading.pdf.characters import RIGHT_TO_LEFT
from generation.reading.pdf.runs import ABOVE_BASELINE, BELOW_BASELINE, Run

BLANK = 0.13  # of the font size: a wider gap between runs is a blank; chosen
WRITTEN_BLANK = 0.08  # the same where the file has a blank, as justified lines may be tight; chosen
WIDE_BLANK = 0.28  # the same beside letters of scripts without blanks; chosen
FIXED_BLANK = 0.45  # the same in a fixed-width font; chosen
CELL_GAP = 0.72  # of the font size: a wider gap may be that between cells of a table; chosen
KEPT_BLANKS = 0.1  # of full lines that have one at the end in files that keep them; chosen
WIDE_GAP = 1.6  # of the font size: a wider gap stands between columns or cells; chosen
FIXED_WEIGHT = 0.3  # of letters of code, which is smaller than the sentence around it; chosen
CALL, CALL_END = "\ue000", "\ue001"  # around the raised number of a note, in a line's text
RAISED_SIZE = 0.85  # of the font size of a line: smaller numbers may be raised; chosen
NARROW = 0.36  # font sizes of a raised number that is a glyph of its own; others have 0.5; chosen
RAISED_BY = 0.15  # of the font size; chosen
_LABEL = re.compile(r"\(?\w{1,3}[.)]|\d+(?:\.\d+)+\.?|[•◦▪‣]")  # before an item or a heading
_UNIT = re.compile(r"(?:^|[\s\d])(?:[cdkmnµ]?m|ft|in|[a-z])$")
POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NOTE_NUMBER = re.compile(r"\d{1,3}(?:[,\s]+\d{1,3}){0,3}|[*†‡§]{1,2}")
WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")  # of scripts without blanks
KOREAN = re.compile("[\uac00-\ud7a3]")
_MISPLACED = re.compile(r"^([.,;:!?،؛؟]+) ?(.*)$")  # what ends a sentence, at its beginning
_MARK_AT_END = re.compile(r"^(.*\S) ?([•‣◦▪]|(?<= )\d+(?:\.\d+)+\.?|(?<= )\d+\.)$")
_SPACED = re.compile(r"(?:\S )+\S")


class Span(NamedTuple):
    """A part of a line between wide gaps."""

    left: float
    right: float
    text: str


@dataclass(slots=True)
class Line:
    """A line of a page, or of a column of it."""

    runs: list[Run]
    page: int  # from 0
    text: str
    left: float
    right: float
    baseline: float
    size: float
    is_bold: bool
    is_fixed: bool
    spans: list[Span]
    wide_spans: int  # number of its parts between gaps of WIDE_GAP
    column: int = 0  # 0 if the page has one column, or if it runs across both
    column_left: float = 0
    column_right: float = 0

    @property
    def top(self) -> float:
        """Upper edge of its letters."""
        return self.baseline - ABOVE_BASELINE * self.size

    @property
    def bottom(self) -> float:
        """Lower edge of its letters."""
        return self.baseline + BELOW_BASELINE * self.size

    def would_fit(self, line: "Line", edge: float) -> bool:
        """Whether the first word of the next line would have had room before an edge."""
        run = line.runs[0]
        share = len(run.text.split(" ", 1)[0]) / len(run.text)
        needed = share * (run.right - run.left) + 0.25 * self.size
        return self.right + needed < edge

    @property
    def words(self) -> str:
        """Its text without the calls of notes at its end."""
        text = self.text
        while text.endswith(CALL_END):
            text = text[: text.rindex(CALL)].rstrip()
        return text

    @property
    def is_full(self) -> bool:
        """Whether it reaches near the right edge of its column, as lines inside a paragraph do."""
        return self.right > self.column_left + 0.8 * (self.column_right - self.column_left)


@dataclass(slots=True)
class _Row:
    """Runs whose heights overlap, and the band of the largest of them."""

    runs: list[Run] = field(default_factory=list)
    top: float = 0
    bottom: float = 0
    size: float = 0

    def add(self, run: Run) -> None:
        self.runs.append(run)
        if run.size > self.size:
            self.top, self.bottom, self.size = run.top, run.bottom, run.size


def lines_of(runs: Iterable[Run], page: int) -> list[Line]:
    """Return the lines that runs make, from top to bottom."""
    rows: list[_Row] = []
    for run in sorted(runs, key=lambda run: run.baseline - 0.25 * run.size):
        row = next((row for row in reversed(rows[-4:]) if _is_beside(run, row)), None)
        if row is None:
            row = _Row()
            rows.append(row)
        row.add(run)
    return sorted((line_of(row.runs, page) for row in rows), key=lambda line: line.baseline)


def mark_cut_words(lines: Sequence[Line]) -> None:
    """Mark the runs that cut a word of Korean, which may be anywhere, where a line ends with them.

    That can be known in files that keep the blanks at the ends of their lines.
    """
    ends = [line.runs[-1].is_before_blank for line in lines if line.is_full]
    if sum(ends) > KEPT_BLANKS * len(ends):
        for run in (run for line in lines for run in line.runs):
            run.cuts_word = not run.is_before_blank and bool(KOREAN.match(run.text[-1]))


def lines_in_order(runs: Sequence[Run], page: int) -> list[Line]:
    """Return the lines that runs make, in the order in which the runs are given."""
    rows: list[_Row] = []
    for run in runs:
        if not rows or not _is_beside(run, rows[-1]):
            rows.append(_Row())
        rows[-1].add(run)
    return [line_of(row.runs, page) for row in rows]


def _is_beside(run: Run, row: _Row) -> bool:
    middle, middle_of_row = (run.top + run.bottom) / 2, (row.top + row.bottom) / 2
    return row.top <= middle <= row.bottom or run.top <= middle_of_row <= run.bottom


def line_of(runs: Sequence[Run], page: int) -> Line:
    """Return the line that runs make."""
    _set_bullet(runs)
    total = sum(len(run.text) for run in runs)
    sizes: dict[float, float] = defaultdict(float)
    for run in runs:
        sizes[run.size] += len(run.text) * (FIXED_WEIGHT if run.font.is_fixed else 1)
    size = max(sizes, key=lambda each: sizes[each])
    is_rtl = _is_right_to_left(runs)
    runs = sorted(runs, key=lambda run: -run.right if is_rtl else run.left)
    is_fixed = _is_fixed(runs)
    baseline = max(runs, key=lambda run: (len(run.text) * (run.size == size), run.size)).baseline
    if is_fixed:
        text = fixed_text(runs, runs[0].left)
    else:
        text = _text(_with_calls(runs, size, baseline), size, is_rtl)
    return Line(
        runs,
        page,
        text,
        min(run.left for run in runs),
        max(run.right for run in runs),
        baseline,
        size,
        sum(len(run.text) for run in runs if run.font.is_bold) > 0.8 * total,
        is_fixed,
        [] if is_rtl else _spans(runs, CELL_GAP * size),
        1 if is_rtl else _count_spans(runs, WIDE_GAP * size),
    )


def _with_calls(runs: Sequence[Run], size: float, baseline: float) -> list[Run]:
    """Return runs with raised numbers marked as calls of notes."""
    marked: list[Run] = []
    before: Run | None = None
    for run, after in zip(runs, (*runs[1:], None), strict=True):
        text = run.text
        is_alone = _NOTE_NUMBER.fullmatch(text) and not _is_inside_word(run, before, after)
        if is_alone and (_is_raised(run, size, baseline) or _is_drawn_raised(run, before)):
            is_power = before is not None and _UNIT.search(before.text)
            text = text.translate(POWERS) if is_power else f"{CALL}{text}{CALL_END}"
        marked.append(run if text is run.text else replace(run, text=text))
        before = run
    return marked


def _is_inside_word(run: Run, before: Run | None, after: Run | None) -> bool:
    """Whether letters stand right before and after a number, as in formulas of chemistry."""
    if before is None or after is None or after.left - run.right > BLANK * run.size:
        return False
    return before.text[-1].isalpha() and after.text[0].isalpha()


def _is_raised(run: Run, size: float, baseline: float) -> bool:
    return run.size < RAISED_SIZE * size and baseline - run.baseline > RAISED_BY * size


def _is_drawn_raised(run: Run, before: Run | None) -> bool:
    """Whether a number right after a word, or before all, has glyphs too narrow for its size."""
    is_narrow = run.right - run.left < NARROW * run.size * len(run.text)
    return is_narrow and (before is None or run.left - before.right < BLANK * run.size)


def _set_bullet(runs: Sequence[Run]) -> None:
    """Replace the letter "o" of another font before a wide gap, with which offices draw bullets."""
    if len(runs) < 2:
        return
    first, second = sorted(runs, key=lambda run: run.left)[:2]
    is_apart = second.left - first.right > CELL_GAP * second.size
    if first.text == "o" and is_apart and first.font.name != second.font.name:
        first.text, first.font = "◦", second.font


def _is_fixed(runs: Sequence[Run]) -> bool:
    """Whether a line is code: it begins in a fixed-width font and goes on in one.

    Letters of scripts that have no fixed-width fonts of their own do not count.
    """
    counts = {True: 0, False: 0}
    for run in runs:
        counts[run.font.is_fixed] += len(WIDE.sub("", run.text))
    starts = runs[0].font.is_fixed and len(WIDE.sub("", runs[0].text)) > 0
    return starts and counts[True] > 0.95 * (counts[True] + counts[False])


def _is_right_to_left(runs: Sequence[Run]) -> bool:
    letters = sum(map(str.isalpha, "".join(run.text for run in runs)))
    return sum(len(RIGHT_TO_LEFT.findall(run.text)) for run in runs) > letters / 2


def _text(runs: Sequence[Run], size: float, is_rtl: bool = False) -> str:
    text, before = "", None
    for run in runs:
        if before is not None and _gap(before, run) > _blank(before, run) * size:
            text += " "
        text += run.text
        before = run
    text = re.sub(r"\s+", " ", text)
    if is_rtl:
        return _MARK_AT_END.sub(r"\2 \1", _MISPLACED.sub(r"\2\1", text))
    return _closed_up(text, runs) if _SPACED.fullmatch(text) else text


def _blank(before: Run, run: Run) -> float:
    """Return how wide a blank between two runs is at least, of the font size."""
    if _LABEL.fullmatch(before.text):
        return BLANK
    if WIDE.match(before.text[-1]) or WIDE.match(run.text[0]):
        return WIDE_BLANK
    return WRITTEN_BLANK if before.is_before_blank else BLANK


def _gap(before: Run, run: Run) -> float:
    return max(run.left - before.right, before.left - run.right)


def _closed_up(text: str, runs: Sequence[Run]) -> str:
    """Return letters that are spaced out as words, if the gaps between words are wider."""
    if len(text) < 9 or len(runs) < 2 or any(len(run.text) < 2 for run in runs):
        return text
    return " ".join(run.text.replace(" ", "") for run in runs)


def fixed_text(runs: Sequence[Run], left: float, letter: float = 0) -> str:
    """Return text in a fixed-width font with its blanks, counted from ``left``.

    ``letter`` is the width of a letter, which is measured if it is not given.
    """
    letter = letter or _width_of_letter(runs)
    text, end = "", left
    for run in runs:
        gap = run.left - end
        if gap > FIXED_BLANK * letter:
            text += " " * max(1 if text else 0, round(gap / letter))
        text += run.text
        end = run.right
    return text.rstrip()


def _width_of_letter(runs: Sequence[Run]) -> float:
    widths = [(run.right - run.left) / len(run.text) for run in runs if len(run.text) > 2]
    return median(widths) if widths else 0.6 * runs[0].size


def _spans(runs: Sequence[Run], widest: float) -> list[Span]:
    """Return the parts of a line between gaps wider than ``widest``."""
    parts: list[list[Run]] = []
    end = 0.0
    for run in runs:
        if not parts or run.left - end > widest:
            parts.append([])
            end = run.right
        parts[-1].append(run)
        end = max(run.right, end)
    return [
        Span(part[0].left, max(run.right for run in part), _text(part, part[0].size))
        for part in parts
    ]


def _count_spans(runs: Sequence[Run], widest: float) -> int:
    """Return how many parts of a line there are between gaps wider than ``widest``."""
    count, end = 0, float("-inf")
    for run in runs:
        count += run.left - end > widest
        end = max(run.right, end)
    return count
