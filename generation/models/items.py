"""Items, their questions, and the classifier that is trained on their reviews."""

import random
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Count, F, Prefetch, Q
from django.db.models.functions import Abs
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from pgvector.django import HnswIndex

from generation.models.documents import Document, Passage
from generation.models.drafted import Drafted
from generation.models.reviews import Review
from prompts.models import Variant
from qareview.fields import SentenceField
from qareview.locking import lock_rows
from qareview.models import Exchange, Job, Project

# The large fields of a document, which the pages of its items do not show.
UNSHOWN = ("text", "left_out", "page_starts", "survey")


class ItemState(models.TextChoices):
    """The state of an item, derived from its reviews."""

    # fewer decisions than it needs
    PENDING = gettext_noop("pending"), _("Pending")
    ACCEPTED = gettext_noop("accepted"), _("Accepted")
    REJECTED = gettext_noop("rejected"), _("Rejected")
    # reviewers differ, and no admin has decided
    DISPUTED = gettext_noop("disputed"), _("Disputed")
    # undecided, and not handed out; the item says why
    ASIDE = gettext_noop("aside"), _("Set aside")


# The state of an item whose document is in the bin. Only `Item.everything` returns such items.
BINNED = "binned"
NOT_GIVEN_OUT = (ItemState.ASIDE, BINNED)


class AsideReason(models.TextChoices):
    """Why an item is set aside."""

    LOW_SCORE = "low score", _("Low score")
    EXCLUDED = "excluded", _("Passage excluded")
    CUT_AGAIN = "cut again", _("Passage cut again")
    ASKED = "asked", _("Colleague asked")
    DRAFTED_AGAIN = "drafted again", _("Drafted again")
    OTHER = "other", _("Another reason")  # set by an old version, with a sentence now unknown


class Purpose(models.TextChoices):
    """Who gets an item: as many people as the project asks for, or everyone."""

    USUAL = ""
    # for everyone, to measure agreement
    CALIBRATION = gettext_noop("calibration"), _("Calibration")
    # for everyone, to compare with an admin's decision
    GOLD = gettext_noop("gold"), _("Gold")


# The items that the desk hands out to people who have not decided on them.
OPEN = Q(state=ItemState.PENDING) | Q(purpose__in=(Purpose.CALIBRATION, Purpose.GOLD))
# The items that agreement can be measured on: two or more people have decided on them.
COMPARED = Q(reviewers__len__gte=2)
# The items that have some of the decisions they need.
BEGUN = Q(state=ItemState.PENDING) & ~Q(reviewers=[])
# The items that prompt variants and models are judged by.
OUTCOME = Q(
    author=None,
    purpose=Purpose.USUAL,
    state__in=(ItemState.ACCEPTED, ItemState.REJECTED, ItemState.DISPUTED),
)


def reviews_shown_to(user: Any) -> Q:
    """Return :meth:`Item.shows_reviews_to` as a condition of a query."""
    is_undecided = OPEN | Q(state__in=NOT_GIVEN_OUT)
    return ~is_undecided | Q(reviewers__contains=[user.pk])


def state_shown(state: str, user: Any) -> Q:
    """Return the condition that :meth:`Item.state_for` of the user is ``state``."""
    is_own = Q(reviewers__contains=[user.pk])
    for_everyone = Q(purpose__in=(Purpose.CALIBRATION, Purpose.GOLD))
    if state == ItemState.PENDING:
        return Q(state=state) | (for_everyone & ~Q(state=ItemState.ASIDE) & ~is_own)
    if state == ItemState.ASIDE:
        return Q(state=state)
    return Q(state=state) & (~for_everyone | is_own)


UNSURE = Abs(F("score") - 0.5)  # the smaller, the less certain the score


