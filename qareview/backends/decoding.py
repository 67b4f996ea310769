"""A decoder model continues many prompts at once, and none of them waits for the longest.

``generate`` of transformers runs a batch until its last row ends, and copies all keys and values
at every token. Here a row leaves the batch when it ends, keys and values are written into room
allocated once, and what all prompts begin with is computed, kept and read once for all of them.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qareview.backends import attention

if TYPE_CHECKING:
    import torch

PREFILL_TOKENS = 1024  # prompt tokens, padding included, that go through the model at once
STRIDE = 64  # rooms and what is read of them grow so: a kernel is prepared for every new shape
PROBE = 12  # tokens on which a model is tried
MOST_ASTRAY = (
    0.1  # of the logits' norm: bfloat16 rounds, but an attention not understood is far off
)
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


@dataclass(frozen=True)
class Beginning:
    """What all prompts begin with: ``length`` tokens, and each layer's keys and values of them."""

    length: int = 0
    layers: Sequence[attention.KeysAndValues] = ()


def read_beginning(model: Any, tokens: Sequence[int]) -> Beginning:
    """Run the model on what prompts begin with."""
    batch = _Batch(model, [Row(list(tokens), max_tokens=0)], Beginning())
    batch.read_prompts()
    layers = [(layer.keys[0], layer.values[0]) for layer in batch.cache.layers]
    return Beginning(len(tokens), layers)


