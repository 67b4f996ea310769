"""The form that freezes a release."""

from django import forms
from django.utils.translation import gettext_lazy as _

from generation.models import Release


class ReleaseForm(forms.ModelForm[Release]):
    """The note of a new release."""

    class Meta:
        model = Release
        fields = ("note",)
        labels = {"note": _("Note")}  # noqa: RUF012  Django's way
        help_texts = {"note": _("Optional. Shown on the dataset card in the download.")}  # noqa: RUF012
