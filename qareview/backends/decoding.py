"""A decoder model continues many prompts at once, and none of them waits for the longest.

``generate`` of transformers runs a batch until its last row ends, and copies all keys and values
at every token. Here a row leaves the batch when it ends, keys and values are written into room
allocated once, and what all prompts begin with is computed once.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PREFILL_TOKENS = 4096  # prompt tokens, padding included, that go through the model at once
LEAST_LEAVING = 8  # finished rows leave when they are this part, one in so many, of the batch
DRAWN_FROM = 50  # at a temperature above 0, a token is drawn from so many likeliest ones


@dataclass
class Row:
    """A prompt and what is written after it; ``ended`` if the model itself came to an end."""

    prompt: list[int]
    max_tokens: int
    temperature: float = 0
    seed: int = 0
    written: list[int] = field(default_factory=list)
    ended: bool = False

    @property
    def is_finished(self) -> bool:
        return self.ended or len(self.written) >= self.max_tokens


def decode(model: Any, rows: Sequence[Row], shared: int, beginning: Any, ends: set[int]) -> None:
    """Continue each row's prompt, writing into the rows.

    The first ``shared`` tokens of all prompts are the same; ``beginning`` is the cache that the
    model filled with them, or None if there are none. ``ends`` are the tokens that end a text.
    """
    batch = _Batch(model, sorted(rows, key=lambda row: len(row.prompt)), shared, beginning)
    choose = _Chooser(rows)
    logits = batch.read_prompts()
    while True:
        tokens = choose(logits, batch.rows)
        for row, token in zip(batch.rows, tokens, strict=True):
            if token in ends:
                row.ended = True
            elif not row.is_finished:
                row.written.append(token)
        kept = batch.drop_finished()
        if not batch.rows:
            return
        logits = batch.read([tokens[index] for index in kept])


class _Batch:
    """The rows still being written, with their keys and values."""

    def __init__(self, model: Any, rows: list[Row], shared: int, beginning: Any) -> None:
        self.model, self.rows, self.shared, self.beginning = model, rows, shared, beginning

    def read_prompts(self) -> "torch.Tensor":
        """Compute the prompts in groups of like length; return the logits after each: (rows, V)."""
        import torch
        from transformers import DynamicCache

        longest = len(self.rows[-1].prompt)
        room = longest + max(row.max_tokens for row in self.rows)
        device = self.model.device
        self.mask = torch.zeros((len(self.rows), room), dtype=torch.long, device=device)
        self.mask[:, : self.shared] = 1
        self.length = longest
        self.cache = DynamicCache(config=self.model.config)
        logits = []
        for start, group in _groups(self.rows, self.shared):
            width = len(group[-1].prompt) - self.shared
            found, cache = self._read_group(group, width)
            self._keep(cache, start, len(group), width, room)
            for index, row in enumerate(group, start):
                self.mask[index, longest - len(row.prompt) + self.shared : longest] = 1
            logits.append(found)
        return torch.cat(logits)

    def _read_group(self, group: Sequence[Row], width: int) -> "tuple[torch.Tensor, Any]":
        import copy

        import torch
        from transformers import DynamicCache

        device = self.model.device
        ids = torch.zeros((len(group), width), dtype=torch.long, device=device)
        mask = torch.ones((len(group), self.shared + width), dtype=torch.long, device=device)
        for index, row in enumerate(group):
            padding = width - (len(row.prompt) - self.shared)
            ids[index, padding:] = torch.tensor(row.prompt[self.shared :])
            mask[index, self.shared : self.shared + padding] = 0
        if self.beginning is None:
            cache = DynamicCache(config=self.model.config)
        else:
            cache = copy.deepcopy(self.beginning)
            cache.batch_repeat_interleave(len(group))
        output = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0)[:, self.shared :],
            past_key_values=cache,
            logits_to_keep=1,
        )
        return output.logits[:, -1], cache

    def _keep(self, cache: Any, start: int, count: int, width: int, room: int) -> None:
        """Copy a group's keys and values to their rows, padding between beginning and rest."""
        for index, layer in enumerate(cache.layers):
            if not start:
                self.cache.layers[index] = _roomy(layer, len(self.rows), self.length, room)
            own = self.cache.layers[index]
            rows = slice(start, start + count)
            for name in ("keys", "values"):
                kept, found = getattr(own, name), getattr(layer, name)
                kept[rows, :, : self.shared] = found[:, :, : self.shared]
                kept[rows, :, self.length - width : self.length] = found[:, :, self.shared :]

    def read(self, tokens: list[int]) -> "torch.Tensor":
        """Compute one token of each row; return the logits after it: (rows, V)."""
        import torch

        device = self.model.device
        self.mask[:, self.length] = 1
        self.length += 1
        mask = self.mask[:, : self.length]
        output = self.model(
            input_ids=torch.tensor(tokens, device=device)[:, None],
            attention_mask=mask,
            position_ids=mask.sum(1, keepdim=True) - 1,
            past_key_values=self.cache,
            logits_to_keep=1,
        )
        logits: torch.Tensor = output.logits[:, -1]
        return logits

    def drop_finished(self) -> list[int]:
        """Let finished rows leave once enough have; return the indices of the rows that stay."""
        import torch

        staying = [index for index, row in enumerate(self.rows) if not row.is_finished]
        finished = len(self.rows) - len(staying)
        if finished * LEAST_LEAVING < len(self.rows) and staying:
            return list(range(len(self.rows)))
        if finished:
            self.rows = [self.rows[index] for index in staying]
            chosen = torch.tensor(staying, dtype=torch.long, device=self.model.device)
            self.mask = self.mask[chosen]
            if staying:
                self.cache.batch_select_indices(chosen)
        return staying


