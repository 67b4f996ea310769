"""From documents to released triples: the nouns."""

from generation.models.acts import Act, ActItem, ActKind
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
    reviews_shown_to,
    state_shown,
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
    "Act",
    "ActItem",
    "ActKind",
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
    "reviews_shown_to",
    "state_shown",
]
