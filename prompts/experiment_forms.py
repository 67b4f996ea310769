"""The forms of experiments, of comparisons and of prompt candidates."""

import json
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prompts import sandbox, scores
from prompts.case_forms import CasesForm
from prompts.case_matrix import DISAGREEMENT, POSITION, CaseOrder
from prompts.forms import with_plain_lines
from prompts.models import Choice, Experiment, Prompt, Variant, Way
from qareview.fields import TypedTextField
from qareview.stored_sentences import translated

RARELY_CHANGED = ("defaults", "seed", "repeats", "screens_by", "pattern", "schema")
MOST_SHOWN = 6  # outputs of a comparison; chosen; nobody measured
MOST_WANTED = 40  # candidates of a search; chosen; nobody measured
LONGEST_LABEL = 60  # characters of a template; chosen; nobody measured


class ExperimentForm(CasesForm):
    """A new experiment: variants, cases, and how outputs are compared."""

    question = forms.CharField(max_length=200, label=_("Question shown when comparing"))
    variants = forms.ModelMultipleChoiceField(
        Variant.objects.none(), widget=forms.CheckboxSelectMultiple, label=_("Variants")
    )
    with_votes = forms.BooleanField(
        required=False,
        label=_("Take over its outputs and votes"),
        help_text=_(
            "Of the experiment whose cases are copied, those of the variants chosen here. So a "
            "finished experiment goes on, also with more variants."
        ),
    )
    repeats = forms.IntegerField(
        min_value=1,
        max_value=9,
        initial=1,
        label=_("Runs per variant and case"),
        help_text=_("The first run gives the most likely text. The others are sampled."),
    )
    reviewers_per_pair = forms.IntegerField(
        min_value=1,
        max_value=10,
        initial=2,
        label=_("People per pair"),
        help_text=_("How many different people compare each pair of outputs."),
    )
    shown_at_once = forms.IntegerField(
        min_value=2,
        max_value=MOST_SHOWN,
        initial=2,
        label=_("Outputs shown at once"),
        help_text=_("With 2, people choose the better one. With 3 to 6, they rank them."),
    )
    screens_by = forms.ChoiceField(
        choices=lambda: [("", gettext("no screening")), *_kinds()],
        required=False,
        label=_("Score for screening"),
        help_text=_(
            "Variants that score clearly worse are dropped before people compare, after a "
            "quarter and after half of the cases."
        ),
    )
    pattern = forms.CharField(
        required=False,
        label=_("Regular expression"),
        help_text=_("The pattern that outputs must match."),
    )
    schema = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
        label=_("JSON schema"),
        help_text=_("The schema that outputs must match."),
    )

    field_order = (
        *("question", "variants", "case_set", "earlier", "with_votes", "items", "file", "typed"),
        "defaults",
    )

    def __init__(
        self, prompt: Prompt, *args: Any, copied: Experiment | None = None, **kwargs: Any
    ) -> None:
        super().__init__(prompt, *args, **kwargs)
        offered = offered_variants(prompt)
        variants: Any = self.fields["variants"]
        variants.queryset = offered
        variants.label_from_instance = _variant_label
        newest = [variant.pk for variant in offered[:2]]
        self.initial["variants"] = {*newest, prompt.production_id}
        self.initial["question"] = gettext("Which output is better?")
        if copied:
            self.initial.update(_values_of(copied))

    @property
    def main(self) -> list[forms.BoundField]:
        """The fields that every experiment needs."""
        return [field for field in self if field.name not in self._rarely_changed]

    @property
    def seldom(self) -> list[forms.BoundField]:
        """The fields whose initial values are right for most experiments."""
        return [field for field in self if field.name in self._rarely_changed]

    @property
    def _rarely_changed(self) -> set[str]:
        """The names of these fields: variables without a value are those of own prompts."""
        return {*RARELY_CHANGED} - (set() if self.prompt.is_builtin else {"defaults"})

    @property
    def seldom_errors(self) -> bool:
        return any(field.errors for field in self.seldom)

    def clean_variants(self) -> list[Variant]:
        variants = list(self.cleaned_data["variants"])
        if len(variants) < 2:
            raise forms.ValidationError(gettext("Choose at least two variants."))
        for variant in variants:
            self._check_template(variant)
        return variants

    def _check_template(self, variant: Variant) -> None:
        """Refuse a variant whose template was valid when it was stored, but is no more."""
        try:
            sandbox.variables_in(variant.template)
        except sandbox.TemplateRefused as reason:
            text = gettext("Variant %(number)s cannot be run. %(reason)s")
            values = {"number": variant.number, "reason": translated(str(reason))}
            raise forms.ValidationError(text % values) from reason

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        if reason := sandbox.objection_to_pattern(pattern):
            raise forms.ValidationError(translated(reason))
        return pattern

    def clean_schema(self) -> Any:
        text: str = self.cleaned_data["schema"]
        if not text.strip():
            return None
        try:
            schema = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(gettext("Not valid JSON.")) from error
        if reason := sandbox.objection_to_schema(schema):
            raise forms.ValidationError(translated(reason))
        return schema

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            self.read_cases(data["variants"], data["repeats"])
        if not self.errors and data["with_votes"] and (reason := self._objection_to_votes(data)):
            self.add_error("with_votes", reason)
        return data

    def _objection_to_votes(self, data: dict[str, Any]) -> str:
        """Return why outputs and votes cannot be taken over; empty if they can."""
        earlier: Experiment | None = data["earlier"]
        if earlier is None or earlier.prompt_id != self.prompt.pk:
            return gettext("Choose an experiment of this prompt whose cases are copied.")
        if (earlier.pattern, earlier.schema) != (data["pattern"], data["schema"]):
            return gettext(
                "The outputs were scored by another regular expression or JSON schema. Use that of "
                "the other experiment, or do not take over its outputs."
            )
        return ""

    def values(self) -> dict[str, Any]:
        """Return the fields of the new experiment."""
        fields = ("question", "seed", "repeats", "reviewers_per_pair", "shown_at_once")
        return {
            name: self.cleaned_data[name] for name in (*fields, "screens_by", "pattern", "schema")
        }


