"""Tables as programs and people really write them are read as they were meant."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from generation.reading import readers, readings
from qareview import tables

AWKWARD = Path(__file__).parent / "awkward"
Triple = tuple[str, str, str]

EAST_QUAY = "The east quay opens at seven and closes at nine."
QUAY: Triple = (EAST_QUAY, "When does it open?", "At seven.")
TUGS: Triple = ("Two tugs are needed for a tanker.", "How many tugs?", "Two.")


def triples_of(path: Path, name: str = "", **more: str) -> tuple[list[Triple], str]:
    """Return the triples that the guessed columns give, and the note."""
    name = name or path.name
    guess = readers.read_file(path, name).survey["guess"]
    reading = readers.read_file(path, name, readings.Choices({**guess, **more}))
    triples = [
        (reading.text[row["start"] : row["end"]], row["question"], row["answer"])
        for row in reading.rows
    ]
    return triples, reading.note


@pytest.fixture
def triples_in(tmp_path: Path) -> Any:
    """Return the triples in a file that has this content."""

    def read(content: str | bytes, name: str, **more: str) -> tuple[list[Triple], str]:
        path = tmp_path / "original"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return triples_of(path, name, **more)

    return read


# CSV


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
    assert reading.note == "Two columns are called “text”. The latter is shown as “text (2)”."


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
    from qareview import csv_tables

    read = csv_tables.from_csv(table)
    assert sum(1 for _ in read.rows) == 1000
    assert [row.place for row in read.bad_rows] == [502]


# JSONL, JSON and Parquet


@pytest.mark.parametrize(
    ("name", "triples", "note"),
    [
        ("json-array.json", [QUAY, TUGS], ""),
        ("json-array-line.json", [QUAY, TUGS], ""),
        ("jsonl-as-array.jsonl", [QUAY, TUGS], ""),
        ("jsonl-trailing.jsonl", [QUAY, TUGS], ""),
        (
            "alpaca.json",
            [
                (
                    "The east quay opens at seven and closes at nine in the evening.",
                    "Answer from the text: when does the quay open?",
                    "At seven.",
                ),
                (
                    "Two tugs are needed for a tanker, and one for a ferry.",
                    "How many tugs does a tanker need?",
                    "Two.",
                ),
            ],
            "",
        ),
        (
            "jsonl-listanswer.jsonl",
            [
                ("Berths one, two and three are closed.", "Which berths are closed?", "[1, 2, 3]"),
                ("The flags are red and green.", "Which colours?", "red\ngreen"),
                (
                    "The code is as follows.",
                    "Give the configuration.",
                    '{"text": "x", "port": 3}',
                ),
            ],
            "",
        ),
        (
            "jsonl-nan.jsonl",
            [("The east quay opens at seven.", "When?", "At seven.")],
            (
                "3 of 4 rows were not imported: 1 without a question (line 2), "
                "2 without an answer (lines 3, 4)."
            ),
        ),
        (
            "jsonl-nestedctx.jsonl",
            [
                (
                    (
                        "Quay\n\nThe quay opens at seven. It closes at nine.\n\n"
                        "Tug\n\nTwo tugs are needed."
                    ),
                    "When does the quay open?",
                    "At seven.",
                ),
                (
                    "The lock opens at high water.\n\nIt closes behind the last ship.",
                    "When does the lock open?",
                    "At high water.",
                ),
            ],
            "",
        ),
        (
            "jsonl-squad-rows.jsonl",
            [(EAST_QUAY, "When does it open?", "at seven")],
            "1 of 2 rows was not imported: 1 without an answer (line 2).",
        ),
        (
            "jsonl-varied.jsonl",
            [
                ("The quay opens at seven.", "When?", "At seven."),
                ("The master opens the gate.", "Who?", "The master."),
                ("AB ? lone surrogate \n line", "What?", "x"),
            ],
            "",
        ),
        *(
            (
                name,
                [
                    (
                        "The east quay opens at seven and closes at nine in the evening.",
                        "When does the quay open?",
                        "at seven",
                    )
                ],
                "1 of 2 rows was not imported: 1 without an answer (row 2).",
            )
            for name in ("squad.json", "squad-pretty.json")
        ),
    ],
)
def test_json_is_read_as_triples(name: str, triples: list[Triple], note: str) -> None:
    assert triples_of(AWKWARD / name) == (triples, note)


@pytest.mark.parametrize("name", ["sharegpt.json", "sharegpt.jsonl", "messages.jsonl"])
def test_conversations_without_contexts_are_refused(name: str) -> None:
    with pytest.raises(readings.CannotRead, match="Add the key “context” with its text to each"):
        readers.read_file(AWKWARD / name, name)


ROWS = [dict(zip(("context", "question", "answer"), row, strict=True)) for row in (QUAY, TUGS)]


def turns(row: dict[str, str], speaker: str, said: str, names: tuple[str, str]) -> Any:
    return [
        {speaker: "system", said: "You know the harbour."},
        {speaker: names[0], said: row["question"]},
        {speaker: names[1], said: row["answer"]},
    ]


@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        {"version": 1, "data": ROWS},
        {"train": ROWS[:1], "test": ROWS[1:]},
        {"features": [{"name": "context"}], "rows": [{"row_idx": 0, "row": row} for row in ROWS]},
        {name: [row[name] for row in ROWS] for name in ROWS[0]},
        {name: {"0": ROWS[0][name], "1": ROWS[1][name]} for name in ROWS[0]},
        {"columns": list(ROWS[0]), "data": [list(row.values()) for row in ROWS]},
        [
            {"context": row["context"], "conversations": turns(row, "from", "value", names)}
            for row, names in zip(ROWS, [("human", "gpt"), ("user", "assistant")], strict=True)
        ],
        [
            {"context": row["context"], "messages": turns(row, "role", "content", names)}
            for row, names in zip(ROWS, [("user", "assistant"), ("user", "model")], strict=True)
        ],
        {
            "data": [
                {
                    "paragraphs": [
                        {"context": row["context"], "qas": [{"question": row["question"], **kind}]}
                        for row, kind in (
                            (ROWS[0], {"answers": [{"text": "At seven.", "answer_start": 1}]}),
                            (ROWS[1], {"answers": [{"text": "Two.", "answer_start": 0}] * 2}),
                        )
                    ]
                }
            ]
        },
        [
            {"context": row["context"], "prompt": row["question"], "chosen": row["answer"]}
            | {"rejected": "No."}
            for row in ROWS
        ],
        [
            {"user_input": row["question"], "reference": row["answer"]}
            | {"reference_contexts": [row["context"]]}
            for row in ROWS
        ],
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.txt", "t"])
def test_every_shape_of_json_is_read_as_triples(
    triples_in: Any, value: Any, indent: int | None, name: str
) -> None:
    assert triples_in(json.dumps(value, indent=indent), name) == ([QUAY, TUGS], "")


def test_conversations_of_several_turns_give_a_row_each(triples_in: Any) -> None:
    said = [("user", "When?"), ("assistant", "At seven."), ("user", "And why?"), ("user", "Why?")]
    said += [("assistant", "It is light.")]
    messages = [{"role": role, "content": text} for role, text in said]
    triples, _ = triples_in(json.dumps([{"context": "Gate.", "messages": messages}]), "t.json")
    assert triples == [("Gate.", "When?", "At seven."), ("Gate.", "Why?", "It is light.")]


def test_the_title_of_an_article_of_squad_is_the_heading() -> None:
    chosen = {"context": "context"}
    path = AWKWARD / "squad.json"
    reading = readers.read_file(path, path.name, readings.Choices(chosen))
    assert [row["headings"] for row in reading.rows] == [["Harbour"], ["Harbour"]]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (
            '{"text": "Gate.", "n": 1}\n{"text": \n{"text": "Lock.", "n": 2},\n',
            "1 of 3 rows was not imported: 1 with text that is not valid JSON (line 2).",
        ),
        (
            '[\n{"text": "Gate.", "n": 1},\n{"text" "Sill."},\n{"text": "Lock.", "n": 2}\n]\n',
            "1 of 3 rows was not imported: 1 with text that is not valid JSON (line 3).",
        ),
    ],
)
@pytest.mark.parametrize("name", ["t.jsonl", "t.json"])
def test_of_a_broken_line_the_others_are_taken(
    tmp_path: Path, content: str, note: str, name: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    reading = readers.read_file(path, name, readings.Choices({"context": "text"}))
    assert (reading.text, reading.note) == ("Gate.\n\nLock.", note)


@pytest.mark.parametrize(
    ("columns", "triples", "note"),
    [
        (
            {
                "context": [QUAY[0], TUGS[0]],
                "question": [QUAY[1], TUGS[1]],
                "answers": [
                    {"text": ["At seven.", "Seven"], "answer_start": [21, 24]},
                    {"text": [], "answer_start": []},
                ],
            },
            [QUAY],
            "1 of 2 rows was not imported: 1 without an answer (row 2).",
        ),
        (
            {
                "context": [["The lock opens.", "It closes."], ["The bridge is new."]],
                "question": ["When?", "How old?"],
                "answer": [1.5, float("nan")],
            },
            [("The lock opens.\n\nIt closes.", "When?", "1.5")],
            "1 of 2 rows was not imported: 1 without an answer (row 2).",
        ),
        (
            {
                "context": [QUAY[0]],
                "messages": [
                    [
                        {"role": "user", "content": QUAY[1]},
                        {"role": "assistant", "content": QUAY[2]},
                    ]
                ],
            },
            [QUAY],
            "",
        ),
    ],
)
def test_parquet_is_read_as_triples(
    triples_in: Any, columns: Any, triples: list[Triple], note: str
) -> None:
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file)
    assert triples_in(file.getvalue(), "t.parquet") == (triples, note)


def test_a_text_of_tabs_is_a_table() -> None:
    reading = readers.read_file(AWKWARD / "tab-as.txt", "tab-as.txt")
    assert reading.media_type == tables.CSV
    assert reading.survey["columns"] == ["id", "title", "abstract", "full_text"]
