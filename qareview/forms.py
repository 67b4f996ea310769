"""Forms for projects, their settings, and invitations to them."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qareview import shortcuts
from qareview.languages import LANGUAGES
from qareview.models import Invitation, Membership, Project, Role

MOST_REASONS = 9  # one for each digit key
SHORTEST_PASSAGE, LONGEST_PASSAGE = 50, 1000  # tokens; chosen; nobody measured


def model_field(empty_label: str) -> forms.ChoiceField:
    """Return a field to choose one of settings.MODELS, or none, which ``empty_label`` explains."""
    names = [(name, name) for name in settings.MODELS]
    return forms.ChoiceField(
        choices=[("", empty_label), *names], required=False, label=gettext("Model")
    )


class ProjectForm(forms.ModelForm[Project]):
    class Meta:
        model = Project
        fields = ("name",)
        labels = {"name": _("Name")}  # noqa: RUF012  Django's way


class SameNameForm(forms.Form):
    """Asks for a project's name, so that nobody moves it to the bin by mistake."""

    typed = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["typed"].label = gettext("Type the project’s name, %(name)s") % {
            "name": project.name
        }

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed != self.project.name:
            raise forms.ValidationError(
                gettext("Type the name as it is: %(name)s") % {"name": self.project.name}
            )
        return typed


class SettingsForm(forms.ModelForm[Project]):
    reject_reasons = forms.CharField(
        label=_("Reject reasons"),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[
            ("", _("that of each document")),
            *((code, _(name)) for code, name in LANGUAGES.items()),
        ],
        required=False,
        help_text=_("What prompts are told where they name {{ language }}."),
    )
    passage_length = forms.IntegerField(
        label=_("Passage length"),
        min_value=SHORTEST_PASSAGE,
        max_value=LONGEST_PASSAGE,
        help_text=_(
            "The most tokens a passage has, 50 to 1,000. Holds for documents that are "
            "uploaded from now on; a document's page shows how it would be cut at another length."
        ),
    )
    items_per_passage = forms.IntegerField(
        label=_("Items per passage"),
        min_value=1,
        max_value=9,
        help_text=_("Different answers drafted from each passage, 1 to 9."),
    )
    questions_per_answer = forms.IntegerField(
        label=_("Questions per answer"),
        min_value=1,
        max_value=9,
        help_text=_("Different questions drafted for each answer, 1 to 9; the best comes first."),
    )
    reviews_per_item = forms.IntegerField(
        label=_("Reviews per item"),
        min_value=1,
        max_value=10,
        help_text=_(
            "Each item goes to so many different people, 1 to 10. It can be changed at any "
            "time; items with fewer reviews go back to the desk."
        ),
    )
    calibration_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=_("Calibration"),
        help_text=_("Of 100 items so many go to everyone, to see how far people agree."),
    )
    asks_back = forms.BooleanField(
        required=False,
        label=_("Ask back"),
        help_text=_(
            "A model answers each drafted question, with the passage and without, to check "
            "it; drafting takes about twice as long. The model that comes along is too small "
            "for it: "
            "most of its doubts are wrong. Name a larger one in the prompts “answer” and “recall”."
        ),
    )
    budget_tokens = forms.IntegerField(
        required=False,
        min_value=0,
        label=_("Budget in tokens"),
        help_text=_("Read and written together. Drafting stops there; empty: no limit."),
    )
    budget_cost = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        label=_("Budget in money"),
        help_text=_("By the prices of the models, in their currency; empty: no limit."),
    )

    lowest_score = forms.FloatField(
        label=_("Lowest score"),
        required=False,
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": 0.05}),
        help_text=_(
            "New items with a lower score, 0 to 1, are put aside by themselves; they are "
            "listed and can be restored. Empty: none is."
        ),
    )

    class Meta:
        model = Project
        fields = (
            "name",
            "guidelines",
            "reject_reasons",
            "model",
            "language",
            "passage_length",
            "items_per_passage",
            "questions_per_answer",
            "reviews_per_item",
            "order",
            "calibration_percent",
            "asks_back",
            "lowest_score",
            "budget_tokens",
            "budget_cost",
        )
        labels = {  # noqa: RUF012  Django's way
            "name": _("Name"),
            "guidelines": _("Guidelines"),
            "order": _("Order"),
        }
        help_texts = {  # noqa: RUF012  Django's way
            "order": _(
                "In which the desk gives items out; what is assigned to somebody comes first."
            )
        }
        widgets = {"guidelines": forms.Textarea(attrs={"rows": 10})}  # noqa: RUF012  Django's way

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["reject_reasons"] = "\n".join(self.instance.reject_reasons)
        self.fields["model"] = model_field(
            gettext("the default, %(model)s") % {"model": settings.DEFAULT_MODEL}
        )
        self.fields["reject_reasons"].help_text = gettext(
            "One a line, at most %(most)s: reviewers pick one with a digit key."
        ) % {"most": MOST_REASONS}
        self.fields["model"].help_text = gettext(
            "Drafts answers and questions, unless a prompt names another."
        )

    def clean(self) -> dict[str, Any]:
        """Refuse passages longer than half the model's context: the prompt needs room, too."""
        cleaned = super().clean() or self.cleaned_data
        model = cleaned.get("model") or settings.DEFAULT_MODEL
        context = settings.MODELS.get(model, {}).get("context")
        length = cleaned.get("passage_length")
        if context and length and length * 2 > context:
            self.add_error(
                "passage_length",
                gettext("%(model)s takes %(context)s tokens in all; choose at most %(context2)s.")
                % {"model": model, "context": f"{context:,}", "context2": f"{context // 2:,}"},
            )
        return cleaned

    def clean_reject_reasons(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["reject_reasons"].splitlines()]
        reasons = list(dict.fromkeys(filter(None, lines)))
        if not reasons:
            raise forms.ValidationError(gettext("Give at least one reason."))
        if len(reasons) > MOST_REASONS:
            raise forms.ValidationError(
                gettext("There are %(count)s reasons. At most %(most)s are allowed.")
                % {"count": len(reasons), "most": MOST_REASONS}
            )
        if too_long := [reason for reason in reasons if len(reason) > 120]:
            raise forms.ValidationError(
                gettext("Over 120 characters: “%(too_long)s”.") % {"too_long": too_long[0]}
            )
        return reasons


class KeysForm(forms.Form):
    """Asks for the key of each action at the desk."""

    def __init__(self, keys: dict[str, str], data: Any = None) -> None:
        super().__init__(data, initial=keys)
        for name, action in shortcuts.ACTIONS.items():
            self.fields[name] = forms.CharField(max_length=1, label=capfirst(action.description))
            self.fields[name].widget.attrs["size"] = 2

    def clean(self) -> dict[str, Any]:
        keys = {name: value.lower() for name, value in self.cleaned_data.items()}
        if not self.errors and (problem := shortcuts.problem_with(keys)):
            raise forms.ValidationError(problem)
        return keys


class InvitationForm(forms.ModelForm[Invitation]):
    class Meta:
        model = Invitation
        fields = ("note", "role")
        labels = {"note": _("For whom"), "role": _("Role")}  # noqa: RUF012  Django's way
        help_texts = {"note": _("A name, so that you recognise the link.")}  # noqa: RUF012


class RoleForm(forms.ModelForm[Membership]):
    role = forms.TypedChoiceField(choices=Role.choices, coerce=int, label=_("Role"))

    class Meta:
        model = Membership
        fields = ("role",)
