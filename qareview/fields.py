"""Model and form fields of our own."""

import json
import unicodedata
import zlib
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models

from qareview.stored_sentences import SentenceDecoder, SentenceEncoder

if TYPE_CHECKING:
    SentenceBase = models.JSONField[str, str]
    CompressedBase = models.BinaryField[dict[str, Any], dict[str, Any]]
else:
    SentenceBase = models.JSONField
    CompressedBase = models.BinaryField


class SentenceField(SentenceBase):
    """A column for a stored sentence or for plain text, empty by default."""

    def __init__(self, **options: Any) -> None:
        codecs = {"encoder": SentenceEncoder, "decoder": SentenceDecoder}
        super().__init__(**{"default": str, "blank": True, **options, **codecs})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for option in ("encoder", "decoder"):  # always the same, so migrations need not name them
            del options[option]
        return name, path, args, options


class CompressedField(CompressedBase):
    """A column for a JSON object that is stored compressed with zlib, so it cannot be queried."""

    def from_db_value(self, value: Any, *_: Any) -> dict[str, Any] | None:
        return None if value is None else json.loads(zlib.decompress(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        text = json.dumps(value, ensure_ascii=False)
        data = zlib.compress(text.encode(errors="replace"))  # half a surrogate has no UTF-8
        return super().get_db_prep_value(data, connection, prepared)


class TypedTextField(forms.CharField):
    """A form field for typed text; an accented letter is one character, however it was typed.

    That is Unicode's form NFC, in which the texts of documents are stored too.
    """

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFC", super().to_python(value) or "")
