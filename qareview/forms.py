"""Forms for projects, their settings, and invitations to them."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qareview import shortcuts, zones
from qareview.added_models import worth_of
from qareview.backends import context_of, model_names
from qareview.languages import LANGUAGES
from qareview.models import INVITATION_DAYS, Invitation, KeyMap, Membership, Project, Role

MOST_INVITED = 100  # people at once; chosen; nobody measured
MOST_REASONS = 9  # one for each digit key
LONGEST_REASON = 120  # characters, as many as the column holds
MOST_INVITATION_DAYS = 90  # chosen; nobody measured
SHORTEST_PASSAGE, LONGEST_PASSAGE = 50, 1000  # tokens; chosen; nobody measured


def model_field(empty_label: str, help_text: str = "") -> forms.ChoiceField:
    """Return a field to choose a model; ``empty_label`` is for no choice.

    Below it stands what each model is worth.
    """
    names = model_names()
    worth = format_html_join("", "<br><bdi>{}</bdi>: {}", worth_of(names).items())
    return forms.ChoiceField(
        choices=[("", empty_label), *((name, name) for name in names)],
        required=False,
        label=gettext("Model"),
        help_text=format_html("{}{}", help_text, worth),
    )


def default_label() -> str:
    """Return the label of the choice of the installation's default model."""
    return gettext("default (%(model)s)") % {"model": settings.DEFAULT_MODEL}


class ProjectForm(forms.ModelForm[Project]):
    """A new project. A form that is sent twice has the same ``key``."""

    key = forms.UUIDField(required=False, initial=uuid.uuid4, widget=forms.HiddenInput)

    class Meta:
        model = Project
        fields = ("name", "model")
        labels = {"name": _("Name")}  # noqa: RUF012  Django's way

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = model_field(
            default_label(), gettext("Drafts answers and questions. You can change it later.")
        )


class SameNameForm(forms.Form):
    """Asks for a project's name, so that nobody moves it to the bin by mistake."""

    typed = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["typed"].label = gettext("To confirm, type the project’s name: %(name)s") % {
            "name": project.name
        }

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed != self.project.name:
            raise forms.ValidationError(
                gettext("The name does not match. Type it exactly: %(name)s")
                % {"name": self.project.name}
            )
        return typed


FOLDED = ("asks_back", "lowest_score", "budget_tokens", "budget_cost")  # seldom changed
# The fields of each section of a project's settings.
SECTIONS: dict[str, tuple[str, ...]] = {
    "general": ("name",),
    "drafting": (
        "model",
        "language",
        "passage_length",
        "items_per_passage",
        "questions_per_answer",
        *FOLDED,
    ),
    "review": (
        "guidelines",
        "reject_reasons",
        "reviews_per_item",
        "order",
        "calibration_percent",
    ),
}


