"""The lines of a page in reading order: pages of one column, and of two."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from statistics import median

from generation.reading.pdf.lines import Line, lines_of
from generation.reading.pdf.runs import PageText, Run

STEP = 2.0  # points: how finely a gutter is looked for; chosen
FEWEST_RUNS = 16  # of a page with two columns; chosen
FEWEST_LINES = 6  # of each column; chosen
FULL_SHARE = 0.33  # of the lines of two columns that fill theirs, in prose; chosen
LEAST_FULL = 0.2  # the same of each column; chosen
COLUMNS_SHARE = 0.3  # of pages with two columns, so that pages that are not full have them; chosen
MOST_ACROSS = 0.3  # of the letters of such a page that run across its gutter; chosen
EDGE = 2.0  # points that a run may reach into the gutter; chosen


def gutters_of(pages: Sequence[PageText], size: float) -> list[float | None]:
    """Return the gutter of each page that has two columns of prose; None for other pages.

    ``size`` is the font size of most of the document. A page that is not full takes the gutter that
    most pages have, unless text runs across it.
    """
    own = [gutter_of(page.runs, page.width, size) for page in pages]
    usual = Counter(round(gutter) for gutter in own if gutter is not None).most_common(1)
    if not usual or sum(gutter is not None for gutter in own) < COLUMNS_SHARE * len(pages):
        return own
    common = float(usual[0][0])
    return [
        common if gutter is None and _keeps_clear(page.runs, common) else gutter
        for page, gutter in zip(pages, own, strict=True)
    ]


def _keeps_clear(runs: Sequence[Run], gutter: float) -> bool:
    """Whether text stands on the left of a gutter, and hardly any runs across it."""
    left = sum(len(run.text) for run in runs if run.right <= gutter + EDGE)
    right = sum(len(run.text) for run in runs if run.left >= gutter - EDGE)
    across = sum(len(run.text) for run in runs) - left - right
    return left > 0 and across < MOST_ACROSS * (left + right)


def in_reading_order(runs: Sequence[Run], page: int, gutter: float | None) -> list[Line]:
    """Return the lines of a page, column by column if it has a gutter."""
    if gutter is None:
        return _marked(lines_of(runs, page), 0)
    left = [run for run in runs if run.right <= gutter + EDGE]
    right = [run for run in runs if run.left >= gutter - EDGE]
    beside = {id(run) for run in (*left, *right)}
    across = lines_of([run for run in runs if id(run) not in beside], page)
    halves = [_marked(lines_of(left, page), 1), _marked(lines_of(right, page), 2)]
    return _woven(_each_alone(across), halves)


def _marked(lines: list[Line], column: int) -> list[Line]:
    left = min((line.left for line in lines), default=0)
    right = max((line.right for line in lines), default=0)
    for line in lines:
        line.column, line.column_left, line.column_right = column, left, right
    return lines


def _each_alone(lines: list[Line]) -> list[Line]:
    for line in lines:
        line.column_left, line.column_right = line.left, line.right
    return lines


def _woven(across: Sequence[Line], halves: Sequence[list[Line]]) -> list[Line]:
    """Return the columns above each line that runs across both, the line, and what is below."""
    ordered: list[Line] = []
    for line in across:
        for half in halves:
            above = [other for other in half if other.baseline < line.baseline]
            ordered += above
            del half[: len(above)]
        ordered.append(line)
    return [*ordered, *halves[0], *halves[1]]


def gutter_of(runs: Sequence[Run], width: float, size: float) -> float | None:
    """Return where the gutter is if a page has two columns of prose."""
    body = [run for run in runs if len(run.text) > 2]
    if len(body) < FEWEST_RUNS:
        return None
    gutter = _middle_gap(_coverage(body, width), size)
    if gutter is None:
        return None
    left = lines_of((run for run in body if run.right <= gutter + EDGE), 0)
    right = lines_of((run for run in body if run.left >= gutter - EDGE), 0)
    return gutter if _are_prose(left, right, width) else None


def _coverage(runs: Sequence[Run], width: float) -> list[int]:
    """Return how many runs stand over each strip of the page."""
    strips = int(width / STEP) + 2
    changes = [0] * (strips + 1)
    for run in runs:
        first = min(max(0, int(run.left / STEP)), strips)
        last = min(max(first, int(run.right / STEP) + 1), strips)
        changes[first] += 1
        changes[last] -= 1
    return list(accumulate(changes))[:-1]


def _middle_gap(cover: Sequence[int], size: float) -> float | None:
    """Return the middle of the strip nearest to that of the page that few runs stand over."""
    few = max(1.0, 0.12 * median([count for count in cover if count] or [0]))
    narrowest = max(3.0, 0.6 * size / STEP)
    middles: list[float] = []
    start = int(0.3 * len(cover))
    while start < 0.7 * len(cover):
        end = start
        while end < len(cover) and cover[end] <= few:
            end += 1
        if end - start >= narrowest:
            middles.append((start + end) / 2)
        start = max(end, start + 1)
    best = min(middles, key=lambda middle: abs(middle - len(cover) / 2), default=None)
    return None if best is None else best * STEP


def _are_prose(left: Sequence[Line], right: Sequence[Line], width: float) -> bool:
    """Whether lines are columns of prose: these are broad, and many of their lines are full."""
    if min(len(left), len(right)) < FEWEST_LINES:
        return False
    shares = [_full_share(lines, width) for lines in (left, right)]
    return min(shares) > LEAST_FULL and sum(shares) / 2 > FULL_SHARE


def _full_share(lines: Sequence[Line], width: float) -> float:
    span = max(line.right for line in lines) - min(line.left for line in lines)
    full = sum(line.right - line.left > 0.75 * span for line in lines)
    return full / len(lines) if span >= 0.25 * width else 0.0
