"""Attention for rows that all begin alike: the shared beginning is kept once and read once.

Each row attends to the keys of the beginning and to its own; the softmax goes over both. So the
beginning's keys and values are multiplied with the queries of all rows at once, as in Hydragen
(Juravsky et al. 2024), and neither copied for each row nor for each head that shares them.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "shared_beginning"

KeysAndValues = tuple[
    "torch.Tensor", "torch.Tensor"
]  # of a layer, each (heads, tokens, dimensions)


@functools.cache
def register() -> str:
    """Make this attention known to transformers; return the name to choose it by."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    return NAME


def attend(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: "torch.Tensor",
    *,
    scaling: float,
    beginning: Sequence[KeysAndValues],
    **_: Any,
) -> "tuple[torch.Tensor, None]":
    """Return what a layer's queries find: (rows, queries, heads, dimensions).

    ``query`` is (rows, heads, queries, dimensions); ``key`` and ``value`` are the rows' own, with
    as many heads as the model keeps of them. ``attention_mask`` is added to the scores of the own
    keys: (rows, 1, queries, keys). All queries see all of the beginning.
    """
    import torch

    rows, heads, queries, dimensions = query.shape
    kept = key.shape[1]
    asked = (query * scaling).reshape(rows, kept, -1, dimensions)
    own = (asked @ key.transpose(2, 3)).view(rows, kept, heads // kept, queries, -1)
    scores = [own.add_(attention_mask[:, :, None])]
    if beginning:
        keys, values = beginning[module.layer_idx]
        scores.insert(0, _together(asked, keys.transpose(1, 2)).view(*own.shape[:4], -1))
    joined = torch.cat(scores, dim=-1)
    shares = joined.softmax(-1).view(rows, kept, -1, joined.shape[-1])
    length = joined.shape[-1] - key.shape[2]
    found = shares[..., length:] @ value
    if beginning:
        found = found + _together(shares[..., :length], values)
    return found.view(rows, heads, queries, dimensions).transpose(1, 2).contiguous(), None


def _together(of_rows: "torch.Tensor", shared: "torch.Tensor") -> "torch.Tensor":
    """Multiply what each row has, (rows, heads, n, a), with what they share, (heads, a, b)."""
    rows, heads, count, _ = of_rows.shape
    flat = of_rows.transpose(0, 1).reshape(heads, rows * count, -1)
    return (flat @ shared).view(heads, rows, count, -1).transpose(0, 1)
