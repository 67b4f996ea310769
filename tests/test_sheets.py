"""Workbooks: sheets as tables, whose columns people choose."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from generation.reading import documents, file_types, pipeline
from generation.reading.readings import CannotRead
from qareview.models import JobState
from tests.office import package, read, xlsx
from tests.tables import triples_of

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
    }
    assert reading.note == ""


def test_rows_are_imported_with_the_columns_that_were_chosen() -> None:
    reading = read(xlsx({"Tides": ROWS}), "a.xlsx", CHOSEN)
    assert reading.text == "The lock opens at seven.\n\nThe tide rises twice a day."
    assert [row["answer"] for row in reading.rows] == ["At seven.", "Twice."]


def test_sheets_with_the_same_columns_are_one_table_and_others_are_named() -> None:
    more = [ROWS[0], ["The gate is of steel.", "Of what?", "Steel."]]
    sheets = {"Tides": ROWS, "Fees": [["Cargo", "Fee"], ["Oil", 19]], "Gates": more}
    reading = read(xlsx({**sheets, "Old": ROWS}, hidden=["Old"]), "a.xlsx")
    assert reading.survey["rows"] == 3
    assert reading.note == (
        "The columns are those of the sheet “Tides”. Sheets that were not read: “Fees”, “Old”. "
        "Save each as a file of its own and upload it."
    )


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
    assert "not read: “Fees”" in reading.note


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


def test_a_workbook_of_libreoffice_is_a_table() -> None:
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{value}</text:p>'
            "</table:table-cell>"
            for value in row
        )
        + "</table:table-row>"
        for row in ROWS
    )
    content = (
        f'<office:document-content xmlns:office="{names}office:1.0" xmlns:table="{names}table:1.0" '
        f'xmlns:text="{names}text:1.0"><office:body><office:spreadsheet><table:table '
        f'table:name="T">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    data = package(
        {
            "mimetype": file_types.ODS,
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )
    assert read(data, "a.ods").survey["sample"] == ROWS[1:]


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
