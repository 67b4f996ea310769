"""Count the tokens in parts of a text, tokenising each word only once.

With most tokenizers, no token contains the space between two words. Then the counts of the words
add up to the count of the text, and the counts of words can be cached.
"""

import functools
import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from tokenizers import Tokenizer

from qareview.time_limits import check_time

BLOCK = 100_000  # characters handled together, to the end of a line; chosen; nobody measured
MOST_WORDS = 50_000  # in the cache, about 10 MB; chosen; nobody measured
LONGEST_WORD = 40  # characters of a word in the cache; chosen; nobody measured

_BLOCKS = re.compile(rf"(?s:.{{1,{BLOCK}}}(?:\n|\Z)|.{{1,{BLOCK}}})")
# A word with the space before it. Only spaces, tabs and line ends separate words: libraries
# disagree about other characters.
_WORDS = re.compile(r"\s*\S+(?:[^\S \t\n\r]\s*\S+)*|\s+")

Offsets = tuple[int, ...]


class Counter:
    """Counts the tokens of texts as its tokenizer does, without special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._by_word = adds_up_by_word(tokenizer)
        self._known: dict[str, Offsets] = {}  # where in a word its tokens start
        self._shapes: dict[Offsets, Offsets] = {}  # equal offsets share an object, to save memory

    def count(self, text: str) -> int:
        """Return how many tokens a text has by itself."""
        return sum(map(len, self.offsets(self.parts(text))))

    def parts(self, text: str) -> list[str]:
        """Return the parts of a text that are tokenised separately: its words, or all of it."""
        return _WORDS.findall(text) if self._by_word else [text]

    def offsets(self, parts: Sequence[str]) -> list[Offsets]:
        """Return for each part the offsets in it at which tokens start, ascending."""
        known = self._known
        try:
            return [known[part] for part in parts]
        except KeyError:
            starts = {part: self._tokenised(part) for part in set(parts)}
        if len(known) > MOST_WORDS:
            known.clear()
        known.update(entry for entry in starts.items() if len(entry[0]) <= LONGEST_WORD)
        return [starts[part] for part in parts]

    def _tokenised(self, part: str) -> Offsets:
        if part in self._known:
            return self._known[part]
        encoding = self._tokenizer.encode(part, add_special_tokens=False)
        offsets = tuple(start for start, _ in encoding.offsets)
        return self._shapes.setdefault(offsets, offsets) if len(part) <= LONGEST_WORD else offsets


@functools.lru_cache(maxsize=4)
def counter_for(tokenizer: Tokenizer) -> Counter:
    """Return the counter of a tokenizer, with its cache of words."""
    return Counter(tokenizer)


class TokenStarts:
    """The offsets in a text at which tokens start."""

    def __init__(self, text: str, counter: Counter) -> None:
        self._text, self._counter = text, counter
        self._part_starts, self._tokens_before = array("L"), array("L")
        self._last: tuple[int, Offsets] = (-1, ())
        length = self.total = 0
        for block in _BLOCKS.findall(text):
            check_time()
            parts = counter.parts(block)
            counts = map(len, counter.offsets(parts))
            starts = list(accumulate(map(len, parts), initial=length))
            before = list(accumulate(counts, initial=self.total))
            length, self.total = starts.pop(), before.pop()
            self._part_starts.extend(starts)
            self._tokens_before.extend(before)
        self._part_starts.append(length)
        self._tokens_before.append(self.total)

    def between(self, start: int, end: int) -> int:
        """Return how many tokens start in ``text[start:end]``."""
        return self._before(end) - self._before(start)

    def furthest(self, start: int, count: int) -> int:
        """Return the greatest ``end`` for which ``count`` tokens start in ``text[start:end]``.

        It is the end of the text if fewer follow.
        """
        wanted = self._before(start) + count
        if wanted >= self.total:
            return len(self._text)
        part = bisect_right(self._tokens_before, wanted) - 1
        return self._part_starts[part] + self._offsets(part)[wanted - self._tokens_before[part]]

    def _before(self, offset: int) -> int:
        part = bisect_right(self._part_starts, offset) - 1
        inside = offset - self._part_starts[part]
        if not inside:
            return self._tokens_before[part]
        return self._tokens_before[part] + bisect_left(self._offsets(part), inside)

    def _offsets(self, part: int) -> Offsets:
        if part != self._last[0]:
            word = self._text[self._part_starts[part] : self._part_starts[part + 1]]
            self._last = part, self._counter.offsets([word])[0]
        return self._last[1]


def adds_up_by_word(tokenizer: Tokenizer) -> bool:
    """Whether no token and no rule of this tokenizer reaches from a word into the next space.

    This is so for tokenizers like BERT's and GPT-2's. With others, texts are tokenised whole.
    """
    described = json.loads(tokenizer.to_str())
    normalizer = described["normalizer"]
    return (
        _splits_words(described["pre_tokenizer"])
        and (normalizer is None or normalizer["type"] == "BertNormalizer")
        and not any(map(_reaches_over_space, described["added_tokens"]))
    )


def _splits_words(step: dict[str, Any] | None) -> bool:
    """Whether a pre-tokenizer is known to split texts between words."""
    match step:
        case {"type": "BertPreTokenizer"}:
            return True
        case {"type": "ByteLevel", "use_regex": True, "add_prefix_space": False}:
            return True
        case {"type": "Sequence", "pretokenizers": [*first, last]}:
            return _splits_words(last) and all(part["type"] == "Digits" for part in first)
    return False


def _reaches_over_space(token: dict[str, Any]) -> bool:
    return bool(token["rstrip"] or token["single_word"] or re.search(r"\s", token["content"]))
