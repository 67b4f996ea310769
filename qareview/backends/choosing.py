"""Choose the next token of each text that a decoder model writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qareview.backends import turns

if TYPE_CHECKING:
    import torch

TOP_K = 50  # likeliest tokens, of which one is drawn at a temperature above 0; chosen


@dataclass
class DecodingRow:
    """A prompt and the tokens written after it; ``ended`` if the model ended the text itself."""

    prompt: list[int]
    max_tokens: int
    temperature: float = 0
    seed: int = 0
    on_token: Callable[[list[int]], None] | None = None  # gets all tokens after each; may raise
    on_end: Callable[[], None] | None = None  # called once the row is finished; may raise
    written: list[int] = field(default_factory=list)
    ended: bool = False
    end: int | None = None  # the token that ended the text
    log_probability: float = 0  # of the tokens written, and of the end after them if it ended

    @property
    def is_finished(self) -> bool:
        return self.ended or len(self.written) >= self.max_tokens

    def write(self, token: int) -> None:
        """Append a token, and call ``on_token``."""
        self.written.append(token)
        if self.on_token:
            self.on_token(self.written)


def sampling_processor(rows: Sequence[DecodingRow]) -> Any:
    """Return a logits processor for ``generate`` that leaves each row only the chosen token.

    ``rows`` are the rows of the batch, in order.
    """
    choose = Chooser(rows)

    def process(_: Any, logits: "torch.Tensor") -> "torch.Tensor":
        turns.give_way()
        only = logits.new_full(logits.shape, float("-inf"))
        for index, token in enumerate(choose(logits, rows)):
            only[index, token] = 0
        return only

    return process


class Chooser:
    """Chooses the next token of each row: the likeliest, or one drawn with the row's own seed."""

    def __init__(self, rows: Sequence[DecodingRow]) -> None:
        import torch

        self.generators = {
            id(row): torch.Generator().manual_seed(row.seed) for row in rows if row.temperature
        }

    def __call__(self, logits: "torch.Tensor", rows: Sequence[DecodingRow]) -> list[int]:
        chosen: list[int] = logits.argmax(-1).tolist()
        for index, row in enumerate(rows):
            if row.temperature and not row.is_finished:
                chosen[index] = self._draw(logits[index], row)
        return chosen

    def _draw(self, logits: "torch.Tensor", row: DecodingRow) -> int:
        best = logits.float().topk(min(TOP_K, logits.shape[-1]))
        chances = (best.values / row.temperature).softmax(-1).cpu()
        return int(best.indices[chances.multinomial(1, generator=self.generators[id(row)])])


def log_probabilities(logits: "torch.Tensor", tokens: list[int]) -> list[float]:
    """Return how likely the token of each row was, before any temperature."""
    import torch

    chosen = torch.tensor(tokens, device=logits.device)[:, None]
    found: list[float] = logits.float().log_softmax(-1).gather(1, chosen)[:, 0].tolist()
    return found
