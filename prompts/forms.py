"""The form in which a prompt is changed."""

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prompts.models import Variant
from prompts.rendering import NEEDED, VARIABLES, RenderingFailed, render
from qareview.forms import model_field
from qareview.wording import translated

MOST_TOKENS = 4096


class VariantForm(forms.ModelForm[Variant]):
    """The fields of a variant, filled in from the one in production."""

    max_tokens = forms.IntegerField(
        min_value=1,
        max_value=MOST_TOKENS,
        label=_("At most so many tokens"),
        help_text=_("A text longer than that is cut off."),
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0.1,
        max_value=2,
        help_text=_(
            "The first candidate is the likeliest text; the others are drawn, the more "
            "freely the higher this is."
        ),
    )

    tags = SimpleArrayField(
        forms.CharField(max_length=40),
        required=False,
        label=_("Tags"),
        help_text=_("Some words to find it by, with commas between them."),
    )

    class Meta:
        model = Variant
        fields = ("model", "system", "template", "max_tokens", "temperature", "notes", "tags")
        labels = {  # noqa: RUF012  Django's way
            "system": _("System prompt"),
            "template": _("Template"),
            "notes": _("Notes"),
        }
        help_texts = {"notes": _("What is meant to be better, for those who come after.")}  # noqa: RUF012
        widgets = {  # noqa: RUF012
            "system": forms.Textarea(attrs={"rows": 3}),
            "template": forms.Textarea(attrs={"rows": 6}),
            "notes": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(notes="", tags=[])  # the other variant has its own
        self.fields["model"] = model_field(gettext("that of the project"))

    def clean_template(self) -> str:
        """Fill the template in on trial, so that a mistake shows here and not on every passage."""
        template: str = self.cleaned_data["template"]
        task = self.instance.prompt.task
        values = {name: f"some {name}" for name in VARIABLES[task]}
        try:
            rendered = render(template, values)
        except RenderingFailed as reason:
            raise forms.ValidationError(translated(str(reason))) from reason
        if values[NEEDED[task]] not in rendered:
            raise forms.ValidationError(
                gettext("Name {{ %(needed)s }}: the model has to see it.")
                % {"needed": NEEDED[task]}
            )
        return template

    def values(self) -> dict[str, Any]:
        """Return the fields of the variant that is to be made."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
