"""Drafts that two readers judged, without knowing which model had written which."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "judged"
READERS = ("reader_1.jsonl", "reader_2.jsonl")


@functools.cache
def read_lines(name: str) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines in the folder of judgements."""
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


def write_lines(name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write objects to a file of JSON lines in the folder of judgements."""
    lines = (f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    (FOLDER / name).write_text("".join(lines))


@functools.cache
def verdicts() -> dict[int, list[str]]:
    """Return the verdicts of both readers by the ids of drafts."""
    by_draft: dict[int, list[str]] = {}
    for name in READERS:
        for row in read_lines(name):
            by_draft.setdefault(row["id"], []).append(row["verdict"])
    return by_draft
