"""Tokens passed on one by one where ``generate`` of transformers writes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qareview.backends.choosing import DecodingRow

if TYPE_CHECKING:
    import torch


class _Streamer:
    """What ``generate`` of transformers tells of each token of its only row."""

    def __init__(self, row: DecodingRow, ends: set[int]) -> None:
        self.row, self.ends, self.has_begun = row, ends, False

    def put(self, tokens: "torch.Tensor") -> None:
        """Take the prompt the first time, then one token at a time."""
        token = int(tokens.flatten()[0])
        if self.has_begun and token not in self.ends:
            self.row.write(token)
        self.has_begun = True

    def end(self) -> None:
        """Do nothing: what was written is read from the output."""


def streamer_of(rows: Sequence[DecodingRow], ends: set[int]) -> _Streamer | None:
    """Return what passes on the tokens of the only row; None if nobody wants them."""
    return _Streamer(rows[0], ends) if rows[0].on_token else None
