"""The columns of a table are guessed, chosen and taken."""

import json
from typing import Any

import pytest

from generation.reading.tables import table_columns
from qareview import csv_tables, tables

# Guessing


TRIPLE = ["The gate closes at dusk, as the keeper wrote.", "When does it close?", "At dusk"]


@pytest.mark.parametrize(
    ("names", "row", "guess"),
    [
        ("context question answer", TRIPLE, "context question answer"),
        ("Answer QUESTION Passage", TRIPLE[::-1], "Passage QUESTION Answer"),
        ("instruction input output", [TRIPLE[1], TRIPLE[0], TRIPLE[2]], "input instruction output"),
        ("prompt completion text", [*TRIPLE[1:], TRIPLE[0]], "text prompt completion"),
        ("id title context question answers", ["1", "Gate", *TRIPLE], "context question answers"),
        ("a b c", TRIPLE, "a b c"),
        ("a b c", TRIPLE[::-1], "c b a"),
        ("id b c", ["17", *TRIPLE[:2]], "b"),
        ("input output", TRIPLE[1:], ""),
        ("instruction input output", [TRIPLE[1], "", TRIPLE[2]], ""),
        ("text label", [TRIPLE[0], "3"], "text"),
        ("id body", ["1", TRIPLE[0]], "body"),
        ("x", [TRIPLE[0]], "x"),
        ("x y", ["", ""], ""),
    ],
)
def test_columns_are_guessed(names: str, row: list[str], guess: str) -> None:
    roles = dict(zip(table_columns.ROLES, guess.split(), strict=False))
    assert table_columns.guess(names.split(), [row] * 3) == roles


# Taking


def test_contexts_stand_in_the_text_once_and_in_order() -> None:
    table = csv_tables.from_csv("c,q,a\n One ,q1?,a1\nTwo,q2?,a2\nOne,q3?,a3\n")
    taken = table_columns.take_columns(table, {"context": "c", "question": "q", "answer": "a"})
    assert (taken.text, taken.note) == ("One\n\nTwo", "")
    assert [(row["start"], row["end"], row["question"]) for row in taken.rows] == [
        (0, 3, "q1?"),
        (5, 8, "q2?"),
        (0, 3, "q3?"),
    ]


def test_what_is_empty_is_not_taken_and_told_of() -> None:
    gaps = '"",q,a\n' * 7
    table = csv_tables.from_csv(f"c,q,a\nOne,q,a\n{gaps}Two,  ,a\nThree,q,\n")
    taken = table_columns.take_columns(table, {"context": "c", "question": "q", "answer": "a"})
    assert taken.text == "One"
    assert taken.note == (
        "9 of 10 rows were not imported: 7 without a context (lines 3, 4, 5, 6, 7 and 2 "
        "more), 1 without a question (line 10), 1 without an answer (line 11)."
    )


def test_passages_that_come_again_are_told_of() -> None:
    taken = table_columns.take_columns(csv_tables.from_csv("c\nOne\nTwo\nOne\n"), {"context": "c"})
    assert taken.text == "One\n\nTwo"
    assert taken.note == "1 row repeats the context of an earlier one, so they share a passage."


def test_nothing_taken_is_an_error() -> None:
    with pytest.raises(tables.BadTable, match=r"^Nothing can be imported\. 2 of 2 rows were not"):
        table_columns.take_columns(csv_tables.from_csv("c,q\n ,1\n ,2\n"), {"context": "c"})


@pytest.mark.parametrize(
    ("answers", "taken"),
    [
        ({"text": ["At dusk", "Dusk"], "answer_start": [4, 7]}, "At dusk"),
        ({"text": "At dusk"}, '{"text": "At dusk"}'),
        ([{"text": "At dusk", "answer_start": 4}, {"text": "Dusk", "answer_start": 7}], "At dusk"),
        (["At dusk"], "At dusk"),
        (["red", "green", None, 3, True], "red\ngreen\n3\ntrue"),
        ([["red", "green"], "blue"], "red green\nblue"),
        ([{"role": "assistant", "content": "Red."}], "Red."),
        ([{"colour": "red"}], '[{"colour": "red"}]'),
        ("[1, 2, 3]", "[1, 2, 3]"),
        ("[At dusk", "[At dusk"),
    ],
)
def test_of_a_list_of_answers_nothing_is_lost(answers: Any, taken: str) -> None:
    line = json.dumps({"context": "The gate.", "question": "When?", "answers": answers})
    chosen = {"context": "context", "question": "question", "answer": "answers"}
    assert table_columns.take_columns(tables.from_jsonl(line), chosen).rows[0]["answer"] == taken


@pytest.mark.parametrize(
    ("beside", "headings", "pages"),
    [
        ({"headings": ["Tides", "Lock"], "pages": [2, 3]}, ["Tides", "Lock"], [2, 3]),
        ({"headings": "Tides", "pages": []}, ["Tides"], [None, None]),
        ({"headings": [1], "pages": [3, 2]}, ["[1]"], [None, None]),
        ({}, [], [None, None]),
    ],
)
def test_headings_and_pages_come_along(beside: Any, headings: Any, pages: Any) -> None:
    table = tables.from_jsonl(json.dumps({"text": "The gate.", **beside}))
    [row] = table_columns.take_columns(table, {"context": "text"}).rows
    assert (row["headings"], row["pages"]) == (headings, pages)


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({}, "Choose the column with the context"),
        ({"question": "a", "answer": "b"}, "Choose the column with the context"),
        ({"context": "a", "question": "b"}, "Choose a column for the question and one for the"),
        ({"context": "a", "answer": "b"}, "Choose a column for the question and one for the"),
        ({"context": "a", "question": "b", "answer": "b"}, "Choose a different column for each."),
        ({"context": "z"}, "The table has no column “z”. Its columns are: a, b."),
        ({"context": "a"}, ""),
    ],
)
def test_a_choice_is_objected_to(chosen: dict[str, str], sentence: str) -> None:
    wrong = table_columns.objection(chosen, ["a", "b"])
    assert wrong.startswith(sentence)
    assert bool(wrong) == bool(sentence)
