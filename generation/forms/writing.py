"""The form in which a person writes an item about a passage."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.forms.review import LONGEST_TEXT
from qareview.fields import TypedTextField
from qareview.request_numbers import LARGEST_ID


class UnsentItemForm(forms.Form):
    """The fields of a new item that were typed and not sent yet.

    ``document`` is the id of the passage's document, where the text stays if the passage is gone.
    """

    key = forms.UUIDField()
    document = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    question = TypedTextField(max_length=LONGEST_TEXT, required=False, strip=False)
    answer = TypedTextField(max_length=LONGEST_TEXT, required=False, strip=False)

    def key_and_texts(self) -> tuple[UUID, dict[str, str]]:
        """Return the key, and the texts by their names."""
        return self.cleaned_data["key"], {
            name: self.cleaned_data[name] for name in ("question", "answer")
        }


class WritingForm(forms.Form):
    """A question and an answer that a person wrote. ``key`` is made with the form."""

    key = forms.UUIDField()
    question = TypedTextField(
        max_length=LONGEST_TEXT, error_messages={"required": _("Write a question.")}
    )
    answer = TypedTextField(
        max_length=LONGEST_TEXT, error_messages={"required": _("Write an answer.")}
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a form whose key is damaged; use Unix line ends, as drafted texts do."""
        if "key" in self.errors:
            raise forms.ValidationError(gettext("The form data is not valid. Send the form again."))
        texts = {name: self.cleaned_data.get(name, "") for name in ("question", "answer")}
        unix = {name: text.replace("\r\n", "\n") for name, text in texts.items()}
        return {**self.cleaned_data, **unix}
