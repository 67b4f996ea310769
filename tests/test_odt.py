"""ODT files: what a writer's program shows is in the text, with its structure."""

import pytest

from generation.passages.left_out import COMMENT, CONTENTS, HIDDEN, RUNNING_HEAD
from generation.reading.file_types import ODT
from generation.reading.office.held_markdown import Holder
from generation.reading.readings import CannotRead
from tests.office import OPEN_DOCUMENT, TEXT_DOCUMENT, kept, left_out, odt, read

FIXED = (
    '<style:style style:name="F" style:family="{family}">'
    '<style:text-properties style:font-name="Liberation Mono"/></style:style>'
)


def text_of(text: str, styles: str = "") -> str:
    return read(odt(text, styles), "a.odt").text


def test_code_is_known_by_its_font() -> None:
    styles = FIXED.format(family="paragraph") + FIXED.format(family="text").replace('"F"', '"S"')
    text = text_of(
        "<text:p>A plan of the harbour, to be made each morning before the gates open:</text:p>"
        '<text:p text:style-name="F">def plan():</text:p>'
        '<text:p text:style-name="F"><text:s text:c="4"/>return `7`<text:line-break/># end</text:p>'
        "<text:p/>"
        '<text:p text:style-name="F">plan()</text:p>'
        '<text:p>Call <text:span text:style-name="S">plan()</text:span> once.</text:p>',
        styles,
    )
    assert text.split("\n\n", 1)[1] == (
        "```\ndef plan():\n    return `7`\n# end\n\nplan()\n```\n\nCall `plan()` once."
    )


def test_code_in_a_list_stays_in_its_item() -> None:
    text = text_of(
        "<text:list><text:list-item><text:p>Make a plan for the harbour, and read it:</text:p>"
        '<text:p text:style-name="F">plan()</text:p><text:p text:style-name="F">show()</text:p>'
        "</text:list-item></text:list>",
        FIXED.format(family="paragraph"),
    )
    lines = [line for line in text.splitlines() if line.strip()]
    assert [line.strip() for line in lines[1:]] == ["```", "plan()", "show()", "```"]
    assert all(line.startswith("  ") for line in lines[1:])


def test_comments_contents_and_running_heads_are_left_out() -> None:
    styles = (
        f"<office:document-styles {OPEN_DOCUMENT}><office:styles/><office:automatic-styles/>"
        "<office:master-styles><style:master-page><style:header><text:p>Harbour</text:p>"
        "</style:header><style:footer><text:p>Page <text:page-number>3</text:page-number></text:p>"
        "</style:footer></style:master-page></office:master-styles></office:document-styles>"
    )
    data = odt(
        "<text:table-of-content><text:table-of-content-source>Template</text:table-of-content-source>"
        "<text:index-body><text:p>Tides<text:tab/>3</text:p></text:index-body>"
        "</text:table-of-content>"
        "<text:p>The tide<office:annotation><dc:creator>Jane</dc:creator><text:p>Really?</text:p>"
        "</office:annotation> rises.</text:p>",
        more={"styles.xml": styles},
    )
    reading = read(data, "a.odt")
    assert kept(reading).strip() == "The tide rises."
    assert left_out(reading) == [
        ("Tides 3", CONTENTS),
        ("Really?", COMMENT),
        ("Harbour", RUNNING_HEAD),
        ("Page 3", RUNNING_HEAD),
    ]


