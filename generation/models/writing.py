"""Items that people write by hand: what they have not sent yet, and what is checked later."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from generation.models.documents import Document, Passage
from generation.models.items import Item
from qareview.models import Job


class Writing(Job):
    """The form that an item written by hand came with, and the job of checking the item.

    Checking needs the embedding model, which only workers load.
    """

    tasks = ("generation.tasks.check_written_items",)

    item = models.OneToOneField(Item, models.CASCADE, related_name="writing")
    key = models.UUIDField(unique=True)  # made with the form: sending it twice counts once

    @classmethod
    def withheld(cls) -> Q:
        """Return the condition for items that no worker may check now."""
        return Q(item__project__binned_at__isnull=False)


class UnsentItem(models.Model):
    """What a person has typed of a new item about a passage, in any browser, and not sent."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="unsent_items")
    passage = models.ForeignKey(
        Passage, models.SET_NULL, null=True, related_name="unsent_items"
    )  # None: it is gone, and ``about`` is its text
    about = models.TextField(blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="unsent_items"
    )
    key = models.UUIDField(default=uuid.uuid4)  # of the form in which it was typed
    fields: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("passage", "author"), name="unsent_item_once_each"),
        )

    @property
    def passage_text(self) -> str:
        """The text of the passage, also if it is gone."""
        return self.passage.text if self.passage else self.about
