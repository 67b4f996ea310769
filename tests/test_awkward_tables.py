"""CSV as programs and people really write it is read as it was meant."""

from pathlib import Path
from typing import Any

import pytest

from generation.reading import readers
from qareview import csv_tables, tables
from tests.triples import AWKWARD, QUAY, TUGS, Triple, triples_of


@pytest.mark.parametrize(
    ("name", "triples"),
    [
        ("csv-backslash.csv", [('He said "cast off" and left.', "Who left?", "He")]),
        ("csv-bom.csv", [("The east quay opens at seven.", "When does it open?", "At seven.")]),
        (
            "csv-cr.csv",
            [
                ("The east quay opens at seven.", "When?", "At seven."),
                ("The master opens the gate.", "Who?", "He."),
            ],
        ),
        (
            "csv-embedded.csv",
            [
                (
                    'The east quay opens at seven.\n\nIt closes at nine, except "in winter".',
                    "When does it open?",
                    "At seven;\tand no\nearlier",
                ),
                ("A tug | a pilot", "Who, and when?", "Both"),
            ],
        ),
        (
            "csv-emptycols.csv",
            [
                ("The east quay opens at seven.", "When?", "At seven."),
                ("The harbour master opens the gate.", "Who?", "The master."),
            ],
        ),
        ("csv-nul.csv", [("The east quay opens at seven.", "When?", "At seven.")]),
        (
            "csv-pipe-in-text.csv",
            [
                (
                    "Der Kai, der östliche, öffnet um sieben, nicht früher.",
                    "Was, wann, wo?",
                    "Um sieben, am Kai, immer.",
                ),
                ("Der Meister, der alte, kommt.", "Wer, bitte?", "Er, sie, es."),
            ],
        ),
        (
            "csv-semicolon-excel.csv",
            [
                (
                    "The east quay opens at seven and closes at nine in the evening.",
                    "When does the east quay open?",
                    "At seven.",
                ),
                (
                    "Two tugs are needed for a tanker longer than one hundred metres.",
                    "How many tugs does a long tanker need?",
                    "Two.",
                ),
            ],
        ),
        (
            "csv-space-quotes.csv",
            [
                (
                    "The east quay opens at seven, and closes at nine.",
                    "When does it open?",
                    "At seven, each day.",
                ),
                ("Two tugs are needed for a tanker.", "How many tugs, then?", "Two"),
            ],
        ),
        ("csv-squotes.csv", [("The quay, the east one, opens at seven.", "When?", "At seven")]),
        (
            "csv-trailing.csv",
            [
                ("The east quay opens at seven.", "When?", "At seven."),
                ("The harbour master opens the gate.", "Who?", "The master."),
            ],
        ),
        (
            "csv-utf16.csv",
            [("Der Ostkai öffnet um sieben Uhr.", "Wann öffnet er?", "Um sieben.")],
        ),
    ],
)
def test_csv_is_read_as_it_was_meant(name: str, triples: list[Triple]) -> None:
    assert triples_of(AWKWARD / name) == (triples, "")


def test_a_value_of_a_hundred_thousand_characters_is_whole() -> None:
    triples, _ = triples_of(AWKWARD / "csv-100k.csv")
    assert [len(context) for context, _, _ in triples] == [102_949, 29]


def test_one_column_of_text_with_commas_is_one_column() -> None:
    reading = readers.read_file(AWKWARD / "csv-onecol-commas.csv", "t.csv")
    assert reading.survey["columns"] == ["text"]
    assert reading.survey["sample"] == [
        ["The east quay, which is the older one, opens at seven every day."],
        ["Two tugs are needed for a tanker; one is enough for a ferry."],
    ]


def test_of_a_bad_row_the_line_is_told_and_the_others_are_taken() -> None:
    triples, note = triples_of(AWKWARD / "csv-onebad.csv")
    assert (len(triples), triples[-1][1]) == (300, "Question 299?")
    assert note == "1 of 301 rows was not imported: 1 with more values than columns (line 202)."


def test_a_row_in_another_encoding_is_read_and_told_of() -> None:
    triples, note = triples_of(AWKWARD / "csv-mixedenc.csv")
    assert triples == [
        ("Das Café liegt am Kai.", "Wo ist das Café?", "Am Kai."),
        ("Der Schleusenwärter öffnet früh.", "Wer öffnet?", "Der Schleusenwärter."),
    ]
    assert note == "Line 3 is not in UTF-8 like the rest, and was read as cp1252. Check it."


