"""Forms to change a prompt and to create a prompt of the team's own."""

import json
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prompts import approved_items, default_values, sandbox
from prompts.examples import MOST_PICKED
from prompts.models import Prompt, Variant
from prompts.rendering import (
    NEEDED_VARIABLE,
    VARIABLES,
    RenderingFailed,
    render_template,
    variables_of,
)
from prompts.variants import twin_of
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

    variables = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 2}),
        label=_("Variables"),
        help_text=_(
            "One per line, also new ones. “tone = friendly” gives a variable a default value, for "
            "examples and cases that have no value for it."
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
            *("model", "system", "template", "variables", "examples", "items"),
            *("picks", "pick_count", "max_tokens", "temperature", "notes", "tags"),
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
        if self.prompt.is_builtin or not self.prompt.pk:
            del self.fields["variables"]
        else:
            names, defaults = variables_of(self.prompt), self.prompt.defaults
            self.initial["variables"] = default_values.as_lines(names, defaults)
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
            known = names if self._may_name_variables else variables_of(self.prompt)
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

    @property
    def _may_name_variables(self) -> bool:
        """Whether the template may use variables that no other variant has."""
        is_new = not self.prompt.pk or not variables_of(self.prompt)
        return is_new or "variables" in self.fields

    def clean_variables(self) -> dict[str, str | None]:
        try:
            return default_values.from_lines(self.cleaned_data["variables"])
        except default_values.BadLine as reason:
            raise forms.ValidationError(translated(str(reason))) from reason

    def clean_examples(self) -> list[dict[str, Any]]:
        lines = self.cleaned_data["examples"].split("\n")
        return [_example(line, number) for number, line in enumerate(lines, 1) if line.strip()]

    def clean(self) -> dict[str, Any]:
        """Add the chosen items to the examples; check examples, and that the variant is new."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        names = sandbox.variables_in(data["template"])
        self._check_variables(names, data.get("variables", {}))
        if chosen := [int(pk) for pk in data.pop("items", [])]:
            items = approved_items.items().approved_among(self.prompt.project, chosen)
            data["examples"] += [approved_items.example_of(item, names) for item in items]
        self._add_defaults(data["examples"], names)
        self._check_values(data, names)
        if not self.errors and (twin := self._twin(data)):
            self.refuse_twin(twin)
        return data

    def _check_variables(self, names: frozenset[str], named: dict[str, str | None]) -> None:
        """Add an error if the template uses a variable that is neither known nor named here."""
        if "variables" not in self.fields or not (known := {*variables_of(self.prompt)}):
            return
        if unknown := sorted(names - known - named.keys()):
            text = gettext(
                "The template uses variables that the prompt does not have yet: %(names)s. To add "
                "them, list them under “Variables”."
            )
            self.add_error("template", text % {"names": ", ".join(unknown)})

    def _add_defaults(self, examples: list[dict[str, Any]], names: frozenset[str]) -> None:
        """Give examples the default values of the variables for which they have no value."""
        named = self.defaults()
        defaults = self.prompt.defaults if named is None else named
        for example in examples:
            for name in sorted(names & defaults.keys() - example.keys()):
                example[name] = defaults[name]

    def defaults(self) -> dict[str, str] | None:
        """Return the default values of the prompt's variables; None if the form has none."""
        named = self.cleaned_data.get("variables")
        return None if named is None else default_values.only_defaults(named)

    def refuse_twin(self, twin: Variant) -> None:
        """Add the error that another variant says the same."""
        text = gettext("Variant %(number)s is identical. Change something to save a new variant.")
        self.add_error(None, text % {"number": twin.number})

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
        return twin_of(self.prompt, data) if self.prompt.pk else None

    def values(self) -> dict[str, Any]:
        """Return the fields of the new variant."""
        names = [name for name in self.Meta.fields if name not in ("items", "variables")]
        return {name: self.cleaned_data[name] for name in names}


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
            raise forms.ValidationError(_NAME_TAKEN)
        return task

    def refuse_name(self) -> None:
        """Add the error that the name was taken while the form was open."""
        self.add_error("task", str(_NAME_TAKEN))


_NAME_TAKEN = _("A prompt with this name already exists. Choose another name.")
