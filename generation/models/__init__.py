"""From documents to released triples: the nouns."""

from generation.models.acts import Act, ActItem, ActKind
from generation.models.documents import Document, DocumentQuerySet, Passage, original_path
from generation.models.items import (
    OPEN,
    UNSHOWN,
    UNSURE,
    Acceptance,
    Item,
    ItemQuerySet,
    ItemState,
    Purpose,
    Question,
    reviews_shown_to,
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
    "OPEN",
    "UNSHOWN",
    "UNSURE",
    "Acceptance",
    "Act",
    "ActItem",
    "ActKind",
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
    "reviews_shown_to",
]
