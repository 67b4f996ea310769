"""Continue many prompts at once with a decoder model, without waiting for the longest text.

``generate`` of transformers runs a batch until its last row ends, and copies all keys and values
for every token. Here, finished rows leave the batch, keys and values are written into memory that
is allocated once, and the beginning that all prompts share is computed, stored and read only once.
What only some prompts share, such as a passage, is computed once and stored for each of them.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qareview.backends import attention, grouping, turns
from qareview.backends.choosing import Chooser, DecodingRow, log_probabilities

if TYPE_CHECKING:
    import torch

# Chosen. `make bench-drafting` measures them together; nobody measured each of them alone.
PREFILL_TOKENS = 1024  # tokens of prompts, padding included, read at once
STRIDE = 64  # tokens by which caches grow, since every new shape needs a new kernel
ROWS_PER_LEAVING = 8  # finished rows leave once there is one for every 8 rows

# Chosen; nobody measured.
PROBE_TOKENS = 12  # in the text that can_decode tries a model with
LARGEST_ERROR = 0.1  # of the logits' norm: more than rounding, less than wrong attention gives


@dataclass(frozen=True)
class Beginning:
    """The beginning that prompts share: its number of tokens, and each layer's keys and values."""

    length: int = 0
    layers: Sequence[attention.KeysAndValues] = ()


NOTHING = Beginning()
Reader = Callable[[Sequence[int]], Beginning]


def read_beginning(model: Any, tokens: Sequence[int], earlier: Beginning = NOTHING) -> Beginning:
    """Run the model on the tokens that prompts begin with; return their keys and values.

    The first of the tokens are those of ``earlier``, which the model does not run on again.
    """
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    ids = torch.tensor([list(tokens[earlier.length :])], device=model.device)
    places = torch.arange(ids.shape[1], device=model.device)
    seen = (places[:, None] >= places)[None]
    run(model, ids, seen, places[None] + earlier.length, cache, earlier)
    new = [(layer.keys[0], layer.values[0]) for layer in cache.layers]
    if not earlier.layers:
        return Beginning(len(tokens), new)
    layers = [
        (torch.cat([earlier_keys, keys], dim=1), torch.cat([earlier_values, values], dim=1))
        for (earlier_keys, earlier_values), (keys, values) in zip(earlier.layers, new, strict=True)
    ]
    return Beginning(len(tokens), layers)


def run(
    model: Any,
    ids: "torch.Tensor",
    seen: "torch.Tensor",
    positions: "torch.Tensor",
    cache: Any,
    beginning: Beginning,
    kept: "int | torch.Tensor" = 1,
) -> "torch.Tensor":
    """Run a model that :func:`can_decode`, and return its logits.

    ``seen`` is a mask of the keys after the beginning that each token sees: (rows, tokens, keys),
    where rows may be 1. ``kept`` are the last tokens to return logits of, (rows, tokens, V), or a
    mask of tokens, (rows, tokens), which gives (tokens, V).
    """
    import torch

    turns.give_way()
    bias = torch.zeros(seen.shape, dtype=model.dtype, device=seen.device)
    output = model(
        input_ids=ids,
        attention_mask=bias.masked_fill_(~seen, torch.finfo(model.dtype).min)[:, None],
        position_ids=positions,
        past_key_values=cache,
        beginning=beginning.layers,
        logits_to_keep=kept,
    )
    logits: torch.Tensor = output.logits
    return logits


