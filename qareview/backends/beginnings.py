"""Keep what a model has computed for the beginnings of prompts, such as passages.

A token's keys and values depend only on the tokens before it (causal attention). So what was
computed for one beginning serves every other one as far as both are equal.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qareview.backends import decoding, grouping
from qareview.backends.decoding import NOTHING, Beginning

if TYPE_CHECKING:
    from qareview.backends import attention

MOST_BYTES = 2**28  # of all that is kept: 11,000 tokens of the embedded model; chosen


class Beginnings:
    """The beginnings of prompts that a model has run on; the latest are kept."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.kept: OrderedDict[tuple[int, ...], Beginning] = OrderedDict()  # latest last

    def of(self, tokens: Sequence[int]) -> Beginning:
        """Return keys and values of tokens; the model runs only on those that it has not run on."""
        if not tokens:
            return NOTHING
        key = tuple(tokens)
        if key not in self.kept:
            found = self._longest_equal(tokens)
            is_whole = found.length == len(key)
            self.kept[key] = found if is_whole else decoding.read_beginning(self.model, key, found)
        self.kept.move_to_end(key)
        while len(self.kept) > 1 and sum(map(_bytes, self.kept.values())) > MOST_BYTES:
            self.kept.popitem(last=False)
        return self.kept[key]

    def _longest_equal(self, tokens: Sequence[int]) -> Beginning:
        """Return what is kept of the most first tokens of these."""
        equal = {key: grouping.same_tokens(key, tokens) for key in self.kept}
        best = max(equal, key=equal.__getitem__, default=())
        return _first(self.kept[best], equal[best]) if best else NOTHING


def _first(beginning: Beginning, length: int) -> Beginning:
    """Return the first tokens of a beginning."""
    if not length:
        return NOTHING
    cut: list[attention.KeysAndValues] = [
        (keys[:, :length], values[:, :length]) for keys, values in beginning.layers
    ]
    return Beginning(length, cut)


def _bytes(beginning: Beginning) -> int:
    return sum(keys.nbytes + values.nbytes for keys, values in beginning.layers)