def _values_of(experiment: Experiment) -> dict[str, Any]:
    """Return the values of a form that copies an experiment with its outputs and votes."""
    names = ("question", "seed", "repeats", "reviewers_per_pair", "shown_at_once", "pattern")
    active = experiment.entrants.filter(aside_at=None).values_list("variant", flat=True)
    schema = experiment.schema
    return {
        **{name: getattr(experiment, name) for name in names},
        "schema": "" if schema is None else json.dumps(schema, ensure_ascii=False),
        "variants": [*active],
        "earlier": experiment.pk,
        "with_votes": True,
    }


def offered_variants(prompt: Prompt) -> QuerySet[Variant]:
    """Return a prompt's variants that are not archived, the newest first."""
    rows = prompt.variants.filter(archived_at=None).select_related("prompt")
    return rows.order_by("-number")


def _variant_label(variant: Variant) -> str:
    name = gettext("Variant %(number)s") % {"number": variant.number}
    is_in_production = variant.prompt.production_id == variant.pk
    state = gettext("in production") if is_in_production else ""
    parts = [name, state, variant.notes, *variant.tags]
    return " · ".join([*filter(None, parts), " ".join(variant.template.split())[:LONGEST_LABEL]])


class CaseOrderForm(forms.Form):
    """How the cases are ordered, and which of them are shown."""

    by = forms.ChoiceField(choices=lambda: _orders(), required=False, label=_("Order"))
    score = forms.ChoiceField(
        choices=lambda: [("", "–"), *_kinds()], required=False, label=_("Only cases where")
    )
    most = forms.FloatField(required=False, label=_("is at most"))
    differing = forms.BooleanField(required=False, label=_("outputs differ"))
    failed = forms.BooleanField(required=False, label=_("a run failed"))

    def order(self) -> CaseOrder:
        """Return the order that was chosen, or the default one if the form is not valid."""
        data = self.cleaned_data if self.is_valid() else {}
        return CaseOrder(
            data.get("by") or DISAGREEMENT,
            data.get("score", ""),
            data.get("most"),
            data.get("failed", False),
            data.get("differing", False),
        )


