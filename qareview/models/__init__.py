"""Projects, and the models of background work: Job and Worker. Members have a module."""

import json
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from qareview.fields import CompressedField, SentenceField
from qareview.models.members import (
    INVITATION_DAYS,
    Invitation,
    InvitationQuerySet,
    KeyMap,
    Membership,
    OwnZone,
    Role,
    invitation_end,
    invitation_token,
)

__all__ = [
    "INVITATION_DAYS",
    "MODEL_TASKS",
    "AddedModel",
    "Binnable",
    "DeskOrder",
    "Exchange",
    "Invitation",
    "InvitationQuerySet",
    "Job",
    "JobState",
    "KeyMap",
    "Membership",
    "ModelFetch",
    "OutOfBin",
    "OwnZone",
    "Project",
    "ProjectQuerySet",
    "Role",
    "StoredCompletion",
    "Worker",
    "default_reject_reasons",
    "invitation_end",
    "invitation_token",
]

B = TypeVar("B", bound=models.Model)


class Binnable(models.Model):
    """A model whose rows can be moved to the bin: see :mod:`qareview.bin`.

    ``objects`` of such a model are the rows that are not in the bin, ``everything`` all rows.
    """

    binned_at = models.DateTimeField(null=True)
    binned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    goes_at = models.DateTimeField(null=True)  # until then it can be restored

    class Meta:
        abstract = True
        indexes = (
            models.Index(
                fields=("goes_at",),
                name="%(class)s_bin",
                condition=models.Q(goes_at__isnull=False),
            ),
        )

    @property
    def is_in_bin(self) -> bool:
        """Whether it is in the bin and can still be restored."""
        return self.goes_at is not None and self.goes_at > timezone.now()


class OutOfBin(models.Manager[B]):
    """Returns the rows that are not in the bin."""

    def get_queryset(self) -> models.QuerySet[B]:
        return super().get_queryset().filter(binned_at=None)


def default_reject_reasons() -> list[str]:
    """Return the rejection reasons of a new project, in the current language."""
    return [
        gettext("The question cannot be answered from the passage"),
        gettext("The answer is wrong"),
        gettext("The question is unclear"),
        gettext("Not worth asking"),
        gettext("The passage is unusable"),
    ]


class DeskOrder(models.TextChoices):
    """The order in which the desk hands out items."""

    BEST = "best", _("best first")
    UNCERTAIN = "uncertain", _("most uncertain first")
    RANDOM = "random", _("random")
    DOCUMENT = "document", _("document by document")
    ASSIGNED = "assigned", _("only assigned items")


class ProjectQuerySet(models.QuerySet["Project"]):
    def of(self, user: AbstractBaseUser | AnonymousUser) -> "ProjectQuerySet":
        """Filter to the projects that a user is a member of."""
        return self.filter(memberships__user_id=user.pk or 0)

    def restorable_by(self, user: AbstractBaseUser | AnonymousUser) -> "ProjectQuerySet":
        """Filter to projects in the bin that a user may restore, as their admin or a superuser."""
        restorable = self.filter(goes_at__gt=timezone.now()).select_related("binned_by")
        if getattr(user, "is_superuser", False):
            return restorable
        return restorable.filter(memberships__user_id=user.pk or 0, memberships__role=Role.ADMIN)


ProjectsOutOfBin = OutOfBin.from_queryset(ProjectQuerySet)


class Project(Binnable):
    """A team's documents, prompts and items, visible to its members only."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    guidelines = models.TextField(
        blank=True,
        help_text=_(
            "Markdown. Reviewers press G at the desk to see it. {{ language }} "
            "stands for the item’s language."
        ),
    )
    reject_reasons = ArrayField(models.CharField(max_length=120), default=default_reject_reasons)
    model = models.CharField(max_length=100, blank=True)  # in settings.MODELS; empty: the default
    language = models.CharField(max_length=8, blank=True)  # ISO 639-1; empty: each document's own
    passage_length = models.PositiveIntegerField(default=220)  # tokens, at most
    items_per_passage = models.PositiveSmallIntegerField(default=1)
    questions_per_answer = models.PositiveSmallIntegerField(default=1)
    lowest_score = models.FloatField(null=True)  # items below it are set aside; None: none is
    asks_back = models.BooleanField(default=False)  # a model answers each question, to check it
    reviews_per_item = models.PositiveSmallIntegerField(default=1)  # by different people
    order = models.CharField(max_length=9, choices=DeskOrder.choices, default=DeskOrder.BEST)
    calibration_percent = models.PositiveSmallIntegerField(default=0)  # of items go to everyone
    budget_tokens = models.PositiveBigIntegerField(null=True)  # None: no limit
    budget_cost = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    is_paused = models.BooleanField(default=False)  # while it is, nothing is drafted
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[ProjectQuerySet] = ProjectsOutOfBin()  # type: ignore[assignment]
    everything: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Binnable.Meta):
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def has_members_besides(self, user: Any) -> bool:
        """Whether somebody else could review or decide on what a user wrote."""
        return self.memberships.exclude(user=user).exists()


class JobState(models.TextChoices):
    """The state of a job."""

    QUEUED = gettext_noop("queued"), _("Queued")
    RUNNING = gettext_noop("running"), _("Running")
    DONE = gettext_noop("done"), _("Done")
    FAILED = gettext_noop("failed"), _("Failed")
    HELD = gettext_noop("held"), _("On hold")  # until a person queues it again


MODEL_TASKS = ("qareview.tasks.ask_models_here", "qareview.tasks.ask_servers")  # see shares.py


class Job(models.Model):
    """Work in the background: it is queued, claimed under a lease, then done or failed.

    Only :mod:`qareview.jobs` changes the state of a job.
    """

    tasks: ClassVar[tuple[str, ...]]  # the names of the Celery tasks that work on these jobs

    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.CharField(max_length=120, blank=True)  # the worker's name, “/”, a random id
    lease_until = models.DateTimeField(null=True)
    error = SentenceField()
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = (
            models.Index(
                fields=("attempts", "queued_at", "id"),
                name="%(class)s_queue",
                condition=models.Q(state=JobState.QUEUED),
            ),
            models.Index(
                fields=("lease_until",),
                name="%(class)s_lease",
                condition=models.Q(state=JobState.RUNNING),
            ),
        )

    @classmethod
    def withheld(cls) -> models.Q:
        """Return the condition for queued jobs that must wait, such as those of paused projects."""
        return models.Q(pk__in=())


class StoredCompletion(models.Model):
    """The completion of a request, and its cost. It is used again for equal requests.

    The rows of a project are the record of what it has spent: see :mod:`qareview.completions`.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="completions")
    key = models.CharField(max_length=64, unique=True)  # SHA-256 of model and request
    model = models.CharField(max_length=100)
    text = models.TextField(blank=True)
    raw = models.TextField(blank=True)  # what the model wrote; empty: the same as ``text``
    tokens_in = models.PositiveIntegerField()
    tokens_out = models.PositiveIntegerField()
    milliseconds = models.PositiveIntegerField()
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    cut_off = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)


