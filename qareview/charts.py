"""Charts, drawn as SVG on the server: bars by day, dots with intervals, and points.

A chart is as wide as the page, but its text keeps its size. So horizontal positions are in per
cent, and vertical positions in pixels. A table below each chart has the same numbers. Colours are
classes in app.css, for light and dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Layout, in pixels unless another unit is named; chosen by eye.
BARS_HEIGHT = 160  # without the line of labels below
BARS_TOP = 20  # for the numbers on top of the bars
ROW_HEIGHT = 50  # of a dot: its label, and its line below
LONGEST_LABEL = 34  # characters that fit across a phone
EDGE = 2.0  # per cent left free at both sides, so that no dot is cut
POINTS_HEIGHT = 220  # without the line of labels below


@dataclass(frozen=True)
class Bar:
    """A bar: ``x``, ``middle`` and ``width`` are in per cent, ``y`` and ``height`` in pixels.

    ``cells`` is its row in the table below the chart.
    """

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
    """Draw bars. ``values`` are the label, the value and the table cells of each bar."""
    most = max((value for _, value, _ in values), default=0) or 1
    step = 100 / max(1, len(values))
    rows = []
    for number, (label, value, cells) in enumerate(values):
        height = round((BARS_HEIGHT - BARS_TOP) * value / most)
        left = number * step
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
class IntervalEstimate:
    """A value with its interval; ``value`` is None if it is unknown, and ``note`` says why."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Dot:
    """A dot with its interval: ``x``, ``low`` and ``high`` in per cent, the others in pixels."""

    label: str
    note: str
    cells: Sequence[str]
    text_y: int
    y: int
    x: str = ""  # empty: no dot is drawn
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Tick:
    """A label on the horizontal axis; ``x`` is in per cent."""

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
    estimates: Sequence[IntervalEstimate],
    ticks: Sequence[tuple[float, str]],
) -> Dots:
    """Draw each estimate as a dot with its interval, on a scale from the first to the last tick."""
    first, last = ticks[0][0], ticks[-1][0]

    def x_of(value: float | None) -> str:
        if value is None:
            return ""
        share = (min(max(value, first), last) - first) / (last - first)
        return _percent(EDGE + share * (100 - 2 * EDGE))

    rows = [
        Dot(
            _short(estimate.label),
            estimate.note,
            estimate.cells,
            text_y=number * ROW_HEIGHT + 18,
            y=number * ROW_HEIGHT + 34,
            x=x_of(estimate.value),
            low=x_of(estimate.low),
            high=x_of(estimate.high),
        )
        for number, estimate in enumerate(estimates)
    ]
    marks = [Tick(label, x_of(value)) for value, label in ticks]
    floor = ROW_HEIGHT * len(rows)
    return Dots(name, title, description, columns, rows, marks, floor + 24, floor)


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
    """The position of a Spot: ``x`` in per cent, ``y`` in pixels.

    The label stands on the side where there is more room.
    """

    label: str
    x: str
    y: int
    is_label_left: bool
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
    """Draw points by their price, on the horizontal axis from 0, and share, upwards from 0 to 1."""
    most = max((spot.price for spot in spots), default=0) or 1

    def x_of(price: float) -> str:
        return _percent(EDGE + (100 - 2 * EDGE) * price / most)

    rows = [
        Point(
            _short(spot.label),
            x_of(spot.price),
            round(12 + (POINTS_HEIGHT - 24) * (1 - spot.share)),
            spot.price > most / 2,
            spot.is_filled,
            spot.cells,
        )
        for spot in spots
    ]
    ticks = [Tick("0", x_of(0)), Tick(f"{most:.3g}", x_of(most))]
    return Points(name, title, description, columns, rows, ticks, axis)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _percent(number: float) -> str:
    return f"{number:.2f}%"
