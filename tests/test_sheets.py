"""Workbooks: sheets as tables, whose columns people choose."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from generation.models import Document
from generation.passages.left_out import ABOVE_TABLE, COMMENT, HIDDEN_SHEET, OTHER_SHEET, TEXT_BOX
from generation.reading import documents, file_types, pipeline
from generation.reading.readings import ALL_SHEETS, CannotRead, Reading
from generation.reading.tables.sheets import SHEET
from qareview.models import JobState
from qareview.tables import MOST_COLUMNS
from tests.office import SHEETS as SPREADSHEET
from tests.office import kept, left_out, package, read, relations, xlsx
from tests.tables import triples_of
from tests.test_commands import run
from tests.test_passage_editing import assert_covered

ROWS = [
    ["Context", "Question", "Answer"],
    ["The lock opens at seven.", "When does it open?", "At seven."],
    ["The tide rises twice a day.", "How often?", "Twice."],
]
CHOSEN = {"context": "Context", "question": "Question", "answer": "Answer"}


def test_a_sheet_is_a_table_whose_columns_are_asked_for() -> None:
    reading = read(xlsx({"Tides": ROWS}), "a.xlsx")
    assert reading.media_type == file_types.XLSX
    assert reading.survey == {
        "columns": ROWS[0],
        "sample": ROWS[1:],
        "rows": 2,
        "guess": {"context": "Context", "question": "Question", "answer": "Answer"},
        "sheets": ["Tides"],
        "others": [],
    }
    assert reading.note == ""


def test_rows_are_imported_with_the_columns_that_were_chosen() -> None:
    reading = read(xlsx({"Tides": ROWS}), "a.xlsx", CHOSEN)
    assert reading.text == "The lock opens at seven.\n\nThe tide rises twice a day."
    assert [row["answer"] for row in reading.rows] == ["At seven.", "Twice."]


MORE = [ROWS[0], ["The gate is of steel.", "Of what?", "Steel."]]
SHEETS = {"Tides": ROWS, "Fees": [["Fees of 2026"], ["Cargo", "Fee"], ["Oil", 19]], "Gates": MORE}


def test_sheets_with_the_same_columns_are_one_table_and_others_can_be_chosen() -> None:
    survey = read(xlsx({**SHEETS, "Old": ROWS}, hidden=["Old"]), "a.xlsx").survey
    assert (survey["sheets"], survey["rows"]) == (["Tides", "Gates"], 3)
    [other] = survey["others"]
    assert (other["sheets"], other["sample"]) == (["Fees"], [["Oil", "19"]])


def test_what_is_not_in_the_chosen_table_is_left_out_with_its_reason() -> None:
    asked = {**SHEETS, "Tides": [["Questions of May"], *ROWS]}
    reading = read(xlsx({**asked, "Old": MORE}, hidden=["Old"]), "a.xlsx", CHOSEN)
    assert len(reading.rows) == 3
    assert left_out(reading) == [
        ("Questions of May", ABOVE_TABLE),
        ("# Fees\n\nFees of 2026\n\n| Cargo | Fee |\n|---|---|\n| Oil | 19 |", OTHER_SHEET),
        (
            (
                "# Old\n\n| Context | Question | Answer |\n|---|---|---|\n"
                "| The gate is of steel. | Of what? | Steel. |"
            ),
            HIDDEN_SHEET,
        ),
    ]
    assert kept(reading).split("\n\n")[:-1] == [row["context"] for row in contexts(reading)]


def contexts(reading: Reading) -> list[dict[str, str]]:
    return [{"context": reading.text[row["start"] : row["end"]]} for row in reading.rows]


def test_a_workbook_is_read_as_text_if_that_was_chosen() -> None:
    notes = [["The lock opens at seven."], [], ["# It is &lt;b>not&lt;/b> free.\n1 | 2"]]
    sheets = {"Notes": notes, "Fees": SHEETS["Fees"], "Old": notes[:1]}
    reading = read(xlsx(sheets, hidden=["Old"]), "a.xlsx", extent=ALL_SHEETS)
    assert kept(reading).rstrip() == (
        "# Notes\n\nThe lock opens at seven.\n\n\\# It is \\<b>not\\</b> free.\n1 | 2\n\n"
        "# Fees\n\nFees of 2026\n\n| Cargo | Fee |\n|---|---|\n| Oil | 19 |"
    )
    assert left_out(reading) == [("# Old\n\nThe lock opens at seven.", HIDDEN_SHEET)]
    assert reading.extent == ALL_SHEETS


def test_cells_keep_their_bars_and_lines_in_one_row() -> None:
    rows = [["Cargo", "Fee"], ["Oil | gas", "19\nor 20"]]
    reading = read(xlsx({"T": rows}), "a.xlsx", extent=ALL_SHEETS)
    assert reading.text == "| Cargo | Fee |\n|---|---|\n| Oil \\| gas | 19 or 20 |"


def test_a_workbook_without_rows_under_a_header_is_text() -> None:
    reading = read(xlsx({"Notes": [["The lock opens at seven."]]}), "a.xlsx")
    assert (reading.text, reading.survey) == ("The lock opens at seven.", {})


def test_a_table_of_too_many_columns_is_read_as_text() -> None:
    rows = [[f"c{number}" for number in range(MOST_COLUMNS + 1)], [1] * (MOST_COLUMNS + 1)]
    reading = read(xlsx({"Wide": rows}), "a.xlsx", CHOSEN)
    assert reading.text.splitlines()[0].endswith(f"| c{MOST_COLUMNS} |")


def test_a_sheet_that_is_a_chart_is_named() -> None:
    chart = f"<chartsheet {SPREADSHEET}/>"
    listed = relations(
        ("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "chartsheet", "chartsheets/sheet2.xml")
    )
    book = '<sheet name="Tides" sheetId="1" r:id="r1"/><sheet name="Levels" sheetId="2" r:id="r2"/>'
    more = {
        "xl/workbook.xml": f"<workbook {SPREADSHEET}><sheets>{book}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": listed,
        "xl/chartsheets/sheet2.xml": chart,
    }
    note = read(xlsx({"Tides": ROWS}, more=more), "a.xlsx").note
    assert note == "Sheets without cells, such as charts, were not read: “Levels”."


FEES = [["Cargo", "Fee"], *(["Oil", fee] for fee in range(9))]


@pytest.mark.parametrize(
    "columns",
    [
        ["context", "question", "answer"],
        ["Kontext", "Frage", "Antwort"],  # told by their values
        ["topic", "question", "answer"],
    ],
)
def test_a_sheet_of_questions_is_taken_before_a_larger_one(columns: list[str]) -> None:
    reading = read(xlsx({"Fees": FEES, "Tides": [columns, *ROWS[1:]]}), "a.xlsx")
    assert reading.survey["columns"] == columns
    assert [other["sheets"] for other in reading.survey["others"]] == [["Fees"]]


def test_the_names_of_columns_count_more_than_their_values() -> None:
    asked = [["Kontext", "Frage", "Antwort"], *ROWS[1:], *ROWS[1:]]
    reading = read(xlsx({"Asked": asked, "Tides": ROWS, "Fees": FEES}), "a.xlsx")
    assert reading.survey["columns"] == ROWS[0]


def test_a_sheet_of_questions_without_contexts_is_taken_before_a_larger_one() -> None:
    pairs = [["Question", "Answer"], ["When does it open?", "At seven."]]
    reading = read(xlsx({"Fees": FEES, "Pairs": pairs}), "a.xlsx")
    assert reading.survey["columns"] == pairs[0]


def test_columns_that_were_chosen_choose_their_sheet() -> None:
    reading = read(xlsx({"Tides": ROWS, "Fees": FEES}), "a.xlsx", {"context": "Cargo"})
    assert len(reading.rows) == 9


def test_a_sheet_that_was_chosen_is_read_though_another_has_its_columns_too() -> None:
    more = [[*ROWS[0], "Source"], ["The gate is of steel.", "Of what?", "Steel.", "Log"]]
    data = xlsx({"Tides": ROWS, "Gates": more})
    assert len(read(data, "a.xlsx", CHOSEN).rows) == 2
    assert len(read(data, "a.xlsx", {**CHOSEN, SHEET: "Gates"}).rows) == 1


def test_numbers_and_dates_are_written_as_people_write_them() -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
    dates = ['=<c s="1"><v>46143</v></c>', '=<c s="2"><v>46143.5</v></c>']
    data = xlsx({"T": [["a", "b", "c", "d", "e"], [7, 0.1 + 0.2, True, *dates]]}, styles=styles)
    [row] = read(data, "a.xlsx").survey["sample"]
    assert row == ["7", "0.3", "TRUE", "2026-05-01", "2026-05-01 12:00"]


def test_lines_above_the_table_are_told_and_empty_rows_and_columns_dropped() -> None:
    rows = [["Fees of the harbour"], [], ["Cargo", None, "Fee"], [], ["Oil", None, 19]]
    reading = read(xlsx({"T": rows}), "a.xlsx")
    assert (reading.survey["columns"], reading.survey["sample"]) == (
        ["Cargo", "Fee"],
        [["Oil", "19"]],
    )
    assert reading.note == "Above the table stands: “Fees of the harbour”."


def test_columns_without_a_name_or_with_the_same_are_told_apart() -> None:
    rows = [["a", "", "a"], ["1", "2", "3"]]
    survey = read(xlsx({"T": rows}), "a.xlsx").survey
    assert survey["columns"] == ["a", "column 2", "a (3)"]


def test_a_merged_cell_is_in_each_of_its_rows() -> None:
    rows = [["Cargo", "Fee"], ["Grain", 12], ["", 19]]
    merged = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    survey = read(xlsx({"T": rows}, merged=merged), "a.xlsx").survey
    assert survey["sample"] == [["Grain", "12"], ["Grain", "19"]]


COMMENTS = f"""<comments {SPREADSHEET}><commentList>
    <comment ref="A2"><text><r><t>Is that </t></r><r><t>still so?</t></r></text></comment>
    <comment ref="A3"><text><t>[Threaded comment] Get a newer program. Yes.</t></text></comment>
    </commentList></comments>"""
THREADS = (
    "<ThreadedComments><threadedComment><text>Yes.</text></threadedComment></ThreadedComments>"
)
DRAWING = """<wsDr xmlns:a="urn:a"><sp><txBody><a:p><a:r><a:t>Closed</a:t></a:r><a:br/><a:r>
    <a:t>in May</a:t></a:r></a:p><a:p><a:t>and June</a:t></a:p></txBody></sp></wsDr>"""
BESIDE = [("Is that still so?", COMMENT), ("Yes.", COMMENT), ("Closed in May\nand June", TEXT_BOX)]


@pytest.mark.parametrize("chosen", [CHOSEN, {}])
def test_comments_and_text_boxes_are_left_out_with_their_reason(chosen: dict[str, str]) -> None:
    parts = {
        "xl/comments1.xml": COMMENTS,
        "xl/threadedComments/threadedComment1.xml": THREADS,
        "xl/drawings/drawing1.xml": DRAWING,
        "xl/drawings/drawing2.xml": "no drawing",
    }
    extent = "" if chosen else ALL_SHEETS
    reading = read(xlsx({"Tides": ROWS}, more=parts), "a.xlsx", chosen, extent)
    assert left_out(reading)[-3:] == BESIDE


def test_comments_and_text_boxes_of_libreoffice_are_left_out() -> None:
    comment = "<office:annotation><text:p>Is that still so?</text:p></office:annotation>"
    box = "<table:shapes><draw:custom-shape><text:p>Closed</text:p></draw:custom-shape>"
    reading = read(ods(comment, f"{box}</table:shapes>"), "a.ods", CHOSEN)
    assert left_out(reading) == [("Is that still so?", COMMENT), ("Closed", TEXT_BOX)]
    assert [row["answer"] for row in reading.rows] == ["At seven.", "Twice."]


@pytest.mark.parametrize(("ending", "name"), [("", "a.ods"), ("-template", "a.ots")])
def test_a_workbook_or_template_of_libreoffice_is_a_table(ending: str, name: str) -> None:
    assert read(ods(ending=ending), name).survey["sample"] == ROWS[1:]


def ods(comment: str = "", shapes: str = "", ending: str = "") -> bytes:
    """Return an ODS file of ROWS with a comment in its last cell and shapes, given as XML."""
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string">{comment if value == "Twice." else ""}'
            f"<text:p>{value}</text:p></table:table-cell>"
            for value in row
        )
        + "</table:table-row>"
        for row in ROWS
    )
    content = (
        f'<office:document-content xmlns:office="{names}office:1.0" xmlns:table="{names}table:1.0" '
        f'xmlns:text="{names}text:1.0" xmlns:draw="{names}drawing:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="T">'
        f"{shapes}{rows}</table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    return package(
        {
            "mimetype": file_types.ODS + ending,
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


@pytest.mark.django_db
def test_an_uploaded_workbook_waits_for_its_columns_and_becomes_items(team: Any, kept: Any) -> None:
    document = documents.add_document(
        team.project, ContentFile(xlsx({"Tides": ROWS})), "tides.xlsx", team.engineer
    )
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert (document.state, document.survey["rows"]) == (JobState.HELD, 2)
    assert documents.choose_columns(document, CHOSEN)
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert (document.state, document.media_type) == (JobState.DONE, file_types.XLSX)
    assert sorted(triples_of(team.project)) == sorted(tuple(row) for row in ROWS[1:])


@pytest.mark.django_db
def test_an_engineer_chooses_the_columns_of_one_sheet(team: Any, browse: Any, kept: Any) -> None:
    document = uploaded(team, SHEETS)
    page = browse(team.engineer).get(address(document))
    assert [form.sheet_name for form in page.context["forms"]] == ["Tides", "Fees"]
    refused = browse(team.engineer).post(f"{address(document)}columns/", {"sheet": "Fees"})
    assert refused.status_code == 422
    choice = {"sheet": "Fees", "context": "Cargo"}
    browse(team.engineer).post(f"{address(document)}columns/", choice)
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert [passage.text for passage in document.passages.all()] == ["Oil"]
    assert_covered(document)
    shown = browse(team.engineer).get(address(document)).content.decode()
    assert "left out: on a sheet that was not chosen" in shown
    assert "The gate is of steel." in shown
    assert "left out: above the table" in shown


@pytest.mark.django_db
def test_a_command_chooses_the_columns_of_any_sheet(team: Any, kept: Any, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(xlsx(SHEETS))
    run("import_documents", team.project.slug, path)
    pipeline.work_off_documents()
    run("import_documents", team.project.slug, path, "--columns=context=Cargo")
    pipeline.work_off_documents()
    document = Document.objects.get()
    assert [passage.text for passage in document.passages.all()] == ["Oil"]


@pytest.mark.django_db
def test_an_engineer_has_all_sheets_read_as_text(team: Any, browse: Any, kept: Any) -> None:
    document = uploaded(team, SHEETS)
    browse(team.engineer).post(f"{address(document)}columns/", {"all_sheets": "1"})
    for _ in range(2):
        pipeline.work_off_documents()
        document.refresh_from_db()
        assert (document.state, document.survey, document.columns) == (JobState.DONE, {}, {})
        assert [row.headings for row in document.passages.all()] == [["Tides"]]
        assert all(f"# {name}" in document.text for name in SHEETS)
        assert pipeline.read_again(document, document.extent, ocr=False)
    pipeline.work_off_documents()
    page = browse(team.engineer).get(address(document)).content.decode()
    assert "All sheets were read as text." in page


@pytest.mark.django_db
def test_a_table_without_sheets_is_never_read_as_text(team: Any, browse: Any, kept: Any) -> None:
    document = documents.add_document(
        team.project, ContentFile(b"context,fee\nOil,19\n"), "fees.csv", team.engineer
    )
    pipeline.work_off_documents()
    browse(team.engineer).post(f"{address(document)}columns/", {"all_sheets": "1"})
    document.refresh_from_db()
    assert (document.state, document.extent) == (JobState.HELD, "")


def uploaded(team: Any, sheets: Any) -> Document:
    """Return a workbook that was uploaded and read."""
    document = documents.add_document(
        team.project, ContentFile(xlsx(sheets)), "book.xlsx", team.engineer
    )
    pipeline.work_off_documents()
    return document


def address(document: Document) -> str:
    return f"/projects/{document.project.slug}/documents/{document.pk}/"


def old(*names: str) -> bytes:
    """Return the beginning of a file of the old Office, with the names of what is in it."""
    return b"\xd0\xcf\x11\xe0" + bytes(600) + b"".join(name.encode("utf-16-le") for name in names)


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (old("WordDocument"), "a.doc", "This Word file is protected by a password or in the old"),
        (old("WordDocument", "Workbook"), "a.doc", "This Word file is protected by a password"),
        (old("PowerPoint Document"), "a.ppt", "This is a presentation in the old .ppt format."),
        (old("EncryptedPackage"), "a.xlsx", "This file is protected by a password or in an old"),
        (old("Workbook"), "a.xls", "The XLS file is damaged and cannot be read."),
        (old("Workbook", "WordDocument"), "a.xls", "The XLS file is damaged"),
        (b"PK\x03\x04 and no more", "a.xlsx", "The file is damaged"),
        (package({"mimetype": f"{file_types.ODS[:-11]}graphics"}), "a.odg", "This kind of Open"),
    ],
)
def test_old_and_damaged_files_are_refused_with_the_way_out(
    data: bytes, name: str, sentence: str
) -> None:
    with pytest.raises(CannotRead) as refusal:
        read(data, name)
    assert str(refusal.value).startswith(sentence)
