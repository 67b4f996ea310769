"""The form in which a person writes an item about a passage."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.forms.review import LONGEST_TEXT
from qareview.fields import TypedTextField


class UnsentItemForm(forms.Form):
    """The fields of a new item that were typed and not sent yet."""

    key = forms.UUIDField()
    question = TypedTextField(max_length=LONGEST_TEXT, required=False, strip=False)
    answer = TypedTextField(max_length=LONGEST_TEXT, required=False, strip=False)


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
