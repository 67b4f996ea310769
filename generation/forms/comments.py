"""Forms for comments, and for questions to a colleague."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from generation.review import comments
from qareview.fields import TypedTextField
from qareview.models import Project

LONGEST_COMMENT = 5_000  # characters; chosen; nobody measured


class CommentForm(forms.Form):
    """A comment on an item."""

    text = TypedTextField(
        max_length=LONGEST_COMMENT,
        label=_("Comment"),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3, "class": "field"}),
        error_messages={"required": _("Enter some text.")},
    )

    def clean_text(self) -> str:
        """Return the text with Unix line ends; forms send CRLF."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class UnsentCommentForm(CommentForm):
    """A comment or a question that is being typed."""

    text = TypedTextField(max_length=LONGEST_COMMENT, required=False, strip=False)


class AskForm(CommentForm):
    """A question about an item to another member of the project."""

    colleague: forms.ModelChoiceField[User] = forms.ModelChoiceField(
        queryset=User.objects.none(),
        empty_label=_("Choose one"),
        label=_("Colleague"),
        widget=forms.Select(attrs={"autofocus": True}),
    )
    field_order = ("colleague", "text")

    def __init__(self, project: Project, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("Question")
        field = self.fields["colleague"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  for the type checker
        field.queryset = comments.members_to_mention(project).exclude(pk=user.pk)
