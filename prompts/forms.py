"""Forms to change a prompt and to create a prompt of the team's own."""

import json
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prompts import approved_items, sandbox
from prompts.examples import MOST_PICKED
from prompts.models import Prompt, Variant
from prompts.rendering import (
    NEEDED_VARIABLE,
    VARIABLES,
    RenderingFailed,
    render_template,
    variables_of,
)
from prompts.variants import COMPARED_FIELDS
from qareview.forms import model_field
from qareview.models import Project
from qareview.storable_text import storable
from qareview.stored_sentences import translated

MOST_TOKENS = 4096  # of a completion; chosen; nobody measured
OFFERED = 30  # approved items to pick examples from; chosen; nobody measured


class VariantForm(forms.ModelForm[Variant]):
    """The fields of a new variant, filled in from its parent."""

    max_tokens = forms.IntegerField(
        min_value=1,
        max_value=MOST_TOKENS,
        label=_("Maximum output tokens"),
        help_text=_("Longer output is cut off."),
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0.1,
        max_value=2,
        help_text=_(
            "The first candidate is the most likely text. The others are sampled: the "
            "higher the temperature, the more they vary."
        ),
    )

    examples = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 6}),
        label=_("Worked examples"),
        help_text=_(
            "One JSON object per line, with a value for each variable and the wanted text "
            "as “output”."
        ),
    )
    items = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Accepted items to add as examples"),
    )
    pick_count = forms.IntegerField(
        min_value=1,
        max_value=MOST_PICKED,
        label=_("Number of examples to pick"),
        help_text=_(
            "Applies if examples are picked from accepted items. Items from the same "
            "passage or from a test split are never picked. If there are too few, the "
            "worked examples fill the gap."
        ),
    )
    tags = SimpleArrayField(
        forms.CharField(max_length=40),
        required=False,
        label=_("Tags"),
        help_text=_("Words to find the variant by, separated by commas."),
    )

    class Meta:
        model = Variant
        fields = (
            *("model", "system", "template", "examples", "items", "picks", "pick_count"),
            *("max_tokens", "temperature", "notes", "tags"),
        )
        labels = {  # noqa: RUF012  Django's way
            "system": _("System prompt"),
            "template": _("Template"),
            "picks": _("Examples for the model"),
            "notes": _("Notes"),
        }
        help_texts = {"notes": _("What this variant is meant to improve.")}  # noqa: RUF012
        widgets = {  # noqa: RUF012
            "system": forms.Textarea(attrs={"dir": "auto", "rows": 3}),
            "template": forms.Textarea(attrs={"dir": "auto", "rows": 6}),
            "notes": forms.Textarea(attrs={"dir": "auto", "rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(notes="", tags=[])  # those of the parent describe the parent
        self.initial["examples"] = "\n".join(map(_line, self.instance.examples))
        self.fields["model"] = model_field(gettext("the project’s model"))
        self.prompt = self.instance.prompt
        items = approved_items.items().newest(self.prompt.project, OFFERED)
        choices = [
            (
                str(item.item),
                format_html("<bdi>{question} {answer}</bdi>", **item.values),
            )
            for item in items
        ]
        self.fields["items"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["items"]

    def clean_system(self) -> str:
        return with_plain_lines(self.cleaned_data["system"])

    def clean_template(self) -> str:
        """Try to fill in the template, so that mistakes show now and not on every passage."""
        template = with_plain_lines(self.cleaned_data["template"])
        needed = NEEDED_VARIABLE.get(self.prompt.task, "")
        trial = "some %s"  # a value to try the template with
        try:
            names = sandbox.variables_in(template)
            known = (variables_of(self.prompt) if self.prompt.pk else ()) or names
            rendered = render_template(template, {name: trial % name for name in known})
        except (RenderingFailed, sandbox.TemplateRefused) as reason:
            raise forms.ValidationError(translated(str(reason))) from reason
        if needed and trial % needed not in rendered:
            raise forms.ValidationError(
                gettext("Add {{ %(needed)s }} to the template: the model has to see it.")
                % {"needed": needed}
            )
        if not names:
            raise forms.ValidationError(
                gettext("Add at least one variable: the model has to see the input.")
            )
        return template

    def clean_examples(self) -> list[dict[str, Any]]:
        lines = self.cleaned_data["examples"].split("\n")
        return [_example(line, number) for number, line in enumerate(lines, 1) if line.strip()]

    def clean(self) -> dict[str, Any]:
        """Add the chosen items to the examples; check examples, and that the variant is new."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        names = sandbox.variables_in(data["template"])
        if chosen := [int(pk) for pk in data.pop("items", [])]:
            items = approved_items.items().approved_among(self.prompt.project, chosen)
            data["examples"] += [approved_items.example_of(item, names) for item in items]
        self._check_values(data, names)
        if not self.errors and (twin := self._twin(data)):
            text = gettext(
                "Variant %(number)s is identical. Change something to save a new variant."
            )
            self.add_error(None, text % {"number": twin.number})
        return data

    def _check_values(self, data: dict[str, Any], names: frozenset[str]) -> None:
        """Add errors if examples, or items that are picked, have no value for a variable."""
        for number, example in enumerate(data["examples"], 1):
            if lacking := sorted(names - example.keys()):
                text = gettext("Example %(number)s has no value for %(names)s.")
                self.add_error("examples", text % {"number": number, "names": ", ".join(lacking)})
        foreign = names - {*approved_items.VARIABLES} if data["picks"] else frozenset()
        if foreign:
            text = gettext("Accepted items have no value for %(names)s.")
            self.add_error("picks", text % {"names": ", ".join(sorted(foreign))})

    def _twin(self, data: dict[str, Any]) -> Variant | None:
        """Return a variant that sends the same requests to the same model, or None."""
        variants = self.prompt.variants.all() if self.prompt.pk else []
        names = [name for name in COMPARED_FIELDS if name in data]
        return next(
            (
                variant
                for variant in variants
                if all(getattr(variant, name) == data[name] for name in names)
            ),
            None,
        )

    def values(self) -> dict[str, Any]:
        """Return the fields of the new variant."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name != "items"}


def with_plain_lines(text: str) -> str:
    """Return text with Unix line ends, since browsers send those of Windows."""
    return text.replace("\r\n", "\n")


def _line(example: dict[str, Any]) -> str:
    """Return a worked example as a line of JSON, with its output last."""
    ordered = sorted(example.items(), key=lambda pair: pair[0] == "output")
    return json.dumps(dict(ordered), ensure_ascii=False)


def _example(line: str, number: int) -> dict[str, Any]:
    """Return the worked example on a line. Raises ValidationError."""
    try:
        example = json.loads(line)
    except (ValueError, RecursionError):
        example = None
    if not isinstance(example, dict):
        raise forms.ValidationError(
            gettext("Line %(number)s is not a JSON object.") % {"number": number}
        )
    if not isinstance(example.get("output"), str):
        raise forms.ValidationError(
            gettext("Example %(number)s has no text under “output”.") % {"number": number}
        )
    passage = example.pop("passage_id", 0)
    if type(passage) is not int or not all(isinstance(value, str) for value in example.values()):
        raise forms.ValidationError(
            gettext("Example %(number)s has a value that is not text.") % {"number": number}
        )
    values = {storable(name): storable(value) for name, value in example.items()}
    return {**values, "passage_id": passage} if passage else values


class PromptForm(VariantForm):
    """A prompt of the team's own: its name and its first variant."""

    task = forms.RegexField(
        r"^[\w-]+$",
        error_messages={"invalid": _("Use only letters, digits, hyphens and underscores.")},
        max_length=20,
        label=_("Name"),
        help_text=_("One word, such as “translate”."),
    )
    field_order = ("task",)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        first = Variant(prompt=Prompt(project=project, task=""))
        super().__init__(*args, instance=first, **kwargs)

    def clean_task(self) -> str:
        task: str = self.cleaned_data["task"]
        if task in VARIABLES or Prompt.objects.filter(project=self.prompt.project, task=task):
            raise forms.ValidationError(
                gettext("A prompt with this name already exists. Choose another name.")
            )
        return task
