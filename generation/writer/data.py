"""Training data: passages with items, and the tasks that an epoch makes of them."""

import json
import random
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.checks.focuses import plain
from generation.writer import focuses
from prompts import sandbox, writer_prompts
from qareview.backends import Continuation

FOLDER = Path(__file__).parent / "data"
VALIDATION_PERCENT = 8  # of the documents, which are kept out of training

# Chosen; nobody measured each alone. Shares are of the items, drawn anew in each epoch.
VERBATIM = 0.2  # of sentences that stand alone are stated as they are, so that it learns to
ASKED_VERBATIM = 0.5  # of questions are asked of such a sentence, instead of its rewriting
ANSWERED = 0.1  # of questions are answered, for the likelihoods of answers
NO_TITLE = 0.15  # of passages come without a title, as some documents have no headings
TITLE_AND_HEADING = 0.4  # of passages come with both
WEIGHTS = {"state": 1.0, "ask": 2.0, "answer": 0.5}  # questions are what went wrong most often
TEMPLATES = {
    "state": writer_prompts.STATE,
    "ask": writer_prompts.ASK,
    "answer": writer_prompts.ANSWER,
}

Row = dict[str, Any]  # a line of the data


@dataclass(frozen=True)
class Exercise:
    """A prompt with the completion to learn, and the task it is of."""

    task: str
    continuation: Continuation

    @property
    def weight(self) -> float:
        return WEIGHTS[self.task]


def read() -> tuple[list[Row], list[Row]]:
    """Return the passages to train on and those to validate with, which share no document."""
    rows = [
        json.loads(line)
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text().splitlines()
        if line.strip()
    ]
    kept_out = [_is_kept_out(row["document"]) for row in rows]
    return (
        [row for row, out in zip(rows, kept_out, strict=True) if not out],
        [row for row, out in zip(rows, kept_out, strict=True) if out],
    )


def _is_kept_out(document: str) -> bool:
    """Whether a document is for validation: by its name, so that new data move no other."""
    return zlib.crc32(document.encode()) % 100 < VALIDATION_PERCENT


def epoch(rows: Iterable[Row], number: int) -> Iterator[list[Exercise]]:
    """Yield the exercises of each passage in an order that is of this epoch."""
    shuffled = sorted(rows, key=lambda row: zlib.crc32(f"{number} {row['passage']}".encode()))
    for row in shuffled:
        yield exercises(row, random.Random(f"{number} {row['passage']}"))  # noqa: S311  no secret


def exercises(row: Row, draw: random.Random) -> list[Exercise]:
    """Return the exercises of a passage."""
    values = {"passage": row["passage"], "headings": _headings(row, draw)}
    made = []
    for item in row["items"]:
        for task, own, completion in _tasks(row, item, draw):
            content = sandbox.render(TEMPLATES[task], {**values, **own})
            messages = (
                {"role": "system", "content": writer_prompts.SYSTEM},
                {"role": "user", "content": content},
            )
            made.append(Exercise(task, Continuation(messages, completion)))
    return made


def _headings(row: Row, draw: random.Random) -> str:
    """Return what the passage comes from, as the headings of a document would say it."""
    chance = draw.random()
    if chance < NO_TITLE:
        return ""
    first = row["passage"].partition("\n")[0]
    heading = first.lstrip("#").strip() if first.startswith("#") else ""
    both = heading and heading != row["title"] and chance < NO_TITLE + TITLE_AND_HEADING
    return f"{row['title']} › {heading}" if both else row["title"]


def _tasks(row: Row, item: Row, draw: random.Random) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield tasks of an item: name, values and completion."""
    answer, title = item["answer"], row["title"]
    verbatim, asked, answered = (draw.random() for _ in range(3))
    if "focus" in item:
        focus = plain(item["focus"])
        stands = focuses.is_verbatim(answer, focus)
        stated = answer if not stands or verbatim < VERBATIM else ""
    else:
        focus = focuses.find_focus(row["passage"], answer)
        stands = focuses.stands_alone(focus)
        if stands:
            stated = focus if verbatim < VERBATIM else ""
            if asked < ASKED_VERBATIM and focuses.answers_too(focus, answer, title):
                answer = focus
        else:
            stated = answer if focuses.restates(answer, focus, title) else ""
    if stated:
        yield "state", {"focus": focus}, stated
    yield "ask", {"answer": answer}, item["question"]
    if answered < ANSWERED:
        yield "answer", {"question": item["question"]}, answer
