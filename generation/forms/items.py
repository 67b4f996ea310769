"""The filters of the list of items."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from generation import search
from generation.checks import flag_trust
from generation.items.listing import ORDERS, ORIGINS
from generation.models import Document, Item, ItemState, Purpose
from prompts.models import Task, Variant
from qareview.backends import model_names
from qareview.models import Membership
from qareview.request_numbers import number_in

MOST_DOCUMENTS = 200  # to choose from; others are linked on their pages; chosen; nobody measured
LAST_DAY = date(9998, 12, 31)  # Python's dates end with the year 9999, and a day is added
LAST_PAGE = 1_000_000  # chosen; nobody measured
MORE = (
    "flag", "reviewer", "score_from", "score_to", "drafted_from", "drafted_to", "decided_from",
    "decided_to", "origin", "model", "variant", "purpose", "assigned",
)  # fmt: skip
OTHERS = {"page", "item", "all"}  # parameters of the address that are not filters


def _day(label: StrOrPromise) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MaxValueValidator(LAST_DAY)],
    )


def _score(label: StrOrPromise) -> forms.FloatField:
    field = forms.FloatField(required=False, label=label, min_value=0, max_value=1)
    field.widget.attrs["step"] = "any"
    return field


def _choice(label: StrOrPromise, otherwise: StrOrPromise, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=[("", otherwise), *choices], required=False, label=label)


def _model_choice(
    label: StrOrPromise, otherwise: StrOrPromise, queryset: Any
) -> forms.ModelChoiceField[Any]:
    return forms.ModelChoiceField(
        queryset=queryset, required=False, label=label, empty_label=otherwise
    )


class ItemFilterForm(forms.Form):
    """A fixed set of filters, independent of the names of database fields."""

    text = forms.CharField(
        required=False,
        max_length=200,
        label=_("Text"),
        widget=forms.TextInput(
            attrs={"type": "search", "dir": "auto", "placeholder": _('Words or "a phrase"')}
        ),
    )
    state = _choice(_("State"), _("Any state"), ItemState.choices)
    document = _model_choice(_("Document"), _("Any document"), Document.objects.none())
    order = _choice(_("Order"), ORDERS[""][0], [(key, ORDERS[key][0]) for key in ORDERS if key])
    flag = _choice(_("Flag"), _("Any"), [])  # filled when a form is made
    reviewer = _model_choice(_("Decided by"), _("Anyone"), User.objects.none())
    assigned = _model_choice(_("Assigned to"), _("Anyone or no one"), User.objects.none())
    score_from, score_to = _score(_("Score from")), _score(_("Score to"))
    drafted_from, drafted_to = _day(_("Drafted from")), _day(_("Drafted to"))
    decided_from, decided_to = _day(_("Decided from")), _day(_("Decided to"))
    origin = _choice(_("Origin"), _("Any"), [(key, name) for key, (name, _) in ORIGINS.items()])
    model = forms.CharField(
        required=False,
        max_length=100,
        label=_("Model"),  # any name is accepted, since a model may be gone from the settings
        widget=forms.TextInput(attrs={"list": "models"}),
    )
    variant = _model_choice(_("Prompt"), _("Any"), Variant.objects.none())
    purpose = _choice(
        _("Purpose"),
        _("Any"),
        [
            ("usual", _("regular")),
            *((purpose.value, _(purpose.value)) for purpose in Purpose if purpose.value),
        ],
    )
    like = _model_choice(_("Similar to"), _("Any"), Item.objects.none())
    like.widget = forms.HiddenInput()

    def __init__(self, membership: Membership, data: QueryDict) -> None:
        super().__init__(data)
        self.project = project = membership.project
        members = User.objects.filter(memberships__project=project).order_by("username")
        variants = Variant.objects.filter(
            prompt__project=project, prompt__task__in=(Task.SUMMARISE, Task.ASK)
        )
        self._choose_from("reviewer", members)
        self._choose_from("assigned", members)
        self._choose_from("variant", variants.select_related("prompt").order_by("-pk"))
        self._choose_from("document", project.documents.only("name"))
        self._choose_from("like", project.items.exclude(embedding=None))
        if not membership.is_admin:  # reviewers do not see which items are for calibration
            del self.fields["purpose"]
        self._offer_documents()
        self._offer_flags()

    def _choose_from(self, name: str, queryset: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  for the type checker
        field.queryset = queryset

    def _offer_documents(self) -> None:
        """List the first documents to choose from, and the chosen document if it is another."""
        documents = self.project.documents.order_by("name").values_list("pk", "name")
        offered = dict(documents[:MOST_DOCUMENTS])
        chosen = number_in(self.data.get("document"))
        if chosen is not None and chosen not in offered:
            offered.update(documents.filter(pk=chosen))
        select = self.fields["document"].widget
        assert isinstance(select, forms.Select)  # noqa: S101  for the type checker
        select.choices = [("", _("Any document")), *offered.items()]

    def _offer_flags(self) -> None:
        field = self.fields["flag"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = [("", _("Any")), *flag_trust.choices()]

    def clean_text(self) -> str:
        """Refuse a text without words."""
        text: str = self.cleaned_data["text"]
        if text and not search.has_words(text):
            raise forms.ValidationError(gettext("Enter at least one word."))
        return text

    @property
    def filter_values(self) -> dict[str, Any]:
        """Return the values of the valid filters that are set, by their names."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    @property
    def doubts(self) -> list[str]:
        """Return a message for each parameter of the address that is ignored."""
        wrong = [
            gettext("“%(label)s” is not valid") % {"label": self.fields[name].label}
            for name in self.errors
        ]
        unknown = sorted(set(self.data) - set(self.fields) - OTHERS)
        return [
            *wrong,
            *(gettext("“%(name)s” is not a filter") % {"name": name} for name in unknown),
        ]

    @property
    def page(self) -> int:
        """Return the number of the page in the address, 1 if it is not valid."""
        text = self.data.get("page", "")
        is_beyond = len(text) > len(str(LAST_PAGE)) and text.isdecimal()
        return LAST_PAGE if is_beyond else min(number_in(text) or 1, LAST_PAGE)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the names of the valid filters that are set, with their values in the address."""
        return [(name, self.data[name]) for name in self.fields if name in self.filter_values]

    @property
    def address(self) -> str:
        """Return the valid filters that are set, as a query string."""
        return urlencode(self.pairs())

    @property
    def models(self) -> list[str]:
        """The names that are suggested for ``model``."""
        return model_names()

    @property
    def first(self) -> Iterator[forms.BoundField]:
        """The fields that the page always shows."""
        return (self[name] for name in ("text", "state", "document", "order"))

    @property
    def more(self) -> Iterator[forms.BoundField]:
        """The fields that the page shows when it is asked for more."""
        return (self[name] for name in MORE if name in self.fields)

    @property
    def has_more(self) -> bool:
        """Whether any of the fields of ``more`` is set."""
        return any(name in self.filter_values for name in MORE)
