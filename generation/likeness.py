"""When two texts are as good as the same."""

import re

LIKE = 0.8  # shared words, of all words of both


def words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def is_like(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of words are nearly the same (Jaccard index), numbers exactly."""
    differing = one ^ other
    if any(any(map(str.isdigit, word)) for word in differing):
        return False
    return len(one & other) >= LIKE * len(one | other)
