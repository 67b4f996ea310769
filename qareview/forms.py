"""Forms for projects, their settings, and invitations to them."""

from typing import Any

from django import forms

from qareview.models import Invitation, Membership, Project, Role

MOST_REASONS = 9  # one for each digit key


class ProjectForm(forms.ModelForm[Project]):
    class Meta:
        model = Project
        fields = ("name",)


class SettingsForm(forms.ModelForm[Project]):
    reject_reasons = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=f"One a line, at most {MOST_REASONS}: reviewers pick one with a digit key.",
    )
    passage_length = forms.IntegerField(
        min_value=50,
        max_value=1000,
        help_text="The most tokens a passage has, 50 to 1,000. Holds for documents that are "
        "uploaded from now on.",
    )

    class Meta:
        model = Project
        fields = ("name", "guidelines", "reject_reasons", "passage_length")
        widgets = {"guidelines": forms.Textarea(attrs={"rows": 10})}  # noqa: RUF012  Django's way

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["reject_reasons"] = "\n".join(self.instance.reject_reasons)

    def clean_reject_reasons(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["reject_reasons"].splitlines()]
        reasons = list(dict.fromkeys(filter(None, lines)))
        if not reasons:
            raise forms.ValidationError("Give at least one reason.")
        if len(reasons) > MOST_REASONS:
            raise forms.ValidationError(f"{len(reasons)} reasons; at most {MOST_REASONS} fit.")
        if too_long := [reason for reason in reasons if len(reason) > 120]:
            raise forms.ValidationError(f"Over 120 characters: “{too_long[0]}”.")
        return reasons


class InvitationForm(forms.ModelForm[Invitation]):
    class Meta:
        model = Invitation
        fields = ("note", "role")
        labels = {"note": "For whom"}  # noqa: RUF012  Django's way
        help_texts = {"note": "A name, so that you recognise the link."}  # noqa: RUF012


class RoleForm(forms.ModelForm[Membership]):
    role = forms.TypedChoiceField(choices=Role.choices, coerce=int)

    class Meta:
        model = Membership
        fields = ("role",)
