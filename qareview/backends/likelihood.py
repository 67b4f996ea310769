"""How likely a decoder model finds given completions of prompts.

Only the logits that predict completions are computed, and the beginning that all prompts share is
run once. Gradients are kept where torch keeps them, so that training uses the same code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qareview.backends import decoding
from qareview.backends.decoding import Beginning

if TYPE_CHECKING:
    import torch

# Every new shape needs new kernels, which takes longer than a little padding: chosen.
ROWS = 8  # read at once
STRIDE = 16  # tokens by which rows grow


@dataclass(frozen=True)
class Known:
    """The tokens of a prompt and of its completion; neither is empty."""

    prompt: list[int]
    completion: list[int]


def log_probabilities(
    model: Any, rows: Sequence[Known], beginning: Beginning
) -> "list[torch.Tensor]":
    """Return the natural log-probability of each token of each completion, in float32.

    All prompts begin with the tokens of ``beginning`` and have at least one more. The model is one
    that :func:`decoding.can_decode`.
    """
    found: dict[int, torch.Tensor] = {}
    lengths = [len(row.prompt) + len(row.completion) - beginning.length for row in rows]
    by_length = sorted(range(len(rows)), key=lengths.__getitem__)
    for start in range(0, len(rows), ROWS):
        indices = by_length[start : start + ROWS]
        group = [rows[index] for index in indices]
        found.update(zip(indices, _read(model, group, beginning), strict=True))
    return [found[index] for index in range(len(rows))]


def _read(model: Any, rows: Sequence[Known], beginning: Beginning) -> "Sequence[torch.Tensor]":
    """Run the model on rows, padded at the end, where no other token sees the padding."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import DynamicCache

    inputs = [(row.prompt + row.completion)[beginning.length : -1] for row in rows]
    width = -(-max(map(len, inputs)) // STRIDE) * STRIDE
    ids = torch.zeros((len(rows), width), dtype=torch.long, device=model.device)
    predicting = torch.zeros((len(rows), width), dtype=torch.bool, device=model.device)
    for index, (row, tokens) in enumerate(zip(rows, inputs, strict=True)):
        ids[index, : len(tokens)] = torch.tensor(tokens)
        predicting[index, len(tokens) - len(row.completion) : len(tokens)] = True
    places = torch.arange(width, device=model.device)
    logits = decoding.run(
        model,
        ids,
        (places[:, None] >= places)[None],
        places[None] + beginning.length,
        DynamicCache(config=model.config),
        beginning,
        predicting,
    )
    expected = torch.tensor([token for row in rows for token in row.completion])
    likely = -cross_entropy(logits.float(), expected.to(logits.device), reduction="none")
    split: Sequence[torch.Tensor] = likely.split([len(row.completion) for row in rows])
    return split
