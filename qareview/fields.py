"""Model and form fields of our own."""

import unicodedata
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models

from qareview.stored_sentences import SentenceDecoder, SentenceEncoder

if TYPE_CHECKING:
    SentenceBase = models.JSONField[str, str]
else:
    SentenceBase = models.JSONField


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


class TypedTextField(forms.CharField):
    """A form field for typed text; an accented letter is one character, however it was typed.

    That is Unicode's form NFC, in which the texts of documents are stored too.
    """

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFC", super().to_python(value) or "")
