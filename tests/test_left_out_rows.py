"""What a table says beside the rows that are imported is in the text, left out with its reason."""

import json

import pytest

from generation.passages.left_out import (
    BAD_ROW,
    INCOMPLETE_ROW,
    OTHER_COLUMNS,
    OTHER_SHEET,
)
from tests.office import kept, left_out, read, xlsx

CHOSEN = {"context": "c", "question": "q", "answer": "a"}
HEADER = ["c", "q", "a", "by"]
GOOD = ["The lock opens at seven.", "When?", "At seven.", "Anna"]
LACKING = ["The gate is old.", "Of what | of?", "", "Tom"]
TABLE = "| c | q | a | by |\n|---|---|---|---|\n| The gate is old. | Of what \\| of? |  | Tom |"


def csv(*rows: list[str]) -> bytes:
    return "".join(",".join(row) + "\n" for row in rows).encode()


def test_incomplete_rows_of_a_workbook_are_left_out_before_its_other_sheets() -> None:
    data = xlsx({"Tides": [HEADER, GOOD, LACKING], "Fees": [["Cargo", "Fee"], ["Oil", 19]]})
    reading = read(data, "a.xlsx", {**CHOSEN, "sheet": "Tides"})
    assert kept(reading).rstrip() == GOOD[0]
    assert left_out(reading) == [
        (TABLE, INCOMPLETE_ROW),
        ("by", OTHER_COLUMNS),
        ("# Fees\n\n| Cargo | Fee |\n|---|---|\n| Oil | 19 |", OTHER_SHEET),
    ]


def test_incomplete_and_bad_rows_of_csv_are_left_out_with_different_reasons() -> None:
    data = csv(HEADER, GOOD, LACKING, [*GOOD, "and", "more"], ['"Open"ed', "q", "a", "Kate"])
    reading = read(data, "a.csv", CHOSEN)
    assert left_out(reading) == [
        (TABLE, INCOMPLETE_ROW),
        (f'{" | ".join(GOOD)} | and | more\n\n"Open"ed,q,a,Kate', BAD_ROW),
        ("by", OTHER_COLUMNS),
    ]


@pytest.mark.parametrize("line", ['["Oil", 19]', '{"c": "The pier'])
def test_bad_lines_of_jsonl_are_left_out(line: str) -> None:
    good = json.dumps(dict(zip(HEADER[:3], GOOD, strict=False)))
    reading = read(f"{good}\n{line}\n{good}\n".encode(), "a.jsonl", CHOSEN)
    assert left_out(reading) == [(line, BAD_ROW)]


def test_bad_entries_of_a_list_are_left_out() -> None:
    good = dict(zip(HEADER[:3], GOOD, strict=False))
    reading = read(json.dumps([good, ["Öl", 19], good]).encode(), "a.json", CHOSEN)
    assert left_out(reading) == [('["Öl", 19]', BAD_ROW)]


def test_rows_without_any_value_are_not_in_the_text() -> None:
    assert left_out(read(csv(HEADER[:3], GOOD[:3], ["", " ", ""]), "a.csv", CHOSEN)) == []


@pytest.mark.parametrize(("pages", "names"), [("[1, 2]", "by"), ("soon", "pages, by")])
def test_columns_are_named_unless_headings_or_pages_were_taken_from_them(
    pages: str, names: str
) -> None:
    rows = [[*HEADER[:3], "headings", "pages", "by"], [*GOOD[:3], "Locks", f'"{pages}"', "Anna"]]
    assert left_out(read(csv(*rows), "a.csv", CHOSEN)) == [(names, OTHER_COLUMNS)]
