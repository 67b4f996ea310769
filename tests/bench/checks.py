"""How far the flags can be trusted: precision and recall on items labelled by hand.

``make bench-checks`` prints a JSON object as its last line. For each flag it has the number of
items labelled with it, the precision and the recall. Flags that need a model to answer the
questions are measured with the embedded model.
"""

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
django.setup()

from generation.checks import flags, round_trip, scoring  # noqa: E402  Django is set up first
from generation.models import Document, Item, Passage, Question  # noqa: E402
from prompts.builtin_prompts import BUILTIN  # noqa: E402
from prompts.models import Task, Variant  # noqa: E402
from qareview.backends import Completion, backend_for  # noqa: E402
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
        (draft.questions[0].text, {*draft.item.flags, *draft.questions[0].flags}, right)
        for draft, right in zip(labelled, expected, strict=True)
    ]


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


def main() -> None:
    rows = [flagged(), flagged_by_a_model()]
    for question, got, right in itertools.chain(*rows):
        if got != right:
            print(f"{question}\n  missed {sorted(right - got)}, wrong {sorted(got - right)}")  # noqa: T201
    figures = {name: figure for some in rows for name, figure in measure(some).items()}
    print(json.dumps({"items": len(rows[0]), "flags": figures}))  # noqa: T201


if __name__ == "__main__":
    main()
