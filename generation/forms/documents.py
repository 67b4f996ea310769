"""Forms for uploading documents and for choosing a table's columns."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.reading.tables import table_columns
from generation.reading.tables.sheets import SHEET
from qareview import csv_tables


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
    """The columns of a table for context, question and answer; the guess is preselected.

    For CSV, it also asks whether the first row is a row of the table. For a workbook, it tells
    which of its sheets the columns are of.
    """

    sheet = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    context = forms.CharField(required=False, strip=False, widget=forms.Select, label=_("Context"))
    question = forms.CharField(
        required=False, strip=False, widget=forms.Select, label=_("Question")
    )
    answer = forms.CharField(required=False, strip=False, widget=forms.Select, label=_("Answer"))
    first_row = forms.ChoiceField(
        required=False,
        label=_("First row"),
        choices=(
            (csv_tables.NAMES, _("The names of the columns")),
            (csv_tables.DATA, _("A row like the others")),
        ),
    )

    def __init__(
        self, survey: dict[str, Any], data: QueryDict | None = None, auto_id: str = "id_%s"
    ) -> None:
        self.survey = survey
        self.guess: str = survey.get("first_row", "")
        self.sheet_name = next(iter(survey.get("sheets", [])), "")
        initial = {**survey.get("guess", {}), "first_row": self.guess, "sheet": self.sheet_name}
        super().__init__(data, initial=initial, auto_id=auto_id)
        self.columns: list[str] = survey.get("columns", [])
        for role in table_columns.ROLES:
            none = gettext("Choose one") if role == "context" else gettext("None (draft them)")
            choices = [("", none), *((column, column) for column in self.columns)]
            self.fields[role].widget = forms.Select(choices=choices)
        if not self.guess:
            del self.fields["first_row"]
        if not self.sheet_name:
            del self.fields["sheet"]

    def clean(self) -> dict[str, Any]:
        if problem := table_columns.objection(self._by_role(), self.columns):
            raise forms.ValidationError(problem)
        return self.cleaned_data

    def chosen_columns(self) -> dict[str, str]:
        """Return the chosen columns by their roles, without roles that have none.

        What the first row holds is beside them if the guess was wrong, and the sheet if there are
        some.
        """
        first_row = self.cleaned_data.get("first_row") or self.guess
        corrected = {table_columns.FIRST_ROW: first_row} if first_row != self.guess else {}
        of_sheet = {SHEET: self.sheet_name} if self.sheet_name else {}
        return {**self._by_role(), **corrected, **of_sheet}

    def _by_role(self) -> dict[str, str]:
        data = self.cleaned_data
        return {role: data[role] for role in table_columns.ROLES if data.get(role)}


def column_forms(survey: dict[str, Any], data: QueryDict | None = None) -> list[ColumnsForm]:
    """Return a form for the columns of each table of a survey; that of ``data`` is bound."""
    surveys = [survey, *survey.get("others", [])]
    names = [next(iter(each.get("sheets", [])), "") for each in surveys]
    sent = data.get(SHEET, "") if data is not None else None
    bound = names.index(sent) if sent in names else 0
    return [
        ColumnsForm(each, data if index == bound else None, f"id_{index}_%s" if index else "id_%s")
        for index, each in enumerate(surveys)
    ]
