"""The texts of tables, charts and diagrams on slides."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from generation.reading.office.blocks import Block, Look, Paragraph, Table
from generation.reading.office.packages import Package
from generation.reading.office.slide_text import RELATION, A, Levels, paragraphs, plain_texts
from generation.reading.xml_trees import local_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
DEEPEST = 8  # level of a diagram's items; deeper ones are written at this level; chosen


def blocks(frame: "Element", part: str, package: Package) -> list[Block]:
    """Return what a frame on a slide says. Raises CannotRead."""
    tables = [_table(table) for table in frame.iter(A + "tbl")]
    relations = package.relations(part)
    written: list[Block] = [*tables]
    for element in frame.iter(C + "chart", D + "relIds"):
        is_chart = local_name(element) == "chart"
        relation = element.get(RELATION + ("id" if is_chart else "dm"), "")
        target = relations.get(relation, ("", ""))[1]
        if target in package:
            root = package.xml(target)
            written += _chart(root) if is_chart else _diagram(root)
    return written


def _table(table: "Element") -> Table:
    """Return a table; a cell that spans rows stands in each of them."""
    rows: list[list[list[Paragraph]]] = []
    for row in table.iter(A + "tr"):
        above = rows[-1] if rows else []
        rows.append([])
        for x, cell in enumerate(row.iter(A + "tc")):
            is_spanned = cell.get("vMerge") in ("1", "true") and x < len(above)
            rows[-1].append(above[x] if is_spanned else list(paragraphs(cell, Levels())))
    return Table(rows)


def _chart(root: "Element") -> Iterator[Block]:
    """Yield the title of a chart and the table of its values."""
    title = root.find(f"{C}chart/{C}title")
    if title is not None:
        yield _line(" ".join(plain_texts(title)))
    series = [*root.iter(C + "ser")]
    names = [" ".join(_values(item.find(C + "tx")).values()) for item in series]
    labels: dict[int, str] = {}
    for item in series:
        labels |= _values(item.find(C + "cat")) or _values(item.find(C + "xVal"))
    columns = [_values(item.find(C + "val")) or _values(item.find(C + "yVal")) for item in series]
    places = sorted({place for column in columns for place in column})
    rows = [[labels.get(p, ""), *(column.get(p, "") for column in columns)] for p in places]
    if rows:
        yield Table([[[_line(cell)] for cell in row] for row in [["", *names], *rows]])


def _values(element: "Element | None") -> dict[int, str]:
    """Return the values in an element by their places."""
    if element is None:
        return {}
    points = ((point.get("idx", ""), point.findtext(C + "v")) for point in element.iter(C + "pt"))
    values = {int(place): value or "" for place, value in points if place.isdecimal()}
    single = element.findtext(C + "v")
    return values or ({0: single} if single else {})


def _diagram(root: "Element") -> list[Block]:
    """Return the points of a diagram as a list, those that belong to others below them."""
    texts = {
        point.get("modelId", ""): " ".join(plain_texts(point))
        for point in root.iter(D + "pt")
        if point.get("type", "node") in ("node", "asst", "doc")
    }
    children: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for link in root.iter(D + "cxn"):
        if link.get("type", "parOf") == "parOf":
            order = link.get("srcOrd", "0")
            place = int(order) if order.isdecimal() else 0
            children[link.get("srcId", "")].append((place, link.get("destId", "")))
    below = {child for links in children.values() for _, child in links}
    written: list[Block] = []
    open_points = [(name, 0) for name in reversed(texts) if name not in below]
    while open_points:
        name, depth = open_points.pop()
        text = texts.pop(name, "")
        if text:
            written.append(_line(text, marker="•", indent=depth))
        next_depth = min(depth + bool(text), DEEPEST)
        for _, child in sorted(children.pop(name, ()), reverse=True):
            open_points.append((child, next_depth))
    return written


def _line(text: str, marker: str = "", indent: int = 0) -> Paragraph:
    paragraph = Paragraph(marker=marker, indent=indent)
    if text:
        paragraph.add(text, Look())
    return paragraph
