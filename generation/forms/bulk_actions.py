"""The form that confirms a bulk action on many items."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.translation import gettext as _

from generation.forms.drafting import AgainForm
from generation.models import BulkActionKind
from qareview.models import Project


class BulkActionForm(forms.Form):
    """A bulk action is confirmed: of how many items, and with what it needs."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    told = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(
        self, project: Project, kind: BulkActionKind, told: int, data: QueryDict | None = None
    ) -> None:
        super().__init__(data, initial={"key": uuid.uuid4(), "told": told})
        self.again = AgainForm(project, data) if kind == BulkActionKind.REDRAFT else None
        if self.again:
            self.fields.update(self.again.fields)
        if kind == BulkActionKind.REJECT:
            reasons = [(reason, reason) for reason in project.reject_reasons]
            self.fields["reason"] = forms.ChoiceField(
                choices=[("", _("choose one")), *reasons], label=_("Reason")
            )
        if kind in (BulkActionKind.ASSIGN, BulkActionKind.UNASSIGN):
            members = User.objects.filter(memberships__project=project).order_by("username")
            self.fields["member"] = forms.ModelChoiceField(queryset=members, label=_("Member"))

    def clean(self) -> dict[str, Any]:
        if {"key", "told"} & set(self.errors):
            raise forms.ValidationError(_("The form was damaged on its way. Send it once more."))
        return self.cleaned_data

    def options(self) -> dict[str, Any]:
        """Return what was chosen, by the names of a bulk action's fields."""
        chosen = {name: self.cleaned_data.get(name) for name in ("reason", "member")}
        found = {name: value for name, value in chosen.items() if value}
        if self.again and self.again.is_valid():
            found["draft_with"] = self.again.draft_with()
        return found
