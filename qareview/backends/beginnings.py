"""Keep what a model has computed for the beginnings of prompts, such as passages.

A token's keys and values depend only on the tokens before it (causal attention). So what was
computed for one beginning serves every other one as far as both are equal.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qareview.backends import decoding, grouping
from qareview.backends.decoding import NOTHING, Beginning

if TYPE_CHECKING:
    from qareview.backends import attention

MOST_BYTES = 2**28  # of all that is kept: 11,000 tokens of the embedded model; chosen


class Beginnings:
    """The beginnings of prompts that a model has run on; the latest are kept.

    ``kept`` is replaced as a whole, never changed, since another thread may read it.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.kept: dict[tuple[int, ...], Beginning] = {}  # the latest last

    def of(self, tokens: Sequence[int]) -> Beginning:
        """Return keys and values of tokens; the model runs only on those that it has not run on."""
        if not tokens:
            return NOTHING
        key = tuple(tokens)
        found = self.kept.get(key) or self._longest_equal(key)
        if found.length < len(key):
            found = decoding.read_beginning(self.model, key, found)
        others = {other: one for other, one in self.kept.items() if other != key}
        self.kept = _latest({**others, key: found})
        return found

    def _longest_equal(self, tokens: tuple[int, ...]) -> Beginning:
        """Return what is kept of the most first tokens of these."""
        kept = self.kept
        equal = {key: grouping.same_tokens(key, tokens) for key in kept}
        best = max(equal, key=equal.__getitem__, default=())
        return _first(kept[best], equal[best]) if best else NOTHING


def _latest(kept: dict[tuple[int, ...], Beginning]) -> dict[tuple[int, ...], Beginning]:
    """Return the latest beginnings that have MOST_BYTES, but at least one."""
    used = 0
    latest: dict[tuple[int, ...], Beginning] = {}
    for key, beginning in reversed(kept.items()):
        used += _bytes(beginning)
        if latest and used > MOST_BYTES:
            break
        latest[key] = beginning
    return dict(reversed(latest.items()))


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
