"""The form that confirms an act on many items."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.translation import gettext as _

from generation.forms import AgainForm
from generation.models import ActKind
from qareview.models import Project


class ActForm(forms.Form):
    """An act is confirmed: of how many items, and with what it needs."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    told = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(
        self, project: Project, kind: ActKind, told: int, data: QueryDict | None = None
    ) -> None:
        super().__init__(data, initial={"key": uuid.uuid4(), "told": told})
        self.again = AgainForm(project, data) if kind == ActKind.REDRAFT else None
        if self.again:
            self.fields.update(self.again.fields)
        if kind == ActKind.REJECT:
            reasons = [(reason, reason) for reason in project.reject_reasons]
            self.fields["reason"] = forms.ChoiceField(
                choices=[("", _("choose one")), *reasons], label=_("Reason")
            )
        if kind in (ActKind.ASSIGN, ActKind.UNASSIGN):
            members = User.objects.filter(memberships__project=project).order_by("username")
            self.fields["member"] = forms.ModelChoiceField(queryset=members, label=_("Member"))

    def clean(self) -> dict[str, Any]:
        if {"key", "told"} & set(self.errors):
            raise forms.ValidationError(_("The form was damaged on its way. Send it once more."))
        return self.cleaned_data

    def options(self) -> dict[str, Any]:
        """Return what was chosen, by the names of an act's fields."""
        chosen = {name: self.cleaned_data.get(name) for name in ("reason", "member")}
        found = {name: value for name, value in chosen.items() if value}
        if self.again and self.again.is_valid():
            found["draft_with"] = self.again.draft_with()
        return found
