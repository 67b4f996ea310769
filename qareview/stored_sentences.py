"""Sentences that are stored and later shown in the language of each reader.

A worker does not know who will read what it writes, such as why a document failed. So it stores an
English sentence together with the message of the catalog and the values that the sentence was made
of. :func:`translated` makes the sentence again in the reader's language.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext, override
from django_stubs_ext import StrOrPromise

from qareview.former_messages import FORMER_MESSAGES
from qareview.storable_text import storable
from qareview.translations import CountedNoun, counted, number

NAMED = 5  # numbers or names that a sentence lists; chosen; nobody measured
Value = str | int  # values that are a StoredSentence or CountedNoun are translated, too


class StoredSentence(str):
    """An English sentence with the message and the values it was made of.

    It can be used like any string. ``str()`` of it, or of an exception raised with it, returns it
    unchanged. Slicing, joining and formatting return plain text, which is not translated, so join
    sentences with :func:`joined`.
    """

    message: str
    values: dict[str, Value]

    def __new__(cls, message: str, values: dict[str, Value]) -> "StoredSentence":
        texts = {
            name: f"{value:,}" if isinstance(value, int) else value
            for name, value in values.items()
        }
        sentence = super().__new__(cls, message % texts if texts else message)
        sentence.message, sentence.values = message, values
        return sentence

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredSentence, (self.message, self.values)


def stored(message: str, **values: object) -> StoredSentence:
    """Return a message of the catalog in English, with its values filled in.

    Whole numbers are shown in groups of three digits; pass ids and the like as strings.
    """
    return StoredSentence(message, {name: _value(value) for name, value in values.items()})


def _value(value: object) -> Value:
    """Return a number unchanged, and the text of anything else as a database can store it."""
    if isinstance(value, int):
        return value
    text = str(value)
    return text if isinstance(text, StoredSentence | CountedNoun) else storable(text)


def joined(sentences: Iterable[str], between: str = " ") -> str:
    """Join sentences into one, whose parts are still translated."""
    parts = [sentence for sentence in sentences if sentence]
    if len(parts) < 2:
        return parts[0] if parts else ""
    names = [f"part{number}" for number, _ in enumerate(parts)]
    message = between.replace("%", "%%").join(f"%({name})s" for name in names)
    return StoredSentence(message, dict(zip(names, parts, strict=True)))


def listed(values: Sequence[int | str]) -> str:
    """Return the first of some numbers or names, and how many more there are."""
    return _with_count_of_more(", ".join(map(str, values[:NAMED])), len(values))


def quoted(names: Sequence[str]) -> str:
    """Return the first of some names in the reader's quotation marks, as :func:`listed` does."""
    shown = joined([stored("“%(name)s”", name=name) for name in names[:NAMED]], ", ")
    return _with_count_of_more(shown, len(names))


def _with_count_of_more(shown: str, count: int) -> str:
    more = count - NAMED
    return stored("%(shown)s and %(more)s more", shown=shown, more=more) if more > 0 else shown


class SentenceEncoder(json.JSONEncoder):
    """Writes the stored sentences anywhere in a JSON value with their message and values."""

    def encode(self, o: Any) -> str:
        return super().encode(_as_json(o))


class SentenceDecoder(json.JSONDecoder):
    """Reads what SentenceEncoder wrote, with former messages replaced by the current ones."""

    def __init__(self, **options: Any) -> None:
        super().__init__(object_hook=_from_json, **options)


def _as_json(value: Any) -> Any:
    if isinstance(value, StoredSentence):
        return {"message": value.message[:], "values": _as_json(value.values)}
    if isinstance(value, CountedNoun):
        return {"text": value[:], "amount": value.amount, "noun": value.noun}
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(inner) for inner in value]
    return value


def _from_json(value: dict[str, Any]) -> Any:
    if value.keys() == {"message", "values"}:
        message = FORMER_MESSAGES.get(value["message"], value["message"])
        return StoredSentence(message, value["values"])
    return CountedNoun(**value) if value.keys() == {"text", "amount", "noun"} else value


def stored_label(label: StrOrPromise) -> StoredSentence:
    """Return a lazy label as a stored sentence, to be a value of another one."""
    with override("en"):
        return stored(str(label))


def translated(text: str) -> str:
    """Return a stored sentence in the current language, and plain text unchanged."""
    if isinstance(text, CountedNoun):
        return counted(text.amount, text.noun)[:]
    if not isinstance(text, StoredSentence):
        return text
    values = {
        name: number(value) if isinstance(value, int) else translated(value)
        for name, value in text.values.items()
    }
    message = gettext(text.message)
    return message % values if values else message
