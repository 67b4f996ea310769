"""How much room the messages of an item take, and how long it takes to keep them.

``make bench-exchanges`` prints a JSON object as its last line. The embedded writer drafts
``PASSAGES`` passages of the sample documents. ``bytes`` are those of the stored rows, without
indexes, ``bytes_before`` those of their JSON; ``milliseconds`` are for decoding what a request was
as one text, and for compressing and storing it, and ``share`` is their share of the drafting.
"""

import json
import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["QAREVIEW_MODEL"] = MODEL = "embedded-writer"

from qareview.machine import embedded

embedded.ensure()
django.setup()

from django.contrib.auth.models import User  # noqa: E402  Django is set up first
from django.core.files import File  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from generation.drafting import drafting  # noqa: E402
from generation.management.commands.sample_project import SAMPLES  # noqa: E402
from generation.models import Item, Passage  # noqa: E402
from generation.reading import documents, pipeline  # noqa: E402
from qareview import embeddings, exchanges, projects  # noqa: E402
from qareview.backends import backend_for  # noqa: E402
from qareview.backends.transformers import TransformersBackend  # noqa: E402
from qareview.models import Exchange, JobState  # noqa: E402
from tests.bench.own_database import print_figures  # noqa: E402

PASSAGES = 8


def draft() -> float:
    """Draft the items of some passages; return the seconds, without loading the models."""
    project = projects.create_project("Bench", User.objects.create_user("bench"))
    for path in sorted(SAMPLES.iterdir()):
        with path.open("rb") as file:
            documents.add_document(project, File(file, path.name), path.name)
    pipeline.work_off_documents()
    first = Passage.objects.filter(state=JobState.QUEUED).order_by("pk")[:PASSAGES]
    Passage.objects.exclude(pk__in=list(first.values_list("pk", flat=True))).update(
        state=JobState.HELD
    )
    backend_for(MODEL)
    embeddings.embed(["loaded"])
    started = time.monotonic()
    drafting.work_off_passages()
    return time.monotonic() - started


def seconds_to_keep(rows: list[Exchange]) -> float:
    """Return how long it takes to decode the requests and to store them with their replies."""
    backend = backend_for(MODEL)
    assert isinstance(backend, TransformersBackend)
    prompts = [backend.prompt(row.messages) for row in rows]
    replies = [backend.tokenizer(row.reply)["input_ids"] for row in rows]
    for row in rows:
        row.pk, row.key = None, f"again {row.key}"[:64]
    started = time.monotonic()
    for tokens in (*prompts, *replies):
        backend.tokenizer.decode(tokens)
    with transaction.atomic():
        exchanges.store(rows)
    return time.monotonic() - started


def measure() -> dict[str, float]:
    seconds = draft()
    rows, items = list(Exchange.objects.all()), Item.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_column_size(own.*)) FROM qareview_exchange AS own")
        stored = cursor.fetchone()[0]
    plain = sum(len(json.dumps(row.content, ensure_ascii=False).encode()) for row in rows)
    kept = seconds_to_keep(rows)
    return {
        "items": items,
        "requests": len(rows),
        "bytes": round(stored / items),
        "bytes_before": round(plain / items),
        "milliseconds": round(1000 * kept / items, 1),
        "share": round(kept / seconds, 4),
    }


if __name__ == "__main__":
    print_figures(measure)
