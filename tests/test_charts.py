"""Charts: everything is in its place, and a table has the same numbers."""

from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from qareview import charts
from qareview.translations import money


def drawn(kind: str, chart: object) -> ElementTree.Element:
    text = render_to_string(f"charts/{kind}.html", {"chart": chart})
    assert "style=" not in text
    return ElementTree.fromstring(text)  # noqa: S314  it is our own


def bars(*values: int) -> charts.Bars:
    named = [(f"{n}", value, (f"Day {n}", f"{value}")) for n, value in enumerate(values)]
    return charts.bars("days", "By day", "Told in words.", ("Day", "Decisions"), named)


def test_bars_stand_on_the_floor_and_the_highest_fills_the_chart() -> None:
    chart = bars(0, 5, 10)
    assert [bar.height for bar in chart.rows] == [0, 70, 140]
    assert {bar.y + bar.height for bar in chart.rows} == {chart.floor}
    assert chart.rows[2].y == charts.BARS_TOP
    found = drawn("bars", chart)
    assert len(found.findall(".//rect")) == 2


@pytest.mark.parametrize("values", [(), (0, 0)])
def test_nothing_is_drawn_of_nothing(values: tuple[int, ...]) -> None:
    assert drawn("bars", bars(*values)).findall(".//rect") == []


def dots(*rows: tuple[float | None, float | None, float | None], label: str = "A") -> charts.Dots:
    given = [charts.IntervalEstimate(label, *row, "a note", (label, str(row[0]))) for row in rows]
    ticks = ((0.0, "none"), (1.0, "all"))
    return charts.dots("shares", "Shares", "Told in words.", ("Name", "Share"), given, ticks)


def test_dots_stand_on_the_scale_between_the_ends_of_their_interval() -> None:
    chart = dots((0.5, 0.25, 1.0), (0.0, -3.0, 7.0))
    first, second = chart.rows
    assert (first.low, first.x, first.high) == ("26.00%", "50.00%", "98.00%")
    assert (second.low, second.x, second.high) == ("2.00%", "2.00%", "98.00%")
    assert [tick.x for tick in chart.ticks] == ["2.00%", "98.00%"]
    assert second.y - first.y == charts.ROW_HEIGHT


def test_what_cannot_be_told_has_a_row_but_no_dot() -> None:
    found = drawn("dots", dots((None, None, None), (1.0, None, None)))
    assert len(found.findall(".//circle")) == 1
    assert len(found.findall(".//line[@class='chart-interval']")) == 0
    assert len(found.findall(".//tbody/tr")) == 2


def test_a_chart_has_a_name_a_description_and_a_table() -> None:
    found = drawn("dots", dots((0.5, 0.2, 0.8)))
    svg = found.find("svg")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby").split() == [
        svg.find("title").get("id"),
        svg.find("desc").get("id"),
    ]
    assert svg.find("desc").text == "Told in words."
    assert [cell.text for cell in found.findall(".//thead//th")] == ["Name", "Share"]
    assert [cell.text for cell in found.find(".//tbody/tr")] == ["A", "0.5"]


def test_labels_are_text_and_not_too_long() -> None:
    found = drawn("dots", dots((0.5, 0.2, 0.8), label="<b>" * 30))
    assert f"{'<b>' * 11}…" in [text.text for text in found.findall(".//svg//text")]
    assert found.find(".//tbody//th").text == "<b>" * 30


def test_points_stand_by_price_and_share() -> None:
    spots = [
        charts.Spot("1", 0, 1.0, True, ("1",)),
        charts.Spot("2", 400, 0.5, False, ("2",)),
        charts.Spot("3", 200, 0.0, True, ("3",)),
    ]
    drawn = charts.points("prices", "Title", "Told", ("Variant",), spots, "Tokens")
    places = [float(row.x.rstrip("%")) for row in drawn.rows]
    assert places[0] < places[2] < places[1] < 100
    assert places[2] - places[0] == pytest.approx(places[1] - places[2])
    heights = [row.y for row in drawn.rows]
    assert heights[0] < heights[1] < heights[2] < drawn.floor
    assert [row.is_filled for row in drawn.rows] == [True, False, True]
    assert [row.is_label_left for row in drawn.rows] == [False, True, False]
    empty = charts.points("prices", "Title", "Told", ("Variant",), [], "Tokens")
    assert empty.rows == []


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal(0), "0.00"),
        (Decimal("1234.5"), "1,234.50"),
        (0.5, "0.50"),
        (0.045, "0.045"),
        (Decimal("0.00042"), "0.00042"),
        (Decimal("0.000003"), "0.000003"),
        (1e-7, "< 0.000001"),
    ],
)
def test_small_amounts_of_money_are_not_nothing(amount: float | Decimal, text: str) -> None:
    assert money(amount) == text
