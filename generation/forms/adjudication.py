"""The form of adjudication: choose a version, merge texts, reject the item or send it back."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from generation.forms.review import LONGEST_TEXT
from generation.models import Item, Review, Verdict
from generation.review.adjudication import Adjudication
from qareview.fields import TypedTextField
from qareview.models import Project

ACTIONS = {
    "choose": Verdict.ACCEPTED,
    "merge": Verdict.EDITED,
    "reject": Verdict.REJECTED,
    "back": Verdict.SKIPPED,
}


class AdjudicationForm(forms.Form):
    """An adjudication; each button of the page sends a different ``action``."""

    key = forms.UUIDField()
    stands = forms.RegexField(r"^[\d,]*$", required=False)
    action = forms.ChoiceField(choices=[(name, name) for name in ACTIONS], required=False)
    choice = forms.IntegerField(required=False)
    question = TypedTextField(max_length=LONGEST_TEXT, required=False)
    answer = TypedTextField(max_length=LONGEST_TEXT, required=False)
    excerpt = forms.CharField(required=False)
    reason = forms.CharField(max_length=120, required=False)
    why = TypedTextField(max_length=2_000, required=False)
    gold = forms.BooleanField(required=False)

    def __init__(self, project: Project, item: Item, data: QueryDict) -> None:
        super().__init__(data)
        self.project, self.item = project, item

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if {"key", "stands", "action", "choice"} & set(self.errors):
            raise forms.ValidationError(_("The form data is not valid. Send the form again."))
        cleaned["action"] = cleaned["action"] or ("choose" if cleaned["choice"] else "")
        check = getattr(self, f"_check_{cleaned['action']}", None)
        if check is None:
            raise forms.ValidationError(
                _("Choose a version, write your own, reject the item or send it back.")
            )
        check(cleaned)
        return cleaned

    def _check_choose(self, cleaned: dict[str, Any]) -> None:
        if self._chosen() is None:
            self.add_error(None, _("Choose a version that belongs to this item."))

    def _check_merge(self, cleaned: dict[str, Any]) -> None:
        if not (cleaned.get("question") and cleaned.get("answer")):
            self.add_error(None, _("An accepted item needs a question and an answer."))
        if cleaned.get("excerpt") and cleaned["excerpt"] not in excerpts(self.item.reviews.all()):
            self.add_error(None, _("Choose an excerpt that belongs to this item."))

    def _check_reject(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("reason") not in self.project.reject_reasons:
            self.add_error(None, _("Choose one of the project’s reasons for rejecting the item."))
        self._check_why(cleaned, _("Explain in a sentence why you are rejecting the item."))

    def _check_back(self, cleaned: dict[str, Any]) -> None:
        self._check_why(cleaned, _("Explain in a sentence why you are sending the item back."))

    def _check_why(self, cleaned: dict[str, Any], sentence: str) -> None:
        if "why" not in self.errors and not cleaned.get("why"):
            self.add_error(None, sentence)

    def _chosen(self) -> Review | None:
        """Return the review whose version was chosen, or None."""
        reviews = [review for review in self.item.reviews.all() if review.verdict != "skipped"]
        by_id = {review.pk: review for review in reviews}
        return by_id.get(self.cleaned_data["choice"] or 0)

    def adjudication(self) -> Adjudication:
        """Return the adjudication that was sent, with Unix line ends as in drafted texts."""
        cleaned = self.cleaned_data
        return Adjudication(
            key=cleaned["key"],
            stands=cleaned["stands"],
            comment=cleaned["why"].replace("\r\n", "\n"),
            is_gold=cleaned["gold"],
            **self._content(),
        )

    def _content(self) -> dict[str, Any]:
        """Return the verdict, the texts and the reason, by the names of Adjudication's fields."""
        cleaned, chosen = self.cleaned_data, self._chosen()
        action = cleaned["action"]
        if action == "choose" and chosen:
            names = ("verdict", "question", "answer", "start", "end", "context", "reason")
            return {name: getattr(chosen, name) for name in names}
        content: dict[str, Any] = {"verdict": ACTIONS[action]}
        if action == "merge":
            content |= excerpts(self.item.reviews.all())[cleaned["excerpt"]]
            content |= {
                name: cleaned[name].replace("\r\n", "\n") for name in ("question", "answer")
            }
        if action == "reject":
            content["reason"] = cleaned["reason"]
        return content


def excerpts(reviews: Iterable[Review]) -> dict[str, dict[str, Any]]:
    """Return the contexts to choose from: "" is the passage, "start-end" a reviewer's excerpt."""
    by_name: dict[str, dict[str, Any]] = {"": {"start": None, "end": None, "context": ""}}
    for review in reviews:
        if review.start is not None:
            excerpt = {name: getattr(review, name) for name in ("start", "end", "context")}
            by_name[f"{review.start}-{review.end}"] = excerpt
    return by_name
