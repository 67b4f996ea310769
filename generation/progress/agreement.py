"""The agreement between reviewers, counted in the database on items that a member may see."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import (
    Case,
    Count,
    F,
    FloatField,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Abs, Cast, TruncWeek

from generation.models import (
    ACCEPTING,
    COMPARED,
    Document,
    Item,
    ItemQuerySet,
    Purpose,
    Review,
    Verdict,
    Withdrawal,
)
from qareview.krippendorff import Agreement, Ratings, agreement
from qareview.models import Membership, Project

MOST_DOCUMENTS = 30  # rows of the page; chosen; nobody measured
MOST_WEEKS = 26  # rows of the page; chosen; nobody measured
MOST_DISAGREEMENTS = 20  # rows of the page; chosen; nobody measured

_OF_REVIEWERS = Q(  # the condition of Review.objects.of_reviewers(), for a query of items
    reviews__withdrawn_at=None,
    reviews__verdict__in=(*ACCEPTING, Verdict.REJECTED),
    reviews__is_adjudication=False,
)


@dataclass(frozen=True)
class DocumentAgreement:
    """The agreement on the items of a document."""

    pk: int
    name: str
    agreement: Agreement


@dataclass(frozen=True)
class WeekAgreement:
    """The agreement on items whose last decision is in the week that begins on ``begins``."""

    begins: date
    agreement: Agreement


@dataclass(frozen=True)
class ReviewerPair:
    """The number of items that two people both decided on, and of those on which they agreed."""

    items: int
    agreed: int


@dataclass(frozen=True)
class Person:
    """A row of the matrix: a person's pair with each person of ``Overview.people``, in that order.

    None for the person themselves and for people who share no items with them.
    """

    name: str
    pairs: list[ReviewerPair | None]


@dataclass(frozen=True)
class Disagreement:
    """An item on which reviewers disagree."""

    item: int
    question: str
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Overview:
    """What the agreement page shows to every member."""

    whole: Agreement
    documents: list[DocumentAgreement]
    more_documents: int  # the number of documents that are not listed
    weeks: list[WeekAgreement]
    people: list[Person]
    reasons: list[tuple[str, int]]
    disagreements: list[Disagreement]


@dataclass(frozen=True)
class GoldAgreement:
    """The number of gold items a person decided on, and of those they decided like the admin."""

    name: str
    items: int
    agreed: int


def overview(membership: Membership) -> Overview:
    """Return the agreement in a project, without items that the member may still have to review.

    For admins these items count too, but the list of disagreements does not show them.
    """
    project, user = membership.project, membership.user
    visible = project.items.reviews_shown_to(user)
    counted = project.items.all() if membership.is_admin else visible
    by_document, by_week, by_people = _patterns(_units(counted))
    documents = _of_documents(by_document)
    return Overview(
        whole=agreement(_sum(by_document.values())),
        documents=documents[:MOST_DOCUMENTS],
        more_documents=max(0, len(by_document) - MOST_DOCUMENTS),
        weeks=[
            WeekAgreement(week, agreement(by_week[week])) for week in sorted(by_week)[-MOST_WEEKS:]
        ],
        people=_matrix(by_people),
        reasons=_reasons(counted),
        disagreements=_disagreements(visible),
    )


def _units(items: ItemQuerySet) -> QuerySet[Item, Any]:
    """Return the items that two or more people decided on, with their decisions.

    ``people`` has the ids of these people, negated for those who rejected the item.
    """
    rejects = Q(reviews__verdict=Verdict.REJECTED)
    return (
        items.filter(COMPARED)
        .filter(_OF_REVIEWERS)
        .order_by()
        .values("pk", "document")
        .annotate(
            week=TruncWeek(Max("reviews__created_at")),
            accepted=Count("reviews", filter=Q(reviews__verdict__in=ACCEPTING)),
            rejected=Count("reviews", filter=rejects),
            people=ArrayAgg(
                Case(
                    When(rejects, then=-F("reviews__reviewer_id")),
                    default=F("reviews__reviewer_id"),
                    output_field=IntegerField(),
                ),
                order_by="reviews__reviewer_id",
            ),
        )
        .filter(accepted__gte=2 - F("rejected"))
    )


Patterns = dict[Any, dict[Ratings, int]]  # the number of items with each pattern of decisions
# Ids as in _units, and the number of items on which these people decided in this way.
People = list[tuple[list[int], int]]


def _patterns(units: QuerySet[Item, Any]) -> tuple[Patterns, Patterns, People]:
    """Count the items of each pattern of decisions by document, by week and by people.

    One query reads each item once and returns a row for each pattern.
    """
    sql, parameters = units.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_BY_PATTERN.format(units=sql), parameters)
        rows = cursor.fetchall()
    by_document: Patterns = defaultdict(dict)
    by_week: Patterns = defaultdict(dict)
    by_people: People = []
    for document, week, people, accepted, rejected, count in rows:
        if people is not None:
            by_people.append((people, count))
        elif document is not None:
            by_document[document][accepted, rejected] = count
        else:
            by_week[week.date()][accepted, rejected] = count
    return by_document, by_week, by_people


_BY_PATTERN = """
    WITH units (item, document, week, accepted, rejected, people) AS ({units})
    SELECT document, week, people, accepted, rejected, count(*)
    FROM units
    GROUP BY GROUPING SETS ((document, accepted, rejected), (week, accepted, rejected), (people))
