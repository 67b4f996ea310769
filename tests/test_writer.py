"""The training of the embedded writer: its data, the exercises made of them, and learning."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.writer import data, focuses, train
from prompts import sandbox, writer_prompts
from qareview.backends import transformers as local
from tests import models

TRAINING, VALIDATION = data.read()
ROWS = [*TRAINING, *VALIDATION]

PASSAGE = """\
## Opening hours

The **town library** of Wick opens at `9:00`. It closes at 18:00, on Fridays at 16:00.

| day | fee |
|---|---|
| Sunday | 2 euros |
"""


def test_every_line_has_what_training_needs() -> None:
    for row in ROWS:
        assert row["document"]
        assert row["items"]
        for item in row["items"]:
            assert item["question"].endswith("?")
            assert item["answer"].strip()
            assert item.get("focus", "") in row["passage"]


def test_no_document_is_both_trained_on_and_validated_with() -> None:
    documents = [{row["document"] for row in rows} for rows in (TRAINING, VALIDATION)]
    assert not documents[0] & documents[1]
    assert 0.04 < len(VALIDATION) / len(ROWS) < 0.16


def test_an_epoch_has_every_question_once_and_other_draws_than_the_next() -> None:
    first, second = ([*data.epoch(TRAINING, number)] for number in (1, 2))
    questions = sorted(item["question"] for row in TRAINING for item in row["items"])
    for exercises in (first, second):
        asked = [one for own in exercises for one in own if one.task == "ask"]
        assert sorted(one.continuation.text for one in asked) == questions
    assert first != second
    assert first == [*data.epoch(TRAINING, 1)]


def test_exercises_of_a_passage_begin_alike() -> None:
    for row in ROWS[:20]:
        made = data.exercises(row, random.Random(1))
        for one in made:
            assert row["passage"] in one.continuation.messages[-1]["content"]
        beginnings = {
            one.continuation.messages[-1]["content"].partition(row["passage"])[0] for one in made
        }
        assert len(beginnings) == 1


def test_a_passage_without_headings_comes_without_their_line() -> None:
    values = {"passage": "It rains.", "headings": "", "answer": "Rain falls."}
    text = sandbox.render(writer_prompts.ASK, values)
    assert text == "Passage: It rains.\n\nAnswer: Rain falls.\n\nWrite its question."
    text = sandbox.render(writer_prompts.ASK, {**values, "headings": "Wick › Weather"})
    assert text.startswith("From: Wick › Weather\n\nPassage: It rains.")


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("The **Tern** runs `tern sync` *once*.", "The Tern runs tern sync once."),
        ("- [Handbook](a.md), 2 * 3 * 4", "Handbook, 2 * 3 * 4"),
        ("1. Open the\n   gate.", "Open the gate."),
        (r"Set wal\_size to snake_case_name.", "Set wal_size to snake_case_name."),
        ("| Sunday | 2 euros |", "Sunday | 2 euros"),
        ("Skin.** See a doctor.", "Skin. See a doctor."),
    ],
)
def test_a_focus_is_shown_without_marks(markdown: str, shown: str) -> None:
    assert focuses.plain(markdown) == shown


def test_the_sentence_of_an_answer_is_found() -> None:
    opens = "The town library of Wick opens at 9:00."
    closes = "It closes at 18:00, on Fridays at 16:00."
    assert focuses.find_focus(PASSAGE, "The library of Wick opens at 9:00.") == opens
    assert (
        focuses.find_focus(PASSAGE, "The library closes at 18:00, on Fridays at 16:00.") == closes
    )
    assert focuses.find_focus(PASSAGE, "On a Sunday the fee is 2 euros.") == "Sunday | 2 euros"
    both = "The town library of Wick opens at 9:00 and closes at 18:00, on Fridays at 16:00."
    assert focuses.find_focus(PASSAGE, both) == f"{opens} {closes}"


@pytest.mark.parametrize(
    ("answer", "is_stated"),
    [
        ("The Wick library closes at 18:00, on Fridays at 16:00.", True),
        ("The Wick library closes at 18:00.", False),  # a number is lost
        ("The Wick library closes at 18:00, on Fridays at 17:00.", False),
        ("The library, which is old and much loved, closes at 18:00 and Fridays 16:00.", False),
    ],
)
def test_an_answer_states_its_focus_with_every_number(answer: str, is_stated: bool) -> None:
    focus = "It closes at 18:00, on Fridays at 16:00."
    assert focuses.restates(answer, focus, "Wick library") == is_stated


@pytest.mark.parametrize(
    ("focus", "stands"),
    [
        ("The library of Wick opens at nine.", True),
        ("It opens at nine on every weekday.", False),
        ("A fee is due for this service there.", False),
        ("Sunday | 2 euros | 4 euros | 6 euros", False),
        ("opens the gate for all of the visitors.", False),
        ("The gate opens.", False),
    ],
)
def test_a_sentence_that_leans_on_others_is_told(focus: str, stands: bool) -> None:
    assert focuses.stands_alone(focus) == stands


def test_training_lowers_the_loss_and_stores_the_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "fastest_dtype", lambda device: torch.float32)
    folder = models.decoder(tmp_path / "model")
    rows = [
        {**row, "passage": row["passage"][:60], "items": row["items"][:3]} for row in TRAINING[:4]
    ]
    backend = local.load(path=str(folder))
    train.train(backend, rows, rows[:2], 4, 5, 0, tmp_path / "adapter")
    train.show(backend, [*data.epoch(rows[:2], 1)])
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    checks = [one for one in said if "validation" in one and "is_best" in one]
    assert len(checks) == 8 + 1  # after each step, and at the end
    assert checks[-1]["validation"]["ask"] < said[0]["before"]["ask"]
    assert {one["task"] for one in said if "task" in one} >= {"ask"}
    merged = local.load(path=str(folder), adapter=str(tmp_path / "adapter"))
    best = min(
        sum(data.WEIGHTS[task] * loss for task, loss in one["validation"].items()) for one in checks
    )
    validating = [*data.epoch(rows[:2], train.VALIDATION_EPOCH)]
    found: Any = train.validate(merged, validating)
    assert sum(data.WEIGHTS[task] * loss for task, loss in found.items()) == pytest.approx(
        best, abs=0.05
    )