def can_decode(model: Any) -> bool:
    """Return whether this module computes the same logits as the model's own code.

    If it does, the model is left with our attention, otherwise with its own. A few tokens are
    tried, half of them as a beginning. The logits differ if the attention of the architecture does
    more than ours, such as limiting scores or adding a bias.
    """
    import torch

    first = min(1000, model.config.get_text_config().vocab_size // 2)
    tokens = list(range(first, first + PROBE_TOKENS))
    own_attention = model.config._attn_implementation
    with torch.inference_mode():
        expected = model(torch.tensor([tokens], device=model.device)).logits[:, -1]
        try:
            model.set_attn_implementation(attention.register())
            beginning = read_beginning(model, tokens[: PROBE_TOKENS // 2])
            logits = _Batch(model, [DecodingRow(tokens, max_tokens=0)], beginning).read_prompts()
        except (
            ValueError,
            TypeError,
            RuntimeError,
        ):  # the model takes no other attention or shapes
            logits = torch.zeros_like(expected)
    error = (logits - expected).float().norm() / expected.float().norm()
    if error <= LARGEST_ERROR:
        return True
    model.set_attn_implementation(own_attention)
    return False


def decode(
    model: Any,
    rows: Sequence[DecodingRow],
    beginning: Beginning,
    ends: set[int],
    read: Reader | None = None,
) -> None:
    """Continue the prompt of each row; append the tokens to ``written`` of the row.

    All prompts begin with the tokens of ``beginning``; ``ends`` are the tokens that end a text.
    ``read`` returns the keys and values of what a family shares, if they may be kept.
    """
    batch = _Batch(model, rows, beginning, read)
    choose = Chooser(rows)
    logits = batch.read_prompts()
    while True:
        tokens = choose(logits, batch.rows)
        likely = log_probabilities(logits, tokens)
        for row, token, log_probability in zip(batch.rows, tokens, likely, strict=True):
            if row.is_finished:
                continue
            row.log_probability += log_probability
            if token in ends:
                row.ended, row.end = True, token
            else:
                row.write(token)
            if row.is_finished and row.on_end:
                row.on_end()
        staying = batch.drop_finished()
        if not batch.rows:
            return
        logits = batch.read([tokens[index] for index in staying])


class _Batch:
    """The rows of a batch, with keys and values of their tokens after the beginning.

    ``rows`` gets an order of its own. The columns of its cache are padding at the front, what a
    family shares, padding again, and what is a row's own.
    """

    def __init__(
        self,
        model: Any,
        rows: Sequence[DecodingRow],
        beginning: Beginning,
        read: Reader | None = None,
    ) -> None:
        from transformers import DynamicCache

        self.model, self.beginning = model, beginning
        self.read_family = read or functools.partial(read_beginning, model, earlier=beginning)
        self.groups = _groups(rows, beginning.length)
        self.rows = [row for group in self.groups for row in group.rows]
        self.cache = DynamicCache(config=model.config)

    def read_prompts(self) -> "torch.Tensor":
        """Run the model on the prompts, group by group; return logits (rows, V)."""
        import torch

        self.length = max(group.width for group in self.groups) - self.beginning.length
        room = _rounded(self.length + max(row.max_tokens for row in self.rows))
        device = self.model.device
        self.seen = torch.zeros((len(self.rows), room), dtype=torch.bool, device=device)
        self.positions = torch.tensor([len(row.prompt) for row in self.rows], device=device)
        logits = []
        family, start = self.beginning, 0
        for group in self.groups:
            if group.is_new_family:
                shared = group.rows[0].prompt[: group.shared]
                family = self.read_family(shared)
            logits.append(self._read_group(group, family, start, room))
            start += len(group.rows)
        return torch.cat(logits)

    def _read_group(
        self, group: "_Group", family: Beginning, start: int, room: int
    ) -> "torch.Tensor":
        """Run the model on what rows do not share; store its keys and values; return logits."""
        import torch
        from transformers import DynamicCache

        own = [row.prompt[family.length :] for row in group.rows]
        width = max(map(len, own))
        padded = [[0] * (width - len(tokens)) + tokens for tokens in own]
        first = torch.tensor([width - len(tokens) for tokens in own], device=self.model.device)
        places = torch.arange(width, device=self.model.device)
        real = places >= first[:, None]
        earlier = places[:, None] >= places
        itself = places[:, None] == places  # for padding: softmax needs at least one key
        cache = DynamicCache(config=self.model.config)
        logits = run(
            self.model,
            torch.tensor(padded, device=self.model.device),
            earlier & real[:, None] | itself,
            (places - first[:, None]).clamp(min=0) + family.length,
            cache,
            family,
        )
        rows = slice(start, start + len(group.rows))
        self.seen[rows, self.length - width : self.length] = real
        shared = family.length - self.beginning.length
        self.seen[rows, self.length - width - shared : self.length - width] = True
        self._store(cache, family, rows, room)
        return logits[:, -1]

    def _store(self, cache: Any, family: Beginning, rows: slice, room: int) -> None:
        """Copy the keys and values of a group, and those that its family shares, to its rows."""
        for index, layer in enumerate(cache.layers):
            if not rows.start:
                self.cache.layers[index] = _roomy(layer, len(self.rows), self.length, room)
            own = self.cache.layers[index]
            split = self.length - layer.keys.shape[2]
            shared = family.length - self.beginning.length
            for place, target in enumerate((own.keys, own.values)):
                target[rows, :, split : self.length] = (layer.keys, layer.values)[place]
                if shared:
                    of_family = family.layers[index][place][:, self.beginning.length :]
                    target[rows, :, split - shared : split] = of_family

    def read(self, tokens: list[int]) -> "torch.Tensor":
        """Run the model on one token of each row; return the logits after it: (rows, V)."""
        import torch

        self.seen[:, self.length] = True
        self.length += 1
        ids = torch.tensor(tokens, device=self.model.device)[:, None]
        seen = self.seen[:, : _rounded(self.length)]
        logits = run(
            self.model, ids, seen[:, None], self.positions[:, None], self.cache, self.beginning
        )
        self.positions += 1
        return logits[:, -1]

    def drop_finished(self) -> list[int]:
        """Drop finished rows once there are enough of them; return the indices of the others."""
        import torch

        staying = [index for index, row in enumerate(self.rows) if not row.is_finished]
        finished = len(self.rows) - len(staying)
        if finished * ROWS_PER_LEAVING < len(self.rows) and staying:
            return list(range(len(self.rows)))
        if finished:
            self.rows = [self.rows[index] for index in staying]
            selected = torch.tensor(staying, dtype=torch.long, device=self.model.device)
            self.seen, self.positions = self.seen[selected], self.positions[selected]
            if staying:
                self.cache.batch_select_indices(selected)
        return staying


@dataclass(frozen=True)
class _Group:
    """Rows that are read together, which share their first ``shared`` tokens."""

    rows: Sequence[DecodingRow]
    shared: int
    is_new_family: bool

    @property
    def width(self) -> int:
        return max(len(row.prompt) for row in self.rows)


def _groups(rows: Sequence[DecodingRow], shared: int) -> list[_Group]:
    """Return groups of rows of similar length and bounded size, family by family.

    Rows of no family come first. All rows share ``shared`` tokens, which are not read again.
    """
    found = grouping.families([row.prompt[shared:] for row in rows])
    alone = [index for family in found if not family.shared for index in family.members]
    families = [(one.members, shared + one.shared) for one in found if one.shared]
    return [
        _Group(
            [rows[index] for index in batch], common, is_new_family=not number and common > shared
        )
        for members, common in [(alone, shared), *families]
        for number, batch in enumerate(_of_similar_length(rows, members, common))
    ]


def _of_similar_length(
    rows: Sequence[DecodingRow], members: Sequence[int], shared: int
) -> Iterator[list[int]]:
    lengths = [len(row.prompt) - shared for row in rows]
    return grouping.batches(members, lengths, PREFILL_TOKENS)


def _rounded(length: int) -> int:
    return -(-length // STRIDE) * STRIDE


def _roomy(layer: Any, rows: int, length: int, room: int) -> Any:
    """Return a cache layer with ``length`` tokens for each row, and memory for ``room`` tokens."""
    roomy = _roomy_layer()()
    old = (layer.keys, layer.values)
    stores = [tensor.new_zeros((rows, tensor.shape[1], room, tensor.shape[3])) for tensor in old]
    roomy.set_length(stores, length)
    return roomy


@functools.cache
def _roomy_layer() -> Any:
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[misc]
        """A layer whose keys and values are views of ``stores``, (rows, heads, room, dimensions).

        ``update`` returns the tokens so far, rounded up to STRIDE; the rest has to be masked.
        """

        def set_length(self, stores: Any, length: int) -> None:
            self.stores, self.is_initialized = stores, True
            self.keys, self.values = (store[:, :, :length] for store in stores)

        def update(self, keys: Any, values: Any, *_: Any, **__: Any) -> Any:
            start = self.get_seq_length()
            end = start + keys.shape[-2]
            for store, new in zip(self.stores, (keys, values), strict=True):
                store[:, :, start:end] = new
            self.set_length(self.stores, end)
            keys, values = (store[:, :, : _rounded(end)] for store in self.stores)
            return keys, values

        def batch_select_indices(self, indices: Any) -> None:
            self.set_length([store[indices] for store in self.stores], self.get_seq_length())

    return RoomyLayer
