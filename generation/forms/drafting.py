"""The form that chooses the model and the prompts to draft with again."""

from typing import Any

from django import forms
from django.utils.translation import gettext

from prompts.models import Task, Variant
from qareview.forms import model_field
from qareview.models import Project


class AgainForm(forms.Form):
    """The model and the prompts to draft with again; all are optional."""

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = model_field(gettext("Same as the prompt or project"))
        for task, label in (
            (Task.SUMMARISE, gettext("Prompt for the answers")),
            (Task.ASK, gettext("Prompt for the questions")),
        ):
            variants = Variant.objects.filter(prompt__project=project, prompt__task=task)
            self.fields[task] = forms.ModelChoiceField(
                queryset=variants.select_related("prompt").order_by("-number"),
                required=False,
                label=label,
                empty_label=gettext("The variant in production"),
            )

    def draft_with(self) -> dict[str, Any]:
        """Return the choices in the shape of :attr:`Passage.draft_with`."""
        values = {name: value for name, value in self.cleaned_data.items() if value}
        return {name: getattr(value, "pk", value) for name, value in values.items()}