def _groups(rows: Sequence[Row], shared: int) -> Iterator[tuple[int, Sequence[Row]]]:
    """Yield rows, sorted by length, in groups of bounded size, each with its first index."""
    start = 0
    for end in range(1, len(rows) + 1):
        width = len(rows[end].prompt) - shared if end < len(rows) else 0
        if end == len(rows) or width * (end + 1 - start) > PREFILL_TOKENS:
            yield start, rows[start:end]
            start = end


def _roomy(layer: Any, rows: int, length: int, room: int) -> Any:
    """Return a cache layer of so many rows, ``length`` tokens long, with room for more."""
    found = _roomy_layer()()
    old = (layer.keys, layer.values)
    stores = [tensor.new_zeros((rows, tensor.shape[1], room, tensor.shape[3])) for tensor in old]
    found.hold(stores, length)
    return found


@functools.cache
def _roomy_layer() -> Any:
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[misc]
        """Keys and values: views of ``stores`` (rows, heads, room, dimensions), which fill up."""

        def hold(self, stores: Any, length: int) -> None:
            self.stores, self.is_initialized = stores, True
            self.keys, self.values = (store[:, :, :length] for store in stores)

        def update(self, keys: Any, values: Any, *_: Any, **__: Any) -> Any:
            start = self.get_seq_length()
            end = start + keys.shape[-2]
            for store, new in zip(self.stores, (keys, values), strict=True):
                store[:, :, start:end] = new
            self.hold(self.stores, end)
            return self.keys, self.values

        def batch_select_indices(self, indices: Any) -> None:
            self.hold([store[indices] for store in self.stores], self.get_seq_length())

    return RoomyLayer


def drawing(rows: Sequence[Row]) -> Any:
    """Return a processor of logits for ``generate`` that leaves each row only its next token.

    Rows are those of the batch, in order.
    """
    choose = _Chooser(rows)

    def process(_: Any, logits: "torch.Tensor") -> "torch.Tensor":
        only = logits.new_full(logits.shape, float("-inf"))
        for index, token in enumerate(choose(logits, rows)):
            only[index, token] = 0
        return only

    return process


class _Chooser:
    """Picks the next token of each row: the likeliest, or one drawn by the row's own dice."""

    def __init__(self, rows: Sequence[Row]) -> None:
        import torch

        self.dice = {
            id(row): torch.Generator().manual_seed(row.seed) for row in rows if row.temperature
        }

    def __call__(self, logits: "torch.Tensor", rows: Sequence[Row]) -> list[int]:
        chosen: list[int] = logits.argmax(-1).tolist()
        for index, row in enumerate(rows):
            if row.temperature and not row.is_finished:
                chosen[index] = self._draw(logits[index], row)
        return chosen

    def _draw(self, logits: "torch.Tensor", row: Row) -> int:
        best = logits.float().topk(min(DRAWN_FROM, logits.shape[-1]))
        chances = (best.values / row.temperature).softmax(-1).cpu()
        return int(best.indices[chances.multinomial(1, generator=self.dice[id(row)])])
