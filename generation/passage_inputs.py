"""Passages as inputs to try a prompt with.

The functions that have no docstring here implement :class:`prompts.passage_inputs.Passages`, which
documents them.
"""

import random
from collections import deque
from collections.abc import Collection, Iterable

from django.db.models import Exists, Max, OuterRef, Q

from generation.checks.focuses import focuses_of
from generation.models import Item, Passage, PassageQuerySet
from generation.prompt_values import values_of
from prompts.passage_inputs import OF_ITEMS, PassageInput
from prompts.written_items import COUNT, EXISTING
from qareview.models import Project

# what no prompt needs of a document, and may be long
UNSHOWN = tuple(f"document__{name}" for name in ("text", "left_out", "page_starts", "survey"))


def found(project: Project, names: Collection[str], words: str, count: int) -> list[PassageInput]:
    has_words = Q(text__icontains=words) | Q(document__name__icontains=words)
    rows = _passages(project, names).filter(has_words) if words else _passages(project, names)
    return _inputs(project, rows.order_by("document_id", "position")[:count])


def drawn(project: Project, names: Collection[str], count: int) -> list[PassageInput]:
    """Draw documents, and a passage of each; only then a second of a document.

    Drawing among all passages would read and sort them all.
    """
    rows = _passages(project, names)
    of_document = rows.filter(document=OuterRef("pk")).order_by()
    documents = list(project.documents.filter(Exists(of_document)).values_list("pk", flat=True))
    left = deque(random.sample(documents, min(count, len(documents))))
    chosen: list[Passage] = []
    while left and len(chosen) < count:
        document = left.popleft()
        row = _drawn_of(rows.filter(document=document), [row.pk for row in chosen])
        if row:
            chosen.append(row)
            left.append(document)
    return _inputs(project, chosen)


def _drawn_of(rows: PassageQuerySet, taken: Collection[int]) -> Passage | None:
    """Return a passage of a document's, but for those taken; None if no other is left."""
    last = rows.aggregate(last=Max("position"))["last"] or 0
    free = rows.exclude(pk__in=taken).order_by("position")
    place = random.randint(0, last)  # noqa: S311  no secret
    return free.filter(position__gte=place).first() or free.first()


def chosen(
    project: Project, names: Collection[str], passages: Collection[int]
) -> list[PassageInput]:
    return _inputs(project, _passages(project, names).filter(pk__in=passages))


def first_focus(passage: str) -> str:
    return _first_focus(passage, "") or passage


def _first_focus(text: str, headings: str) -> str:
    focuses = focuses_of(text, headings)
    return focuses[0].text if focuses else ""


def _passages(project: Project, names: Collection[str]) -> PassageQuerySet:
    """Return the passages that are drafted from; with an item, if a variable needs one."""
    rows = Passage.objects.in_project(project).not_imported()
    rows = rows.filter(superseded_at=None, excluded_at=None, same_as=None)
    if OF_ITEMS & {*names}:
        rows = rows.filter(Exists(Item.objects.filter(passage=OuterRef("pk"))))
    return rows.select_related("document").defer("bands", *UNSHOWN)


def _inputs(project: Project, rows: Iterable[Passage]) -> list[PassageInput]:
    rows = list(rows)
    items = Item.objects.filter(passage__in=[row.pk for row in rows]).order_by("pk")
    newest = {item.passage_id: item for item in items.prefetch_related("questions")}
    return [_input(project, row, newest.get(row.pk)) for row in rows]


def _input(project: Project, row: Passage, item: Item | None) -> PassageInput:
    values = {
        **values_of(project, row),
        "focus": _first_focus(row.text, " ".join(row.headings)) or row.wording,
        COUNT: str(project.items_per_passage),
        EXISTING: "",
        **({"answer": item.answer, "question": item.question.text} if item else {}),
    }
    return PassageInput(row.pk, row.document.name, values)
