"""How good the drafts of the embedded writer are, judged by people, and how fast it drafts.

``make bench-writer`` prints a JSON object as its last line. The drafts of
``generation/writer/judged`` were written about passages of documents that nothing was tuned on, by
today's writer and by the prompts that came before it, and judged by two readers who did not see
which was which. The bench counts their verdicts among what is shown at the desk, and drafts the
same passages anew, in both ways and in one run, to say how fast. Options:

    python -m tests.bench.writer --draft   # write drafts.jsonl and to_judge.jsonl anew

Verdicts are ``accept`` (as it is), ``edit`` (good after a small edit), ``reject`` and ``wrong``
(it states something that the passage does not say).
"""

import argparse
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from qareview.machine import embedded

embedded.ensure()
django.setup()

from django.contrib.auth.models import User  # noqa: E402  Django is set up first

from generation.drafting import drafting  # noqa: E402
from generation.models import Document, Item, ItemState, Passage  # noqa: E402
from generation.writer.judgements import read_lines, verdicts, write_lines  # noqa: E402
from qareview import projects  # noqa: E402
from qareview.backends import backend_for  # noqa: E402
from qareview.models import Project  # noqa: E402
from tests.bench.own_database import own_database  # noqa: E402

NOW, BEFORE = "embedded-writer", "smollm2-135m-instruct"
ITEMS = 3  # of a passage
SEED = 20


def project_with(model: str, rows: Sequence[dict[str, Any]], user: User) -> Project:
    """Return a project whose passages wait to be drafted from by a model."""
    project = projects.create_project(model, user, model, model=model)
    project.items_per_passage = ITEMS
    project.save(update_fields=["items_per_passage"])
    for number, row in enumerate(rows):
        document = Document.objects.create(
            project=project,
            name=f"{row['document']} {number}",
            size=1,
            text=row["passage"],
            language="en",
            state="done",
        )
        Passage.objects.create(
            document=document,
            position=0,
            start=0,
            end=len(row["passage"]),
            text=row["passage"],
            headings=[row["document"], *row["headings"]],
        )
    return project


def draft(rows: Sequence[dict[str, Any]], model: str, user: User) -> tuple[list[Item], float]:
    """Draft from all passages; return what is stored, and the minutes it took."""
    backend_for(model)
    project = project_with(model, rows, user)
    started = time.monotonic()
    drafting.work_off_passages()
    minutes = (time.monotonic() - started) / 60
    items = project.items.select_related("document", "passage").prefetch_related("questions")
    return list(items.order_by("document_id", "-score")), minutes


def as_drafts(items: Sequence[Item], model: str) -> Iterator[dict[str, Any]]:
    """Yield items as lines of drafts.jsonl, but for their ids."""
    for item in items:
        question = item.question
        yield {
            "passage": int(item.document.name.rpartition(" ")[2]),
            "model": model,
            "answer": item.answer,
            "question": question.text,
            "score": item.score,
            "is_shown": item.state != ItemState.ASIDE,
            "flags": [*item.flags, *question.flags],
            "scores": {**item.scores, **question.scores},
        }


def write_drafts(drafts: list[dict[str, Any]], passages: Sequence[dict[str, Any]]) -> None:
    """Store drafts in a random order, and beside them what the readers get to see."""
    random.Random(SEED).shuffle(drafts)
    for number, row in enumerate(drafts, 1):
        row["id"] = number
    write_lines("drafts.jsonl", drafts)
    shown = [
        {
            "id": row["id"],
            "document": passages[row["passage"]]["document"],
            "passage": passages[row["passage"]]["passage"],
            "question": row["question"],
            "answer": row["answer"],
        }
        for row in drafts
    ]
    write_lines("to_judge.jsonl", shown)


def figures(model: str) -> dict[str, float]:
    """Return the shares, in per cent, of what a model's drafts were judged to be at the desk.

    They are the means of both readers.
    """
    shown = [row for row in read_lines("drafts.jsonl") if row["model"] == model and row["is_shown"]]
    told = Counter(verdict for row in shown for verdict in verdicts()[row["id"]])
    whole = max(1, told.total())
    passages = len(read_lines("passages.jsonl"))
    return {
        "drafts": len(shown),
        "acceptable": round(100 * told["accept"] / whole, 1),
        "acceptable_after_edit": round(100 * (told["accept"] + told["edit"]) / whole, 1),
        "wrong": round(100 * told["wrong"] / whole, 1),
        "passages": round(100 * len({row["passage"] for row in shown}) / passages, 1),
    }


def auc(model: str) -> float:
    """Return how well the scores of a model's drafts, shown or not, tell what is acceptable."""
    from sklearn.metrics import roc_auc_score

    rows = [row for row in read_lines("drafts.jsonl") if row["model"] == model]
    pairs = [
        (row["score"], verdict == "accept") for row in rows for verdict in verdicts()[row["id"]]
    ]
    scores, accepted = zip(*pairs, strict=True)
    return round(float(roc_auc_score(accepted, scores)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draft", action="store_true")
    given = parser.parse_args()
    passages = read_lines("passages.jsonl")
    with own_database():
        user = User.objects.create_superuser("bench")
        (now, minutes), (before, minutes_before) = (
            draft(passages, model, user) for model in (NOW, BEFORE)
        )
        if given.draft:
            drafts = [*as_drafts(now, NOW), *as_drafts(before, BEFORE)]
            write_drafts(drafts, passages)
            return
    result = {
        **figures(NOW),
        "before": figures(BEFORE),
        "auc": auc(NOW),
        "triples_per_minute": round(len(now) / minutes, 1),
        "triples_per_minute_before": round(len(before) / minutes_before, 1),
    }
    print(json.dumps(result))  # noqa: T201


if __name__ == "__main__":
    main()