class SettingsForm(forms.ModelForm[Project]):
    """Asks for the settings of a section, one of SECTIONS."""

    reject_reasons = forms.CharField(
        label=_("Rejection reasons"),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 6}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[
            ("", _("each document’s language")),
            *((code, _(name)) for code, name in LANGUAGES.items()),
        ],
        required=False,
        help_text=_("The value of {{ language }} in prompts, from now on."),
    )
    passage_length = forms.IntegerField(
        label=_("Passage length"),
        min_value=SHORTEST_PASSAGE,
        max_value=LONGEST_PASSAGE,
        help_text=_(
            "Maximum tokens per passage, 50 to 1,000. Applies to documents uploaded from "
            "now on. A document’s page shows how it would be cut at another length."
        ),
    )
    items_per_passage = forms.IntegerField(
        label=_("Items per passage"),
        min_value=1,
        max_value=9,
        help_text=_(
            "How many different answers are drafted from each passage, 1 to 9. Applies to passages "
            "drafted from now on; “Draft missing items” brings others up to it."
        ),
    )
    questions_per_answer = forms.IntegerField(
        label=_("Questions per answer"),
        min_value=1,
        max_value=9,
        help_text=_(
            "How many different questions are drafted for each answer, 1 to 9. The "
            "best one comes first. Applies to items drafted from now on."
        ),
    )
    reviews_per_item = forms.IntegerField(
        label=_("Reviews per item"),
        min_value=1,
        max_value=10,
        help_text=_(
            "How many different people review each item, 1 to 10. If fewer members may review "
            "an item, their reviews are enough. You can change this at any time. Items with too "
            "few reviews go back to the desk, also when someone joins the project."
        ),
    )
    calibration_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=_("Calibration"),
        help_text=_(
            "Percentage of items that every reviewer gets, to measure how far reviewers agree. "
            "Applies to items that are there, too."
        ),
    )
    asks_back = forms.BooleanField(
        required=False,
        label=_("Check questions with a model"),
        help_text=_(
            "A model answers each drafted question, with and without the passage, to check "
            "it. This roughly doubles drafting time. The built-in model is too small for "
            "this: most of the problems it reports are false alarms. Choose a larger one "
            "in the prompts “answer” and “recall”."
        ),
    )
    budget_tokens = forms.IntegerField(
        required=False,
        min_value=0,
        label=_("Token budget"),
        help_text=_(
            "Counts tokens read and written. Drafting stops when the budget is "
            "used up. Leave empty for no limit."
        ),
    )
    budget_cost = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        label=_("Cost budget"),
        help_text=_("Based on the models’ prices, in their currency. Leave empty for no limit."),
    )

    lowest_score = forms.FloatField(
        label=_("Minimum score"),
        required=False,
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": 0.05}),
        help_text=_(
            "New items with a lower score (0 to 1) are set aside automatically. They stay "
            "listed and can be restored. Leave empty to set none aside."
        ),
    )

    class Meta:
        model = Project
        fields = [name for names in SECTIONS.values() for name in names]  # noqa: RUF012  Django's way
        labels = {  # noqa: RUF012  Django's way
            "name": _("Name"),
            "guidelines": _("Guidelines"),
            "order": _("Order"),
        }
        help_texts = {  # noqa: RUF012  Django's way
            "name": _("The addresses of the project’s pages stay as they are."),
            "guidelines": _("Reviewers open them at the desk. You can use Markdown."),
            "order": _(
                "The order in which the desk hands out items. Items assigned to a reviewer "
                "come first. It applies from the next item on."
            ),
        }
        widgets = {"guidelines": forms.Textarea(attrs={"dir": "auto", "rows": 10})}  # noqa: RUF012  Django's way

    def __init__(self, section: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["reject_reasons"] = "\n".join(self.instance.reject_reasons)
        self.fields["model"] = model_field(
            default_label(),
            gettext("Drafts answers and questions from now on, unless a prompt has its own model."),
        )
        self.fields["reject_reasons"].help_text = gettext(
            "One per line, at most %(most)s. Reviewers choose one with a digit key."
        ) % {"most": MOST_REASONS}
        self.fields = {name: self.fields[name] for name in SECTIONS[section]}

    @property
    def usual(self) -> list[forms.BoundField]:
        """The fields that are shown at once."""
        return [self[name] for name in self.fields if name not in FOLDED]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that are seldom changed."""
        return [self[name] for name in self.fields if name in FOLDED]

    @property
    def is_unfolded(self) -> bool:
        """Whether a field that is seldom changed is wrong, or differs from its default."""
        return any(field.errors or field.value() not in (None, "", False) for field in self.folded)

    def clean(self) -> dict[str, Any]:
        """Refuse passages longer than half the model's context: the prompt needs room, too."""
        cleaned = super().clean() or self.cleaned_data
        model = cleaned.get("model") or settings.DEFAULT_MODEL
        context = context_of(model)
        length = cleaned.get("passage_length")
        if context and length and length * 2 > context:
            self.add_error(
                "passage_length",
                gettext(
                    "%(model)s takes at most %(context)s tokens in total. Choose "
                    "%(context2)s or fewer."
                )
                % {"model": model, "context": f"{context:,}", "context2": f"{context // 2:,}"},
            )
        return cleaned

    def clean_reject_reasons(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["reject_reasons"].splitlines()]
        reasons = list(dict.fromkeys(filter(None, lines)))
        if not reasons:
            raise forms.ValidationError(gettext("Enter at least one reason."))
        if len(reasons) > MOST_REASONS:
            raise forms.ValidationError(
                gettext("There are %(count)s reasons. At most %(most)s are allowed.")
                % {"count": len(reasons), "most": MOST_REASONS}
            )
        if too_long := [reason for reason in reasons if len(reason) > LONGEST_REASON]:
            raise forms.ValidationError(
                gettext("Longer than 120 characters: “%(too_long)s”. Shorten it.")
                % {"too_long": too_long[0]}
            )
        return reasons


class KeysForm(forms.Form):
    """Asks for the key of each action at the desk, and whether an item has to be in sight first."""

    is_fast = forms.BooleanField(
        required=False,
        label=_(
            "Fast: decide also on an item that has been in sight for less than a third of a second"
        ),
    )

    def __init__(self, keymap: KeyMap | None, data: Any = None) -> None:
        is_fast = bool(keymap and keymap.is_fast)
        super().__init__(data, initial={**shortcuts.keys_of(keymap), "is_fast": is_fast})
        for name, action in shortcuts.ACTIONS.items():
            self.fields[name] = forms.CharField(max_length=1, label=capfirst(action.description))
            self.fields[name].widget.attrs["size"] = 2
        self.order_fields((*shortcuts.ACTIONS, "is_fast"))

    def clean(self) -> dict[str, Any]:
        if not self.errors and (problem := shortcuts.problem_with(self._keys())):
            raise forms.ValidationError(problem)
        return self.cleaned_data

    def _keys(self) -> dict[str, str]:
        return {name: self.cleaned_data[name].lower() for name in shortcuts.ACTIONS}

    def values(self) -> dict[str, Any]:
        """Return the values of a :class:`KeyMap`."""
        return {"keys": self._keys(), "is_fast": self.cleaned_data["is_fast"]}


class ZoneForm(forms.Form):
    """Asks for a user's time zone."""

    def __init__(self, of_browser: str, chosen: str, data: Any = None) -> None:
        super().__init__(data, initial={"zone": chosen})
        label = gettext("the browser’s (%(zone)s)") % {"zone": of_browser}
        choices = [("", label), *((name, name) for name in sorted(zones.names()))]
        self.fields["zone"] = forms.ChoiceField(
            choices=choices, required=False, label=gettext("Time zone")
        )


class InvitationForm(forms.Form):
    """Asks whom to invite; each person gets a link of their own."""

    people = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
        label=_("Invited people"),
        help_text=_("Names or addresses, one per line. Each person gets a link of their own."),
    )
    role = forms.TypedChoiceField(
        choices=Role.choices, coerce=int, initial=Role.REVIEWER, label=_("Role")
    )
    days = forms.IntegerField(
        label=_("Valid for days"),
        min_value=1,
        max_value=MOST_INVITATION_DAYS,
        initial=INVITATION_DAYS,
        help_text=_("After that, the link no longer works."),
    )

    def clean_people(self) -> list[str]:
        lines = self.cleaned_data["people"].splitlines()
        people = list(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))
        longest = Invitation._meta.get_field("note").max_length or 0
        if any(len(person) > longest for person in people):
            raise forms.ValidationError(
                gettext("A name has more than %(most)s characters.") % {"most": longest}
            )
        if len(people) > MOST_INVITED:
            raise forms.ValidationError(
                gettext("At most %(most)s people can be invited at once.") % {"most": MOST_INVITED}
            )
        return people or [""]

    def create(self, project: Project, user: User) -> int:
        """Create the invitations; return how many."""
        ends = timezone.now() + timedelta(days=self.cleaned_data["days"])
        role, people = self.cleaned_data["role"], self.cleaned_data["people"]
        Invitation.objects.bulk_create(
            Invitation(project=project, created_by=user, note=note, role=role, expires_at=ends)
            for note in reversed(people)  # the list begins with the newest
        )
        return len(people)


class RoleForm(forms.ModelForm[Membership]):
    role = forms.TypedChoiceField(choices=Role.choices, coerce=int, label=_("Role"))

    class Meta:
        model = Membership
        fields = ("role",)
