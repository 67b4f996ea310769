"""Tables in any format become columns and rows of strings, or a sentence that says why not."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from generation.reading import reader_process, readers, readings
from qareview import csv_tables, tables
from tests.office import kept

COLUMNS = ["context", "question", "answer"]
ROWS = [
    ["The gate closes, at dusk.", "When does it “close”?", "At\ndusk"],
    ['A "quoted" key; under | a\tstone', "Where is it?", "Größe 🌊"],
]


def as_csv(delimiter: str = ",", rows: Any = ROWS, header: Any = COLUMNS) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return file.getvalue().encode()


def as_jsonl(rows: Any = ROWS, header: Any = COLUMNS) -> bytes:
    lines = [json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def as_parquet(rows: Any = ROWS, header: Any = COLUMNS) -> bytes:
    file = io.BytesIO()
    values = [dict(zip(header, row, strict=True)) for row in rows]
    parquet.write_table(pyarrow.Table.from_pylist(values), file)
    return file.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Read bytes as if they had been uploaded under a name."""

    def read_bytes(data: bytes, name: str, chosen: Any = None) -> readings.Reading:
        path = tmp_path / "original"
        path.write_bytes(data)
        return readers.read_file(path, name, readings.Choices(chosen or {}))

    return read_bytes


def values_of(table: tables.Table) -> list[list[str]]:
    return [row.values for row in table.rows]


# Every format


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("t.csv", as_csv(), "text/csv"),
        ("t.csv", as_csv(";"), "text/csv"),
        ("t.tsv", as_csv("\t"), "text/csv"),
        ("t.CSV", as_csv("|"), "text/csv"),
        ("t.csv", b"\xef\xbb\xbf" + as_csv(), "text/csv"),
        ("t.csv", as_csv().decode().encode("utf-16"), "text/csv"),
        ("t.jsonl", as_jsonl(), "application/jsonl"),
        ("t.ndjson", b"\n\n" + as_jsonl(), "application/jsonl"),
        ("t.txt", b"\xef\xbb\xbf\n" + as_jsonl(), "application/jsonl"),
        ("t.json", as_jsonl(), "application/jsonl"),
        ("t", as_jsonl(), "application/jsonl"),
        ("t.parquet", as_parquet(), "application/vnd.apache.parquet"),
        ("t.csv", as_parquet(), "application/vnd.apache.parquet"),
    ],
)
def test_a_table_of_any_format_is_surveyed(
    read: Any, name: str, data: bytes, media_type: str
) -> None:
    reading = read(data, name)
    assert (reading.text, reading.media_type, reading.rows) == ("", media_type, [])
    assert reading.survey == {
        "columns": COLUMNS,
        "sample": ROWS,
        "rows": 2,
        "guess": {"context": "context", "question": "question", "answer": "answer"},
        **({"first_row": "names"} if media_type == tables.CSV else {}),
    }


def test_a_legacy_encoding_is_understood(read: Any) -> None:
    text = "text;wert\n" + "Die Schleuse schließt für größere Kähne über Nacht.;1\n" * 9
    assert read(text.encode("cp1252"), "t.csv").survey["sample"][0] == [
        "Die Schleuse schließt für größere Kähne über Nacht.",
        "1",
    ]


@pytest.mark.parametrize("name", ["notes.txt", "notes", "notes.md"])
def test_text_that_only_begins_with_a_brace_is_no_table(read: Any, name: str) -> None:
    text = "{ A brace opens, and the tide closes it } again at the sill of the lock.\n{}\n"
    assert read(text.encode(), name).media_type not in tables.KINDS


def test_markdown_whose_first_line_is_an_object_stays_markdown(read: Any) -> None:
    assert read(as_jsonl(), "notes.md").media_type == "text/markdown"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ""),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (["ß", 1], '["ß", 1]'),
        ({"a": None}, '{"a": null}'),
        ("a\r\nb\rc\0d", "a\nb\ncd"),
        ("half \ud83c", "half ?"),
    ],
)
def test_every_value_becomes_a_string(given: Any, expected: str) -> None:
    table = tables.from_jsonl(json.dumps({"a": given, "b": "x"}))
    assert values_of(table) == [[expected, "x"]]


