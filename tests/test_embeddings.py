"""Vectors of texts, by the embedded model for real."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from qareview import embeddings


def test_a_text_has_the_same_unit_vector_beside_any_others() -> None:
    texts = ["A heron stands at the quay.", "The tide " * 300, "Wie hoch steht das Wasser?"]
    together = embeddings.embed(texts)
    assert together.shape == (3, embeddings.DIMENSIONS)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embeddings.embed([text]) for text in texts])
    assert ((together * alone).sum(1) > 0.999).all()


def test_no_text_has_no_vector() -> None:
    assert embeddings.embed([]).shape == (0, embeddings.DIMENSIONS)


def test_threads_that_need_the_model_at_once_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(embeddings, "_loaded", loaded)
    with ThreadPoolExecutor(8) as threads:
        vectors = list(threads.map(lambda _: embeddings.embed(["A heron."]), range(8)))
    assert len(loaded) == 1
    assert all(np.array_equal(vectors[0], other) for other in vectors)
