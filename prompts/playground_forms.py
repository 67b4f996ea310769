"""The forms of the playground: wordings, and what to run them with."""

import copy
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext

from prompts import passage_inputs
from prompts.examples import Input
from prompts.forms import VariantForm
from prompts.models import Prompt, Variant
from prompts.passage_inputs import PassageInput
from prompts.playground import MOST_INPUTS
from prompts.rendering import NEEDED_VARIABLE, variables_of
from prompts.written_items import COUNT
from qareview.forms import model_field
from qareview.request_numbers import number_in
from qareview.storable_text import storable

MOST_CHOSEN = 20  # passages that stay while others are looked for; chosen; nobody measured
LONGEST_TEXT = 20_000  # characters that are typed; chosen; nobody measured
NOT_TRIED = (
    "items",
    "notes",
    "tags",
    "model",
    "variables",
)  # of a variant: they do not belong to its wording


class WordingForm(VariantForm):
    """A wording to try, filled in from a variant; ``place`` tells it from the other one."""

    def __init__(self, variant: Variant, place: str, data: QueryDict | None) -> None:
        self.place, self.number = place, variant.number
        super().__init__(data, prefix=place, instance=copy.copy(variant))
        for name in NOT_TRIED:
            self.fields.pop(name, None)

    def _twin(self, data: dict[str, Any]) -> Variant | None:
        """Return None: also what a variant says already can be tried."""
        return None

    @property
    def title(self) -> str:
        """What tells it from the other wording."""
        return gettext("Wording 2") if self.place == "second" else gettext("Wording 1")

    @property
    def essential(self) -> list[forms.BoundField]:
        """The fields that are always shown."""
        return [self["system"], self["template"]]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that are seldom changed."""
        return [field for field in self if field.name not in ("system", "template")]


class SavedWordingForm(WordingForm):
    """A wording to save as a new variant, with the model it was tried with."""

    def __init__(self, variant: Variant, place: str, data: QueryDict) -> None:
        super().__init__(variant, place, data)
        self.model = data.get("model", "")

    def clean(self) -> dict[str, Any]:
        """Refuse a model that is not offered."""
        self.model = model_field("").clean(self.model)
        return super().clean()

    def _twin(self, data: dict[str, Any]) -> Variant | None:
        return VariantForm._twin(self, {**data, "model": self.model})

    def values(self) -> dict[str, Any]:
        """Return the fields of the new variant."""
        names = [name for name in self.Meta.fields if name in self.cleaned_data]
        return {"model": self.model, **{name: self.cleaned_data[name] for name in names}}


class InputForm(forms.Form):
    """The model, and passages or a typed text; ``passages`` are the first that were chosen."""

    def __init__(self, prompt: Prompt, data: QueryDict | None, model: str = "") -> None:
        super().__init__(data, initial={"model": model})
        self.prompt, self.names = prompt, variables_of(prompt)
        self.fields["model"] = model_field(gettext("the project’s model"))
        for name in self.names:
            self.fields[f"typed-{name}"] = _text_field(name)
        self.offers_passages = {*self.names} <= {*passage_inputs.VARIABLES}
        self.passages: list[PassageInput] = []
        if data and self.offers_passages:
            ids = dict.fromkeys(filter(None, map(number_in, data.getlist("passage"))))
            self.passages = passage_inputs.passages().chosen(
                prompt.project, self.names, [*ids][:MOST_CHOSEN]
            )

    @property
    def typed_fields(self) -> list[forms.BoundField]:
        """The fields of a typed text that is needed, then the others."""
        needed = NEEDED_VARIABLE.get(self.prompt.task)
        names = sorted(self.names, key=lambda name: name != needed)
        return [self[f"typed-{name}"] for name in names]

    @property
    def has_typed(self) -> bool:
        """Whether a text was typed, so that it has to be in sight."""
        return any(field.value() for field in self.typed_fields)

    def clean(self) -> dict[str, Any]:
        """Check that there is something to run with, and not too much."""
        data = super().clean() or self.cleaned_data
        typed = self.typed()
        needed = NEEDED_VARIABLE.get(self.prompt.task)
        if typed and needed and not typed[needed]:
            self.add_error(
                f"typed-{needed}", gettext("Type this as well: the prompt cannot do without it.")
            )
        count = len(self.passages) + bool(typed)
        if not count:
            raise forms.ValidationError(gettext("Choose a passage, or type a text."))
        if count > MOST_INPUTS:
            raise forms.ValidationError(
                gettext("Choose at most %(most)s passages; a typed text counts as one.")
                % {"most": MOST_INPUTS}
            )
        return data

    def typed(self) -> dict[str, str]:
        """Return the typed values of all variables; empty if nothing is typed."""
        typed = {name: storable(self.cleaned_data.get(f"typed-{name}", "")) for name in self.names}
        if not any(typed.values()):
            return {}
        if typed.get("passage") and typed.get("focus") == "":
            typed["focus"] = passage_inputs.passages().first_focus(typed["passage"])
        if typed.get(COUNT) == "":
            typed[COUNT] = str(self.prompt.project.items_per_passage)
        defaults = self.prompt.defaults
        return {name: value or defaults.get(name, "") for name, value in typed.items()}

    def inputs(self) -> list[tuple[str, Input]]:
        """Return what to run with, each with a label; that of a typed text is empty."""
        chosen = [(_label(each), Input(each.values, each.passage)) for each in self.passages]
        typed = self.typed()
        return [*chosen, ("", Input(typed))] if typed else chosen


def _text_field(name: str) -> forms.CharField:
    label = format_html("<code>{}</code>", name)
    widget = forms.Textarea(attrs={"dir": "auto", "rows": 2})
    return forms.CharField(required=False, max_length=LONGEST_TEXT, label=label, widget=widget)


def _label(passage: PassageInput) -> str:
    return f"{passage.document}: {passage.values['passage']}"