def test_parquet_of_any_type_becomes_strings(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "types.parquet"
    columns_of = {"list": [["a", "b"]], "bytes": [b"gate"], "none": [None], "number": [2]}
    parquet.write_table(pyarrow.table({**columns_of, "struct": [{"text": ["x"]}]}), path)
    table = tables.from_parquet(path)
    assert (table.columns, table.unit) == (["list", "bytes", "none", "number", "struct"], "row")
    assert values_of(table) == [['["a", "b"]', "gate", "", "2", '{"text": ["x"]}']]


def test_rows_of_jsonl_may_lack_keys() -> None:
    table = tables.from_jsonl('{"a": 1}\n\n{"b": 2}\n')
    assert table.columns == ["a", "b"]
    assert [(row.number, row.place, row.values) for row in table.rows] == [
        (1, 1, ["1", ""]),
        (2, 3, ["", "2"]),
    ]


def test_rows_of_csv_may_be_short_and_have_lines() -> None:
    table = csv_tables.from_csv('a,b\n"x\ny",1\n\nz\n')
    assert [(row.number, row.place, row.values) for row in table.rows] == [
        (1, 2, ["x\ny", "1"]),
        (2, 5, ["z", ""]),
    ]


def test_a_column_without_a_name_gets_its_number() -> None:
    assert csv_tables.from_csv(",text\n0,Gate\n").columns == ["column 1", "text"]


def test_one_column_needs_no_delimiter() -> None:
    table = csv_tables.from_csv("text\nThe gate, at dusk, closes.\nThe key is gone.\n")
    assert table.columns == ["text"]
    assert values_of(table) == [["The gate, at dusk, closes."], ["The key is gone."]]


def test_a_value_may_be_long(read: Any) -> None:
    long = "water " * 100_000
    reading = read(as_csv(rows=[[long, "q", "a"]]), "t.csv", {"context": "context"})
    assert kept(reading) == f"{long.strip()}\n\n"


# What is wrong


MANY = "a\n" + "x\n" * (tables.MOST_ROWS + 1)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("t.csv", b" \n", "The file is empty."),
        ("t.csv", b",,\n1,2,3\n", "The table has no rows"),
        ("t.csv", b"a,b\n", "The table has no rows"),
        ("t.csv", b"a,b\n1,2,3\n", "The row on line 2 has 3 values for 2 columns."),
        ("t.csv", b'a,b\n"1"2,3\n', "In the row that starts on line 2, a quotation mark"),
        ("t.csv", MANY.encode(), "The table has more than 200,000 rows."),
        ("t.csv", as_csv(header=[str(n) for n in range(201)]), "The table has more than 200 col"),
        ("t.jsonl", b'{"context": \n', "Line 1 is not valid JSON."),
        ("t.jsonl", b"1\n[1]\n", "Line 1 is JSON, but not an object"),
        (
            "t.json",
            b'{ "context": \n\n]',
            "The file is not valid JSON: there is a mistake on line 3",
        ),
        ("t.json", b"A brace opens.", "The file is not valid JSON"),
        ("t.json", b"[1, 2]", "This JSON holds no rows."),
        ("t.json", b'{"name": "ferry", "version": 2}', "This JSON holds no rows."),
        (
            "t.json",
            b'{"metadata": "' + b"x" * 5000 + b'", "nbformat": 4, "cells": []}',
            "This is a Jupyter notebook.",
        ),
        ("t.jsonl", b"[" * 100_000, "Line 1 is not valid JSON."),
        ("t.jsonl", b'{"a": ' + b"9" * 5000 + b"}\n", "Line 1 is not valid JSON."),
        ("t.jsonl", b"{}\n{}\n", "The table has no column names."),
        ("t.parquet", b"PAR1 and no more", "The Parquet file is damaged or encrypted."),
        ("t.parquet", as_parquet()[:-40], "The Parquet file is damaged or encrypted."),
        ("t.parquet", as_parquet([], COLUMNS), "The table has no column names."),
    ],
)
def test_a_bad_table_is_told_of(read: Any, name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(readings.CannotRead) as caught:
        read(data, name)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "data", "rows", "note"),
    [
        (
            "t.csv",
            b"a,b\n1,2\n1,2,3\n5,6\n",
            [["1", "2"], ["5", "6"]],
            "1 of 3 rows was not imported: 1 with more values than columns (line 3).",
        ),
        (
            "t.csv",
            b'a,b\n1,2\n3,"4\n5,6\n7,"8\n',
            [["1", "2"], ["5", "6"]],
            (
                "2 of 4 rows were not imported: 2 with a quotation mark that is not closed or is "
                "followed by other text (lines 3, 5)."
            ),
        ),
        (
            "t.jsonl",
            b'{"a": 1}\n{"a": \n{"a": 2}\n[3]\n',
            [["1"], ["2"]],
            (
                "2 of 4 rows were not imported: 1 with text that is not valid JSON (line 2), "
                "1 with JSON that is no object (line 4)."
            ),
        ),
        (
            "t.json",
            b'[{"a": 1},\n3]',
            [["1"]],
            "1 of 2 rows was not imported: 1 with JSON that is no object (row 2).",
        ),
    ],
)
def test_a_bad_row_is_told_of_and_the_others_are_taken(
    read: Any, name: str, data: bytes, rows: Any, note: str
) -> None:
    reading = read(data, name)
    assert (reading.survey["sample"], reading.survey["rows"]) == (rows, len(rows))
    assert reading.note == note.replace("was not", "cannot be").replace("were not", "cannot be")
    taken = read(data, name, {"context": "a"})
    assert ([row["row"] for row in taken.rows], taken.note) == ([1, 2][: len(rows)], note)


