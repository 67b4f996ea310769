"""Comments, and questions to colleagues, that a person has typed and not sent."""

from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Extract, JSONObject
from django.utils import timezone

from generation.models import Item, ItemQuerySet, UnsentComment


def with_unsent(items: ItemQuerySet, author: Any, *, is_question: bool = False) -> ItemQuerySet:
    """Load what a person typed about these items and has not sent, for :func:`unsent_comment`."""
    own = UnsentComment.objects.filter(
        item=OuterRef("pk"), author=author, is_question=is_question
    ).values(fields=JSONObject(text="text", at=Extract("saved_at", "epoch")))
    return items.annotate(unsent=Subquery(own))


def unsent_comment(item: Item) -> tuple[str, float]:
    """Return the text that :func:`with_unsent` loaded, and when it was stored, in seconds."""
    unsent = item.unsent or {"text": "", "at": 0}  # type: ignore[attr-defined]  # by with_unsent
    return unsent["text"], unsent["at"]


@transaction.atomic
def keep(item: Item, author: Any, text: str, *, is_question: bool) -> float:
    """Store what a person typed about an item, replacing what they typed before; return when.

    What they have sent in the meantime is not kept: a request of the page may come late. Raises
    Item.DoesNotExist.
    """
    Item.everything.select_for_update(no_key=True).only("pk").get(pk=item.pk)  # nobody sends now
    now = timezone.now()
    sent = item.comments.filter(author=author).last()
    if not text.strip() or (sent and sent.text == text.strip()):
        forget(item, author, is_question=is_question)
        return now.timestamp()
    UnsentComment.objects.update_or_create(
        item=item,
        author=author,
        is_question=is_question,
        defaults={"text": text, "saved_at": now},
    )
    return now.timestamp()


def forget(item: Item, author: Any, *, is_question: bool) -> None:
    """Delete what a person typed about an item, which they have sent."""
    UnsentComment.objects.filter(item=item, author=author, is_question=is_question).delete()
