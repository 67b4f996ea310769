"""How far the flags can be trusted: precision and recall on items labelled by hand.

``make bench-checks`` prints one JSON object as its last line: for each flag how many items have
it by hand, and how right it was. ``labelled()`` is what a test asks as well.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
django.setup()

from generation import scoring  # noqa: E402  Django is set up first
from generation.models import Document, Item, Passage, Question  # noqa: E402

LABELLED = Path(__file__).resolve().parent.parent / "labelled_items.json"


def drafts() -> Iterator[tuple[scoring.Draft, set[str]]]:
    """Yield each labelled item as a draft, with the flags it ought to get."""
    for row in json.loads(LABELLED.read_text()):
        passage = Passage(text=row["passage"], document=Document(language=row["language"]))
        item = Item(passage=passage, answer=row["answer"])
        yield scoring.Draft(item, [Question(item=item, text=row["question"])]), set(row["flags"])


def flagged() -> list[tuple[str, set[str], set[str]]]:
    """Return each item's question, the flags it got and those it ought to get."""
    made, wanted = zip(*drafts(), strict=True)
    scoring.check(made)
    return [
        (draft.questions[0].text, {*draft.item.flags, *draft.questions[0].flags}, right)
        for draft, right in zip(made, wanted, strict=True)
    ]


def measure() -> dict[str, dict[str, Any]]:
    """Return precision and recall of every flag that is labelled."""
    rows = flagged()
    names = sorted({name for _, got, right in rows for name in got | right})
    found = {}
    for name in names:
        got = [name in flags for _, flags, _ in rows]
        right = [name in flags for _, _, flags in rows]
        hits = sum(a and b for a, b in zip(got, right, strict=True))
        found[name] = {
            "labelled": sum(right),
            "precision": round(hits / sum(got), 2) if sum(got) else None,
            "recall": round(hits / sum(right), 2) if sum(right) else None,
        }
    return found


def main() -> None:
    for question, got, right in flagged():
        if got != right:
            print(f"{question}\n  missed {sorted(right - got)}, wrong {sorted(got - right)}")  # noqa: T201
    print(json.dumps({"items": len(flagged()), "flags": measure()}))  # noqa: T201


if __name__ == "__main__":
    main()
