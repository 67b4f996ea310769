"""The sentences that training answers state, and which of them stand on their own."""

import math
import re

from generation.checks.focuses import NAME, Focus, plain
from generation.checks.gist import gist
from generation.checks.numbers import numbers_in
from generation.checks.sentence_splitting import sentences

# Chosen by reading the pairs that come out.
LEAST_GAIN = 1.1  # times as like the answer that two sentences have to be
MOST_ADDED = 0.34  # of the answer's words that may come from elsewhere, such as its subject
MOST_DROPPED = 0.3  # of the focus's words that the answer may lack
MOST_UNASKED = 0.5  # of a sentence's words that a question for it need not be about


def find_focus(passage: str, answer: str) -> str:
    """Return the plain sentence that is most like the answer, or two if both are more like it."""
    texts = [
        plain(passage[start:end])
        for start, end in sentences(passage)
        if not passage[passage.rfind("\n", 0, start) + 1 : start].startswith("#")
    ]
    wanted = gist(answer)
    words = [gist(text) for text in texts]
    first = max(range(len(texts)), key=lambda index: _likeness(words[index], wanted))
    both = [_likeness(words[first] | other, wanted) for other in words]
    second = max(range(len(texts)), key=both.__getitem__)
    if both[second] < LEAST_GAIN * both[first]:
        return texts[first]
    return " ".join(texts[index] for index in sorted({first, second}))


def _likeness(words: frozenset[str], wanted: frozenset[str]) -> float:
    """Return the cosine between two sets of words."""
    return len(words & wanted) / max(1.0, math.sqrt(len(words) * len(wanted)))


def restates(answer: str, focus: str, title: str) -> bool:
    """Return whether an answer says what its focus says: every number, hardly another word.

    Names may come from elsewhere.
    """
    has_all_numbers = numbers_in(focus) <= numbers_in(answer)
    return has_all_numbers and _covers(focus, answer, title, MOST_DROPPED)


def answers_too(focus: str, answer: str, title: str) -> bool:
    """Return whether a focus answers what the answer does, and not much else."""
    return _covers(focus, answer, title, MOST_UNASKED)


def _covers(focus: str, answer: str, title: str, most_dropped: float) -> bool:
    answered, said = gist(answer), gist(focus)
    known = said | gist(title) | gist(" ".join(NAME.findall(answer)))
    added = len(answered - known) / max(1, len(answered))
    dropped = len(said - answered) / max(1, len(said))
    has_its_numbers = numbers_in(answer) <= numbers_in(f"{focus} {title}")
    return has_its_numbers and added <= MOST_ADDED and dropped <= most_dropped


def stands_alone(focus: str) -> bool:
    """Return whether a plain focus is a sentence that needs no other to be understood."""
    return Focus(0, len(focus), focus).stands_alone


def is_verbatim(answer: str, focus: str) -> bool:
    """Return whether an answer is its focus, apart from capitals and punctuation."""
    return _letters(answer) == _letters(focus)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()