def serves(model: Any) -> bool:
    """Whether a model gives here what it gives by itself; from then on it attends in our way.

    Tried on a few tokens, half of them as a beginning: an architecture whose attention does more
    than ours, such as to limit scores or to add a bias, is told by its logits.
    """
    import torch

    first = min(1000, model.config.get_text_config().vocab_size // 2)
    tokens = list(range(first, first + PROBE))
    own_way = model.config._attn_implementation
    with torch.inference_mode():
        expected = model(torch.tensor([tokens], device=model.device)).logits[:, -1]
        try:
            model.set_attn_implementation(attention.register())
            beginning = read_beginning(model, tokens[: PROBE // 2])
            found = _Batch(model, [Row(tokens, max_tokens=0)], beginning).read_prompts()
        except (ValueError, TypeError, RuntimeError):  # it takes no other attention, or shapes
            found = torch.zeros_like(expected)
    astray = (found - expected).float().norm() / expected.float().norm()
    if astray <= MOST_ASTRAY:
        return True
    model.set_attn_implementation(own_way)
    return False


def decode(model: Any, rows: Sequence[Row], beginning: Beginning, ends: set[int]) -> None:
    """Continue each row's prompt, writing into the rows.

    All prompts begin with the tokens of ``beginning``; ``ends`` are the tokens that end a text.
    """
    batch = _Batch(model, sorted(rows, key=lambda row: len(row.prompt)), beginning)
    choose = _Chooser(rows)
    logits = batch.read_prompts()
    while True:
        tokens = choose(logits, batch.rows)
        for row, token in zip(batch.rows, tokens, strict=True):
            if row.is_finished:
                continue
            if token in ends:
                row.ended = True
            else:
                row.written.append(token)
        kept = batch.drop_finished()
        if not batch.rows:
            return
        logits = batch.read([tokens[index] for index in kept])


class _Batch:
    """The rows still being written, with the keys and values of what follows the beginning."""

    def __init__(self, model: Any, rows: list[Row], beginning: Beginning) -> None:
        from transformers import DynamicCache

        self.model, self.rows, self.beginning = model, rows, beginning
        self.cache = DynamicCache(config=model.config)

    def read_prompts(self) -> "torch.Tensor":
        """Compute the prompts in groups of like length; return the logits after each: (rows, V)."""
        import torch

        self.length = len(self.rows[-1].prompt) - self.beginning.length
        room = _rounded(self.length + max(row.max_tokens for row in self.rows))
        device = self.model.device
        self.seen = torch.zeros((len(self.rows), room), dtype=torch.bool, device=device)
        self.positions = torch.tensor([len(row.prompt) for row in self.rows], device=device)
        logits = []
        for start, group in _groups(self.rows, self.beginning.length):
            found, cache, real = self._read_group(group)
            width = real.shape[1]
            self.seen[start : start + len(group), self.length - width : self.length] = real
            self._keep(cache, start, width, room)
            logits.append(found)
        return torch.cat(logits)

    def _read_group(self, group: Sequence[Row]) -> "tuple[torch.Tensor, Any, torch.Tensor]":
        """Return logits and cache of some rows, and which of their tokens are no padding."""
        import torch
        from transformers import DynamicCache

        own = [row.prompt[self.beginning.length :] for row in group]
        width = len(own[-1])
        padded = [[0] * (width - len(tokens)) + tokens for tokens in own]
        first = torch.tensor([width - len(tokens) for tokens in own], device=self.model.device)
        places = torch.arange(width, device=self.model.device)
        real = places >= first[:, None]
        earlier = places[:, None] >= places
        itself = places[:, None] == places  # padding sees itself: of nothing, there is no softmax
        cache = DynamicCache(config=self.model.config)
        logits = self._run(
            torch.tensor(padded, device=self.model.device),
            earlier & real[:, None] | itself,
            (places - first[:, None]).clamp(min=0) + self.beginning.length,
            cache,
        )
        return logits, cache, real

    def _run(
        self, ids: "torch.Tensor", seen: "torch.Tensor", positions: "torch.Tensor", cache: Any
    ) -> "torch.Tensor":
        """Run the model on tokens of each row; ``seen``: (rows, tokens, keys) that each may see."""
        import torch

        least = torch.finfo(self.model.dtype).min
        bias = torch.zeros(seen.shape, dtype=self.model.dtype, device=seen.device)
        output = self.model(
            input_ids=ids,
            attention_mask=bias.masked_fill_(~seen, least)[:, None],
            position_ids=positions,
            past_key_values=cache,
            beginning=self.beginning.layers,
            logits_to_keep=1,
        )
        logits: torch.Tensor = output.logits[:, -1]
        return logits

    def _keep(self, cache: Any, start: int, width: int, room: int) -> None:
        """Copy a group's keys and values to their rows, after the padding."""
        for index, layer in enumerate(cache.layers):
            if not start:
                self.cache.layers[index] = _roomy(layer, len(self.rows), self.length, room)
            own = self.cache.layers[index]
            rows = slice(start, start + len(layer.keys))
            for kept, found in ((own.keys, layer.keys), (own.values, layer.values)):
                kept[rows, :, self.length - width : self.length] = found

    def read(self, tokens: list[int]) -> "torch.Tensor":
        """Compute one token of each row; return the logits after it: (rows, V)."""
        import torch

        self.seen[:, self.length] = True
        self.length += 1
        ids = torch.tensor(tokens, device=self.model.device)[:, None]
        seen = self.seen[:, None, : _rounded(self.length)]
        logits = self._run(ids, seen, self.positions[:, None], self.cache)
        self.positions += 1
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
            self.seen, self.positions = self.seen[chosen], self.positions[chosen]
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


def _rounded(length: int) -> int:
    return -(-length // STRIDE) * STRIDE


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
        """Keys and values: views of ``stores`` (rows, heads, room, dimensions), which fill up.

        What is read of them may reach beyond, into room that is empty and to be masked.
        """

        def hold(self, stores: Any, length: int) -> None:
            self.stores, self.is_initialized = stores, True
            self.keys, self.values = (store[:, :, :length] for store in stores)

        def update(self, keys: Any, values: Any, *_: Any, **__: Any) -> Any:
            start = self.get_seq_length()
            end = start + keys.shape[-2]
            for store, new in zip(self.stores, (keys, values), strict=True):
                store[:, :, start:end] = new
            self.hold(self.stores, end)
            keys, values = (store[:, :, : _rounded(end)] for store in self.stores)
            return keys, values

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
