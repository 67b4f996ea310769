"""Prompt candidates: proposed wordings that wait for approval, and the searches for them."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from prompts.models.prompts import Prompt, Variant
from qareview import completions
from qareview.fields import SentenceField
from qareview.models import Exchange, Job
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder


class Way(models.TextChoices):
    """How the wording of a candidate is made."""

    STRUCTURE = "structure", _("restructured by rules")
    REWRITE = "rewrite", _("rewritten by a model")
    CROSSING = "crossing", _("crossed with another variant by rules")
    REPAIR = "repair", _("improved by a model, based on rejected outputs")


class CandidateState(models.TextChoices):
    PENDING = gettext_noop("pending"), _("Pending")
    ACCEPTED = gettext_noop("accepted"), _("Accepted")
    REJECTED = gettext_noop("rejected"), _("Rejected")


class Search(Job):
    """A job that makes ``wanted`` candidates of a prompt from its variant ``seed``."""

    task = "prompts.tasks.make_candidates"

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="searches")
    seed = models.ForeignKey(Variant, models.RESTRICT, related_name="searches")
    other = models.ForeignKey(  # the variant that ``seed`` is crossed with
        Variant, models.RESTRICT, null=True, related_name="crossed_in"
    )
    wanted = models.PositiveSmallIntegerField(default=6)
    ways = ArrayField(models.CharField(max_length=10, choices=Way.choices))
    about = models.CharField(max_length=300, blank=True)  # a description of the data
    tip = models.CharField(max_length=200, blank=True)
    note = SentenceField()  # why there are fewer candidates than wanted
    dropped: "models.JSONField[list[dict[str, str]], list[dict[str, str]]]" = models.JSONField(
        default=list, encoder=SentenceEncoder, decoder=SentenceDecoder
    )  # [{"text", "reason"}]
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="searches"
    )

    class Meta(Job.Meta):
        ordering = ("-id",)

    @classmethod
    def withheld(cls) -> Q:
        stopped = Q(prompt__project__in=completions.stopped_projects())
        return stopped | Q(prompt__binned_at__isnull=False)


class Candidate(models.Model):
    """A proposed wording; accepting it, perhaps edited, makes it a variant."""

    search = models.ForeignKey(Search, models.CASCADE, related_name="candidates")
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="candidates")
    number = models.PositiveSmallIntegerField()
    way = models.CharField(max_length=10, choices=Way.choices)
    how = SentenceField()  # how it differs from the seed
    system = models.TextField(blank=True)
    template = models.TextField()
    examples: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(
        default=list
    )
    exchange = models.ForeignKey(  # None: made by rules, or it was not recorded yet
        Exchange, models.DO_NOTHING, null=True, related_name="candidates"
    )
    state = models.CharField(
        max_length=8, choices=CandidateState.choices, default=CandidateState.PENDING
    )
    place = models.PositiveSmallIntegerField(null=True)  # among those of its search: 1 is best
    reason = models.CharField(max_length=200, blank=True)
    variant = models.OneToOneField(
        Variant, models.RESTRICT, null=True, related_name="candidate"
    )  # made from this candidate
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("search", "number")
        constraints = (
            models.UniqueConstraint(fields=("search", "number"), name="candidate_number"),
        )

    @property
    def asks_a_model(self) -> bool:
        """Whether a model wrote it."""
        return self.way in (Way.REWRITE, Way.REPAIR)
