"""From documents to released triples: the nouns."""

from generation.models.comments import (
    Comment,
    CommentQuerySet,
    Notice,
    NoticeKind,
    NoticeQuerySet,
)
from generation.models.documents import Document, DocumentQuerySet, Passage, original_path
from generation.models.items import (
    BEGUN,
    COMPARED,
    OPEN,
    OUTCOME,
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
    "BEGUN",
    "COMPARED",
    "OPEN",
    "OUTCOME",
    "UNSHOWN",
    "UNSURE",
    "Acceptance",
    "Assignment",
    "Comment",
    "CommentQuerySet",
    "Document",
    "DocumentQuerySet",
    "Hold",
    "Item",
    "ItemQuerySet",
    "ItemState",
    "Notice",
    "NoticeKind",
    "NoticeQuerySet",
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
