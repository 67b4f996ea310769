"""JSON in all the shapes in which training data comes is read as triples, or refused."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from generation.passages.left_out import INCOMPLETE_ROW, OTHER_COLUMNS
from generation.reading import readers, readings
from tests.office import kept, left_out
from tests.triples import AWKWARD, EAST_QUAY, QUAY, TUGS, Triple, triples_of


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


@pytest.mark.parametrize("key", ["context", "question", "answer"])
@pytest.mark.parametrize("depth", [500, 900, 100_000])
def test_values_in_many_lists_stop_nothing(tmp_path: Path, key: str, depth: int) -> None:
    deep = json.dumps({**ROWS[0], key: None}).replace("null", "[" * depth + '"x"' + "]" * depth)
    path = tmp_path / "t.jsonl"
    path.write_text(f"{deep}\n{json.dumps(ROWS[1])}\n")
    triples, _ = triples_of(path)
    assert triples[-1] == TUGS


def test_conversations_of_several_turns_give_a_row_each(triples_in: Any) -> None:
    said = [("user", "When?"), ("assistant", "At seven."), ("user", "And why?"), ("user", "Why?")]
    said += [("assistant", "It is light.")]
    messages = [{"role": role, "content": text} for role, text in said]
    triples, _ = triples_in(json.dumps([{"context": "Gate.", "messages": messages}]), "t.json")
    assert triples == [("Gate.", "When?", "At seven."), ("Gate.", "Why?", "It is light.")]


def test_a_question_without_an_answer_and_what_the_system_was_told_are_named(
    tmp_path: Path,
) -> None:
    said = [("system", "Be short."), ("user", "And why?"), ("user", "Why?")]
    said += [("assistant", "It is light."), ("user", "What then?")]
    messages = [{"role": role, "content": text} for role, text in said]
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{"context": "Gate.", "messages": messages}]))
    roles = {role: role for role in ("context", "question", "answer")}
    reading = readers.read_file(path, path.name, readings.Choices(roles))
    assert [row["question"] for row in reading.rows] == ["Why?"]
    named = left_out(reading)
    assert [reason for _, reason in named] == [INCOMPLETE_ROW, OTHER_COLUMNS]
    assert "And why?" in named[0][0]
    assert "What then?" in named[0][0]
    assert named[1][0] == "system"


def test_what_squad_tells_besides_is_named_as_left_out() -> None:
    path = AWKWARD / "squad.json"
    roles = {"context": "context", "question": "question", "answer": "answers"}
    reading = readers.read_file(path, path.name, readings.Choices(roles))
    [rest] = [text for text, reason in left_out(reading) if reason == OTHER_COLUMNS]
    assert rest == "id, is_impossible"


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
    assert (kept(reading).rstrip(), reading.note) == ("Gate.\n\nLock.", note)
    assert [words for words, _ in left_out(reading) if '{"text"' in words]


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
