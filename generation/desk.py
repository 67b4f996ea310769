"""What the desk shows of an item: its candidate questions, what is in its form, what to look at."""

from collections.abc import Mapping
from typing import Any

from generation import checks
from generation.models import Item, Review

FIELDS = ("question", "answer", "start", "end", "comment")


def fields(item: Item, own: Review | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form holds: what was typed, else the reviewer's decision, else the draft."""
    drafted = {"question": candidates(item)[0]["text"], "answer": item.answer}
    decided = {name: getattr(own, name) for name in FIELDS} if own and own.question else {}
    return {**dict.fromkeys(FIELDS, ""), **drafted, **_given(decided), **dict(typed.items())}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def typed_earlier(item: Item) -> dict[str, Any]:
    """Return what the user typed at the item earlier and has not sent."""
    return item.typed_earlier or {}  # type: ignore[attr-defined]  # by queue.shown


def candidates(item: Item) -> list[dict[str, Any]]:
    """Return the candidate questions, the best first, each with its flags in words.

    The item is one of :func:`queue.shown`, which loads them along.
    """
    found: list[dict[str, Any]] = item.candidates  # type: ignore[attr-defined]
    return [{**one, "told": _told(one["flags"])} for one in found]


def flags_of_answer(item: Item) -> list[str]:
    """Return in words what is to be looked at in the answer."""
    return _told(item.flags)


def _told(flags: list[str]) -> list[str]:
    return [checks.EXPLANATIONS[flag] for flag in flags]


def sentences(item: Item) -> list[dict[str, Any]]:
    """Return the answer in pieces, in order; those that the passage carries with their number."""
    pieces: list[dict[str, Any]] = []
    end = 0
    for number, place in enumerate(item.support):
        pieces.append({"text": item.answer[end : place["start"]]})
        pieces.append({"text": item.answer[place["start"] : place["end"]], "number": number})
        end = place["end"]
    return [piece for piece in [*pieces, {"text": item.answer[end:]}] if piece["text"]]
