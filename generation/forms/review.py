"""The forms of the desk: unsent fields, and a review."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models.functions import Length
from django.http import QueryDict
from django.utils.translation import gettext

from generation.models import ACCEPTING, Item, Verdict
from generation.review.decisions import Submission
from qareview.fields import TypedTextField
from qareview.models import Project
from qareview.request_numbers import LARGEST_POSITION, number_in

LONGEST_TEXT = 1_000_000  # of a question or answer; some tables' are long; chosen; nobody measured
LAST_PLACE = 99  # of a candidate question; an item has at most nine; chosen; nobody measured
LONGEST_SECONDS = 86_400  # a day; chosen; nobody measured
RANK = "rank-"  # begins a field's name and is followed by the id of a candidate question


def ranking_of(data: Mapping[str, Any]) -> dict[str, int]:
    """Return the places of candidate questions, by their ids."""
    places = {
        number_in(name.removeprefix(RANK)): number_in(value, LAST_PLACE)
        for name, value in data.items()
        if name.startswith(RANK)
    }
    return {str(question): place for question, place in places.items() if question and place}


class TypedForm(forms.Form):
    """The fields that were typed at the desk and not sent yet."""

    question = TypedTextField(max_length=LONGEST_TEXT, required=False, strip=False)
    answer = TypedTextField(max_length=LONGEST_TEXT, required=False, strip=False)
    start = forms.IntegerField(min_value=0, max_value=LARGEST_POSITION, required=False)
    end = forms.IntegerField(min_value=0, max_value=LARGEST_POSITION, required=False)
    replaces = forms.IntegerField(min_value=0, required=False)

    def typed(self) -> dict[str, Any]:
        """Return the fields by name, and the places of candidate questions as ``ranking``."""
        texts = {name: self.cleaned_data[name] for name in ("question", "answer", "start", "end")}
        return {**texts, "ranking": ranking_of(self.data)}

    def clean_replaces(self) -> int | None:
        """Return the id of the decision that the text replaces; None if the form has 0."""
        return self.cleaned_data["replaces"] or None


class ReviewForm(forms.Form):
    """A review that the desk sends. A reason without a verdict rejects the item."""

    key = forms.UUIDField()
    replaces = forms.IntegerField(min_value=0)
    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    reason = forms.CharField(max_length=120, required=False)
    question = TypedTextField(max_length=LONGEST_TEXT, required=False)
    answer = TypedTextField(max_length=LONGEST_TEXT, required=False)
    start = forms.IntegerField(min_value=0, required=False)
    end = forms.IntegerField(min_value=0, required=False)
    text_version = forms.IntegerField(min_value=0, required=False)  # that start and end refer to
    seconds = forms.IntegerField(min_value=0, max_value=LONGEST_SECONDS, required=False)

    def __init__(self, project: Project, item_id: int, data: QueryDict) -> None:
        super().__init__(data)
        self.project, self.item_id = project, item_id

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if {"key", "replaces", "verdict", "seconds"} & set(self.errors):
            raise forms.ValidationError(gettext("The form data is not valid. Send the form again."))
        if cleaned.get("reason") and not cleaned.get("verdict"):
            cleaned["verdict"] = Verdict.REJECTED
        if not cleaned.get("verdict"):
            self.add_error(None, gettext("Accept, reject or skip the item."))
        if cleaned.get("verdict") == Verdict.REJECTED:
            self._check_reason(cleaned.get("reason"))
        if cleaned.get("verdict") in ACCEPTING:
            self._check_text(cleaned)
            self._check_excerpt(cleaned)
        return cleaned

    def _check_reason(self, reason: str | None) -> None:
        if reason not in self.project.reject_reasons:
            self.add_error(
                None, gettext("Choose one of the project’s reasons for rejecting the item.")
            )

    def _check_text(self, cleaned: dict[str, Any]) -> None:
        for field in ("question", "answer"):
            if field not in self.errors and not cleaned.get(field):
                self.add_error(
                    field,
                    gettext("An accepted item needs %(field)s.") % {"field": _with_article(field)},
                )

    def _check_excerpt(self, cleaned: dict[str, Any]) -> None:
        """Check that an excerpt is inside its document; drop one that is the passage itself."""
        start, end = cleaned.get("start"), cleaned.get("end")
        if start is None and end is None:
            return
        items = Item.everything.filter(project=self.project, pk=self.item_id)
        item = items.select_related("passage", "document").defer("document__text").first()
        if item is None:
            return  # decisions.submit raises
        passage, version = item.passage, cleaned.get("text_version")
        length = passage.whole_text().values_list(Length("text"), flat=True).get()
        if start is None or end is None or not start < end <= length:
            self.add_error(
                None,
                gettext(
                    "The excerpt must be within the document, between characters 0 and %(length)s."
                )
                % {"length": length},
            )
        elif not passage.earlier_text_id and version not in (None, item.document.text_version):
            self.add_error(
                None,
                gettext(
                    "The document has been read again since you chose the context. Choose it again."
                ),
            )
        elif (start, end) == (passage.start, passage.end):
            cleaned["start"] = cleaned["end"] = None

    def submission(self) -> Submission:
        """Return the submission that was sent, with Unix line ends as in drafted texts."""
        cleaned = self.cleaned_data
        return Submission(
            key=cleaned["key"],
            replaces=cleaned["replaces"],
            verdict=Verdict(cleaned["verdict"]),
            question=_with_unix_line_ends(cleaned["question"]),
            answer=_with_unix_line_ends(cleaned["answer"]),
            start=cleaned["start"],
            end=cleaned["end"],
            ranking=ranking_of(self.data),
            reason=cleaned["reason"] if cleaned["verdict"] == Verdict.REJECTED else "",
            seconds=cleaned["seconds"] or 0,
        )


def _with_unix_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")  # forms send CRLF


def _with_article(field: str) -> str:
    return gettext("an answer") if field == "answer" else gettext("a question")
