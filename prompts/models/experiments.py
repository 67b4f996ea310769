"""Experiments, their variants and cases, and the runs of each variant on each case."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from prompts.models.prompts import Prompt, Variant
from qareview import completions
from qareview.fields import SentenceField
from qareview.models import MODEL_TASKS, Exchange, Job, JobState, Project

LAST_RUNG = 2  # of the screening, the rung on which all cases run


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def for_list(self, user: Any) -> "ExperimentQuerySet":
        """Annotate the numbers of runs, ended runs, comparisons and the user's own comparisons."""
        from prompts.models.comparisons import Comparison  # upwards: that module imports this

        def count(rows: Any, **condition: Any) -> Any:
            own = rows.filter(experiment=OuterRef("pk")).order_by().values("experiment")
            counted = own.annotate(n=Count("pk", filter=Q(**condition))).values("n")
            return Coalesce(Subquery(counted), 0)

        votes = Comparison.objects.standing().exclude(reviewer=None)
        return self.select_related("prompt", "created_by").annotate(
            run_count=count(Run.objects.exclude(state=JobState.HELD)),
            done_count=count(Run.objects, state__in=(JobState.DONE, JobState.FAILED)),
            compared_count=count(votes),
            own_count=count(votes, reviewer=user.pk),
        )


class Experiment(models.Model):
    """Variants of a prompt that run on the same cases, so that people can compare the outputs."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="experiments")
    number = models.PositiveIntegerField()
    question = models.CharField(max_length=200)  # shown to the people who compare
    variants: "models.ManyToManyField[Variant, Entrant]" = models.ManyToManyField(
        Variant, through="Entrant", related_name="experiments"
    )
    repeats = models.PositiveSmallIntegerField(default=1)  # runs of each variant on each case
    seed = models.PositiveIntegerField(default=1)  # for drawing and shuffling cases
    reviewers_per_pair = models.PositiveSmallIntegerField(default=2)  # at most
    shown_at_once = models.PositiveSmallIntegerField(default=2)  # outputs: 2, or 3 to 6 to rank
    pattern = models.TextField(blank=True)  # regular expression that an output has to match
    schema: "models.JSONField[Any, Any]" = models.JSONField(null=True)  # JSON schema to meet
    screens_by = models.CharField(max_length=20, blank=True)  # name of a score; empty: no screening
    rung = models.PositiveSmallIntegerField(default=0)  # of the screening, the current one
    without = ArrayField(models.IntegerField(), default=list)  # ids of people who are excluded
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="experiments"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # no votes after that

    objects: ClassVar[ExperimentQuerySet] = ExperimentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("prompt", "number"), name="experiment_number"),
        )

    def __str__(self) -> str:
        return f"{self.prompt.task} {self.number}"

    @property
    def is_screening(self) -> bool:
        """Whether variants may still be dropped before people compare them."""
        return bool(self.screens_by) and self.rung < LAST_RUNG

    @property
    def is_open(self) -> bool:
        """Whether its outputs may be compared."""
        is_running = self.started_at is not None and self.ended_at is None
        return is_running and not self.is_screening


class Entrant(models.Model):
    """A variant in an experiment, and why it was dropped, if it was."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="entrants")
    variant = models.ForeignKey(Variant, models.RESTRICT, related_name="entrants")
    aside_at = models.DateTimeField(null=True)
    aside = SentenceField()

    class Meta:
        ordering = ("variant__number",)
        constraints = (
            models.UniqueConstraint(fields=("experiment", "variant"), name="entrant_once"),
        )


class Case(models.Model):
    """Values for a prompt's variables, perhaps with a reference."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="cases")
    position = models.PositiveIntegerField()
    values: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField()
    reference = models.TextField(blank=True)
    other_references = ArrayField(models.TextField(), default=list)  # that are as good
    item = models.PositiveBigIntegerField(null=True)  # the approved item it was copied from
    passage = models.PositiveBigIntegerField(null=True)  # that item's passage

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("experiment", "position"), name="case_position"),
        )

    @property
    def references(self) -> list[str]:
        """All references, none of them empty."""
        return [text for text in (self.reference, *self.other_references) if text]


class CaseSet(models.Model):
    """Cases that are kept with a project, so that several experiments can use them."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="case_sets")
    name = models.CharField(max_length=60)
    rows: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField()
    count = models.PositiveIntegerField()  # of rows, for lists, which do not load them
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="case_sets"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("project", "name"), name="case_set_name"),)

    def __str__(self) -> str:
        return self.name


class Run(Job):
    """A variant's output for a case: the first is the likeliest text, repeats are sampled."""

    tasks = MODEL_TASKS

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="runs")
    variant = models.ForeignKey(Variant, models.RESTRICT, related_name="runs")
    case = models.ForeignKey(Case, models.CASCADE, related_name="runs")
    number = models.PositiveSmallIntegerField(default=1)  # of the repeat, also its seed
    output = models.TextField(blank=True)
    model = models.CharField(max_length=100, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    cut_off = models.BooleanField(default=False)
    exchange = models.ForeignKey(  # None: it has no output yet, or it was not recorded yet
        Exchange, models.DO_NOTHING, null=True, related_name="runs"
    )
    scores: "models.JSONField[dict[str, float], dict[str, float]]" = models.JSONField(default=dict)
    flags = ArrayField(models.CharField(max_length=30), default=list)

    class Meta(Job.Meta):
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "variant", "case", "number"), name="run_once"
            ),
        )

    @classmethod
    def withheld(cls) -> Q:
        stopped = Q(experiment__prompt__project__in=completions.stopped_projects())
        aside = Entrant.objects.filter(
            experiment=OuterRef("experiment"),
            variant=OuterRef("variant"),
            aside_at__isnull=False,
        )
        over = Q(experiment__ended_at__isnull=False) | Q(Exists(aside))
        return stopped | over | Q(experiment__prompt__binned_at__isnull=False)

    @property
    def is_done(self) -> bool:
        return self.state == JobState.DONE
