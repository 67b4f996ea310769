"""Find the sentence of a passage that best supports each sentence of an answer.

Sentences are compared by meaning (the cosine of their embeddings) and by words (the share of the
words of the answer's sentence that the passage's sentence has).
"""

from collections.abc import Sequence
from typing import Any

from generation.checks.gist import gist
from generation.checks.sentence_splitting import sentences
from qareview.embeddings import embed

MEANING, WORDS = 0.6, 0.4  # weights in a score; chosen; nobody measured


def support(pairs: Sequence[tuple[str, str]]) -> list[list[dict[str, Any]]]:
    """Return, for each answer and its passage, the support of each sentence of the answer.

    ``start`` and ``end`` are the offsets of the sentence in the answer, ``from`` and ``to`` those
    of its support in the passage; ``score`` is from 0 to 1. Raises ModelUnavailable.
    """
    spans = [(list(sentences(answer)), list(sentences(passage))) for answer, passage in pairs]
    texts = {
        text[start:end]
        for pair, spans_of_pair in zip(pairs, spans, strict=True)
        for text, spans_of_text in zip(pair, spans_of_pair, strict=True)
        for start, end in spans_of_text
    }
    order = sorted(texts)
    vectors = dict(zip(order, embed(order), strict=True)) if order else {}
    return [
        _supported(answer, passage, *spans_of_pair, vectors)
        for (answer, passage), spans_of_pair in zip(pairs, spans, strict=True)
    ]


def _supported(
    answer: str,
    passage: str,
    answer_spans: Sequence[tuple[int, int]],
    passage_spans: Sequence[tuple[int, int]],
    vectors: dict[str, Any],
) -> list[dict[str, Any]]:
    supported = []
    for start, end in answer_spans:
        sentence = answer[start:end]
        scored = [
            (_score(sentence, passage[first:last], vectors), first, last)
            for first, last in passage_spans
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
