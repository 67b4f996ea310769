"""Comments, and questions to colleagues, that a person has typed and not sent."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from generation.models import Item, UnsentComment


def unsent_comment(item: Item, author: Any, *, is_question: bool = False) -> tuple[str, float]:
    """Return what a person typed about an item and has not sent, and when, in seconds."""
    own = UnsentComment.objects.filter(item=item, author=author, is_question=is_question)
    row = own.first()
    return (row.text, row.saved_at.timestamp()) if row else ("", 0)


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
