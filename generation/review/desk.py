"""What the desk shows: form fields, candidate questions, flags and the text around a passage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Substr
from django.utils import timezone

from generation.checks.flag_trust import ExplainedFlag, explained
from generation.models import Item, Review, Typed
from qareview.models import Project
from qareview.request_numbers import LARGEST_POSITION, number_in

SPAN = ("start", "end")
FIELDS = ("question", "answer", *SPAN)
MARGIN = 1500  # characters shown before and after a part of a document: chosen; nobody measured
PREVIOUS = "previous"


def form_fields(item: Item, own: Review | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values: what was typed, or the reviewer's decision, or the draft.

    The ranking of candidate questions is among them only if it was typed.
    """
    drafted = {"question": drafted_question(item), "answer": item.answer}
    decided = {name: getattr(own, name) for name in FIELDS} if own and own.question else {}
    fields = {**dict.fromkeys(FIELDS, ""), **drafted, **_without_none(decided)}
    return {**fields, **dict(typed.items())}  # items() of a QueryDict has text, not lists


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def typed_earlier(item: Item) -> dict[str, Any]:
    """Return the fields that the user typed earlier and has not sent.

    The item comes from :func:`queue.load_for_desk`, which loads them.
    """
    return item.typed_earlier or {}  # type: ignore[attr-defined]  # by queue.load_for_desk


def drafted_question(item: Item) -> str:
    """Return the best candidate question."""
    text: str = _candidates(item)[0]["text"]
    return text


def candidate_questions(
    project: Project, item: Item, ranking: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """Return the candidate questions, the best first, with ``explanations`` of their flags.

    ``place`` is the place of each in ``ranking``, or None.
    """
    places = ranking or {}
    return [
        {
            **question,
            "explanations": explained(project, question["flags"]),
            "place": places.get(str(question["id"])),
        }
        for question in _candidates(item)
    ]


def _candidates(item: Item) -> list[dict[str, Any]]:
    """Return what :func:`queue.load_for_desk`, where the item comes from, loaded of them."""
    questions: list[dict[str, Any]] = item.candidates  # type: ignore[attr-defined]
    return questions


def answer_flags(project: Project, item: Item) -> list[ExplainedFlag]:
    """Return the answer's flags, explained."""
    return explained(project, item.flags)


def answer_pieces(item: Item) -> list[dict[str, Any]]:
    """Return the pieces of the answer in order; those with support in the passage have a number."""
    pieces: list[dict[str, Any]] = []
    end = 0
    for number, span in enumerate(item.support):
        pieces.append({"text": item.answer[end : span["start"]]})
        pieces.append({"text": item.answer[span["start"] : span["end"]], "number": number})
        end = span["end"]
    return [piece for piece in [*pieces, {"text": item.answer[end:]}] if piece["text"]]


@dataclass(frozen=True)
class TextAround:
    """A part of a document's text, from start to end, with the text before and after it."""

    start: int
    end: int
    before: str
    part: str
    after: str

    @property
    def offset(self) -> int:
        """The offset of ``before`` in the document."""
        return self.start - len(self.before)

    @property
    def text(self) -> str:
        """The part with the text around it."""
        return self.before + self.part + self.after


def text_around(item: Item, start: int, end: int) -> TextAround:
    """Return the part from start to end of the text that an item is from, with the text around it.

    Offsets outside the text are moved to its beginning or end.
    """
    start, first = max(0, start), max(0, start - MARGIN)
    end = max(start, end)
    slice_of_text = Substr("text", first + 1, end + MARGIN - first)
    text = item.passage.whole_text().values_list(slice_of_text, flat=True).get()
    start, end = min(start, first + len(text)), min(end, first + len(text))
    part = slice(start - first, end - first)
    return TextAround(start, end, text[: part.start], text[part], text[part.stop :])


def chosen_excerpt(item: Item, fields: Mapping[str, Any]) -> str:
    """Return the text of the excerpt chosen as context; "" if the passage is the context."""
    start, end = (number_in(str(fields.get(name, "")), LARGEST_POSITION) for name in SPAN)
    return "" if start is None or end is None else text_around(item, start, end).part


def store_typed(item: Item, user: Any, fields: dict[str, Any]) -> datetime:
    """Store what a user typed at an item, replacing what they typed before; return the time."""
    now = timezone.now()
    Typed.objects.bulk_create(
        [Typed(item=item, reviewer=user, fields=_without_none(fields), saved_at=now)],
        update_conflicts=True,
        unique_fields=["item", "reviewer"],
        update_fields=["fields", "saved_at"],
    )
    return now


@transaction.atomic
def store_unless_decided(
    item: Item, user: Any, replaces: int | None, fields: dict[str, Any]
) -> datetime | None:
    """Store what a user typed; return the time, or None if they have decided since then.

    ``replaces`` is the id of their decision when the form was made. Nobody decides on the item
    until this is stored, so that a late text does not come back beside the decision. Raises
    Item.DoesNotExist.
    """
    locked = Item.everything.select_for_update(of=("self",), no_key=True).only("pk")
    own = locked.get(pk=item.pk).decision_of(user)
    return store_typed(item, user, fields) if replaces == (own and own.pk) else None


def neighbouring_item(project: Project, user: Any, item_id: int, step: str) -> int | None:
    """Return the id of the item that the user reviewed before or after this one, or None.

    From an item that they have not reviewed, PREVIOUS leads to the item they reviewed last.
    """
    own = Review.objects.of(project).of_reviewers().filter(reviewer=user)
    review_id = own.filter(item=item_id).values_list("pk", flat=True).first()
    if step == PREVIOUS:
        earlier = own.filter(pk__lt=review_id) if review_id else own
        return earlier.order_by("-pk").values_list("item", flat=True).first()
    later = own.filter(pk__gt=review_id) if review_id else own.none()
    return later.order_by("pk").values_list("item", flat=True).first()
