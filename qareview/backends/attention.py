"""Attention for rows with the same beginning, whose keys and values are stored only once.

Each row attends to the keys of the beginning and to its own keys; the softmax is over both. The
keys and values of the beginning are multiplied with the queries of all rows at once, as in Hydragen
(Juravsky et al. 2024). They are not copied for each row or for each head that shares them.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "shared_beginning"

# of a layer, each (heads, tokens, dimensions)
KeysAndValues = tuple["torch.Tensor", "torch.Tensor"]


@functools.cache
def register() -> str:
    """Register this attention with transformers and return its name."""
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
    """Return the attention output of a layer: (rows, queries, heads, dimensions).

    ``query`` is (rows, heads, queries, dimensions). ``key`` and ``value`` are those after the
    beginning: (rows, key heads, keys, dimensions). ``attention_mask`` is added to the scores of
    these keys: (rows, 1, queries, keys). All queries see the whole beginning.
    """
    import torch

    rows, heads, queries, dimensions = query.shape
    key_heads = key.shape[1]
    scaled = (query * scaling).reshape(rows, key_heads, -1, dimensions)
    own = (scaled @ key.transpose(2, 3)).view(rows, key_heads, heads // key_heads, queries, -1)
    scores = [own.add_(attention_mask[:, :, None])]
    if beginning:
        keys, values = beginning[module.layer_idx]
        scores.insert(0, _multiply_shared(scaled, keys.transpose(1, 2)).view(*own.shape[:4], -1))
    joined = torch.cat(scores, dim=-1)
    weights = joined.softmax(-1).view(rows, key_heads, -1, joined.shape[-1])
    length = joined.shape[-1] - key.shape[2]
    output = weights[..., length:] @ value
    if beginning:
        output = output + _multiply_shared(weights[..., :length], values)
    return output.view(rows, heads, queries, dimensions).transpose(1, 2).contiguous(), None


def _multiply_shared(of_rows: "torch.Tensor", shared: "torch.Tensor") -> "torch.Tensor":
    """Return the product of (rows, heads, n, a) with (heads, a, b), which all rows share."""
    rows, heads, count, _ = of_rows.shape
    flat = of_rows.transpose(0, 1).reshape(heads, rows * count, -1)
    return (flat @ shared).view(heads, rows, count, -1).transpose(0, 1)
