"""How fast a worker drafts, compared with a simple script on the same passages and prompts.

``make bench-drafting`` prints a JSON object as its last line. The worker drafts all passages of the
sample documents, through the queue, into a new database. The script requests the same texts from
transformers with the same prompts, including those that check questions, one at a time in float32.
It does so for one in ``EVERY`` passages only, since it is slow. Both use the embedded model, in the
same run. Loading the model is not counted.
"""

import os
import resource
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["QAREVIEW_MODEL"] = MODEL = "smollm2-135m-instruct"

from qareview.machine import embedded

embedded.ensure()
django.setup()

from django.contrib.auth.models import User  # noqa: E402  Django is set up first
from django.core.files import File  # noqa: E402

from generation.drafting import drafting  # noqa: E402
from generation.management.commands.sample_project import SAMPLES  # noqa: E402
from generation.models import Item, Passage  # noqa: E402
from generation.prompt_values import values_of  # noqa: E402
from generation.reading import documents, pipeline  # noqa: E402
from prompts import variants  # noqa: E402
from prompts.models import Task  # noqa: E402
from prompts.rendering import request_for  # noqa: E402
from qareview import embeddings, projects  # noqa: E402
from qareview.backends import Request, backend_for  # noqa: E402
from qareview.backends.transformers import TransformersBackend  # noqa: E402
from qareview.models import Project, StoredCompletion  # noqa: E402
from tests.bench.own_database import print_figures  # noqa: E402

EVERY = 6  # of the passages is drafted by the script, too
PARAMETERS = 134_515_008  # of the model; each token takes about two operations for each


class Script:
    """What one would write first: load the model, ask for one text after the other."""

    def __init__(self, folder: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def write(self, request: Request) -> str:
        inputs = self.tokenizer.apply_chat_template(
            list(request.messages),
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        output = self.model.generate(
            **inputs,
            max_new_tokens=request.max_tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.eos_token_id,
        )
        written = output[0, inputs["input_ids"].shape[1] :]
        text: str = self.tokenizer.decode(written, skip_special_tokens=True)
        return text.strip()


def matmul_peak() -> float:
    """Return the operations a second of a large multiplication, in the faster type."""
    import torch

    from qareview.backends.transformers import fastest_dtype

    matrix = torch.randn(2048, 2048).to(fastest_dtype("cpu"))
    matrix @ matrix
    started = time.monotonic()
    for _ in range(10):
        matrix @ matrix
    return 10 * 2 * 2048**3 / (time.monotonic() - started)


def by_worker(backend: TransformersBackend) -> tuple[int, float]:
    """Draft all passages as a worker does; return the tokens computed and the seconds."""
    computed = 0

    def count(module: Any, arguments: Any, keywords: dict[str, Any]) -> None:
        nonlocal computed
        computed += keywords["input_ids"].numel()

    counting = backend.model.register_forward_pre_hook(count, with_kwargs=True)
    embeddings.embed(["loaded"])
    started = time.monotonic()
    drafting.work_off_passages()
    counting.remove()
    return computed, time.monotonic() - started


def by_script(project: Project, folder: str) -> tuple[int, float]:
    """Draft some of the same passages; return how many, and the seconds."""
    script = Script(folder)
    summarise, ask, *checking = (variants.in_production(project, task) for task in Task)
    chosen = list(Passage.objects.select_related("document").order_by("pk"))[::EVERY]
    started = time.monotonic()
    for passage in chosen:
        values = values_of(project, passage)
        answer = script.write(request_for(summarise, values))
        question = script.write(request_for(ask, {**values, "answer": answer}))
        for check in checking if project.asks_back else ():
            script.write(request_for(check, {**values, "question": question}))
    return len(chosen), time.monotonic() - started


def measure() -> dict[str, float]:
    project = projects.create_project("Bench", User.objects.create_user("bench"))
    for path in sorted(SAMPLES.iterdir()):
        with path.open("rb") as file:
            documents.add_document(project, File(file, path.name), path.name)
    pipeline.work_off_documents()
    peak = matmul_peak()
    backend = backend_for(MODEL)
    assert isinstance(backend, TransformersBackend)
    computed, seconds = by_worker(backend)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    items = Item.objects.count()
    written = sum(row.tokens_out for row in StoredCompletion.objects.all())
    few, alone = by_script(project, backend.model.name_or_path)
    return {
        "items": items,
        "ratio": round(items / seconds / (few / alone), 2),
        "triples_per_minute": round(60 * items / seconds, 1),
        "script_triples_per_minute": round(60 * few / alone, 1),
        "tokens_per_second": round(written / seconds, 1),
        "share_of_matmul_peak": round(2 * PARAMETERS * computed / seconds / peak, 3),
        "peak_memory_mb": round(memory),
    }


if __name__ == "__main__":
    print_figures(measure)
