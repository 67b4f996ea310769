"""Vectors of texts, by the embedded model for real."""

import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from qareview import embeddings
from qareview.text_encoder import BEGINNING, LONGEST, TextEncoder


def test_a_text_has_the_same_unit_vector_beside_any_others() -> None:
    texts = ["A heron stands at the quay.", "The tide " * 300, "Wie hoch steht das Wasser?"]
    together = embeddings.embed(texts)
    assert together.shape == (3, embeddings.DIMENSIONS)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embeddings.embed([text]) for text in texts])
    assert ((together * alone).sum(1) > 0.999).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_vectors_are_those_of_the_library(dtype: torch.dtype) -> None:
    spec = find_spec(embeddings.PACKAGE)
    assert spec
    assert spec.origin
    folder = Path(spec.origin).parent / "model"
    texts = [
        "A heron stands at the quay.",
        "The tide " * 300,
        "Wie hoch steht das Wasser?",
        "東京",
        "",
        "The tide " * 5000,
        "x" * 99 + " heron" * 5000,
        "A" + " " * BEGINNING + " heron" * 300,  # more than its beginning is needed
        "x" * BEGINNING + "y heron" * 300,
        "A heron, " + "\u0301" * BEGINNING + "stands" * 10,
    ]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=dtype).eval()
    tokens = tokenizer(
        texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
    )
    with torch.inference_mode():
        states = model(**tokens).last_hidden_state.float()
    means = (states * tokens["attention_mask"].unsqueeze(-1)).sum(1)
    theirs = torch.nn.functional.normalize(means, dim=1).numpy()
    assert np.allclose(TextEncoder(folder, dtype).encode(texts), theirs, atol=1e-3)


def test_the_length_of_a_text_that_the_model_does_not_read_costs_nothing() -> None:
    texts = ["The tide rises. " * times for times in (2_000, 200_000)]
    embeddings.embed(texts)  # loads the model
    short, long = (min(seconds_to_embed(text) for _ in range(3)) for text in texts)
    assert long < 10 * short  # a hundred times as long


def seconds_to_embed(text: str) -> float:
    began = time.process_time()
    embeddings.embed([text])
    return time.process_time() - began


def test_no_text_has_no_vector() -> None:
    assert embeddings.embed([]).shape == (0, embeddings.DIMENSIONS)


def test_threads_that_need_the_model_at_once_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(embeddings, "_loaded", loaded)
    with ThreadPoolExecutor(8) as threads:
        vectors = list(threads.map(lambda _: embeddings.embed(["A heron."]), range(8)))
    assert len(loaded) == 1
    assert all(np.array_equal(vectors[0], other) for other in vectors)