class Exchange(models.Model):
    """A request to a model as it was sent, and the model’s reply before anything was cut from it.

    Every text that a model wrote refers to one, and texts from one reply to the same: see
    :mod:`qareview.exchanges`.
    """

    key = models.CharField(max_length=64, unique=True)  # SHA-256 of model, request and reply
    model = models.CharField(max_length=100)
    content: CompressedField = CompressedField()  # what the properties below return
    tokens_in = models.PositiveIntegerField()
    tokens_out = models.PositiveIntegerField()
    milliseconds = models.PositiveIntegerField()
    cut_off = models.BooleanField()
    sent_at = models.DateTimeField(default=timezone.now)

    @property
    def messages(self) -> list[dict[str, str]]:
        """The messages, each with its role and content."""
        messages: list[dict[str, str]] = self.content["messages"]
        return messages

    @property
    def parameters(self) -> dict[str, Any]:
        """How the model was asked to write, such as the most tokens and the temperature."""
        return dict(self.content["parameters"])

    @property
    def schema(self) -> str:
        """The JSON schema that the reply should meet; empty if there is none."""
        schema = self.parameters.get("schema")
        return json.dumps(schema, indent=2, ensure_ascii=False) if schema else ""

    @property
    def prompt(self) -> str:
        """The text that the model’s chat template made of the messages; empty if unknown.

        A server makes it itself, and that of a reply that was used again is not stored.
        """
        return str(self.content["prompt"])

    @property
    def reply(self) -> str:
        """What the model wrote, with its thoughts and special tokens."""
        return str(self.content["reply"])

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000


class AddedModel(models.Model):
    """A language model that an admin of the installation added on the page “Models”.

    Projects and prompts refer to it by its name, as to the models in settings.MODELS.
    """

    name = models.CharField(max_length=100, unique=True)
    backend = models.CharField(max_length=20)  # a module of qareview.backends
    url = models.CharField(max_length=500, blank=True)  # of a server with OpenAI’s API
    served_name = models.CharField(max_length=200, blank=True)  # the model’s name there
    encrypted_key = models.TextField(blank=True)  # see qareview.encryption; empty: it needs none
    path = models.CharField(max_length=500, blank=True)  # the folder of a model on this machine
    context = models.PositiveIntegerField(null=True)  # tokens; None: unknown
    price_in = models.DecimalField(max_digits=12, decimal_places=4, default=0)  # a million tokens
    price_out = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    concurrency = models.PositiveSmallIntegerField(default=8)  # requests sent at once
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def options(self) -> dict[str, Any]:
        """Return what :func:`qareview.backends.model_options` returns, the key still encrypted."""
        own: dict[str, dict[str, Any]] = {
            "transformers": {"path": self.path},
            "openai": {
                "url": self.url,
                "name": self.served_name,
                "encrypted_key": self.encrypted_key,
                "concurrency": self.concurrency,
            },
        }
        limit = {"context": self.context} if self.context else {}
        prices = {"price_in": self.price_in, "price_out": self.price_out}
        return {"backend": self.backend, **own[self.backend], **limit, **prices}


class Worker(models.Model):
    """A worker process, when it last reported, and what keeps it from working."""

    name = models.CharField(max_length=120, unique=True)
    heard_at = models.DateTimeField(default=timezone.now)
    trouble = SentenceField()
    project_troubles: Any = SentenceField(default=dict)  # by id; each for its own members alone


class ModelFetch(Job):
    """A model of a hub that a worker fetches, or has fetched; then ``model`` is set.

    See :mod:`qareview.fetching`.
    """

    tasks = ("qareview.tasks.fetch_models",)

    hub_id = models.CharField(max_length=96)  # such as org/name
    revision = models.CharField(max_length=100, blank=True)  # a branch, tag or commit; empty: main
    commit = models.CharField(max_length=40, blank=True)  # that is being fetched; empty: not known
    encrypted_token = models.TextField(blank=True)  # see qareview.encryption; empty once fetched
    name = models.CharField(max_length=100)  # that the model gets in QAReview
    context = models.PositiveIntegerField(null=True)
    folder = models.CharField(max_length=120, unique=True)  # in the folder of fetched models
    size = models.PositiveBigIntegerField(default=0)  # bytes of all files; 0: not known
    fetched = models.PositiveBigIntegerField(default=0)  # bytes that are here
    model = models.OneToOneField(AddedModel, models.CASCADE, null=True, related_name="fetch")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta(Job.Meta):
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