def test_as_many_rows_as_allowed_are_taken() -> None:
    table = csv_tables.from_csv("a\n" + "x\n" * tables.MOST_ROWS)
    assert sum(1 for _ in table.rows) == tables.MOST_ROWS


# What is written is read back


TEXTS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]))
NAMED = st.lists(
    st.text("abcdefgh ", min_size=1).map(str.strip).filter(bool),
    min_size=2,
    max_size=5,
    unique=True,
)


@st.composite
def written(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    header = draw(NAMED)
    row = st.lists(TEXTS, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, min_size=1, max_size=8))


@given(written(), st.sampled_from(",;\t|"))
def test_csv_is_read_as_it_was_written(
    found: tuple[list[str], list[list[str]]], delimiter: str
) -> None:
    header, rows = found
    table = csv_tables.from_csv(as_csv(delimiter, rows, header).decode())
    assert (table.columns, values_of(table)) == (header, rows)


@given(written())
def test_jsonl_is_read_as_it_was_written(found: tuple[list[str], list[list[str]]]) -> None:
    header, rows = found
    table = tables.from_jsonl(as_jsonl(rows, header).decode())
    assert (table.columns, values_of(table)) == (header, rows)


# In a process of its own


@pytest.mark.parametrize("chosen", [{}, {"context": "context"}])
@pytest.mark.parametrize(
    ("name", "data"), [("t.csv", as_csv()), ("t.jsonl", as_jsonl()), ("t.parquet", as_parquet())]
)
def test_a_table_is_read_within_limits(
    tmp_path: Path, name: str, data: bytes, chosen: dict[str, str]
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    reading = reader_process.read_isolated(
        path, name, readings.Choices(chosen or {}), seconds=30, megabytes=1000
    )
    assert reading == readers.read_file(path, name, readings.Choices(chosen or {}))
    assert bool(reading.rows) == bool(chosen)
