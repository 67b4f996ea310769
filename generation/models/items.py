"""What is reviewed, and what the reviews teach."""

import random
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Count, F, Prefetch, Q
from django.db.models.functions import Abs
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from pgvector.django import HnswIndex, VectorField

from generation.models.documents import Document, Passage
from generation.models.reviews import Review
from prompts.models import Variant
from qareview.fields import SentenceField
from qareview.locking import lock_rows
from qareview.models import Job, Project

UNSHOWN = ("text", "left_out", "page_starts", "survey")  # of a document, where its items are


class ItemState(models.TextChoices):
    PENDING = (
        gettext_noop("pending"),
        _("Pending"),
    )  # fewer decided on it than the project asks for
    ACCEPTED = gettext_noop("accepted"), _("Accepted")
    REJECTED = gettext_noop("rejected"), _("Rejected")
    DISPUTED = gettext_noop("disputed"), _("Disputed")  # they differ, and no admin decided yet
    ASIDE = (
        gettext_noop("aside"),
        _("Aside"),
    )  # undecided, and not given out; the item says why


# the state of an item while its document is in the bin: none but `Item.everything` finds it
BINNED = "binned"
NOT_GIVEN_OUT = (ItemState.ASIDE, BINNED)


class AsideReason(models.TextChoices):
    """Why an item is set aside."""

    LOW_SCORE = "low score", _("Low score")
    EXCLUDED = "excluded", _("Passage excluded")
    CUT_AGAIN = "cut again", _("Passage cut again")
    ASKED = "asked", _("Colleague asked")
    DRAFTED_AGAIN = "drafted again", _("Drafted again")
    OTHER = "other", _("Another reason")  # by a version whose sentence is not known any more


class Purpose(models.TextChoices):
    """Whom an item goes to: as many as the project asks for, or everyone."""

    USUAL = ""
    CALIBRATION = (
        gettext_noop("calibration"),
        _("Calibration"),
    )  # everyone: how far do they agree?
    GOLD = gettext_noop("gold"), _("Gold")  # everyone: do they decide as an admin?


# what the desk gives out, to those who have not decided on it yet
OPEN = Q(state=ItemState.PENDING) | Q(purpose__in=(Purpose.CALIBRATION, Purpose.GOLD))
# what can tell how far people agree
COMPARED = Q(reviewers__len__gte=2)
# what waits for more people than have decided on it
BEGUN = Q(state=ItemState.PENDING) & ~Q(reviewers=[])
# by what the wording it was drafted with is judged
OUTCOME = Q(
    purpose=Purpose.USUAL,
    state__in=(ItemState.ACCEPTED, ItemState.REJECTED, ItemState.DISPUTED),
)


def reviews_shown_to(user: Any) -> Q:
    """Return the condition of :meth:`Item.shows_reviews_to`."""
    is_undecided = OPEN | Q(state__in=NOT_GIVEN_OUT)
    return ~is_undecided | Q(reviewers__contains=[user.pk])


def state_shown(state: str, user: Any) -> Q:
    """Return the condition of :meth:`Item.state_for` being a state."""
    is_own = Q(reviewers__contains=[user.pk])
    for_everyone = Q(purpose__in=(Purpose.CALIBRATION, Purpose.GOLD))
    if state == ItemState.PENDING:
        return Q(state=state) | (for_everyone & ~Q(state=ItemState.ASIDE) & ~is_own)
    if state == ItemState.ASIDE:
        return Q(state=state)
    return Q(state=state) & (~for_everyone | is_own)


UNSURE = Abs(F("score") - 0.5)  # how far it is from being undecided


class ItemQuerySet(models.QuerySet["Item"]):
    def for_list(self) -> "ItemQuerySet":
        """Load what a list shows of its items in a fixed number of queries."""
        questions = Question.objects.select_related("variant__prompt").defer("embedding")
        reviews = Review.objects.select_related("reviewer")
        return (
            self.select_related("passage", "document")
            .defer(*(f"document__{name}" for name in UNSHOWN), "passage__bands", "search")
            .prefetch_related(Prefetch("questions", questions), Prefetch("reviews", reviews))
        )

    def for_desk(self) -> "ItemQuerySet":
        """Load what the page of an item shows in a fixed number of queries."""
        return self.for_list().select_related("project", "variant__prompt")

    def open_to(self, user: Any) -> "ItemQuerySet":
        """Keep what may be given to a user: open, and not decided by them."""
        return (
            self.filter(OPEN)
            .exclude(state__in=NOT_GIVEN_OUT)
            .exclude(reviewers__contains=[user.pk])
        )

    def reviews_shown_to(self, user: Any) -> "ItemQuerySet":
        """Keep those of which a user may see what others said."""
        return self.filter(reviews_shown_to(user))

    def in_state_for(self, user: Any, state: str) -> "ItemQuerySet":
        """Keep what is in a state as far as a user may know."""
        return self.filter(state_shown(state, user))

    def disputed_for(self, user: Any) -> "ItemQuerySet":
        """Keep what an admin may decide on between reviewers, and will not be asked about."""
        return self.in_state_for(user, ItemState.DISPUTED)

    def lock(self) -> list[int]:
        """Lock the items until the transaction ends; return their ids."""
        return lock_rows(self)

    def counts(self) -> dict[str, int]:
        """Return how many items are in each state."""
        states = {state: Count("pk", filter=Q(state=state)) for state in ItemState.values}
        return dict(self.aggregate(items=Count("pk"), **states))


