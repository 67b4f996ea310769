"""Count how many drafted items were accepted and edited, by prompt variant, model and document."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from generation.models import OUTCOME, Document, Item, ItemState, Review, Verdict
from prompts.models import Variant
from qareview.confidence_intervals import wilson
from qareview.models import Project

MOST = 30  # rows of each kind; chosen; nobody measured


@dataclass(frozen=True)
class Outcome:
    """The numbers of decided, accepted and edited items of a variant, a model or a document.

    Calibration and gold items are not counted, since somebody may still have to review them.
    """

    name: str
    decided: int
    accepted: int
    edited: int  # by any reviewer

    @property
    def share(self) -> float:
        """The share of decided items that were accepted, from 0 to 1."""
        return self.accepted / self.decided

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of ``share``, by Wilson."""
        return wilson(self.accepted, self.decided)

    @property
    def share_edited(self) -> float:
        """The share of decided items that a reviewer edited, from 0 to 1."""
        return self.edited / self.decided


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of a project's items, those with most decided items first."""

    summarise: list[Outcome]  # by variant of the prompt that writes answers
    ask: list[Outcome]  # by variant of the prompt that writes questions
    models: list[Outcome]
    documents: list[Outcome]
    more_documents: int  # the number of documents that are not listed


def outcomes(project: Project) -> Outcomes:
    """Count the outcomes of a project's items."""
    by_kind = _rows_by_kind(project)
    variants = {
        variant.pk: str(variant)
        for variant in Variant.objects.filter(prompt__project=project).select_related("prompt")
    }
    documents = _most(by_kind[_DOCUMENT])
    of_documents = Document.objects.filter(pk__in=[row[0] for row in documents])
    names = dict(of_documents.values_list("pk", "name"))
    return Outcomes(
        summarise=_named(_most(by_kind[_SUMMARISE]), variants),
        ask=_named(_most(by_kind[_ASK]), variants),
        models=_named(
            _most(by_kind[_MODEL]),
            {row[0]: row[0] or gettext("imported") for row in by_kind[_MODEL]},
        ),
        documents=_named(documents, names),
        more_documents=max(0, len(by_kind[_DOCUMENT]) - MOST),
    )


def _rows_by_kind(project: Project) -> dict[int, list[Any]]:
    """Return rows of (key, decided, accepted, edited) for each kind of key.

    One query reads each item once.
    """
    sql, parameters = _decided(project).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_BY_KIND.format(decided=sql), parameters)
        rows = cursor.fetchall()
    by_kind: dict[int, list[Any]] = {kind: [] for kind in (_SUMMARISE, _ASK, _MODEL, _DOCUMENT)}
    for kind, *keys, decided, accepted, edited in rows:
        key = next((key for key in keys if key), None)
        by_kind[kind].append((key, decided, accepted, edited))
    return by_kind


def _decided(project: Project) -> QuerySet[Item, Any]:
    edits = Review.objects.of_reviewers().filter(item=OuterRef("pk"), verdict=Verdict.EDITED)
    return (
        project.items.filter(OUTCOME, questions__rank=1)
        .exclude(state=ItemState.DISPUTED)  # not decided yet
        .order_by()
        .annotate(is_accepted=Q(state=ItemState.ACCEPTED), is_edited=Exists(edits))
        .values_list(
            "variant", F("questions__variant"), "model", "document", "is_accepted", "is_edited"
        )
    )


# The bit masks that GROUPING() returns: a 0 for the column that a row is grouped by.
_SUMMARISE, _ASK, _MODEL, _DOCUMENT = 0b0111, 0b1011, 0b1101, 0b1110
_BY_KIND = """
    WITH decided (summarise, ask, model, document, is_accepted, is_edited) AS ({decided})
    SELECT GROUPING(summarise, ask, model, document), summarise, ask, model, document,
        count(*), count(*) FILTER (WHERE is_accepted), count(*) FILTER (WHERE is_edited)
    FROM decided
    GROUP BY GROUPING SETS ((summarise), (ask), (model), (document))
"""


def _most(rows: Iterable[Any]) -> list[Any]:
    """Return the MOST rows with most decided items, the most first."""
    return sorted(rows, key=lambda row: (-row[1], str(row[0])))[:MOST]


def _named(rows: Iterable[Any], names: dict[Any, str]) -> list[Outcome]:
    return [Outcome(names.get(key, gettext("imported")), *counts) for key, *counts in rows]
