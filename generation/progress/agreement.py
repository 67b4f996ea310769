"""Who agrees with whom: counted in the database, over the items whose verdicts a person may see."""

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

MOST_DOCUMENTS = 30
MOST_WEEKS = 26
MOST_SPLITS = 20

_OF_REVIEWERS = Q(  # Review.objects.of_reviewers(), seen from an item
    reviews__withdrawn_at=None,
    reviews__verdict__in=(*ACCEPTING, Verdict.REJECTED),
    reviews__is_adjudication=False,
)


@dataclass(frozen=True)
class OfDocument:
    pk: int
    name: str
    agreement: Agreement


@dataclass(frozen=True)
class OfWeek:
    """Of the items whose last decision fell into the week that begins on a day."""

    begins: date
    agreement: Agreement


@dataclass(frozen=True)
class Pair:
    """How many items two people both decided on, and on how many of them alike."""

    items: int
    alike: int


@dataclass(frozen=True)
class Person:
    """One row of the matrix; None where it meets itself, or somebody they share no item with."""

    name: str
    pairs: list[Pair | None]


@dataclass(frozen=True)
class Split:
    """An item that people decided differently on."""

    item: int
    question: str
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Overview:
    """All that the page of agreement shows to everyone."""

    whole: Agreement
    documents: list[OfDocument]
    more_documents: int  # that are not among those
    weeks: list[OfWeek]
    people: list[Person]
    reasons: list[tuple[str, int]]
    splits: list[Split]


@dataclass(frozen=True)
class Known:
    """How often a person decided on gold items as an admin did."""

    name: str
    items: int
    alike: int


def overview(membership: Membership) -> Overview:
    """Count what a member may know of the agreement in a project.

    For whoever may still be asked, an item does not count before they decided on it. To an admin
    all items count; but which of them split people, even admins are told only of those.
    """
    project, user = membership.project, membership.user
    shown = project.items.reviews_shown_to(user)
    counted = project.items.all() if membership.is_admin else shown
    by_document, by_week, by_people = _patterns(_units(counted))
    documents = _of_documents(by_document)
    return Overview(
        whole=agreement(_sum(by_document.values())),
        documents=documents[:MOST_DOCUMENTS],
        more_documents=max(0, len(by_document) - MOST_DOCUMENTS),
        weeks=[OfWeek(week, agreement(by_week[week])) for week in sorted(by_week)[-MOST_WEEKS:]],
        people=_matrix(by_people),
        reasons=_reasons(counted),
        splits=_splits(shown),
    )


def _units(items: ItemQuerySet) -> QuerySet[Item, Any]:
    """Return the items that two or more people decided on, with what each of them said.

    ``people`` are their ids, the negative ones of those who rejected it.
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


Patterns = dict[Any, dict[Ratings, int]]
People = list[tuple[list[int], int]]  # who voted how, and on how many items


def _patterns(units: QuerySet[Item, Any]) -> tuple[Patterns, Patterns, People]:
    """Count the items of each pattern of votes by document, by week and by who voted how.

    However many items there are, they are read once and few rows come back.
    """
    inner, parameters = units.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_BY_PATTERN.format(units=inner), parameters)
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
        for votes, count in part.items():
            total[votes] += count
    return total


def _of_documents(by_document: Patterns) -> list[OfDocument]:
    """Return the documents with the most items to compare, these first."""
    most = sorted(by_document, key=lambda pk: (-sum(by_document[pk].values()), pk))[:MOST_DOCUMENTS]
    names = dict(Document.objects.filter(pk__in=most).values_list("pk", "name"))
    return [OfDocument(pk, names[pk], agreement(by_document[pk])) for pk in most if pk in names]


def _matrix(by_people: People) -> list[Person]:
    """Count for each two people on how many items both decided, and on how many alike."""
    both: dict[tuple[int, int], int] = defaultdict(int)
    alike: dict[tuple[int, int], int] = defaultdict(int)
    for people, count in by_people:
        for one, other in combinations(people, 2):
            for pair in ((abs(one), abs(other)), (abs(other), abs(one))):
                both[pair] += count
                alike[pair] += count if (one > 0) == (other > 0) else 0
    names = _names({pk for pair in both for pk in pair})
    return [
        Person(name, [_pair(both, alike, (pk, other)) for other, _ in names]) for pk, name in names
    ]


def _pair(
    both: Mapping[tuple[int, int], int], alike: Mapping[tuple[int, int], int], pair: tuple[int, int]
) -> Pair | None:
    return Pair(both[pair], alike[pair]) if pair in both else None


def _names(pks: set[int]) -> list[tuple[int, str]]:
    users = User.objects.filter(pk__in=pks).order_by("username")
    return list(users.values_list("pk", "username"))


def _reasons(items: ItemQuerySet) -> list[tuple[str, int]]:
    """Count the reasons for which reviewers rejected items, the commonest first."""
    rejections = Review.objects.of_reviewers().filter(verdict=Verdict.REJECTED, item__in=items)
    counted = rejections.order_by().values("reason").annotate(n=Count("pk"))
    return list(counted.order_by("-n", "reason").values_list("reason", "n"))


def _splits(items: ItemQuerySet) -> list[Split]:
    """Return the items that split people most: evenly first, and among those more people first."""
    accepted, rejected = F("accepted"), F("rejected")
    lean = Cast(Abs(accepted - rejected), FloatField()) / (accepted + rejected)
    split = _units(items).filter(Q(accepted__gte=1) & Q(rejected__gte=1))
    most = list(
        split.annotate(lean=lean, votes=accepted + rejected)
        .order_by("lean", "-votes", "pk")
        .values_list("pk", "accepted", "rejected")[:MOST_SPLITS]
    )
    found = Item.objects.filter(pk__in=[pk for pk, _, _ in most]).prefetch_related("questions")
    questions = {item.pk: item.question.text for item in found.defer("embedding")}
    return [Split(pk, questions[pk], *votes) for pk, *votes in most]


def against_gold(project: Project) -> list[Known]:
    """Count how often each person decided on gold items as an admin did; texts do not matter.

    What they decided first counts: once they have, they may see what is right.
    """
    known = Review.objects.decisions().filter(item=OuterRef("item"), is_adjudication=True)
    kept = Q(withdrawn_at=None) | Q(withdrawal=Withdrawal.REPLACED)
    first = (
        Review.objects.of(project)
        .filter(kept, item__purpose=Purpose.GOLD, is_adjudication=False)
        .exclude(verdict=Verdict.SKIPPED)
        .annotate(known=Subquery(known.order_by("-id").values("verdict")[:1]))
        .exclude(known=None)
        .order_by("item_id", "reviewer_id", "pk")
        .distinct("item_id", "reviewer_id")
    )
    items: Counter[str] = Counter()
    alike: Counter[str] = Counter()
    for name, verdict, right in first.values_list("reviewer__username", "verdict", "known"):
        items[name] += 1
        alike[name] += (verdict in ACCEPTING) == (right in ACCEPTING)
    return [Known(name, items[name], alike[name]) for name in sorted(items)]
