"""Releases and their rows."""

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from qareview.models import Job, Project


class Release(Job):
    """A numbered, frozen copy of the accepted items of a project."""

    tasks = ("generation.tasks.freeze_releases",)

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of its rows as `triples`, in order
    facts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta(Job.Meta):
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("project", "number"), name="release_number"),
        )

    def __str__(self) -> str:
        return f"{self.project.name} {self.number}"

    @classmethod
    def withheld(cls) -> models.Q:
        """Return the condition for releases that no worker may freeze now."""
        return models.Q(project__binned_at__isnull=False)


class Split(models.TextChoices):
    """A part of a release for one use in training."""

    TRAIN = gettext_noop("train"), _("Train")
    VALIDATION = gettext_noop("validation"), _("Validation")
    TEST = gettext_noop("test"), _("Test")


class ReleaseRow(models.Model):
    """An accepted triple as it was when the release was frozen."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    split = models.CharField(max_length=10, choices=Split.choices)
    line = models.TextField()  # the triple as JSON; not jsonb, which forgets the order of keys

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("release", "position"), name="release_row_position"),
        )

    @property
    def triple(self) -> dict[str, Any]:
        """The triple that ``line`` holds."""
        triple: dict[str, Any] = json.loads(self.line)
        return triple
