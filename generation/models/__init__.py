"""From documents to released triples: the nouns."""

from generation.models.documents import Document, DocumentQuerySet, Passage, original_path
from generation.models.items import (
    Acceptance,
    Item,
    ItemQuerySet,
    ItemState,
    Question,
    Review,
    Verdict,
)
from generation.models.releases import Release, ReleaseRow, Split

__all__ = [
    "Acceptance",
    "Document",
    "DocumentQuerySet",
    "Item",
    "ItemQuerySet",
    "ItemState",
    "Passage",
    "Question",
    "Release",
    "ReleaseRow",
    "Review",
    "Split",
    "Verdict",
    "original_path",
]
