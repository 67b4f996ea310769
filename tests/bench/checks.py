"""How far the flags can be trusted, on items labelled by hand.

``make bench-checks`` prints a JSON object as its last line. ``flags`` has, for each flag, precision
and recall on items that are labelled with the flags they ought to get, those that need a model to
answer the questions with the embedded model. ``trust`` has on how many items that are labelled as
good or bad a flag stood, how many of these were bad, and the precision with its interval by Wilson
beside the share of bad items among all: of the half of the documents that flags are decided by, and
of the half that measures them. Options:

    python -m tests.bench.checks --write   # only this, and write what the pages tell
"""

import argparse
import itertools
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
django.setup()

from generation.checks import (  # noqa: E402  Django is set up first
    flag_trust,
    flags,
    round_trip,
    scoring,
)
from generation.models import Document, Item, Passage, Question  # noqa: E402
from generation.writer.labelled import LabelledItem, labelled_items  # noqa: E402
from prompts.builtin_prompts import BUILTIN  # noqa: E402
from prompts.models import Task, Variant  # noqa: E402
from qareview.backends import Completion, backend_for  # noqa: E402
from qareview.confidence_intervals import wilson  # noqa: E402
from qareview.models import Project  # noqa: E402

MODEL = "smollm2-135m-instruct"
LABELLED = Path(__file__).resolve().parent.parent / "labelled_items.json"


def drafts() -> Iterator[tuple[scoring.Draft, set[str]]]:
    """Yield each labelled item as a draft, with the flags it ought to get."""
    for row in json.loads(LABELLED.read_text()):
        passage = Passage(text=row["passage"], document=Document(language=row["language"]))
        item = Item(document=passage.document, passage=passage, answer=row["answer"])
        yield scoring.Draft(item, [Question(item=item, text=row["question"])]), set(row["flags"])


BY_A_MODEL = {flags.ANSWERED_OTHERWISE, flags.PASSAGE_NOT_NEEDED}
Flagged = list[tuple[str, set[str], set[str]]]


def flagged() -> Flagged:
    """Return each item's question, the flags it got and those it ought to get, by text alone."""
    labelled, expected = zip(*drafts(), strict=True)
    scoring.check_drafts(labelled)
    return _compared(labelled, [right - BY_A_MODEL for right in expected])


def flagged_by_a_model() -> Flagged:
    """The same for the flags that need a model to answer the questions."""
    labelled, expected = zip(*drafts(), strict=True)
    questions = [draft.questions[0] for draft in labelled]
    round_trip.judge(questions, *(_answers(task, questions) for task in (Task.ANSWER, Task.RECALL)))
    return _compared(labelled, [right & BY_A_MODEL for right in expected])


def _answers(task: Task, questions: list[Question]) -> list[Completion]:
    requests = round_trip.requests_for(Project(), Variant(**BUILTIN[task]), questions)
    return backend_for(MODEL).complete(requests)


def _compared(labelled: Sequence[scoring.Draft], expected: Sequence[set[str]]) -> Flagged:
    return [
        (draft.questions[0].text, _raised(draft), right)
        for draft, right in zip(labelled, expected, strict=True)
    ]


def _raised(draft: scoring.Draft) -> set[str]:
    return {*draft.item.flags, *draft.questions[0].flags}


def measure(rows: Flagged) -> dict[str, dict[str, Any]]:
    """Return precision and recall of every flag that is labelled."""
    names = sorted({name for _, got, right in rows for name in got | right})
    figures = {}
    for name in names:
        got = [name in flags for _, flags, _ in rows]
        right = [name in flags for _, _, flags in rows]
        hits = sum(a and b for a, b in zip(got, right, strict=True))
        figures[name] = {
            "labelled": sum(right),
            "precision": round(hits / sum(got), 2) if sum(got) else None,
            "recall": round(hits / sum(right), 2) if sum(right) else None,
        }
    return figures


def trust() -> dict[str, dict[str, Any]]:
    """Return how often each flag is right, in the half that decides and the half that measures."""
    items = list(labelled_items())
    scoring.check_drafts([item.draft for item in items])
    measuring = [measures(item.document) for item in items]
    return {
        "deciding": _shares([it for it, is_in in zip(items, measuring, strict=True) if not is_in]),
        "measuring": _shares([it for it, is_in in zip(items, measuring, strict=True) if is_in]),
    }


def measures(document: str) -> bool:
    """Whether a document is of the half that measures: by its name, so that none moves."""
    return zlib.crc32(document.encode()) % 2 == 1


def _shares(items: Sequence[LabelledItem]) -> dict[str, Any]:
    """Return what a half has of each flag, and the numbers of all and of bad items."""
    raised = {name: [it for it in items if name in _raised(it.draft)] for name in flags.NAMES}
    return {
        "items": len(items),
        "bad": sum(item.is_bad for item in items),
        "flags": {
            name: {"raised": len(on), "right": sum(item.is_bad for item in on)}
            for name, on in raised.items()
        },
    }


def with_intervals(half: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a half with precisions, their intervals and the share of bad items."""
    base = round(half["bad"] / half["items"], 3)
    return {name: _precision(**found, base=base) for name, found in half["flags"].items()}


def _precision(raised: int, right: int, base: float) -> dict[str, Any]:
    told: dict[str, Any] = {"raised": raised, "right": right, "base": base}
    if raised:
        low, high = wilson(right, raised)
        told |= {"precision": round(right / raised, 2), "low": round(low, 2)}
        told["high"] = round(high, 2)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    halves = trust()
    trusted = {name: with_intervals(half) for name, half in halves.items()}
    if parser.parse_args().write:
        text = json.dumps(halves["measuring"], indent=1)
        flag_trust.MEASURED.write_text(f"{text}\n")
        print(json.dumps({"trust": trusted}))  # noqa: T201
        return
    rows = [flagged(), flagged_by_a_model()]
    for question, got, right in itertools.chain(*rows):
        if got != right:
            print(f"{question}\n  missed {sorted(right - got)}, wrong {sorted(got - right)}")  # noqa: T201
    figures = {name: figure for some in rows for name, figure in measure(some).items()}
    print(json.dumps({"items": len(rows[0]), "flags": figures, "trust": trusted}))  # noqa: T201


if __name__ == "__main__":
    main()
