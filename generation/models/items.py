"""What is reviewed, what is said of it, and what that teaches."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.utils import timezone
from pgvector.django import HnswIndex, VectorField

from generation.models.documents import Passage
from prompts.models import Variant
from qareview.models import Job, Project


class ItemState(models.TextChoices):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ASIDE = "aside"  # nobody decided on it, and it is not given out; the item says why


class ItemQuerySet(models.QuerySet["Item"]):
    def for_list(self) -> "ItemQuerySet":
        """Load what a list shows of its items in a fixed number of queries."""
        questions = Question.objects.select_related("variant__prompt")
        reviews = Review.objects.select_related("reviewer")
        return (
            self.select_related("passage__document")
            .defer(*(f"passage__document__{name}" for name in ("text", "left_out", "page_starts")))
            .prefetch_related(Prefetch("questions", questions), Prefetch("reviews", reviews))
        )

    def for_desk(self) -> "ItemQuerySet":
        """Load what the desk shows of an item in a fixed number of queries."""
        return self.for_list().select_related("project", "variant__prompt", "held_by")

    def free_for(self, user: Any) -> "ItemQuerySet":
        """Keep what is pending and not on somebody else's desk, in the order ``user`` gets it.

        What is on the user's own desk comes first, then what the checks think best of; what the
        user skipped comes last, longest ago first.
        """
        skips = (
            Review.objects.standing()
            .filter(item=OuterRef("pk"), reviewer=user, verdict=Verdict.SKIPPED)
            .order_by("-id")
        )
        mine = Q(held_by=user, held_until__gte=timezone.now())
        free = Q(held_until__lt=timezone.now()) | Q(held_until=None)
        return (
            self.filter(mine | free, state=ItemState.PENDING)
            .annotate(is_mine=models.Case(models.When(mine, then=0), default=1))
            .annotate(skip=Subquery(skips.values("id")[:1]))
            .order_by("is_mine", F("skip").asc(nulls_first=True), "-score", "id")
        )

    def counts(self) -> dict[str, int]:
        """Return how many items are in each state."""
        states = {state: Count("pk", filter=Q(state=state)) for state in ItemState.values}
        return dict(self.aggregate(items=Count("pk"), **states))


def _nearest(name: str) -> HnswIndex:
    """Return an index that finds the most similar embedding without looking at every one."""
    return HnswIndex(name=name, fields=["embedding"], opclasses=["vector_cosine_ops"])


class Drafted(models.Model):
    """Text by a model or out of a table, where it came from, and what the checks say of it."""

    model = models.CharField(max_length=100, blank=True)
    parameters: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    flags = ArrayField(models.CharField(max_length=30), default=list)
    scores: "models.JSONField[dict[str, float], dict[str, float]]" = models.JSONField(default=dict)
    score = models.FloatField(default=0.5)  # all scores in one, 0 to 1: orders the desk
    embedding = VectorField(dimensions=384, null=True)  # of its text, unit length

    class Meta:
        abstract = True


class Item(Drafted):
    """What is reviewed: a passage, an answer drafted from it, and the questions asked for that.

    ``state`` follows from the reviews, and is written with them in one transaction. ``version``
    grows with every change, so that a form made from an older one is recognised.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="items")
    passage = models.ForeignKey(Passage, models.CASCADE, related_name="items")
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="items", null=True
    )  # None: no model wrote it, it was imported
    number = models.PositiveIntegerField(default=1)
    answer = models.TextField()
    support: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(
        default=list
    )  # [{"start", "end" in the answer, "from", "to" in the passage, "score"}], a sentence each
    created_at = models.DateTimeField(default=timezone.now)
    aside = models.CharField(max_length=200, blank=True)  # why it is not given out, if it is not

    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.PENDING)
    version = models.PositiveIntegerField(default=1)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    held_until = models.DateTimeField(null=True)

    objects: ClassVar[ItemQuerySet] = ItemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("passage", "variant", "number"),
                nulls_distinct=False,
                name="item_once_per_draft",
            ),
        )
        indexes = (
            models.Index(fields=("project", "state", "-score", "id"), name="item_desk"),
            _nearest("item_nearest"),
        )

    @property
    def question(self) -> "Question":
        """The best candidate question."""
        return self.questions.all()[0]

    @property
    def drafts(self) -> "list[tuple[str, Item | Question]]":
        """What a model wrote of it, each with its name; nothing of what was imported."""
        return [] if self.is_imported else [("Answer", self), ("Question", self.question)]

    @property
    def is_imported(self) -> bool:
        """Whether it is a row of a table; ``parameters`` say which."""
        return self.variant_id is None

    @property
    def decisions(self) -> list["Review"]:
        """The reviews that count, the oldest first: not withdrawn, and more than a skip."""
        return [
            review
            for review in self.reviews.all()
            if review.withdrawn_at is None and review.verdict != Verdict.SKIPPED
        ]

    @property
    def decision(self) -> "Review | None":
        """The last review that counts: the item's state follows from it."""
        return self.decisions[-1] if self.decisions else None


class Question(Drafted):
    """A candidate question of an item, the best one first."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="questions")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="questions", null=True)
    rank = models.PositiveSmallIntegerField(default=1)
    text = models.TextField()

    class Meta:
        ordering = ("rank",)
        constraints = (
            models.UniqueConstraint(fields=("item", "rank"), name="question_rank_per_item"),
        )
        indexes = (_nearest("question_nearest"),)


class Verdict(models.TextChoices):
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    SKIPPED = "skipped"


class ReviewQuerySet(models.QuerySet["Review"]):
    def standing(self) -> "ReviewQuerySet":
        return self.filter(withdrawn_at=None)


class Review(models.Model):
    """One person's word on an item: appended, never changed; withdrawn, it stays on record."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews")
    submission = models.UUIDField(unique=True)  # made with the form: what comes twice counts once
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    reason = models.CharField(max_length=120, blank=True)
    comment = models.TextField(blank=True)
    seconds = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    objects: ClassVar[ReviewQuerySet] = ReviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("reviewer", "-id"), name="review_undo"),)


class Acceptance(Job):
    """What a project's decisions tell about which items reviewers accept: a trained classifier."""

    task = "generation.tasks.learn_acceptance"

    project = models.OneToOneField(Project, models.CASCADE, related_name="acceptance")
    decisions = models.PositiveIntegerField(default=0)  # it was learned from, of which
    accepted = models.PositiveIntegerField(default=0)  # so many
    weights: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    auc = models.FloatField(null=True)  # cross-validated, with its 95 % interval
    auc_low = models.FloatField(null=True)
    auc_high = models.FloatField(null=True)
    note = models.TextField(blank=True)  # why there is nothing to predict with, if so

    @property
    def orders_the_desk(self) -> bool:
        """Whether it predicts better than chance, by its interval; else the checks order."""
        return self.auc_low is not None and self.auc_low > 0.5