class NotBinned(models.Manager["Item"]):
    """Gives the items whose documents are not in the bin."""

    def get_queryset(self) -> "models.QuerySet[Item]":
        return super().get_queryset().exclude(state=BINNED)


ItemsOutOfBin = NotBinned.from_queryset(ItemQuerySet)


def _nearest(name: str, condition: Q | None = None) -> HnswIndex:
    """Return an index that finds the most similar embedding without looking at every one."""
    return HnswIndex(
        name=name, fields=["embedding"], opclasses=["vector_cosine_ops"], condition=condition
    )


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


def anywhere() -> float:
    """Return a place in the random order of items, 0 to 1."""
    return random.random()  # noqa: S311  nobody gains by guessing it


class Item(Drafted):
    """What is reviewed: a passage, an answer drafted from it, and the questions asked for that.

    ``state`` and ``reviewers`` follow from the reviews, and are written with them in one
    transaction: see :mod:`generation.review.decisions`.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="items")
    # its passage's; that one's constraint holds for both, and a second lock could come crosswise
    document = models.ForeignKey(
        Document, models.CASCADE, related_name="items", db_constraint=False
    )
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
    aside_reason = models.CharField(max_length=13, choices=AsideReason.choices, blank=True)
    aside = SentenceField()  # the reason as a sentence, with what belongs to it

    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.PENDING)
    reviewers = ArrayField(models.IntegerField(), default=list)  # who decided on it
    purpose = models.CharField(
        max_length=11, choices=Purpose.choices, default=Purpose.USUAL, blank=True
    )
    shuffle = models.FloatField(default=anywhere)  # its place where the order is random
    search = SearchVectorField(null=True)  # its words and labels: see generation.search

    objects: ClassVar[ItemQuerySet] = ItemsOutOfBin()  # type: ignore[assignment]
    everything: ClassVar[ItemQuerySet] = ItemQuerySet.as_manager()  # type: ignore[assignment]

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
            models.Index(fields=("project", "-score", "id"), name="item_best", condition=OPEN),
            models.Index(fields=("project", "shuffle", "id"), name="item_random", condition=OPEN),
            models.Index(
                fields=("project", "document", "passage", "id"),
                name="item_by_document",
                condition=OPEN,
            ),
            models.Index("project", UNSURE, "id", name="item_uncertain", condition=OPEN),
            models.Index(fields=("project", "state", "id"), name="item_state"),
            models.Index(fields=("project", "document"), name="item_compared", condition=COMPARED),
            models.Index(fields=("project",), name="item_begun", condition=BEGUN),
            models.Index(
                fields=("project",),
                include=("id", "state", "variant", "model", "document"),
                name="item_outcome",
                condition=OUTCOME,
            ),
            models.Index(fields=("project", "-created_at", "-id"), name="item_newest"),
            models.Index(fields=("project", "-score", "-id"), name="item_by_score"),
            models.Index(fields=("project", "document", "passage", "id"), name="item_in_document"),
            models.Index(
                fields=("project", "purpose"), name="item_purpose", condition=~Q(purpose="")
            ),
            GinIndex(fields=("search",), name="item_search"),
            GinIndex(fields=("reviewers",), name="item_reviewers"),
            # without those in the bin: to add to it is slow, and a document has many items
            _nearest("item_nearest", condition=~Q(state=BINNED)),
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
    def decisions(self) -> "list[Review]":
        """The reviews that count, the oldest first: not withdrawn, and more than a skip."""
        return [review for review in self.reviews.all() if review.is_decision]

    @property
    def decision(self) -> "Review | None":
        """The review whose texts are the item's: an admin's, if the reviewers differed."""
        by_admin = [review for review in self.decisions if review.is_adjudication]
        found = by_admin or self.decisions
        return found[-1] if found else None

    def decision_of(self, user: Any) -> "Review | None":
        """What a user decided as one of the reviewers, if they have."""
        own = [review for review in self.decisions if review.reviewer_id == user.pk]
        return next((review for review in own if not review.is_adjudication), None)

    @property
    def is_for_everyone(self) -> bool:
        return self.purpose != Purpose.USUAL

    @property
    def is_open(self) -> bool:
        """Whether the desk gives it to those who have not decided on it."""
        is_everyones = self.is_for_everyone and self.state not in NOT_GIVEN_OUT
        return self.state == ItemState.PENDING or is_everyones

    def shows_reviews_to(self, user: Any) -> bool:
        """Whether a user may see what others said: nobody who may still be asked may."""
        is_undecided = self.is_open or self.state in NOT_GIVEN_OUT
        return user.pk in self.reviewers or not is_undecided

    def state_for(self, user: Any) -> str:
        """Its state as a user may know it: pending, to those who may still be asked."""
        may_be_asked = self.is_open and user.pk not in self.reviewers
        return ItemState.PENDING if may_be_asked else self.state

    def decision_for(self, user: Any) -> "Review | None":
        """The decision, if the user may see it."""
        return self.decision if self.shows_reviews_to(user) else None

    def reviews_for(self, user: Any) -> "list[Review]":
        """The reviews that a user may see, the oldest first; their own they always may."""
        reviews = self.reviews.all()
        if self.shows_reviews_to(user):
            return list(reviews)
        return [review for review in reviews if review.reviewer_id == user.pk]


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
    note = SentenceField()  # why there is nothing to predict with, if so

    @classmethod
    def withheld(cls) -> Q:
        return Q(project__binned_at__isnull=False)

    @property
    def orders_the_desk(self) -> bool:
        """Whether it predicts better than chance, by its interval; else the checks order."""
        return self.auc_low is not None and self.auc_low > 0.5
