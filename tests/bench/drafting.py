"""How much batches, and a beginning computed once, save when answers are drafted.

``make bench-drafting`` prints one JSON object as its last line. The alternatives run on the same
passages in the same run; times are seconds, the least of the rounds.
"""

import json
import os
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
django.setup()

from generation import passages  # noqa: E402  Django is set up first
from generation.management.commands.sample_project import SAMPLES  # noqa: E402
from prompts.builtin import BUILTIN  # noqa: E402
from prompts.models import Task, Variant  # noqa: E402
from prompts.rendering import request_for  # noqa: E402
from qareview.backends import Request, backend_for  # noqa: E402
from qareview.backends import transformers as local  # noqa: E402

MODEL = "smollm2-135m-instruct"
PASSAGES = 12
ROUNDS = 2


def requests() -> list[Request]:
    text = (SAMPLES / "bread-and-fermentation.md").read_text()
    cuts, _ = passages.cut(text, 900)
    variant = Variant(model=MODEL, **BUILTIN[Task.SUMMARISE])
    texts = [text[cut.start : cut.end] for cut in cuts[:PASSAGES]]
    return [request_for(variant, {"passage": one}) for one in texts]


def least_seconds(work: Callable[[], object]) -> float:
    def seconds() -> float:
        started = time.monotonic()
        work()
        return time.monotonic() - started

    return min(seconds() for _ in range(ROUNDS))


def main() -> None:
    backend, asked = backend_for(MODEL), requests()
    batch = least_seconds(lambda: backend.complete(asked))
    local.SHORTEST_BEGINNING = 10**9  # never computed apart
    without = least_seconds(lambda: backend.complete(asked))
    alone = least_seconds(lambda: [backend.complete([one]) for one in asked])
    print(  # noqa: T201  that is what it is for
        json.dumps(
            {
                "passages": len(asked),
                "batch_s": round(batch, 2),
                "batch_without_shared_beginning_s": round(without, 2),
                "one_by_one_s": round(alone, 2),
                "shared_beginning_speedup": round(without / batch, 2),
                "speedup": round(alone / batch, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