def test_a_title_above_the_header_is_told_of() -> None:
    triples, note = triples_of(AWKWARD / "csv-title.csv")
    assert triples == [("The east quay opens at seven.", "When does it open?", "At seven.")]
    assert note == (
        "“Harbour questions 2024” stands above the names of the columns and is in no row."
    )


def test_columns_of_the_same_name_are_told_apart() -> None:
    reading = readers.read_file(AWKWARD / "csv-dup.csv", "t.csv")
    assert reading.survey["columns"] == ["text", "text (2)", "answer"]
    assert (
        reading.note == "Two columns are called “text”, so the latter has a number behind its name."
    )


NUMBERED = "The first row seems to be data, so the columns are called by their numbers."


def test_a_header_that_is_data_is_a_row() -> None:
    reading = readers.read_file(AWKWARD / "csv-noheader.csv", "t.csv")
    assert reading.survey["columns"] == ["column 1", "column 2", "column 3"]
    assert (reading.survey["first_row"], reading.note) == ("data", NUMBERED)
    assert triples_of(AWKWARD / "csv-noheader.csv") == ([QUAY, TUGS], NUMBERED)


@pytest.mark.parametrize(
    ("content", "guess", "choice", "questions"),
    [
        ("text,q,a\nGate.,Why?,So.\n", "names", "data", ["q", "Why?"]),
        (
            "It is a gate.,Why is it?,So.\nIt is a lock.,When is it?,Now.\n",
            "data",
            "names",
            ["When is it?"],
        ),
    ],
)
def test_who_knows_better_says_what_the_first_row_is(
    tmp_path: Path, content: str, guess: str, choice: str, questions: list[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    survey = readers.read_file(path, "t.csv").survey
    assert survey["first_row"] == guess
    triples, _ = triples_of(path, "t.csv", first_row=choice)
    assert [question for _, question, _ in triples] == questions


@pytest.mark.parametrize(
    "content",
    [
        "context,question,answer\n{0},{1},{2}\n",
        "sep=,\ncontext,question,answer\n{0},{1},{2}\n",
        '"sep=;"\r\ncontext;question;answer\r\n{0};{1};{2}\r\n',
        "sep=\t\ncontext\tquestion\tanswer\n{0}\t{1}\t{2}\n",
        "\n\n,,,\ncontext,question,answer,\n{0},{1},{2},\n,,,\n",
        "context,question,answer,,,\n{0},{1},{2},,,\n",
        "context,question,answer\n{0},{1},{2},,,,\n",
        'context, "question", answer\n "{0}",  "{1}", "{2}"\n',
        "'context','question','answer'\n'{0}','{1}','{2}'\n",
        'context|question|answer\n"{0}"|"{1}"|"{2}"',
        "\ufeffcontext,question,answer\r{0},{1},{2}\r",
        "The tides of 2024\n\ncontext,question,answer\n{0},{1},{2}\n",
        "The tides of 2024\nAs of May,,\ncontext,question,answer\n{0},{1},{2}\n{0},{1},{2}\n",
    ],
)
def test_relatives_are_read_too(triples_in: Any, content: str) -> None:
    triples, _ = triples_in(content.format(*QUAY), "t.csv")
    assert set(triples) == {QUAY}


@pytest.mark.parametrize(
    "content",
    [
        "Full name,What is your name for short?\nAda,A\nBob,B\n",
        "Name,Is it open?\nEast quay,yes\n",
        "text\nSmith, John\nDoe, Jane\nRoe, Rick\n",
        "Full name\nSmith, John\nDoe, Jane\nRoe, Rick\n",
        ",text\n0,Gate\n",
    ],
)
def test_a_header_stays_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    reading = readers.read_file(path, "t.csv")
    assert (reading.survey["first_row"], reading.note) == ("names", "")
    assert reading.survey["rows"] == content.count("\n") - 1


def test_a_quotation_mark_that_never_closes_costs_its_line() -> None:
    table = "a,b\n" + "1,2\n" * 500 + '3,"4\n' + "1,2\n" * 500
    read = csv_tables.from_csv(table)
    assert sum(1 for _ in read.rows) == 1000
    assert [row.place for row in read.bad_rows] == [502]


def test_a_text_of_tabs_is_a_table() -> None:
    reading = readers.read_file(AWKWARD / "tab-as.txt", "tab-as.txt")
    assert reading.media_type == tables.CSV
    assert reading.survey["columns"] == ["id", "title", "abstract", "full_text"]


@pytest.mark.parametrize("text", ["\t\tOne.\n\t\tTwo.\n", "a\tb\nc\td\n", "a\tb\tc\nOne.\n"])
def test_other_texts_with_tabs_are_texts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.txt"
    path.write_text(text)
    assert readers.read_file(path, "t.txt").text == text
