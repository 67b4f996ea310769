"""Which sentence of a passage supports each sentence of an answer, and how well.

The best of the passage's sentences counts: by meaning (cosine of embeddings) and by words (the
share of the answer's words that it has).
"""

from collections.abc import Sequence
from typing import Any

from generation.checks.gist import gist
from generation.checks.sentence_splitting import sentences
from qareview.embeddings import embed

MEANING, WORDS = 0.6, 0.4  # their weights; chosen; nobody measured


def support(pairs: Sequence[tuple[str, str]]) -> list[list[dict[str, Any]]]:
    """Return, for each answer and its passage, the support of each sentence of the answer.

    ``{"start", "end"}`` is the sentence in the answer, ``{"from", "to"}`` the one in the passage,
    ``score`` is from 0 to 1. Raises ModelUnavailable.
    """
    places = [(list(sentences(answer)), list(sentences(passage))) for answer, passage in pairs]
    texts = {
        text[start:end]
        for pair, both in zip(pairs, places, strict=True)
        for text, own in zip(pair, both, strict=True)
        for start, end in own
    }
    order = sorted(texts)
    vectors = dict(zip(order, embed(order), strict=True)) if order else {}
    return [
        _supported(answer, passage, *both, vectors)
        for (answer, passage), both in zip(pairs, places, strict=True)
    ]


def _supported(
    answer: str,
    passage: str,
    of_answer: Sequence[tuple[int, int]],
    of_passage: Sequence[tuple[int, int]],
    vectors: dict[str, Any],
) -> list[dict[str, Any]]:
    supported = []
    for start, end in of_answer:
        sentence = answer[start:end]
        scored = [
            (_score(sentence, passage[first:last], vectors), first, last)
            for first, last in of_passage
        ]
        if scored:
            score, first, last = max(scored, key=lambda candidate: candidate[0])
            supported.append(
                {"start": start, "end": end, "from": first, "to": last, "score": round(score, 3)}
            )
    return supported


def _score(sentence: str, other: str, vectors: dict[str, Any]) -> float:
    words = gist(sentence)
    shared = len(words & gist(other)) / len(words) if words else 0.0
    meaning = max(0.0, float(vectors[sentence] @ vectors[other]))
    return min(1.0, MEANING * meaning + WORDS * shared)
