"""PPTX files: slides as pages in their order, with all that stands on them."""

import pytest

from generation.passages.left_out import COMMENT, RUNNING_HEAD
from generation.reading.readings import CannotRead
from tests.office import SLIDES, kept, left_out, pptx, read, relations, shape


def text_of(*slides: str) -> str:
    return read(pptx(slides), "a.pptx").text


def test_shapes_are_read_from_above_and_the_title_first() -> None:
    shapes = [
        shape("Below", place=(100, 500)),
        shape("Right", place=(200, 100)),
        shape("Left", place=(0, 100)),
        shape("Tides", "title"),
    ]
    assert text_of("".join(shapes[:3])) == "Left\n\nRight\n\nBelow"
    assert text_of("".join(shapes)).startswith("## Tides\n\n")


@pytest.mark.parametrize("texts", [("A", "B", "1", "2"), ("A", "1", "B", "2")])
def test_a_grid_is_read_by_rows_or_columns_as_the_file_has_it(texts: tuple[str, ...]) -> None:
    places = {"A": (0, 100), "1": (0, 300), "B": (200, 100), "2": (200, 300)}
    shapes = (shape(text, place=places[text]) for text in texts)
    assert text_of("".join(shapes)) == "\n\n".join(texts)


def test_headings_are_those_of_the_presentation_of_sections_and_of_slides() -> None:
    layout = f'<p:sldLayout {SLIDES} type="secHead"/>'
    data = pptx(
        [shape("Tides", "ctrTitle"), shape("Springs", "title"), shape("New moon", "title")],
        {
            "ppt/slides/_rels/slide1.xml.rels": relations(("l", "slideLayout", "../layout.xml")),
            "ppt/layout.xml": layout,
        },
    )
    assert read(data, "a.pptx").text == "# Tides\n\n## Springs\n\n### New moon"


def test_each_slide_is_a_page_also_one_without_text() -> None:
    reading = read(pptx([shape("One."), "", shape("Three.")]), "a.pptx")
    assert reading.text == "One.\n\nThree."
    assert reading.page_starts == [0, 6, 6]


def test_paragraphs_below_others_are_items() -> None:
    assert text_of(shape("One\n\tInner\nTwo")) == "- One\n  - Inner\n- Two"
    assert text_of(shape("One\nTwo")) == "One\n\nTwo"


def test_hidden_slides_are_read_and_told() -> None:
    data = pptx(
        [shape("One.")],
        {
            "ppt/slides/slide0.xml": (
                f'<p:sld {SLIDES} show="0"><p:cSld><p:spTree>{shape("One.")}</p:spTree></p:cSld>'
                "</p:sld>"
            )
        },
    )
    reading = read(data, "a.pptx")
    assert reading.text == "One."
    assert reading.note == "Slides that are hidden in the presentation: 1."


def test_footers_and_comments_are_left_out_and_page_numbers_dropped() -> None:
    comments = f"<p:cmLst {SLIDES}><p:cm><p:text>Really?</p:text></p:cm></p:cmLst>"
    slide = shape("The tide rises.") + shape("Harbour", "ftr") + shape("7", "sldNum")
    data = pptx(
        [slide, slide],
        {
            "ppt/slides/_rels/slide0.xml.rels": relations(("c", "comments", "../c.xml")),
            "ppt/c.xml": comments,
        },
    )
    reading = read(data, "a.pptx")
    assert kept(reading).strip() == "The tide rises.\n\nThe tide rises."
    assert left_out(reading) == [("Really?", COMMENT), ("Harbour", RUNNING_HEAD)]


def points(*values: str) -> str:
    return "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))


def test_a_cell_that_spans_rows_stands_in_each_of_them() -> None:
    def cell(text: str, spans: str = "") -> str:
        return f"<a:tc {spans}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    first = cell("Oil", 'rowSpan="2"') + cell("day")
    second = cell("", 'vMerge="1"') + cell("night")
    rows = f"<a:tr>{first}</a:tr><a:tr>{second}</a:tr>"
    table = f"<p:graphicFrame><a:graphic><a:tbl>{rows}</a:tbl></a:graphic></p:graphicFrame>"
    text = read(pptx([table]), "a.pptx").text
    assert text.endswith("| Oil | day |\n| --- | --- |\n| Oil | night |")


def test_a_chart_is_a_table_of_its_values() -> None:
    chart = (
        f"<c:chartSpace {SLIDES}><c:chart><c:title><a:p><a:r><a:t>Ships</a:t></a:r></a:p></c:title>"
        f"<c:ser><c:tx>{points('2026')}</c:tx><c:cat>{points('May', 'June')}</c:cat>"
        f"<c:val>{points('7', '9')}</c:val></c:ser></c:chart></c:chartSpace>"
    )
    frame = '<p:graphicFrame><a:graphic><c:chart r:id="c"/></a:graphic></p:graphicFrame>'
    data = pptx(
        [frame],
        {
            "ppt/slides/_rels/slide0.xml.rels": relations(("c", "chart", "../chart.xml")),
            "ppt/chart.xml": chart,
        },
    )
    lines = [line.replace(" ", "") for line in read(data, "a.pptx").text.splitlines() if line]
    assert [lines[0], *lines[2:3], *lines[3:]] == ["Ships", "|---|---|", "|May|7|", "|June|9|"]
    assert lines[1] == "||2026|"


def test_a_diagram_is_a_list_of_its_points() -> None:
    def point(name: str, text: str) -> str:
        written = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
        return f'<dgm:pt modelId="{name}"><dgm:t>{written}</dgm:t></dgm:pt>'

    links = "".join(
        f'<dgm:cxn srcId="{parent}" destId="{child}" srcOrd="{order}"/>'
        for parent, child, order in (("root", "b", 1), ("root", "a", 0), ("a", "c", 0))
    )
    diagram = (
        f'<dgm:dataModel {SLIDES}><dgm:pt modelId="root" type="doc"/>'
        f"{point('b', 'Flood')}{point('a', 'Ebb')}{point('c', 'Low')}{links}</dgm:dataModel>"
    )
    frame = '<p:graphicFrame><a:graphic><dgm:relIds r:dm="d"/></a:graphic></p:graphicFrame>'
    data = pptx(
        [frame],
        {
            "ppt/slides/_rels/slide0.xml.rels": relations(("d", "diagramData", "../d.xml")),
            "ppt/d.xml": diagram,
        },
    )
    assert read(data, "a.pptx").text == "- Ebb\n  - Low\n- Flood"


def test_a_presentation_without_text_is_refused() -> None:
    with pytest.raises(CannotRead, match="No text was found"):
        text_of("")
