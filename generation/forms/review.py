"""Forms for uploads, reviews and releases."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models.functions import Length
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation import columns
from generation.models import ACCEPTING, Item, Release, Verdict
from generation.verdicts import Submission
from prompts.models import Task, Variant
from qareview.forms import LONGEST_PASSAGE, SHORTEST_PASSAGE, model_field
from qareview.models import Project

LONGEST_TEXT = 1_000_000  # characters of a question or an answer: tables bring long ones


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files: cleaned to a list of them."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        # What is wrong with a file is told on its own row, not by refusing all of them.
        if not data:
            raise forms.ValidationError(gettext("Choose at least one file."))
        return list(data)


class UploadForm(forms.Form):
    files = FilesField()  # type: ignore[assignment]  # a form's own `files` is no field


class ColumnsForm(forms.Form):
    """Which columns of a surveyed table are taken; the guess is chosen at first."""

    context = forms.CharField(required=False, strip=False, widget=forms.Select, label=_("Context"))
    question = forms.CharField(
        required=False, strip=False, widget=forms.Select, label=_("Question")
    )
    answer = forms.CharField(required=False, strip=False, widget=forms.Select, label=_("Answer"))

    def __init__(self, survey: dict[str, Any], data: QueryDict | None = None) -> None:
        super().__init__(data, initial=survey.get("guess"))
        self.columns: list[str] = survey.get("columns", [])
        for role, field in self.fields.items():
            none = gettext("choose one") if role == "context" else gettext("none: draft them")
            choices = [("", none), *((column, column) for column in self.columns)]
            field.widget = forms.Select(choices=choices)

    def clean(self) -> dict[str, Any]:
        if wrong := columns.objection(self.chosen(), self.columns):
            raise forms.ValidationError(wrong)
        return self.cleaned_data

    def chosen(self) -> dict[str, str]:
        """Return the column of each role that has one."""
        return {role: self.cleaned_data[role] for role in self.fields if self.cleaned_data[role]}


class CutForm(forms.Form):
    """The length of passages to try or to take."""

    length = forms.IntegerField(
        min_value=SHORTEST_PASSAGE,
        max_value=LONGEST_PASSAGE,
        label=_("At most so many tokens a passage"),
        widget=forms.NumberInput(attrs={"step": 10}),
    )
    for_project = forms.BooleanField(
        required=False, label=_("Cut what is uploaded from now on so, too")
    )


class AgainForm(forms.Form):
    """With which model and prompts something is drafted again."""

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = model_field(gettext("that of the prompt or the project"))
        for task, label in (
            (Task.SUMMARISE, gettext("Prompt for the answers")),
            (Task.ASK, gettext("Prompt for the questions")),
        ):
            variants = Variant.objects.filter(prompt__project=project, prompt__task=task)
            self.fields[task] = forms.ModelChoiceField(
                queryset=variants.select_related("prompt").order_by("-number"),
                required=False,
                label=label,
                empty_label=gettext("the one in production"),
            )

    def draft_with(self) -> dict[str, Any]:
        """Return what was chosen, as :attr:`Passage.draft_with`."""
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        return {name: getattr(value, "pk", value) for name, value in chosen.items()}


RANK = "rank-"  # how the names of ranks begin, followed by the id of a candidate question


def ranking_of(data: Mapping[str, Any]) -> dict[str, int]:
    """Return the places given to candidate questions, by their ids."""
    given = {
        name.removeprefix(RANK): value for name, value in data.items() if name.startswith(RANK)
    }
    return {
        question: int(place)
        for question, place in given.items()
        if question.isdecimal() and place.isdecimal() and len(place) < 3 and int(place)
    }


class TypedForm(forms.Form):
    """What is typed at the desk and not sent yet."""

    question = forms.CharField(max_length=LONGEST_TEXT, required=False, strip=False)
    answer = forms.CharField(max_length=LONGEST_TEXT, required=False, strip=False)
    start = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    end = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    replaces = forms.IntegerField(min_value=0, required=False)

    def typed(self) -> dict[str, Any]:
        """Return the fields of the desk, and the places of the candidates."""
        texts = {name: self.cleaned_data[name] for name in ("question", "answer", "start", "end")}
        return {**texts, "ranking": ranking_of(self.data)}

    def clean_replaces(self) -> int | None:
        """Return None where there was no decision, which the desk tells by 0."""
        return self.cleaned_data["replaces"] or None


class ReviewForm(forms.Form):
    """What the desk sends. A reason alone means rejected."""

    key = forms.UUIDField()
    replaces = forms.IntegerField(min_value=0)
    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    reason = forms.CharField(max_length=120, required=False)
    question = forms.CharField(max_length=LONGEST_TEXT, required=False)
    answer = forms.CharField(max_length=LONGEST_TEXT, required=False)
    start = forms.IntegerField(min_value=0, required=False)
    end = forms.IntegerField(min_value=0, required=False)
    seconds = forms.IntegerField(min_value=0, max_value=86_400, required=False)

    def __init__(self, project: Project, item_id: int, data: QueryDict) -> None:
        super().__init__(data)
        self.project, self.item_id = project, item_id

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if {"key", "replaces", "verdict", "seconds"} & set(self.errors):
            raise forms.ValidationError(
                gettext("The form was damaged on its way. Send it once more.")
            )
        if cleaned.get("reason") and not cleaned.get("verdict"):
            cleaned["verdict"] = Verdict.REJECTED
        if not cleaned.get("verdict"):
            self.add_error(
                None, gettext("Say what becomes of the item: accept, reject or skip it.")
            )
        if cleaned.get("verdict") == Verdict.REJECTED:
            self._check_reason(cleaned.get("reason"))
        if cleaned.get("verdict") in ACCEPTING:
            self._check_text(cleaned)
            self._check_excerpt(cleaned)
        return cleaned

    def _check_reason(self, reason: str | None) -> None:
        if reason not in self.project.reject_reasons:
            self.add_error(
                None, gettext("Give one of the project's reasons for rejecting the item.")
            )

    def _check_text(self, cleaned: dict[str, Any]) -> None:
        for field in ("question", "answer"):
            if field not in self.errors and not cleaned.get(field):
                self.add_error(
                    field, gettext("An accepted item needs %(field)s.") % {"field": _article(field)}
                )

    def _check_excerpt(self, cleaned: dict[str, Any]) -> None:
        """Keep an excerpt inside its document; one that is the passage itself is none."""
        start, end = cleaned.get("start"), cleaned.get("end")
        if start is None and end is None:
            return
        item = Item.everything.filter(project=self.project, pk=self.item_id)
        bounds = item.values_list("passage__start", "passage__end", Length("document__text"))
        first, last, length = bounds.first() or (0, 0, 0)  # there is no item: told when it is sent
        if start is None or end is None or not start < end <= length:
            self.add_error(
                None,
                gettext("The excerpt has to be inside the document: 0 to %(length)s.")
                % {"length": length},
            )
        elif (start, end) == (first, last):
            cleaned["start"] = cleaned["end"] = None

    def submission(self) -> Submission:
        """Return what was sent, with line ends as the model's text has them."""
        cleaned = self.cleaned_data
        return Submission(
            key=cleaned["key"],
            replaces=cleaned["replaces"],
            verdict=Verdict(cleaned["verdict"]),
            question=_unix(cleaned["question"]),
            answer=_unix(cleaned["answer"]),
            start=cleaned["start"],
            end=cleaned["end"],
            ranking=ranking_of(self.data),
            reason=cleaned["reason"] if cleaned["verdict"] == Verdict.REJECTED else "",
            seconds=cleaned["seconds"] or 0,
        )


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")  # forms send CRLF


def _article(field: str) -> str:
    return gettext("an answer") if field == "answer" else gettext("a question")


class ReleaseForm(forms.ModelForm[Release]):
    class Meta:
        model = Release
        fields = ("note",)
        labels = {"note": _("Note")}  # noqa: RUF012  Django's way
        help_texts = {"note": _("Optional; goes on the card of the download.")}  # noqa: RUF012
