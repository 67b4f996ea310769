"""The form that confirms a bulk action."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.translation import gettext as _

from generation.forms.drafting import AgainForm
from generation.models import BulkActionKind
from qareview.models import Project
from qareview.request_numbers import LARGEST_COUNT


class BulkActionForm(forms.Form):
    """The number of items that a person confirms, and the options of this kind of bulk action."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    confirmed = forms.IntegerField(min_value=1, max_value=LARGEST_COUNT, widget=forms.HiddenInput)

    def __init__(
        self, project: Project, kind: BulkActionKind, confirmed: int, data: QueryDict | None = None
    ) -> None:
        super().__init__(data, initial={"key": uuid.uuid4(), "confirmed": confirmed})
        self.again = AgainForm(project, data) if kind == BulkActionKind.REDRAFT else None
        if self.again:
            self.fields.update(self.again.fields)
        if kind == BulkActionKind.REJECT:
            reasons = [(reason, reason) for reason in project.reject_reasons]
            self.fields["reason"] = forms.ChoiceField(
                choices=[("", _("Choose one")), *reasons], label=_("Reason")
            )
        if kind in (BulkActionKind.ASSIGN, BulkActionKind.UNASSIGN):
            members = User.objects.filter(memberships__project=project).order_by("username")
            self.fields["member"] = forms.ModelChoiceField(queryset=members, label=_("Member"))

    def clean(self) -> dict[str, Any]:
        if {"key", "confirmed"} & set(self.errors):
            raise forms.ValidationError(_("The form data is not valid. Send the form again."))
        return self.cleaned_data

    def options(self) -> dict[str, Any]:
        """Return the chosen options, by the names of BulkAction's fields."""
        values = {name: self.cleaned_data.get(name) for name in ("reason", "member")}
        options = {name: value for name, value in values.items() if value}
        if self.again and self.again.is_valid():
            options["draft_with"] = self.again.draft_with()
        return options
