"""Bulk actions and their items."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from qareview.models import Job, Project


class BulkActionKind(models.TextChoices):
    """What a bulk action does to its items."""

    ACCEPT = gettext_noop("accept"), _("Accept")
    REJECT = gettext_noop("reject"), _("Reject")
    ASSIGN = gettext_noop("assign"), _("Assign")
    UNASSIGN = "unassign", _("Unassign")
    REDRAFT = "redraft", _("Draft again")
    CALIBRATE = "calibrate", _("Add to the calibration set")
    UNCALIBRATE = "uncalibrate", _("Remove from the calibration set")


class BulkAction(Job):
    """One action on all items that matched a filter when it was ordered; undone as a whole.

    See :mod:`generation.items.bulk_actions`.
    """

    tasks = ("generation.tasks.carry_out_bulk_actions",)

    project = models.ForeignKey(Project, models.CASCADE, related_name="bulk_actions")
    key = models.UUIDField(unique=True)  # made with the form, so that sending it twice counts once
    kind = models.CharField(max_length=11, choices=BulkActionKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="bulk_actions")
    reason = models.CharField(max_length=120, blank=True)  # for rejecting
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="bulk_actions_about"
    )  # whom items are assigned to or unassigned from
    draft_with: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict
    )  # as Passage.draft_with
    address = models.TextField(blank=True)  # the filter of the list, as a query string
    ordered_at = models.DateTimeField(default=timezone.now)
    size = models.PositiveIntegerField()  # its number of items
    undo_at = models.DateTimeField(null=True)  # when somebody asked for it to be undone
    undo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="bulk_actions_undone"
    )
    facts: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        default=dict
    )  # once it is done: the number of items by outcome

    class Meta(Job.Meta):
        ordering = ("-id",)
        indexes = (  # type: ignore[assignment]
            *Job.Meta.indexes,
            models.Index(fields=("project", "by", "-id"), name="bulk_action_latest"),
        )

    def submission(self, item: int) -> uuid.UUID:
        """Return the submission key of the bulk action's review of an item, always the same."""
        return uuid.uuid5(self.key, str(item))


class BulkActionItem(models.Model):
    """An item of a bulk action, and its outcome; empty until the action is done or skips it."""

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
