"""Forms for uploading documents and for choosing a table's columns."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.reading import table_columns


class FilesInput(forms.ClearableFileInput):
    """An input for one or more files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or more files, cleaned to a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        # A bad file gets an error on its own row; the others are still uploaded.
        if not data:
            raise forms.ValidationError(gettext("Choose at least one file."))
        return list(data)


class UploadForm(forms.Form):
    """The files to upload."""

    files = FilesField()  # type: ignore[assignment]  # a form's own `files` is not a field


class ColumnsForm(forms.Form):
    """The columns of a table for context, question and answer; the guess is preselected."""

    context = forms.CharField(required=False, strip=False, widget=forms.Select, label=_("Context"))
    question = forms.CharField(
        required=False, strip=False, widget=forms.Select, label=_("Question")
    )
    answer = forms.CharField(required=False, strip=False, widget=forms.Select, label=_("Answer"))

    def __init__(self, survey: dict[str, Any], data: QueryDict | None = None) -> None:
        super().__init__(data, initial=survey.get("guess"))
        self.columns: list[str] = survey.get("columns", [])
        for role, field in self.fields.items():
            none = gettext("Choose one") if role == "context" else gettext("None (draft them)")
            choices = [("", none), *((column, column) for column in self.columns)]
            field.widget = forms.Select(choices=choices)

    def clean(self) -> dict[str, Any]:
        if problem := table_columns.objection(self.chosen_columns(), self.columns):
            raise forms.ValidationError(problem)
        return self.cleaned_data

    def chosen_columns(self) -> dict[str, str]:
        """Return the chosen columns by their roles, without roles that have none."""
        return {role: self.cleaned_data[role] for role in self.fields if self.cleaned_data[role]}
