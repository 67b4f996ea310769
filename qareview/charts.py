"""Charts drawn as SVG on the server: bars by day, dots with their intervals, points.

They stretch with the page and its letters do not: across, everything stands at a percentage; down,
at a number of pixels. Behind each chart is a table of the same numbers. Colours are classes in
app.css, so that light and dark are its matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BARS_HEIGHT = 160  # pixels, without the line of labels below
BARS_TOP = 20  # for the numbers on top of the bars
ROW = 50  # of a dot: its label, and its line below
LONGEST_LABEL = 34  # letters that fit across a phone
EDGE = 2.0  # per cent left free at both sides, so that no dot is cut


@dataclass(frozen=True)
class Bar:
    """Where a bar stands; ``x`` and ``width`` in per cent, the others in pixels."""

    label: str
    value: int
    cells: Sequence[str]
    x: str
    middle: str
    width: str
    y: int
    height: int


@dataclass(frozen=True)
class Bars:
    """A chart for templates/charts/bars.html; ``columns`` head the table of the numbers."""

    name: str  # unique on its page
    title: str
    description: str
    columns: Sequence[str]
    rows: list[Bar]
    height: int = BARS_HEIGHT + 24
    floor: int = BARS_HEIGHT


def bars(
    name: str,
    title: str,
    description: str,
    columns: Sequence[str],
    values: Sequence[tuple[str, int, Sequence[str]]],
) -> Bars:
    """Draw bars, each given as its label, its value and the cells of its row in the table."""
    most = max((value for _, value, _ in values), default=0) or 1
    step = 100 / max(1, len(values))
    rows = []
    for place, (label, value, cells) in enumerate(values):
        height = round((BARS_HEIGHT - BARS_TOP) * value / most)
        left = place * step
        rows.append(
            Bar(
                label,
                value,
                cells,
                x=_percent(left + step * 0.15),
                middle=_percent(left + step / 2),
                width=_percent(step * 0.7),
                y=BARS_HEIGHT - height,
                height=height,
            )
        )
    return Bars(name, title, description, columns, rows)


@dataclass(frozen=True)
class Estimate:
    """A value with its interval and what stands beside it; no value where it cannot be told."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Dot:
    label: str
    note: str
    cells: Sequence[str]
    text_y: int
    y: int
    x: str = ""  # empty: there is none
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Tick:
    label: str
    x: str


@dataclass(frozen=True)
class Dots:
    """A chart for templates/charts/dots.html; ``columns`` head the table of the numbers."""

    name: str
    title: str
    description: str
    columns: Sequence[str]
    rows: list[Dot]
    ticks: list[Tick]
    height: int
    floor: int


def dots(
    name: str,
    title: str,
    description: str,
    columns: Sequence[str],
    estimates: Sequence[Estimate],
    ticks: Sequence[tuple[float, str]],
) -> Dots:
    """Draw a dot with its interval on a line for each estimate; the ticks span the scale."""
    first, last = ticks[0][0], ticks[-1][0]

    def place(value: float | None) -> str:
        if value is None:
            return ""
        share = (min(max(value, first), last) - first) / (last - first)
        return _percent(EDGE + share * (100 - 2 * EDGE))

    rows = [
        Dot(
            _short(one.label),
            one.note,
            one.cells,
            text_y=number * ROW + 18,
            y=number * ROW + 34,
            x=place(one.value),
            low=place(one.low),
            high=place(one.high),
        )
        for number, one in enumerate(estimates)
    ]
    marks = [Tick(label, place(value)) for value, label in ticks]
    floor = ROW * len(rows)
    return Dots(name, title, description, columns, rows, marks, floor + 24, floor)


POINTS_HEIGHT = 220  # pixels, without the line of labels below


@dataclass(frozen=True)
class Spot:
    """A point: its label, a price of 0 or more, a share from 0 to 1, and whether it is filled."""

    label: str
    price: float
    share: float
    is_filled: bool
    cells: Sequence[str]


@dataclass(frozen=True)
class Point:
    label: str
    x: str
    y: int
    is_filled: bool
    cells: Sequence[str]


@dataclass(frozen=True)
class Points:
    """A chart for templates/charts/points.html; ``columns`` head the table of the numbers."""

    name: str
    title: str
    description: str
    columns: Sequence[str]
    rows: list[Point]
    ticks: list[Tick]
    axis: str
    height: int = POINTS_HEIGHT + 44
    floor: int = POINTS_HEIGHT


def points(
    name: str,
    title: str,
    description: str,
    columns: Sequence[str],
    spots: Sequence[Spot],
    axis: str,
) -> Points:
    """Draw points: the price to the right, from 0; the share upwards, from 0 to 1."""
    most = max((spot.price for spot in spots), default=0) or 1
    scale = 100 - 2 * EDGE - 6  # with room for the label of the last

    def place(price: float) -> str:
        return _percent(EDGE + scale * price / most)

    rows = [
        Point(
            spot.label,
            place(spot.price),
            round(12 + (POINTS_HEIGHT - 24) * (1 - spot.share)),
            spot.is_filled,
            spot.cells,
        )
        for spot in spots
    ]
    ticks = [Tick("0", place(0)), Tick(f"{most:.3g}", place(most))]
    return Points(name, title, description, columns, rows, ticks, axis)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _percent(number: float) -> str:
    return f"{number:.2f}%"
