"""What the desk shows of an item and keeps of it: texts, candidates, flags, what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Substr
from django.utils import timezone

from generation.checks import flags
from generation.models import Document, Item, Review, Typed
from qareview.models import Project
from qareview.numbers import LARGEST_POSITION, number_in

SPAN = ("start", "end")
FIELDS = ("question", "answer", *SPAN)
MARGIN = 1500  # characters shown before and after a part of a document
PREVIOUS = "previous"


def fields(item: Item, own: Review | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form holds: what was typed, else the reviewer's decision, else the draft.

    Places of the candidates are among what was typed only.
    """
    drafted = {"question": candidates(item)[0]["text"], "answer": item.answer}
    decided = {name: getattr(own, name) for name in FIELDS} if own and own.question else {}
    return {**dict.fromkeys(FIELDS, ""), **drafted, **_given(decided), **dict(typed.items())}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def typed_earlier(item: Item) -> dict[str, Any]:
    """Return what the user typed at the item earlier and has not sent."""
    return item.typed_earlier or {}  # type: ignore[attr-defined]  # by queue.shown


def candidates(item: Item, ranking: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """Return the candidate questions, the best first, with flags in words and place in a ranking.

    The item is one of :func:`queue.shown`, which loads them along.
    """
    found: list[dict[str, Any]] = item.candidates  # type: ignore[attr-defined]
    ranks = ranking or {}
    return [
        {**one, "told": _told(one["flags"]), "place": ranks.get(str(one["id"]))} for one in found
    ]


def flags_of_answer(item: Item) -> list[str]:
    """Return in words what is to be looked at in the answer."""
    return _told(item.flags)


def _told(names: list[str]) -> list[str]:
    return [str(flags.EXPLANATIONS[name]) for name in names]


def sentences(item: Item) -> list[dict[str, Any]]:
    """Return the answer in pieces, in order; those that the passage carries with their number."""
    pieces: list[dict[str, Any]] = []
    end = 0
    for number, place in enumerate(item.support):
        pieces.append({"text": item.answer[end : place["start"]]})
        pieces.append({"text": item.answer[place["start"] : place["end"]], "number": number})
        end = place["end"]
    return [piece for piece in [*pieces, {"text": item.answer[end:]}] if piece["text"]]


@dataclass(frozen=True)
class Around:
    """A stretch of a document's text, and in it the part that is meant; offsets in the text."""

    start: int
    end: int
    before: str
    part: str
    after: str

    @property
    def offset(self) -> int:
        """Where in the document the stretch begins."""
        return self.start - len(self.before)

    @property
    def text(self) -> str:
        return self.before + self.part + self.after


def around(item: Item, start: int, end: int) -> Around:
    """Return what stands around a part of the item's document, within its bounds."""
    start, first = max(0, start), max(0, start - MARGIN)
    end = max(start, end)
    length = Substr("text", first + 1, end + MARGIN - first)
    text = Document.everything.filter(pk=item.document_id).values_list(length, flat=True).get()
    start, end = min(start, first + len(text)), min(end, first + len(text))
    part = slice(start - first, end - first)
    return Around(start, end, text[: part.start], text[part], text[part.stop :])


def excerpt(item: Item, fields: Mapping[str, Any]) -> str:
    """Return the part of the document that is the context instead of the passage, if one is."""
    start, end = (number_in(str(fields.get(name, "")), LARGEST_POSITION) for name in SPAN)
    return "" if start is None or end is None else around(item, start, end).part


def keep(item: Item, user: Any, fields: dict[str, Any]) -> datetime:
    """Keep what a user typed at an item in place of what is kept there; return when."""
    now = timezone.now()
    Typed.objects.bulk_create(
        [Typed(item=item, reviewer=user, fields=_given(fields), saved_at=now)],
        update_conflicts=True,
        unique_fields=["item", "reviewer"],
        update_fields=["fields", "saved_at"],
    )
    return now


def beside(project: Project, user: Any, item_id: int, step: str) -> int | None:
    """Return the item the user reviewed before or after this one; None if there is none.

    Before one that they have not reviewed is the last they have.
    """
    own = Review.objects.of(project).of_reviewers().filter(reviewer=user)
    here = own.filter(item=item_id).values_list("pk", flat=True).first()
    if step == PREVIOUS:
        found = own.filter(pk__lt=here) if here else own
        return found.order_by("-pk").values_list("item", flat=True).first()
    later = own.filter(pk__gt=here) if here else own.none()
    return later.order_by("pk").values_list("item", flat=True).first()
