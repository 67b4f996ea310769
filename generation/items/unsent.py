"""What people typed of new items and have not sent, kept whatever becomes of the passage.

While somebody types, the passage may be excluded, cut in another way, or go. Then their text stays
with the document, which shows it to them, and can be taken to any other passage of the document.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from generation.models import Document, Passage, UnsentItem, Writing
from qareview.locking import lock_rows

# Texts about a passage that is gone, or that no item can be written about.
DISPLACED = (
    Q(passage=None)
    | Q(passage__superseded_at__isnull=False)
    | Q(passage__excluded_at__isnull=False)
)
BLANK = {"question": "", "answer": ""}


def fields_at(passage: Passage, author: Any) -> tuple[dict[str, Any], float]:
    """Return what a person typed about a passage and has not sent, and when, in seconds."""
    row = UnsentItem.objects.filter(passage=passage, author=author).first()
    return (row.fields, row.saved_at.timestamp()) if row else ({}, 0)


def displaced(document: Document, author: Any) -> QuerySet[UnsentItem]:
    """Return what a person typed about passages of a document that are not there any more."""
    own = document.unsent_items.filter(DISPLACED, author=author)
    return own.exclude(fields__contains=BLANK).select_related("passage").order_by("pk")


@transaction.atomic
def store(
    document: Document, passage: int, author: Any, key: UUID, fields: dict[str, Any]
) -> datetime:
    """Store what a person typed about a passage, replacing what they typed before; return when.

    ``passage`` is its id; if there is no such passage, the text stays with the document. Nothing is
    stored if the form with this key has been sent in the meantime.
    """
    now = timezone.now()
    locked = _locked(document, passage)  # an item is stored while its passage is locked
    if locked is None:  # of requests that come at once, the second replaces what the first stored
        lock_rows(Document.everything.filter(pk=document.pk), no_key=True)
    if was_sent(key):
        return now
    same_form = UnsentItem.objects.filter(author=author, key=key, passage=None)
    if not same_form.update(fields=fields, saved_at=now):
        values = {"key": key, "fields": fields, "saved_at": now}
        UnsentItem.objects.bulk_create(
            [UnsentItem(document=document, passage=locked, author=author, **values)],
            update_conflicts=True,
            unique_fields=["passage", "author"],
            update_fields=list(values),
        )
    return now


def was_sent(key: UUID) -> bool:
    """Whether the form with this key has been sent, and its item stored."""
    return Writing.objects.filter(key=key).exists()


def _locked(document: Document, passage: int) -> Passage | None:
    rows = Passage.objects.select_for_update(no_key=True).filter(document=document, pk=passage)
    return rows.only("text").first()


@transaction.atomic
def take(
    text: UnsentItem, passage: Passage, author: Any, key: UUID, fields: dict[str, Any]
) -> None:
    """Take a text to another passage of its document.

    ``fields`` were typed there in the form with this key, and are displaced instead.
    """
    if fields != BLANK:
        store(passage.document, passage.pk, author, key, fields)
    if locked := _locked(passage.document, passage.pk):
        there = UnsentItem.objects.filter(passage=locked, author=author).exclude(pk=text.pk)
        there.update(passage=None, about=locked.text)
        text.passage, text.about, text.saved_at = locked, "", timezone.now()
        text.save(update_fields=["passage", "about", "saved_at"])
