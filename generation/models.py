"""From documents to released triples: the nouns."""

import json
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from pgvector.django import HnswIndex, VectorField

from prompts.models import Variant
from qareview import completions
from qareview.models import Job, JobState, Project


def original_path(document: "Document", name: str) -> str:
    """Return where an original is kept: under its own hash, never under a name a user chose."""
    return f"{document.project_id}/{document.sha256[:2]}/{document.sha256}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def for_list(self) -> "DocumentQuerySet":
        """Leave the text out; add how many passages and items there are, and how far they are."""
        current = Passage.objects.filter(document=OuterRef("pk"), superseded_at=None)
        passages = current.order_by().values("document")
        of_items = Item.objects.filter(passage__document=OuterRef("pk")).order_by()
        items = of_items.values("passage__document")

        def count(rows: Any, **condition: Any) -> Any:
            counted = rows.annotate(n=Count("pk", filter=Q(**condition))).values("n")
            return Coalesce(Subquery(counted), 0)

        members = Document.objects.filter(archive=OuterRef("pk")).order_by().values("archive")
        return self.defer("text", "left_out", "page_starts", "survey").annotate(
            member_count=count(members),
            passage_count=count(passages),
            moving_count=count(passages, state__in=(JobState.QUEUED, JobState.RUNNING)),
            held_count=count(passages, state=JobState.HELD),
            noted_count=count(passages.exclude(note=""), state=JobState.DONE),
            drafted_count=count(passages, state=JobState.DONE),
            undrafted_count=count(passages, state=JobState.FAILED),
            item_count=count(items),
            pending_count=count(items, state=ItemState.PENDING),
        )


class Document(Job):
    """A file as it came, and the text that was read from it."""

    task = "generation.tasks.read_documents"

    project = models.ForeignKey(Project, models.CASCADE, related_name="documents")
    name = models.CharField(max_length=255)
    original = models.FileField(upload_to=original_path, max_length=255, blank=True)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True)  # Markdown; passages are slices of it
    page_starts = ArrayField(models.PositiveIntegerField(), default=list)  # offsets into text
    left_out: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(
        default=list
    )  # [{"start", "end", "reason"}]: with the passages, these cover the text
    language = models.CharField(max_length=8, blank=True)  # ISO 639-1, as detected
    survey: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict
    )  # of a table, before somebody chose its columns: see columns.survey
    columns: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        default=dict
    )  # {"context": column}, and of triples "question" and "answer" as well
    note = models.TextField(blank=True)  # what of it was not imported, and why
    archive = models.ForeignKey("self", models.SET_NULL, null=True, related_name="members")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)

    objects: ClassVar[DocumentQuerySet] = DocumentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(Job.Meta):
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("project", "sha256"),
                condition=~Q(sha256=""),
                name="document_once_per_project",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_triples(self) -> bool:
        """Whether its rows are items already, from which nothing is to be drafted."""
        return "question" in self.columns

    def parts(self) -> list[dict[str, Any]]:
        """The whole text in order: passages, and between them what was left out with the reason."""
        current = self.passages.filter(superseded_at=None).select_related("same_as", "excluded_by")
        passages = [{"start": row.start, "passage": row} for row in current]
        gaps = [{**gap, "text": self.text[gap["start"] : gap["end"]]} for gap in self.left_out]
        shown = [gap for gap in gaps if gap["text"].strip()]
        return sorted([*passages, *shown], key=lambda part: part["start"])

    def earlier_passages(self) -> "models.QuerySet[Passage]":
        """Passages of an earlier cut that are kept because they have reviews."""
        return self.passages.exclude(superseded_at=None).prefetch_related("items")


class Passage(Job):
    """A piece of a document: ``passage.text == document.text[passage.start:passage.end]``."""

    task = "generation.tasks.draft_passages"

    document = models.ForeignKey(Document, models.CASCADE, related_name="passages")
    position = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    text = models.TextField()
    headings = ArrayField(models.TextField(), default=list)  # outermost first
    first_page = models.PositiveIntegerField(null=True)
    last_page = models.PositiveIntegerField(null=True)
    note = models.TextField(blank=True)  # why it has fewer items or questions than were asked for
    bands = ArrayField(models.BigIntegerField(), default=list)  # of its MinHash signature
    same_as = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="near_duplicates"
    )  # the first of a group of near-duplicates, the only one that is drafted
    excluded_at = models.DateTimeField(null=True)
    excluded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    superseded_at = models.DateTimeField(null=True)  # it is of an earlier cut, and has reviews

    class Meta(Job.Meta):
        ordering = ("document_id", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("document", "position"),
                condition=Q(superseded_at=None),
                name="passage_position",
            ),
        )
        indexes = (  # type: ignore[assignment]
            *Job.Meta.indexes,
            GinIndex(fields=("bands",), name="passage_bands"),
        )

    @classmethod
    def withheld(cls) -> Q:
        return Q(document__project__in=completions.stopped_projects())


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
            .defer("passage__document__text", "passage__document__left_out")
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


class Release(Job):
    """What was accepted at one moment, frozen: its rows are copies."""

    task = "generation.tasks.freeze_releases"

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


class Split(models.TextChoices):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class ReleaseRow(models.Model):
    """One approved triple as it was when the release was frozen."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    split = models.CharField(max_length=10, choices=Split.choices)
    line = models.TextField()  # the triple as JSON; as text, since jsonb forgets the keys' order

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("release", "position"), name="release_row_position"),
        )

    @property
    def triple(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.line)
        return found