def test_hidden_text_is_left_out() -> None:
    hiding = (
        '<style:style style:name="{}" style:family="{}">'
        '<style:text-properties text:display="none"/></style:style>'
    )
    styles = (
        hiding.format("H", "paragraph")
        + hiding.format("S", "text")
        + '<style:style style:name="P" style:family="paragraph" style:parent-style-name="H"/>'
        + '<style:style style:name="V" style:family="paragraph" style:parent-style-name="H">'
        '<style:text-properties text:display="true"/></style:style>'
    )
    data = odt(
        '<text:p>The tide <text:span text:style-name="S">(says Jane)</text:span> rises.</text:p>'
        '<text:p text:style-name="P">Ask <text:span text:style-name="S">Tom</text:span>.</text:p>'
        '<text:list><text:list-item><text:p text:style-name="H">A note.</text:p></text:list-item>'
        '<text:list-item><text:p text:style-name="V">It falls.</text:p></text:list-item>'
        '</text:list><text:section text:display="none"><text:p>One.</text:p><text:p>Two.</text:p>'
        '</text:section><text:section text:display="condition"><text:p>It waits.</text:p>'
        '</text:section><text:p><text:hidden-paragraph text:is-hidden="true"/>Gone.</text:p>'
        '<text:p>Open<text:hidden-text text:is-hidden="true" text:string-value="shut"/>.</text:p>',
        styles,
    )
    reading = read(data, "a.odt")
    assert kept(reading).split("\n\n")[:-1] == [
        "The tide rises.",
        "1. It falls.",
        "It waits.",
        "Open.",
    ]
    assert left_out(reading) == [
        ("(says Jane)\n\nAsk Tom.\n\nA note.\n\nOne.\n\nTwo.\n\nGone.\n\nshut", HIDDEN)
    ]


def test_fields_and_shapes_are_text() -> None:
    text = text_of(
        "<text:p>On <text:date>1 May</text:date> by <text:author-name>Jane</text:author-name>."
        "<draw:custom-shape><text:p>Mind the gap.</text:p></draw:custom-shape></text:p>"
    )
    assert text == "On 1 May by Jane.\n\nMind the gap."


def test_formulas_are_tex() -> None:
    formula = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>a</mi><mn>2</mn></msup></math>'
    )
    drawn = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    data = odt(f"<text:p>The area is {drawn}.</text:p>", more={"Object 1/content.xml": formula})
    assert read(data, "a.odt").text == "The area is $a^{2}$."


def test_chapters_have_their_numbers_also_in_lists() -> None:
    outline = (
        '<text:outline-level-style text:level="1" style:num-format="I" style:num-suffix="."/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>'
        '<text:outline-level-style text:level="3" style:num-format=""/>'
    )
    styles = (
        f"<office:document-styles {OPEN_DOCUMENT}><office:styles><text:outline-style>{outline}"
        "</text:outline-style></office:styles><office:automatic-styles/></office:document-styles>"
    )
    text = (
        '<text:h text:outline-level="1">Tides</text:h><text:h text:outline-level="2">Ebb</text:h>'
        '<text:list><text:list-item><text:h text:outline-level="1">Fees</text:h></text:list-item>'
        '</text:list><text:h text:outline-level="2">Oil</text:h>'
        '<text:h text:outline-level="3">Crude</text:h>'
    )
    assert read(odt(text, more={"styles.xml": styles}), "a.odt").text == (
        "# I. Tides\n\n## I.1 Ebb\n\n# II. Fees\n\n## II.1 Oil\n\n### Crude"
    )


def test_a_title_is_a_heading() -> None:
    styles = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
        '<style:style style:name="Title" style:family="paragraph"/>'
    )
    assert text_of('<text:p text:style-name="P1">Tides</text:p>', styles) == "# Tides"


def test_a_password_is_asked_for() -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    data = odt("", more={"META-INF/manifest.xml": manifest})
    with pytest.raises(CannotRead, match="The ODT file is protected by a password"):
        read(data, "a.odt")


def test_code_that_looks_like_a_place_for_code_stays_text() -> None:
    holder = Holder()
    place = holder.hold("\ue0000\ue001 gate")
    assert holder.restore(f"the {place}") == "the  gate"


@pytest.mark.parametrize(
    ("kind", "name"), [("web", "a.oth"), ("web", "a.odt"), ("template", "a.ott")]
)
def test_web_pages_and_templates_of_a_writers_program_are_read(kind: str, name: str) -> None:
    data = odt("<text:p>The tide rises.</text:p>", more={"mimetype": f"{TEXT_DOCUMENT}-{kind}"})
    reading = read(data, name)
    assert (reading.text, reading.media_type) == ("The tide rises.", ODT)