class ItemQuerySet(models.QuerySet["Item"]):
    """Items, filtered by what a user may see, or loaded for a page."""

    def for_list(self) -> "ItemQuerySet":
        """Load what a list shows of its items in a fixed number of queries."""
        questions = Question.objects.select_related("variant__prompt").defer("embedding")
        reviews = Review.objects.select_related("reviewer")
        return (
            self.select_related("passage", "document", "author")
            .defer(*(f"document__{name}" for name in UNSHOWN), "passage__bands", "search")
            .prefetch_related(Prefetch("questions", questions), Prefetch("reviews", reviews))
        )

    def for_item_page(self) -> "ItemQuerySet":
        """Load what the page of an item shows in a fixed number of queries."""
        return self.for_list().select_related("project", "variant__prompt")

    def open_to(self, user: Any) -> "ItemQuerySet":
        """Keep what the desk may hand a user: open items that they neither wrote nor decided."""
        return (
            self.filter(OPEN)
            .exclude(state__in=NOT_GIVEN_OUT)
            .exclude(author=user)
            .exclude(reviewers__contains=[user.pk])
        )

    def reviews_shown_to(self, user: Any) -> "ItemQuerySet":
        """Keep items whose reviews a user may see."""
        return self.filter(reviews_shown_to(user))

    def in_state_for(self, user: Any, state: str) -> "ItemQuerySet":
        """Keep items whose :meth:`Item.state_for` the user is ``state``."""
        return self.filter(state_shown(state, user))

    def disputed_for(self, user: Any) -> "ItemQuerySet":
        """Keep disputed items that an admin may adjudicate: not theirs, nor open to them."""
        return self.in_state_for(user, ItemState.DISPUTED).exclude(author=user)

    def lock(self) -> list[int]:
        """Lock the items until the transaction ends; return their ids."""
        return lock_rows(self)

    def counts(self) -> dict[str, int]:
        """Return the number of all items as ``items``, and of those in each state by its value."""
        states = {state: Count("pk", filter=Q(state=state)) for state in ItemState.values}
        return dict(self.aggregate(items=Count("pk"), **states))


class NotBinned(models.Manager["Item"]):
    """The items whose documents are not in the bin."""

    def get_queryset(self) -> "models.QuerySet[Item]":
        """Leave out the items whose documents are in the bin."""
        return super().get_queryset().exclude(state=BINNED)


ItemsOutOfBin = NotBinned.from_queryset(ItemQuerySet)


def _nearest(name: str, condition: Q | None = None) -> HnswIndex:
    """Return an index for the most similar embeddings (HNSW, cosine distance)."""
    return HnswIndex(
        name=name, fields=["embedding"], opclasses=["vector_cosine_ops"], condition=condition
    )


def anywhere() -> float:
    """Return a random place in the order of items, 0 to 1."""
    return random.random()  # noqa: S311  needs no security


