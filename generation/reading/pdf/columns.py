"""The lines of a page in reading order: pages of one, two and three columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from statistics import median

from generation.reading.pdf.lines import Line, lines_of
from generation.reading.pdf.runs import PageText, Run

STEP = 2.0  # points: how finely gutters are looked for; chosen
MOST_COLUMNS = 3
FEWEST_RUNS = 16  # of a page with columns; chosen
FEWEST_LINES = 6  # of each column; chosen
FARTHEST = 0.4  # of the width of a column, from a gutter to where it would be ideally; chosen
NARROWEST = 0.5  # of the width that a column would have ideally; chosen
FULL_SHARE = 0.33  # of the lines of all columns that fill theirs, in prose; chosen
LEAST_FULL = 0.2  # the same of each column; chosen
COLUMNS_SHARE = 0.3  # of pages with columns, so that pages that are not full have them; chosen
MOST_ACROSS = 0.3  # of the letters of such a page that run across its gutters; chosen
EDGE = 2.0  # points that a run may reach into the gutter; chosen
CLOSE = 0.9  # font sizes: runs on one line that are closer belong together; chosen

Gutters = tuple[float, ...]  # where they are, from left to right; none on a page of one column


def gutters_of(pages: Sequence[PageText], size: float) -> list[Gutters]:
    """Return the gutters of each page.

    ``size`` is the font size of most of the document. A page that is not full takes the gutters
    that most pages with columns have, unless much text runs across them.
    """
    own = [_gutters(page.runs, page.width, size) for page in pages]
    with_some = [tuple(map(round, gutters)) for gutters in own if gutters]
    if not with_some or len(with_some) < COLUMNS_SHARE * len(pages):
        return own
    usual: Gutters = Counter(with_some).most_common(1)[0][0]
    return [
        usual if not gutters and _keeps_clear(page.runs, usual) else gutters
        for page, gutters in zip(pages, own, strict=True)
    ]


def _keeps_clear(runs: Sequence[Run], gutters: Gutters) -> bool:
    """Whether text stands in the first column, and hardly any runs across a gutter."""
    columns, across = _divided(runs, gutters)
    beside = sum(len(run.text) for column in columns for run in column)
    return bool(columns[0]) and sum(len(run.text) for run in across) < MOST_ACROSS * beside


def in_reading_order(runs: Sequence[Run], page: int, gutters: Gutters) -> list[Line]:
    """Return the lines of a page, column by column."""
    if not gutters:
        return _marked(lines_of(runs, page), 0)
    columns, across = _divided(runs, gutters)
    parts = [_marked(lines_of(column, page), number) for number, column in enumerate(columns, 1)]
    lines = lines_of(across, page)
    for line in lines:
        line.column_left, line.column_right = line.left, line.right
    return list(_woven(lines, parts))


def _marked(lines: list[Line], column: int) -> list[Line]:
    left = min((line.left for line in lines), default=0)
    right = max((line.right for line in lines), default=0)
    for line in lines:
        line.column, line.column_left, line.column_right = column, left, right
    return lines


def _divided(runs: Sequence[Run], gutters: Gutters) -> tuple[list[list[Run]], list[Run]]:
    """Return the runs of each column, and those that run across a gutter, with their lines."""
    columns: list[list[Run]] = [[] for _ in (*gutters, None)]
    across: list[Run] = []
    for run in runs:
        column = sum(run.left >= gutter - EDGE for gutter in gutters)
        is_inside = column == len(gutters) or run.right <= gutters[column] + EDGE
        (columns[column] if is_inside else across).append(run)
    for run in across:  # it grows by the runs beside those in it
        for column_runs in columns:
            across += (other for other in column_runs if _is_close(run, other))
            column_runs[:] = [other for other in column_runs if not _is_close(run, other)]
    return columns, across


def _is_close(run: Run, other: Run) -> bool:
    if abs(run.baseline - other.baseline) > 0.3 * run.size:
        return False
    return max(other.left - run.right, run.left - other.right) < CLOSE * run.size


def _woven(across: Sequence[Line], columns: Sequence[list[Line]]) -> Iterator[Line]:
    """Yield the columns above each line that runs across, the line, and what is below."""
    for line in across:
        for column in columns:
            above = [other for other in column if other.baseline < line.baseline]
            yield from above
            del column[: len(above)]
        yield line
    for column in columns:
        yield from column


def _gutters(runs: Sequence[Run], width: float, size: float) -> Gutters:
    """Return the gutters of a page with columns of prose."""
    body = [run for run in runs if len(run.text) > 2]
    if len(body) < FEWEST_RUNS:
        return ()
    gaps = list(_gaps(_coverage(body, width), size))
    for count in range(MOST_COLUMNS, 1, -1):
        gutters = _nearest(gaps, count, width)
        if gutters and _are_prose(body, gutters, width):
            return gutters
    return ()


def _nearest(gaps: Sequence[float], count: int, width: float) -> Gutters:
    """Return the gaps nearest to where the gutters of ``count`` columns would be ideally."""
    ideal = [number * width / count for number in range(1, count)]
    nearest = [_nearest_gap(gaps, place) for place in ideal]
    pairs = zip(nearest, ideal, strict=True)
    are_near = all(abs(gap - place) < FARTHEST * width / count for gap, place in pairs)
    return tuple(nearest) if are_near else ()


def _nearest_gap(gaps: Sequence[float], place: float) -> float:
    return min(gaps, key=lambda gap: abs(gap - place), default=float("inf"))


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


def _gaps(cover: Sequence[int], size: float) -> Iterator[float]:
    """Yield the middles of broad strips that few runs stand over."""
    few = max(1.0, 0.12 * median([count for count in cover if count] or [0]))
    narrowest = max(3.0, 0.6 * size / STEP)
    start = 0
    while start < len(cover):
        end = start
        while end < len(cover) and cover[end] <= few:
            end += 1
        if end - start >= narrowest:
            yield (start + end) / 2 * STEP
        start = max(end, start + 1)


def _are_prose(runs: Sequence[Run], gutters: Gutters, width: float) -> bool:
    """Whether gutters divide prose: its columns are broad, and many of their lines are full."""
    edges = (-EDGE, *gutters, width + EDGE)
    shares = []
    for left, right in pairwise(edges):
        inside = [run for run in runs if run.left >= left - EDGE and run.right <= right + EDGE]
        lines = lines_of(inside, 0)
        if len(lines) < FEWEST_LINES:
            return False
        shares.append(_full_share(lines, NARROWEST * width / len(edges[1:])))
    return min(shares) > LEAST_FULL and sum(shares) / len(shares) > FULL_SHARE


def _full_share(lines: Sequence[Line], narrowest: float) -> float:
    span = max(line.right for line in lines) - min(line.left for line in lines)
    full = sum(line.right - line.left > 0.75 * span for line in lines)
    return full / len(lines) if span >= narrowest else 0.0
