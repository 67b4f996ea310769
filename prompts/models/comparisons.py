"""Comparisons of outputs, and stored results of experiments."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from prompts.models.experiments import Case, Experiment
from qareview.fields import SentenceField
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder


class Choice(models.TextChoices):
    """What a person chose in a comparison."""

    LEFT = gettext_noop("left"), _("Left is better")
    RIGHT = gettext_noop("right"), _("Right is better")
    GOOD = gettext_noop("both good"), _("Both good")
    BAD = gettext_noop("both bad"), _("Both bad")
    RANKED = gettext_noop("ranked"), _("Ranked")
    SKIPPED = gettext_noop("skipped"), _("Skipped")
    SAME = gettext_noop("same"), _("Same output")  # a tie that nobody voted for


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def open_to(self, user: Any) -> "ComparisonQuerySet":
        """Filter to the comparison that a user has open."""
        return self.filter(reviewer=user, choice="", withdrawn_at=None)

    def standing(self) -> "ComparisonQuerySet":
        """Filter to votes that were not withdrawn; a skip is not a vote."""
        return self.filter(withdrawn_at=None).exclude(choice__in=("", Choice.SKIPPED))

    def once(self) -> "ComparisonQuerySet":
        """Filter to standing votes that are not repeats with swapped sides."""
        return self.standing().filter(is_repeat=False)

    def counting(self, experiment: Experiment) -> "ComparisonQuerySet":
        """Filter to the votes that count in an experiment's result."""
        return self.once().filter(experiment=experiment).exclude(reviewer__in=experiment.without)


class Comparison(models.Model):
    """Two to six outputs of one case, as they were shown to a reviewer, with the reviewer's vote.

    Without a choice it is open, and the reviewer's place is held until ``until``. It is withdrawn
    when the vote is undone or another comparison replaces it, but stays on record.
    """

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="comparisons")
    case = models.ForeignKey(Case, models.CASCADE, related_name="comparisons")
    runs = ArrayField(models.BigIntegerField())  # ids from left to right
    variants = ArrayField(models.BigIntegerField())  # ids of the runs' variants
    reviewer = models.ForeignKey(  # None if the outputs are equal
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="comparisons"
    )
    token = models.UUIDField(unique=True, default=uuid.uuid4)  # the only id that pages show
    until = models.DateTimeField(default=timezone.now)
    choice = models.CharField(max_length=9, choices=Choice.choices, blank=True)
    places = ArrayField(models.PositiveSmallIntegerField(), default=list)  # of a ranking: 1 is best
    comment = models.TextField(blank=True)
    seconds = models.PositiveIntegerField(default=0)
    # A repeat has its sides swapped. It shows whether reviewers agree with themselves, and does not
    # count.
    is_repeat = models.BooleanField(default=False)
    shown_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects: ClassVar[ComparisonQuerySet] = ComparisonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "reviewer"),
                condition=Q(choice="", withdrawn_at=None),
                name="comparison_open_once",
            ),
        )
        indexes = (
            GinIndex(fields=("runs",), name="comparison_runs"),
            models.Index(fields=("experiment", "reviewer"), name="comparison_of_reviewer"),
        )


class Snapshot(models.Model):
    """The result of an experiment at one moment, with the method that computed it."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="snapshots")
    method = models.CharField(max_length=40)
    result: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        encoder=SentenceEncoder, decoder=SentenceDecoder
    )
    because = SentenceField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="snapshots"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
