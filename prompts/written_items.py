"""Items that a model writes in one reply, as JSON: questions with their answers.

The template of such a variant names ``item_count``, how many to write. Where the model's server
can, it holds the reply to SCHEMA. Elsewhere models put code fences and explanations around JSON,
and any reply may be cut off. So whatever looks like an item is read, wherever it stands.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from prompts import sandbox
from prompts.models import Variant
from qareview.backends import Completion
from qareview.storable_text import storable
from qareview.stored_sentences import stored

COUNT, EXISTING = "item_count", "existing_questions"  # variables of templates
LONGEST_REPLY = 100_000  # characters that are read; chosen; nobody measured
LONGEST_TEXT = 4_000  # characters of a question, an answer or a sentence; chosen; nobody measured
MOST_ITEMS = 50  # that are read; a project has at most nine a passage

_TEXT = {"type": "string"}
_NAMES = ("question", "answer", "sentence")
SCHEMA: dict[str, Any] = {  # servers ask for an object, with all properties and no others
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": dict.fromkeys(_NAMES, _TEXT),
                "required": [*_NAMES],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}
# An object without objects in it. It never goes back, so a long reply takes no long time.
_OBJECT = re.compile(r'\{(?:[^{}"\\]|"(?:[^"\\]|\\.)*+")*+\}', re.DOTALL)
_LAST_COMMA = re.compile(r",\s*\}\Z")


@dataclass(frozen=True)
class WrittenItem:
    """A question with its answer; ``sentence`` is what the answer rests on, empty if not told."""

    question: str
    answer: str
    sentence: str = ""


class Unreadable(Exception):
    """No item can be read from a reply; the message says why, and what to do."""


def writes_items(variant: Variant) -> bool:
    """Whether a variant asks for items as JSON, not for a single text."""
    return COUNT in sandbox.usable_variables(variant.template)


def read_items(reply: Completion) -> list[WrittenItem]:
    """Return the items in a reply, also if it was cut off after them. Raises Unreadable."""
    found = list(islice(_items(reply.text[:LONGEST_REPLY]), MOST_ITEMS))
    if found:
        return found
    if not reply.text:
        raise Unreadable(stored("The model’s reply was empty."))
    if reply.cut_off:
        raise Unreadable(
            stored(
                "The model’s reply was cut off before its first item was complete. Give the "
                "prompt more output tokens."
            )
        )
    raise Unreadable(
        stored(
            "The model’s reply has no item that can be read: no JSON with a question and an "
            "answer. Retry, or choose another model, or a prompt that asks for one text at a time."
        )
    )


def answers_in(reply: Completion) -> str:
    """Return the answers of the items in a reply, as outputs are compared. Raises Unreadable."""
    return "\n\n".join(item.answer for item in read_items(reply))


def as_reply(items: list[WrittenItem]) -> str:
    """Return the reply with these items that a model should give."""
    rows = [{name: getattr(item, name) for name in _NAMES} for item in items]
    return json.dumps({"items": rows}, ensure_ascii=False)


def _items(text: str) -> Iterator[WrittenItem]:
    for match in _OBJECT.finditer(text):
        try:
            values = json.loads(
                _LAST_COMMA.sub("}", match[0]), strict=False, parse_int=str, parse_float=str
            )
        except (ValueError, RecursionError):
            continue
        texts = {name.lower(): _text(value) for name, value in values.items()}
        item = WrittenItem(*(texts.get(name, "") for name in _NAMES))
        if item.question and item.answer:
            yield item


def _text(value: Any) -> str:
    """Return a value as text; nothing if it is no text, says nothing or is much too long."""
    text = storable(value).strip() if isinstance(value, str) else ""
    return text if len(text) <= LONGEST_TEXT and any(map(str.isalnum, text)) else ""
