"""DOCX files: what Word shows is in the text, with its structure."""

from generation.passages.left_out import CONTENTS
from tests.office import WORD, docx, kept, left_out, paragraph, read, relations

CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
COURIER = '<w:rFonts w:ascii="Courier New"/>'


def style(style_id: str, name: str, properties: str = "", based_on: str = "") -> str:
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style_id}"><w:name w:val="{name}"/>'
        f"{base}{properties}</w:style>"
    )


def styled(text: str, style_id: str) -> str:
    return paragraph(text, f'<w:pStyle w:val="{style_id}"/>')


def text_of(body: str, styles: str = "") -> str:
    return read(docx(body, styles), "a.docx").text


def test_headings_are_known_by_name_by_outline_and_by_what_their_style_is_based_on() -> None:
    styles = (
        style("berschrift1", "heading 1")
        + style("Kapitel", "Kapitel", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>')
        + style("Eigen", "Eigen", based_on="Kapitel")
        + style("T", "Title")
    )
    body = (
        styled("The harbour", "T")
        + styled("Tides", "berschrift1")
        + styled("Springs", "Kapitel")
        + styled("Neaps", "Eigen")
        + paragraph("By itself", '<w:outlineLvl w:val="2"/>')
        + paragraph("Plain", '<w:outlineLvl w:val="9"/>')
    )
    assert text_of(body, styles) == (
        "# The harbour\n\n# Tides\n\n## Springs\n\n## Neaps\n\n### By itself\n\nPlain"
    )


def test_a_title_an_author_and_a_date_stay_in_the_text() -> None:
    styles = style("T", "Title") + style("A", "Author") + style("D", "Date")
    body = styled("Tides", "T") + styled("Jane Larsen", "A") + styled("1 May", "D")
    assert text_of(body, styles) == "# Tides\n\nJane Larsen\n\n1 May"


def test_numbers_of_headings_and_clauses_are_text_and_those_of_lists_are_not() -> None:
    def level(number: int, form: str, text: str) -> str:
        return (
            f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
            f'<w:lvlText w:val="{text}"/></w:lvl>'
        )

    numbering = (
        f"<w:numbering {WORD}>"
        f'<w:abstractNum w:abstractNumId="1">{level(0, "upperRoman", "%1.")}'
        f"{level(1, 'decimal', '%1.%2')}</w:abstractNum>"
        f'<w:abstractNum w:abstractNumId="2">{level(0, "decimal", "Article %1:")}</w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="3">{level(0, "decimal", "%1.")}</w:abstractNum>'
        + "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in (1, 2, 3))
        + "</w:numbering>"
    )

    def numbered(text: str, number: int, depth: int = 0, more: str = "") -> str:
        return paragraph(
            text,
            f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>{more}',
        )

    heading = '<w:outlineLvl w:val="0"/>'
    body = (
        numbered("Tides", 1, more=heading)
        + numbered("Ebb", 1, 1, '<w:outlineLvl w:val="1"/>')
        + numbered("Fees", 1, more=heading)
        + numbered("Oil", 1, 1, '<w:outlineLvl w:val="1"/>')
        + numbered("All ships pay.", 2)
        + numbered("All pay at once.", 2)
        + numbered("One", 3)
        + numbered("Two", 3)
    )
    assert read(docx(body, more={"word/numbering.xml": numbering}), "a.docx").text == (
        "# I. Tides\n\n## I.1 Ebb\n\n# II. Fees\n\n## II.1 Oil\n\n"
        "Article 1: All ships pay.\n\nArticle 2: All pay at once.\n\n1. One\n2. Two"
    )


def numbering(*forms: tuple[str, int]) -> dict[str, str]:
    """Return the part with a list, numbered from 1, of each form with the indent of its items."""
    lists = "".join(
        f'<w:abstractNum w:abstractNumId="{number}"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
        f'<w:numFmt w:val="{form}"/><w:lvlText w:val="%1."/>'
        f'<w:pPr><w:ind w:left="{indent}"/></w:pPr></w:lvl></w:abstractNum>'
        for number, (form, indent) in enumerate(forms, 1)
    )
    lists += "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'
        for number in range(1, len(forms) + 1)
    )
    return {"word/numbering.xml": f"<w:numbering {WORD}>{lists}</w:numbering>"}


def item(text: str, number: int, more: str = "") -> str:
    """Return an item of a list at its first level."""
    numbered = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>{more}'
    return paragraph(text, numbered)


