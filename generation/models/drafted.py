"""What items and questions have in common: they are drafted."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from pgvector.django import VectorField

from qareview.models import Exchange

SAMPLING = ("max_tokens", "temperature", "seed")


class Drafted(models.Model):
    """Text from a model or a table, its origin, and the results of the checks."""

    model = models.CharField(max_length=100, blank=True)
    parameters: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    exchange = models.ForeignKey(  # None: no model was asked, or it was not recorded yet
        Exchange, models.DO_NOTHING, null=True, related_name="%(class)ss"
    )
    flags = ArrayField(models.CharField(max_length=30), default=list)
    scores: "models.JSONField[dict[str, float], dict[str, float]]" = models.JSONField(default=dict)
    score = models.FloatField(default=0.5)  # all scores combined, 0 to 1; can order the desk
    embedding = VectorField(dimensions=384, null=True)  # of the text, normalised to length 1

    class Meta:
        abstract = True

    @property
    def sampling(self) -> dict[str, Any]:
        """How the model was asked to write the text: its parameters."""
        return {name: self.parameters[name] for name in SAMPLING if name in self.parameters}