class Item(Drafted):
    """What is reviewed: a passage, an answer, and one or more candidate questions.

    ``state`` and ``reviewers`` are derived from the reviews and written in the same transaction:
    see :mod:`generation.review.decisions`.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="items")
    # The passage's document. It has no foreign key constraint, whose lock could cause a deadlock.
    document = models.ForeignKey(
        Document, models.CASCADE, related_name="items", db_constraint=False
    )
    passage = models.ForeignKey(Passage, models.CASCADE, related_name="items")
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="items", null=True
    )  # None: it was imported, or written by hand
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="written_items", null=True
    )  # who wrote it by hand
    number = models.PositiveIntegerField(default=1)
    answer = models.TextField()
    support: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(
        default=list
    )  # for each sentence {"start", "end" in the answer, "from", "to" in the passage, "score"}
    created_at = models.DateTimeField(default=timezone.now)
    aside_reason = models.CharField(max_length=13, choices=AsideReason.choices, blank=True)
    aside = SentenceField()  # the reason as a sentence

    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.PENDING)
    reviewers = ArrayField(models.IntegerField(), default=list)  # ids of users who decided on it
    purpose = models.CharField(
        max_length=11, choices=Purpose.choices, default=Purpose.USUAL, blank=True
    )
    shuffle = models.FloatField(default=anywhere)  # its place in the random order
    search = SearchVectorField(null=True)  # words and labels: see generation.search

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
            models.Index(
                fields=("project", "-created_at", "-id"),
                name="item_by_hand",
                condition=Q(author__isnull=False),
            ),
            models.Index(fields=("project", "-score", "-id"), name="item_by_score"),
            models.Index(fields=("project", "document", "passage", "id"), name="item_in_document"),
            models.Index(
                fields=("project", "purpose"), name="item_purpose", condition=~Q(purpose="")
            ),
            GinIndex(fields=("search",), name="item_search"),
            GinIndex(fields=("reviewers",), name="item_reviewers"),
            # Without items in the bin: rows are slow to add, and a document has many items.
            _nearest("item_nearest", condition=~Q(state=BINNED)),
        )

    @property
    def question(self) -> "Question":
        """The best candidate question."""
        return self.questions.all()[0]

    @property
    def states_sentence(self) -> bool:
        """Whether its answer states a sentence that was chosen from the passage."""
        return "focus" in self.parameters

    @property
    def is_verbatim(self) -> bool:
        """Whether its answer is a sentence of the passage as it stands, not written by a model."""
        return bool(self.parameters.get("verbatim"))

    @property
    def drafts(self) -> "list[tuple[str, Item | Question]]":
        """The parts that a model wrote, each with its name."""
        return [] if self.variant_id is None else [("Answer", self), ("Question", self.question)]

    @property
    def is_imported(self) -> bool:
        """Whether it was imported from a row of a table; ``parameters`` have the row's number."""
        return self.variant_id is None and self.author_id is None

    @property
    def decisions(self) -> "list[Review]":
        """The reviews that are neither withdrawn nor skips, the oldest first."""
        return [review for review in self.reviews.all() if review.is_decision]

    @property
    def decision(self) -> "Review | None":
        """The review whose texts the item has: the adjudication, or else the last decision."""
        by_admin = [review for review in self.decisions if review.is_adjudication]
        decisions = by_admin or self.decisions
        return decisions[-1] if decisions else None

    def decision_of(self, user: Any) -> "Review | None":
        """A user's decision as a reviewer, or None."""
        own = [review for review in self.decisions if review.reviewer_id == user.pk]
        return next((review for review in own if not review.is_adjudication), None)

    @property
    def is_for_everyone(self) -> bool:
        """Whether it goes to all reviewers: it is a calibration or gold item."""
        return self.purpose != Purpose.USUAL

    @property
    def is_open(self) -> bool:
        """Whether the desk hands it out to people who have not decided on it."""
        goes_to_everyone = self.is_for_everyone and self.state not in NOT_GIVEN_OUT
        return self.state == ItemState.PENDING or goes_to_everyone

    def shows_reviews_to(self, user: Any) -> bool:
        """Whether a user may see other people's reviews: the item is no longer open to them."""
        is_undecided = self.is_open or self.state in NOT_GIVEN_OUT
        return user.pk in self.reviewers or not is_undecided

    def state_for(self, user: Any) -> str:
        """The state that a user sees: pending while the item is open to them."""
        may_be_asked = self.is_open and user.pk not in self.reviewers
        return ItemState.PENDING if may_be_asked else self.state

    def decision_for(self, user: Any) -> "Review | None":
        """The decision if the user may see it, else None."""
        return self.decision if self.shows_reviews_to(user) else None

    def reviews_for(self, user: Any) -> "list[Review]":
        """The reviews that a user may see, the oldest first; always their own."""
        reviews = self.reviews.all()
        if self.shows_reviews_to(user):
            return list(reviews)
        return [review for review in reviews if review.reviewer_id == user.pk]


class Question(Drafted):
    """A candidate question; the best has rank 1. ``round_trip`` and ``recall`` are its checks."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="questions")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="questions", null=True)
    rank = models.PositiveSmallIntegerField(default=1)
    text = models.TextField()
    round_trip = models.ForeignKey(Exchange, models.DO_NOTHING, null=True, related_name="checks")
    recall = models.ForeignKey(Exchange, models.DO_NOTHING, null=True, related_name="recalls")

    class Meta:
        ordering = ("rank",)
        constraints = (
            models.UniqueConstraint(fields=("item", "rank"), name="question_rank_per_item"),
        )
        indexes = (_nearest("question_nearest"),)

    @property
    def comes_with_answer(self) -> bool:
        """Whether the model wrote it in one request with the answer, where all was counted."""
        return self.variant_id is not None and self.variant_id == self.item.variant_id


class Acceptance(Job):
    """A classifier trained on a project's decisions to predict which items are accepted."""

    tasks = ("generation.tasks.learn_acceptance",)

    project = models.OneToOneField(Project, models.CASCADE, related_name="acceptance")
    decisions = models.PositiveIntegerField(default=0)  # how many it was trained on
    accepted = models.PositiveIntegerField(default=0)  # how many of these were acceptances
    weights: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    auc = models.FloatField(null=True)  # cross-validated, with its 95 % interval
    auc_low = models.FloatField(null=True)
    auc_high = models.FloatField(null=True)
    note = SentenceField()  # why it could not be trained; empty if it was

    @classmethod
    def withheld(cls) -> Q:
        """Return the condition for classifiers that no worker may train now."""
        return Q(project__binned_at__isnull=False)

    @property
    def orders_the_desk(self) -> bool:
        """Whether all of its AUC's interval is above chance; if not, the checks order the desk."""
        return self.auc_low is not None and self.auc_low > 0.5
