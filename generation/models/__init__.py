"""From documents to released triples: the nouns."""

from generation.models.documents import Document, DocumentQuerySet, Passage, original_path
from generation.models.items import (
    BINNED,
    NOT_GIVEN_OUT,
    OPEN,
    UNSHOWN,
    UNSURE,
    Acceptance,
    Item,
    ItemQuerySet,
    ItemState,
    Purpose,
    Question,
)
from generation.models.releases import Release, ReleaseRow, Split
from generation.models.reviews import (
    Assignment,
    Hold,
    Review,
    ReviewQuerySet,
    Typed,
    Verdict,
)

__all__ = [
    "BINNED",
    "NOT_GIVEN_OUT",
    "OPEN",
    "UNSHOWN",
    "UNSURE",
    "Acceptance",
    "Assignment",
    "Document",
    "DocumentQuerySet",
    "Hold",
    "Item",
    "ItemQuerySet",
    "ItemState",
    "Passage",
    "Purpose",
    "Question",
    "Release",
    "ReleaseRow",
    "Review",
    "ReviewQuerySet",
    "Split",
    "Typed",
    "Verdict",
    "original_path",
]
