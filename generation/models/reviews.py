"""Reviews, and what reviewers have on their desks."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from qareview.fields import SentenceField
from qareview.models import Project


class Verdict(models.TextChoices):
    """What a review says about an item."""

    ACCEPTED = gettext_noop("accepted"), _("Accepted")
    EDITED = gettext_noop("edited"), _("Edited")  # accepted, with changes
    REJECTED = gettext_noop("rejected"), _("Rejected")
    SKIPPED = gettext_noop("skipped"), _("Skipped")


class Withdrawal(models.TextChoices):
    """Why a review was withdrawn."""

    BY_AUTHOR = "", _("By its author")
    REPLACED = "replaced", _("Replaced")
    SENT_BACK = "sent back", _("Sent back")
    BULK_UNDONE = "bulk undone", _("Bulk action undone")


ACCEPTING = (Verdict.ACCEPTED, Verdict.EDITED)
DECISION = Q(withdrawn_at=None) & ~Q(verdict=Verdict.SKIPPED)


class ReviewQuerySet(models.QuerySet["Review"]):
    """Reviews, filtered by whether they count and who wrote them."""

    def standing(self) -> "ReviewQuerySet":
        """Keep reviews that are not withdrawn."""
        return self.filter(withdrawn_at=None)

    def decisions(self) -> "ReviewQuerySet":
        """Keep decisions: not withdrawn and not skips."""
        return self.filter(DECISION)

    def of(self, project: Project) -> "ReviewQuerySet":
        """Keep reviews of a project's items, without items in the bin."""
        from generation.models.items import BINNED  # upwards: items.py imports this module

        return self.filter(item__project=project).exclude(item__state=BINNED)

    def of_reviewers(self) -> "ReviewQuerySet":
        """Keep the decisions of reviewers, without adjudications."""
        return self.decisions().filter(is_adjudication=False)


class Review(models.Model):
    """One person's entry on an item. It is never changed, and stays on record if withdrawn."""

    item = models.ForeignKey("generation.Item", models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews")
    submission = models.UUIDField(
        unique=True
    )  # made with the form, so that sending it twice counts once
    is_adjudication = models.BooleanField(default=False)  # by an admin, over the reviewers
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    start = models.PositiveIntegerField(null=True)  # of the excerpt in the document's text;
    end = models.PositiveIntegerField(null=True)  # None: the passage as it was cut
    context = models.TextField(blank=True)  # the excerpt itself, if it is not the passage
    ranking: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        default=dict
    )  # {candidate question's id: place}, 1 is best, ties allowed
    reason = models.CharField(max_length=120, blank=True)
    comment = models.TextField(blank=True)
    seconds = models.PositiveIntegerField(default=0)  # spent on the item, without idle time
    created_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal = models.CharField(
        max_length=11, choices=Withdrawal.choices, default=Withdrawal.BY_AUTHOR, blank=True
    )  # why it was withdrawn, if it was
    withdrawn_because = SentenceField()  # the same as a sentence; empty: by its author
    bulk_action = models.ForeignKey(
        "generation.BulkAction", models.SET_NULL, null=True, related_name="reviews"
    )  # the bulk action that created it, and withdraws it when undone

    objects: ClassVar[ReviewQuerySet] = ReviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("item", "reviewer", "is_adjudication"),
                condition=DECISION,
                name="review_one_decision_each",
            ),
        )
        indexes = (
            models.Index(fields=("reviewer", "-id"), name="review_undo"),
            models.Index(fields=("created_at", "item"), name="review_decided", condition=DECISION),
            models.Index(
                fields=("item",), name="review_adjudication", condition=Q(is_adjudication=True)
            ),
        )

    @property
    def is_decision(self) -> bool:
        """Whether it counts: it is neither withdrawn nor a skip."""
        return self.withdrawn_at is None and self.verdict != Verdict.SKIPPED

    @property
    def accepts(self) -> bool:
        """Whether its verdict is to accept the item, with or without changes."""
        return self.verdict in ACCEPTING


class Hold(models.Model):
    """The item on a reviewer's desk, one per project, and until when it is held for them."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="holds")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="holds")
    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="holds")
    until = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("project", "reviewer"), name="hold_one_each"),
        )


class Typed(models.Model):
    """What a reviewer has typed at an item, in any browser, and not sent."""

    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="typed")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="typed")
    fields: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("item", "reviewer"), name="typed_once_each"),
        )


class Assignment(models.Model):
    """An item that is assigned to a member, who gets it first."""

    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="assignments")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="assignments"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="assignments_made"
    )
    created_at = models.DateTimeField(default=timezone.now)
    bulk_action = models.ForeignKey(
        "generation.BulkAction", models.SET_NULL, null=True, related_name="assignments"
    )  # the bulk action that created it

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("item", "reviewer"), name="assignment_once_each"),
        )
