"""The forms of cases: where they come from, for a new experiment or one that is running."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prompts import case_sets, cases, default_values
from prompts.experiments import MOST_RUNS
from prompts.models import CaseSet, Experiment, Prompt, Variant
from prompts.rendering import variables_of
from prompts.sandbox import usable_variables
from qareview.stored_sentences import translated
from qareview.translations import counted
from qareview.uploads import RefusedFile

LARGEST_FILE = 20_000_000  # bytes of cases; chosen; nobody measured
TYPED, FILE = "typed", "file"


class CasesForm(forms.Form):
    """Cases from several sources, and default values for the variables they lack."""

    case_set = forms.ModelChoiceField(
        CaseSet.objects.none(), required=False, label=_("Case set of the project")
    )
    earlier = forms.ModelChoiceField(
        Experiment.objects.none(),
        required=False,
        label=_("Cases of another experiment"),
        help_text=_("They are copied from it, with their references."),
    )
    items = forms.IntegerField(
        min_value=0,
        max_value=cases.MOST_CASES,
        required=False,
        label=_("Number of cases from accepted items"),
        help_text=_("Drawn at random. The accepted text is the reference."),
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        initial=1,
        label=_("Seed"),
        help_text=_("The same seed draws the same items."),
    )
    file = forms.FileField(
        required=False,
        label=_("Cases from a file"),
        help_text=_("CSV with a header row, a JSON array, or one JSON object per line."),
    )
    typed = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 4}),
        label=_("Cases entered here"),
        help_text=_(
            "In the same format as a file. If the prompt has only one variable without a default "
            "value, one value per line is enough."
        ),
    )
    defaults = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 2}),
        label=_("Default values"),
        help_text=_("For cases that lack a variable. One per line, such as “tone = friendly”."),
    )

    def __init__(self, prompt: Prompt, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prompt = prompt
        earlier: Any = self.fields["earlier"]
        earlier.queryset, earlier.label_from_instance = _with_cases(prompt), _experiment_label
        case_set: Any = self.fields["case_set"]
        case_set.queryset = CaseSet.objects.filter(project=prompt.project_id).defer("rows")
        case_set.label_from_instance = _case_set_label
        self.initial["defaults"] = default_values.as_lines(sorted(prompt.defaults), prompt.defaults)

    def clean_defaults(self) -> dict[str, str]:
        try:
            named = default_values.from_lines(self.cleaned_data["defaults"])
        except default_values.BadLine as reason:
            raise forms.ValidationError(translated(str(reason))) from reason
        return default_values.only_defaults(named)

    def clean_file(self) -> str:
        file: Any = self.cleaned_data["file"]
        if not file:
            return ""
        if isinstance(file, RefusedFile):
            raise forms.ValidationError(
                gettext(
                    "The file was not taken: the disk of the server is full, or it is too large."
                )
            )
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(gettext("The file is larger than 20 MB."))
        try:
            text: str = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                gettext("The file is not UTF-8 text. Save it as UTF-8 and choose it again.")
            ) from error
        return text

    def read_cases(self, variants: Sequence[Variant], repeats: int, others: int = 0) -> None:
        """Put the cases into the cleaned data, or add an error if they cannot be used.

        ``others`` is the number of cases that the experiment has already.
        """
        data = self.cleaned_data
        needed = sorted(set().union(*(usable_variables(each.template) for each in variants)))
        new = self._cases(needed)
        if not self.errors and (reason := self._objection(new, needed)):
            self.add_error(None, reason)
        data["cases"], all_cases = new, others + len(new)
        runs = all_cases * len(variants) * repeats
        if not self.errors and (all_cases > cases.MOST_CASES or runs > MOST_RUNS):
            text = gettext(
                "This makes %(cases)s cases and %(runs)s runs. An experiment can have at "
                "most %(most)s runs."
            )
            self.add_error(None, text % {"cases": all_cases, "runs": runs, "most": MOST_RUNS})

    def _cases(self, needed: list[str]) -> list[cases.NewCase]:
        """Return the cases of all sources; add an error if they cannot be read."""
        data, defaults = self.cleaned_data, self.cleaned_data["defaults"]
        new: list[cases.NewCase] = []
        if data["earlier"]:
            new += cases.from_experiment(data["earlier"], needed, defaults)
        if data["case_set"]:
            new += case_sets.cases_in(data["case_set"], needed, defaults)
        for field in (FILE, TYPED):
            try:
                text, is_typed = data[field], field == TYPED
                new += cases.from_text(text, needed, is_typed=is_typed, defaults=defaults)
            except cases.BadCases as refusal:
                self.add_error(field, translated(str(refusal)))
                return []
        drawn = []
        if data["items"]:
            known = [*needed, *(name for name in variables_of(self.prompt) if name not in needed)]
            drawn = cases.from_items(self.prompt, known, data["items"], data["seed"], defaults)
        data["drawn"] = len(drawn)
        return [*new, *drawn]

    def _objection(self, new: list[cases.NewCase], needed: list[str]) -> str:
        """Return why these cases cannot be used; empty if they can."""
        if not new:
            return gettext("There are no cases. Draw accepted items, choose a file or enter some.")
        if lacking := cases.names_without_value(new, needed):
            return gettext(
                "Accepted items or copied cases have no value for %(names)s. Enter a default "
                "value, or use cases from a file instead."
            ) % {"names": ", ".join(lacking)}
        return ""


def _with_cases(prompt: Prompt) -> QuerySet[Experiment]:
    """Return the experiments of a prompt's project that have cases, the newest first."""
    rows = Experiment.objects.filter(prompt__project=prompt.project_id, prompt__binned_at=None)
    with_cases = rows.annotate(case_count=Count("cases")).filter(case_count__gt=0)
    return with_cases.select_related("prompt").order_by("-pk")


def _experiment_label(experiment: Any) -> str:
    text = gettext("%(task)s, experiment %(number)s: %(cases)s")
    return text % {
        "task": experiment.prompt.task,
        "number": experiment.number,
        "cases": counted(experiment.case_count, "case"),
    }


def _case_set_label(case_set: Any) -> str:
    return f"{case_set.name}: {counted(case_set.count, 'case')}"


class CaseSetForm(forms.Form):
    """The name of a new case set."""

    name = forms.CharField(max_length=60, label=_("Name"))


class MoreCasesForm(CasesForm):
    """More cases for an experiment that is there."""

    def __init__(self, experiment: Experiment, *args: Any, **kwargs: Any) -> None:
        super().__init__(experiment.prompt, *args, **kwargs)
        self.experiment = experiment
        earlier: Any = self.fields["earlier"]
        earlier.queryset = earlier.queryset.exclude(pk=experiment.pk)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            entrants = self.experiment.entrants.filter(aside_at=None).select_related("variant")
            variants = [entrant.variant for entrant in entrants]
            others = self.experiment.cases.count()
            self.read_cases(variants, self.experiment.repeats, others)
        return data