"""


def _sum(parts: Iterable[Mapping[Ratings, int]]) -> dict[Ratings, int]:
    total: dict[Ratings, int] = defaultdict(int)
    for part in parts:
        for ratings, count in part.items():
            total[ratings] += count
    return total


def _of_documents(by_document: Patterns) -> list[DocumentAgreement]:
    """Return the agreement of the MOST_DOCUMENTS documents with most items, the most first."""
    most = sorted(by_document, key=lambda pk: (-sum(by_document[pk].values()), pk))[:MOST_DOCUMENTS]
    names = dict(Document.objects.filter(pk__in=most).values_list("pk", "name"))
    return [
        DocumentAgreement(pk, names[pk], agreement(by_document[pk])) for pk in most if pk in names
    ]


def _matrix(by_people: People) -> list[Person]:
    """Count the common items of each pair of people, and those of them on which they agreed."""
    common: dict[tuple[int, int], int] = defaultdict(int)
    agreed: dict[tuple[int, int], int] = defaultdict(int)
    for people, count in by_people:
        for first, second in combinations(people, 2):
            for pair in ((abs(first), abs(second)), (abs(second), abs(first))):
                common[pair] += count
                agreed[pair] += count if (first > 0) == (second > 0) else 0
    names = _names({pk for pair in common for pk in pair})
    return [
        Person(name, [_pair(common, agreed, (pk, other)) for other, _ in names])
        for pk, name in names
    ]


def _pair(
    common: Mapping[tuple[int, int], int],
    agreed: Mapping[tuple[int, int], int],
    pair: tuple[int, int],
) -> ReviewerPair | None:
    return ReviewerPair(common[pair], agreed[pair]) if pair in common else None


def _names(pks: set[int]) -> list[tuple[int, str]]:
    users = User.objects.filter(pk__in=pks).order_by("username")
    return list(users.values_list("pk", "username"))


def _reasons(items: ItemQuerySet) -> list[tuple[str, int]]:
    """Count the reasons why reviewers rejected items, the most frequent first."""
    rejections = Review.objects.of_reviewers().filter(verdict=Verdict.REJECTED, item__in=items)
    counted = rejections.order_by().values("reason").annotate(n=Count("pk"))
    return list(counted.order_by("-n", "reason").values_list("reason", "n"))


def _disagreements(items: ItemQuerySet) -> list[Disagreement]:
    """Return the items with most disagreement: the most even ones first, then by most decisions."""
    accepted, rejected = F("accepted"), F("rejected")
    lean = Cast(Abs(accepted - rejected), FloatField()) / (accepted + rejected)
    disputed = _units(items).filter(Q(accepted__gte=1) & Q(rejected__gte=1))
    most = list(
        disputed.annotate(lean=lean, votes=accepted + rejected)
        .order_by("lean", "-votes", "pk")
        .values_list("pk", "accepted", "rejected")[:MOST_DISAGREEMENTS]
    )
    with_questions = Item.objects.filter(pk__in=[pk for pk, _, _ in most]).prefetch_related(
        "questions"
    )
    questions = {item.pk: item.question.text for item in with_questions.defer("embedding")}
    return [Disagreement(pk, questions[pk], *votes) for pk, *votes in most]


def against_gold(project: Project) -> list[GoldAgreement]:
    """Compare the verdicts of each person on gold items with the admin's; texts do not count.

    Only a person's first decision on an item counts: after it, they may see the right one.
    """
    by_admin = Review.objects.decisions().filter(item=OuterRef("item"), is_adjudication=True)
    is_valid = Q(withdrawn_at=None) | Q(withdrawal=Withdrawal.REPLACED)
    first = (
        Review.objects.of(project)
        .filter(is_valid, item__purpose=Purpose.GOLD, is_adjudication=False)
        .exclude(verdict=Verdict.SKIPPED)
        .annotate(right=Subquery(by_admin.order_by("-id").values("verdict")[:1]))
        .exclude(right=None)
        .order_by("item_id", "reviewer_id", "pk")
        .distinct("item_id", "reviewer_id")
    )
    items: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    for name, verdict, right in first.values_list("reviewer__username", "verdict", "right"):
        items[name] += 1
        agreed[name] += (verdict in ACCEPTING) == (right in ACCEPTING)
    return [GoldAgreement(name, items[name], agreed[name]) for name in sorted(items)]