def test_items_are_as_deep_as_they_are_indented_if_nothing_else_tells_it() -> None:
    deeper, deepest = (f'<w:ind w:left="{left}" w:hanging="360"/>' for left in (1440, 2160))
    body = (
        item("Ships", 1)
        + item("Tugs", 1, deeper)
        + item("Old ones", 1, deepest)
        + item("Ferries", 1, deeper)
        + item("Fees", 1)
        + item("Grain", 2)
        + item("Oil", 2)
        + paragraph("Between.")
        + item("Alone", 2)
        + item("Beside", 2, '<w:ind w:left="1490"/>')
    )
    more = numbering(("bullet", 720), ("decimal", 1440))
    assert read(docx(body, more=more), "a.docx").text == (
        "- Ships\n  - Tugs\n    - Old ones\n  - Ferries\n- Fees\n  1. Grain\n  2. Oil\n\n"
        "Between.\n\n1. Alone\n2. Beside"
    )


def test_the_level_that_a_numbering_tells_counts_more_than_the_indent() -> None:
    body = item("Ships", 1) + item("Tugs", 1, '<w:ind w:left="1440"/>')
    second = '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>'
    more = {
        name: part.replace("</w:abstractNum>", f"{second}</w:abstractNum>")
        for name, part in numbering(("bullet", 720)).items()
    }
    inner = item("Old ones", 1).replace('w:ilvl w:val="0"', 'w:ilvl w:val="1"')
    text = read(docx(body + inner, more=more), "a.docx").text
    assert text == "- Ships\n- Tugs\n  - Old ones"


def test_items_are_as_deep_as_the_names_of_their_styles_say() -> None:
    forms = {"Bullet": "bullet", "Bullet 2": "bullet", "Bullet 3": "bullet", "Number 2": "decimal"}
    styles = "".join(
        style(
            f"List{name}",
            f"List {name}",
            f'<w:pPr><w:numPr><w:numId w:val="{number}"/></w:numPr></w:pPr>',
        )
        for number, name in enumerate(forms, 1)
    )
    body = (
        styled("Ships", "ListBullet")
        + styled("Tugs", "ListBullet 2")
        + styled("Old ones", "ListBullet 3")
        + styled("Fees", "ListBullet")
        + styled("Grain", "ListNumber 2")
        + styled("Oil", "ListNumber 2")
    )
    more = numbering(*((form, 0) for form in forms.values()))
    assert read(docx(body, styles, more), "a.docx").text == (
        "- Ships\n  - Tugs\n    - Old ones\n- Fees\n  1. Grain\n  2. Oil"
    )


def test_captions_are_paragraphs_where_they_stand() -> None:
    styles = style("C", "Image Caption", based_on="Caption") + style("Caption", "caption")
    body = paragraph("Before.") + styled("Figure 1: the lock", "C") + paragraph("After.")
    assert text_of(body, styles) == "Before.\n\nFigure 1: the lock\n\nAfter."


def test_paragraphs_in_a_font_for_code_are_one_block_with_its_lines() -> None:
    line = '<w:t xml:space="preserve">    return 7</w:t><w:br/><w:t># end</w:t>'
    body = (
        paragraph("A plan of the whole harbour:")
        + paragraph("def plan():", run=COURIER)
        + f"<w:p><w:r><w:rPr>{COURIER}</w:rPr>{line}</w:r></w:p>"
        + paragraph("")
        + paragraph("plan()", run=COURIER)
        + paragraph("")
        + "<w:p><w:r><w:t>Call </w:t></w:r>"
        + f"<w:r><w:rPr>{COURIER}</w:rPr><w:t>plan()</w:t></w:r>"
        + "<w:r><w:t> once in the morning, before the gates of the lock open.</w:t></w:r></w:p>"
    )
    assert text_of(body) == (
        "A plan of the whole harbour:\n\n```\ndef plan():\n    return 7\n# end\n\nplan()\n```\n\n"
        "Call `plan()` once in the morning, before the gates of the lock open."
    )


def test_a_text_that_is_typed_in_such_a_font_is_no_code() -> None:
    body = paragraph("The gates close.", run=COURIER) + paragraph("They open again.", run=COURIER)
    assert text_of(body) == "The gates close.\n\nThey open again."


def test_a_table_of_contents_is_left_out() -> None:
    styles = style("V1", "toc 1")
    control = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
        f"</w:docPartObj></w:sdtPr><w:sdtContent>{paragraph('Contents')}</w:sdtContent></w:sdt>"
    )
    entry = (
        '<w:p><w:pPr><w:pStyle w:val="V1"/></w:pPr>'
        "<w:r><w:t>Tides</w:t><w:tab/><w:t>3</w:t></w:r></w:p>"
    )
    reading = read(docx(control + entry + paragraph("The tide rises."), styles), "a.docx")
    assert kept(reading).strip() == "The tide rises."
    assert left_out(reading) == [("Contents\n\nTides 3", CONTENTS)]