def _kinds() -> list[tuple[str, Any]]:
    return [(name, kind.name) for name, kind in scores.KINDS.items()]


def _orders() -> list[tuple[str, Any]]:
    return [
        (DISAGREEMENT, gettext("most disagreement first")),
        (POSITION, gettext("original order")),
        *((name, _worst_first(name)) for name in scores.KINDS),
    ]


def _worst_first(name: str) -> str:
    kind = scores.KINDS[name]
    if kind.sign > 0:
        return gettext("%(name)s: lowest first") % {"name": kind.name}
    return gettext("%(name)s: highest first") % {"name": kind.name}


class VoteForm(forms.Form):
    """A vote on a comparison."""

    choice = forms.ChoiceField(choices=[(choice.value, choice.label) for choice in Choice])
    comment = TypedTextField(required=False, max_length=5000)
    seconds = forms.IntegerField(required=False, min_value=0, max_value=86_400)

    def __init__(self, shown: int, is_ranking: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown, self.is_ranking = shown, is_ranking

    def clean_choice(self) -> Choice:
        choice = Choice(self.cleaned_data["choice"])
        offered = {Choice.GOOD, Choice.BAD, Choice.SKIPPED}
        offered |= {Choice.RANKED} if self.is_ranking else {Choice.LEFT, Choice.RIGHT}
        if choice not in offered:
            raise forms.ValidationError(gettext("This choice is not available here."))
        if choice == Choice.RANKED and not all(self._places()):
            raise forms.ValidationError(
                gettext("Give each output a place. Equally good outputs can share a place.")
            )
        return choice

    def places(self) -> list[int]:
        """Return the places of the outputs from left to right; an empty list if not ranked."""
        return self._places() if self.cleaned_data["choice"] == Choice.RANKED else []

    def _places(self) -> list[int]:
        """Return a place for each output, 0 if it has no valid place."""
        numbers = [str(number) for number in range(1, self.shown + 1)]
        places = [self.data.get(f"place-{number}", "") for number in numbers]
        return [int(place) if place in numbers else 0 for place in places]


class SearchForm(forms.Form):
    """A new search for candidates."""

    wanted = forms.IntegerField(
        min_value=1, max_value=MOST_WANTED, initial=6, label=_("Number of candidates")
    )
    ways = forms.MultipleChoiceField(
        choices=Way.choices, widget=forms.CheckboxSelectMultiple, label=_("Methods")
    )
    seed = forms.ModelChoiceField(Variant.objects.none(), label=_("Starting variant"))
    other = forms.ModelChoiceField(
        Variant.objects.none(), required=False, label=_("Variant to cross it with")
    )
    about = forms.CharField(
        required=False,
        max_length=300,
        label=_("Description of the data"),
        help_text=_("Helps the model that rewrites. For example “questions from bank customers”."),
    )
    tip = forms.CharField(
        required=False,
        max_length=200,
        label=_("Tip for rewriting"),
        help_text=_("For example “be more specific”. Leave empty to try several tips."),
    )

    def __init__(self, prompt: Prompt, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = offered_variants(prompt)
        for name in ("seed", "other"):
            field: Any = self.fields[name]
            field.queryset, field.label_from_instance = offered, _variant_label
        self.initial.update(seed=prompt.production_id, ways=[Way.STRUCTURE, Way.REWRITE])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if Way.CROSSING in data.get("ways", []) and data.get("other") in (
            None,
            data.get("seed"),
        ):
            self.add_error("other", gettext("Choose a second variant to cross it with."))
        return data


class CandidateDecisionForm(forms.Form):
    """A decision on a candidate, or its place among the others."""

    verdict = forms.ChoiceField(choices=[("accepted", ""), ("rejected", ""), ("placed", "")])
    system = forms.CharField(required=False, strip=False)
    template = forms.CharField(required=False, strip=False)
    reason = forms.CharField(required=False, max_length=200)
    place = forms.IntegerField(required=False, min_value=1, max_value=99)

    def clean_system(self) -> str:
        return with_plain_lines(self.cleaned_data["system"])

    def clean_template(self) -> str:
        return with_plain_lines(self.cleaned_data["template"])
