"""What is done to many items at once."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from qareview.models import Job, Project


class BulkActionKind(models.TextChoices):
    ACCEPT = gettext_noop("accept"), _("Accept")
    REJECT = gettext_noop("reject"), _("Reject")
    ASSIGN = gettext_noop("assign"), _("Assign")
    UNASSIGN = "unassign", _("take the assignment away")
    REDRAFT = "redraft", _("draft again")
    CALIBRATE = "calibrate", _("put into the calibration set")
    UNCALIBRATE = "uncalibrate", _("take out of the calibration set")


class BulkAction(Job):
    """One thing done to many items, as they were found when it was ordered; undone as a whole.

    See :mod:`generation.items.bulk_actions`.
    """

    task = "generation.tasks.carry_out_bulk_actions"

    project = models.ForeignKey(Project, models.CASCADE, related_name="bulk_actions")
    key = models.UUIDField(unique=True)  # made with the form: what comes twice counts once
    kind = models.CharField(max_length=11, choices=BulkActionKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="bulk_actions")
    reason = models.CharField(max_length=120, blank=True)  # of those who reject
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="bulk_actions_about"
    )  # to whom items are assigned, or from whom they are taken
    draft_with: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict
    )  # as of a passage
    address = models.TextField(blank=True)  # the filter by which the items were found
    ordered_at = models.DateTimeField(default=timezone.now)
    size = models.PositiveIntegerField()  # how many were found
    undo_at = models.DateTimeField(null=True)  # when somebody asked for it to be undone
    undo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="bulk_actions_undone"
    )
    facts: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        default=dict
    )  # once it is through: how many items there are of each outcome

    class Meta(Job.Meta):
        ordering = ("-id",)
        indexes = (  # type: ignore[assignment]
            *Job.Meta.indexes,
            models.Index(fields=("project", "by", "-id"), name="bulk_action_latest"),
        )

    def submission(self, item: int) -> uuid.UUID:
        """Return the key of the review that the bulk action gives to an item, always the same."""
        return uuid.uuid5(self.key, str(item))


class BulkActionItem(models.Model):
    """An item of an action, and what came of it: nothing yet, done, or why not."""

    bulk_action = models.ForeignKey(BulkAction, models.CASCADE, related_name="items")
    item = models.ForeignKey("generation.Item", models.CASCADE, related_name="bulk_actions")
    outcome = models.CharField(max_length=12, blank=True)  # a key of bulk_steps.OUTCOMES

    class Meta:
        ordering = ("item_id",)
        constraints = (
            models.UniqueConstraint(fields=("bulk_action", "item"), name="bulk_action_item_once"),
        )
        indexes = (
            models.Index(fields=("bulk_action", "outcome", "item"), name="bulk_action_outcome"),
        )
