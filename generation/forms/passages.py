"""The form that sets how long passages may be."""

from django import forms
from django.utils.translation import gettext_lazy as _

from qareview.forms import LONGEST_PASSAGE, SHORTEST_PASSAGE


class CutForm(forms.Form):
    """The length of passages to preview or to cut with."""

    length = forms.IntegerField(
        min_value=SHORTEST_PASSAGE,
        max_value=LONGEST_PASSAGE,
        label=_("Maximum tokens per passage"),
        widget=forms.NumberInput(attrs={"step": 10}),
    )
    for_project = forms.BooleanField(
        required=False, label=_("Use this length for future uploads too")
    )
