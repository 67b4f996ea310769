"""Prompts, their variants, and the history of variants in production."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qareview.fields import SentenceField
from qareview.models import Binnable, OutOfBin, Project


class Task(models.TextChoices):
    """What a built-in prompt is for."""

    SUMMARISE = "summarise", _("Write the answer: a summary of the passage")
    ASK = "ask", _("Write a question for the answer")
    ANSWER = "answer", _("Answer the question from the passage, as a check")
    RECALL = "recall", _("Answer the question without the passage, as a check")
    REWRITE = "rewrite", _("Rewrite a prompt")


class Prompt(Binnable):
    """A task that a model is given in a project, and its variant in production."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="prompts")
    task = models.CharField(max_length=20, choices=Task.choices)
    production = models.ForeignKey(
        "Variant", models.PROTECT, null=True, related_name="produces_for"
    )
    # of variables of the team's own prompts, the values that new cases and examples get without one
    defaults: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(default=dict)

    objects: ClassVar[models.Manager["Prompt"]] = OutOfBin()
    everything: ClassVar[models.Manager["Prompt"]] = models.Manager()

    class Meta(Binnable.Meta):
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("project", "task"),
                condition=models.Q(binned_at=None),
                name="prompt_once_per_task",
            ),
        )

    def __str__(self) -> str:
        return self.task

    @property
    def is_builtin(self) -> bool:
        """Whether drafting needs the prompt, so that it cannot be moved to the bin."""
        return self.task in Task.values


class Picks(models.TextChoices):
    """Which worked examples a variant shows the model."""

    OWN = "", _("the variant’s own worked examples")
    SIMILAR = "similar", _("accepted items most similar to the input")
    DIVERSE = "diverse", _("accepted items that differ from each other")


class Variant(models.Model):
    """A version of a prompt: wording, model and parameters. It never changes once created."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="variants")
    number = models.PositiveIntegerField()
    system = models.TextField(blank=True)
    template = models.TextField(help_text=_("A Jinja template that uses the task’s variables."))
    examples: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(
        default=list, help_text=_("Values for the template, with the wanted output as “output”.")
    )
    picks = models.CharField(max_length=8, choices=Picks.choices, default=Picks.OWN, blank=True)
    pick_count = models.PositiveSmallIntegerField(default=3)  # approved items, if picked
    model = models.CharField(
        max_length=100,
        blank=True,
        help_text=_("A name in settings.MODELS. Leave empty to use the project’s model."),
    )
    max_tokens = models.PositiveIntegerField(default=128)
    temperature = models.FloatField(
        default=0.8,
        help_text=_("Used for all candidates except the first, which is the most likely text."),
    )
    origin = SentenceField()
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    notes = models.TextField(blank=True)
    tags: "ArrayField[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=40), default=list, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="variants"
    )
    archived_at = models.DateTimeField(null=True)  # hidden, but not deleted: outputs refer to it

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("prompt", "number"), name="variant_number_per_prompt"),
        )

    def __str__(self) -> str:
        return f"{self.prompt.task} {self.number}"

    def temperature_of(self, number: int) -> float:
        """Return the temperature of an output: 0 for number 1, which is not sampled."""
        return self.temperature if number > 1 else 0


class Promotion(models.Model):
    """An entry in a prompt's history: a variant went into production."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="promotions")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="promotions")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="promotions"
    )
    is_roll_back = models.BooleanField(default=False)
    snapshot = models.ForeignKey(  # the result that the variant was promoted for, if any
        "Snapshot", models.SET_NULL, null=True, related_name="promotions"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