def test_a_deleted_end_of_a_paragraph_joins_it_to_the_next() -> None:
    body = paragraph("The tide ", "<w:rPr><w:del/></w:rPr>") + paragraph("rises.")
    assert text_of(body) == "The tide rises."


def test_a_deleted_row_is_gone_and_a_large_first_letter_is_part_of_its_word() -> None:
    def row(text: str, properties: str = "") -> str:
        return f"<w:tr><w:trPr>{properties}</w:trPr><w:tc>{paragraph(text)}</w:tc></w:tr>"

    first = paragraph("T", '<w:framePr w:dropCap="drop"/>')
    table = f"<w:tbl>{row('Grain')}{row('Coal', '<w:del/>')}{row('Oil')}</w:tbl>"
    text = text_of(first + paragraph("he tide rises.") + table)
    assert text.startswith("The tide rises.")
    assert "Grain" in text
    assert "Oil" in text
    assert "Coal" not in text


def test_text_boxes_in_one_paragraph_keep_their_order() -> None:
    def box(text: str) -> str:
        return (
            "<w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox>"
            f"<w:txbxContent>{paragraph(text)}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
        )

    holder = f"<w:p><w:r><w:t>Before.</w:t></w:r>{box('One.')}{box('Two.')}</w:p>"
    assert text_of(holder + paragraph("After.")) == "Before.\n\nOne.\n\nTwo.\n\nAfter."


def test_a_chart_is_a_table_after_its_paragraph() -> None:
    drawing = (
        "<w:r><w:drawing><a:graphic><a:graphicData>"
        f'<c:chart xmlns:c="{CHART}" r:id="c"/></a:graphicData></a:graphic></w:drawing></w:r>'
    )
    points = '<c:pt idx="0"><c:v>{}</c:v></c:pt>'
    chart = (
        f'<c:chartSpace xmlns:c="{CHART}"><c:ser><c:tx>{points.format("2026")}</c:tx>'
        f"<c:cat>{points.format('May')}</c:cat><c:val>{points.format(7)}</c:val></c:ser>"
        "</c:chartSpace>"
    )
    data = docx(
        f"<w:p><w:r><w:t>Ships:</w:t></w:r>{drawing}</w:p>{paragraph('After.')}",
        more={
            "word/charts/chart1.xml": chart,
            "word/_rels/document.xml.rels": relations(("c", "chart", "charts/chart1.xml")),
        },
    )
    lines = [line.replace(" ", "") for line in read(data, "a.docx").text.splitlines() if line]
    assert lines == ["Ships:", "||2026|", "|---|---|", "|May|7|", "After."]


def test_a_word_and_how_it_is_read_stand_together() -> None:
    ruby = (
        "<w:p><w:r><w:ruby><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>東京</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"
    )
    assert text_of(ruby) == "東京 (とうきょう)"


def test_the_strict_form_of_the_standard_is_read() -> None:
    data = docx(
        "",
        more={
            "word/document.xml": (
                '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main">'
                f"<w:body>{paragraph('The tide rises.')}</w:body></w:document>"
            )
        },
    )
    assert read(data, "a.docx").text == "The tide rises."


def test_title_author_and_language_are_metadata() -> None:
    core = (
        '<c:coreProperties xmlns:c="urn:c" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>Tides &amp; locks</dc:title><dc:creator>Jane</dc:creator>"
        "<dc:language>en-GB</dc:language></c:coreProperties>"
    )
    data = docx(paragraph("The tide rises."), more={"docProps/core.xml": core})
    assert read(data, "a.docx").metadata == {
        "title": "Tides & locks",
        "author": "Jane",
        "language": "en-GB",
    }


def test_footnotes_of_several_paragraphs_belong_to_their_mark() -> None:
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f'<w:footnote w:id="2">{paragraph("One.")}{paragraph("Two.")}</w:footnote></w:footnotes>'
    )
    called = (
        '<w:p><w:r><w:t>The tide rises.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    data = docx(
        called + paragraph("It falls."),
        more={
            "word/footnotes.xml": notes,
            "word/_rels/document.xml.rels": relations(("n", "footnotes", "footnotes.xml")),
        },
    )
    assert read(data, "a.docx").text == (
        "The tide rises.[^1]\n\n[^1]: One.\n\n    Two.\n\nIt falls."
    )
