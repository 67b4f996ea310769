"""Comments on items, and the notices in people's inboxes."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from qareview.fields import SentenceField
from qareview.models import Project


class CommentQuerySet(models.QuerySet["Comment"]):
    """Comments, filtered by who may read them and whether they were answered."""

    def visible_to(self, user: Any, sees_reviews: bool) -> "CommentQuerySet":
        """Keep what a user may read: all if they see reviews, or else comments by or to them."""
        comments = self.select_related("author", "asks")
        if sees_reviews:
            return comments
        return comments.filter(Q(author=user) | Q(asks=user) | Q(mentioned__contains=[user.pk]))

    def unanswered(self) -> "CommentQuerySet":
        """Keep questions that were neither answered nor taken back."""
        return self.filter(asks__isnull=False, answered_at=None)


class Comment(models.Model):
    """A comment on an item; a question if it ``asks`` a colleague.

    An item with an unanswered question is set aside.
    """

    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    text = models.TextField()
    mentioned = ArrayField(models.IntegerField(), default=list)  # ids of users who may read it too
    asks = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="questions"
    )
    answered_at = models.DateTimeField(null=True)  # or taken back
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[CommentQuerySet] = CommentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("item",),
                condition=Q(asks__isnull=False, answered_at=None),
                name="comment_one_open_question",
            ),
        )

    @property
    def is_open(self) -> bool:
        """Whether it is a question that was neither answered nor taken back."""
        return self.asks_id is not None and self.answered_at is None


class UnsentComment(models.Model):
    """What a person has typed of a comment or a question about an item, and not sent."""

    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="unsent_comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="unsent_comments"
    )
    is_question = models.BooleanField()  # to a colleague
    text = models.TextField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("item", "author", "is_question"), name="unsent_comment_once_each"
            ),
        )


class NoticeKind(models.TextChoices):
    """What a notice is about."""

    MENTIONED = gettext_noop("mentioned"), _("Mentioned")
    ASKED = gettext_noop("asked"), _("Asked")
    ANSWERED = gettext_noop("answered"), _("Answered")
    ADJUDICATED = gettext_noop("adjudicated"), _("Adjudicated")
    SENT_BACK = gettext_noop("sent back"), _("Sent back")


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices, read and unread."""

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def mark_read(self) -> int:
        """Mark unread notices as read; return how many."""
        return self.unread().update(read_at=timezone.now())


class Notice(models.Model):
    """A notice in somebody's inbox."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    project = models.ForeignKey(Project, models.CASCADE, related_name="notices")
    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=11, choices=NoticeKind.choices)
    text = SentenceField()
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("user", "project", "-id"), name="notice_inbox"),
            models.Index(
                fields=("user", "project"), name="notice_unread", condition=Q(read_at=None)
            ),
        )
