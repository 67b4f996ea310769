"""Forms to fetch models of a hub, and to remove them, for admins of the installation."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qareview.encryption import encrypt
from qareview.model_forms import ModelFields
from qareview.models import ModelFetch

# As huggingface_hub’s validate_repo_id, without what it forbids in pairs.
HUB_ID = re.compile(r"(?:[A-Za-z0-9][\w.\-]*/)?[A-Za-z0-9](?:[\w.\-]*\w)?", re.ASCII)
REVISION = re.compile(r"[A-Za-z0-9][\w.\-/]*", re.ASCII)
ADDRESS = re.compile(r"https?://[^/]+/")  # that is before the id in the address of a model’s page


class FetchForm(forms.ModelForm[ModelFetch], ModelFields):
    """Which model to fetch. The token is stored encrypted, until it is fetched, and never shown."""

    hub_id = forms.CharField(
        label=_("Model"),
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "org/name", "autocomplete": "off"}),
        help_text=_(
            "The model’s id at the hub. It has to write text, and its weights have to be in the "
            "format safetensors."
        ),
    )
    revision = forms.CharField(
        label=_("Version"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("A branch, tag or commit. Leave empty for the latest one."),
    )
    token = forms.CharField(
        label=_("Hub token"),
        required=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_token = forms.BooleanField(label=_("Remove the stored token"), required=False)
    field_order = ("hub_id", "token", "forget_token", "revision", "name", "context")

    class Meta:
        model = ModelFetch
        fields = ("hub_id", "revision", "name", "context")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        has_token = bool(self.instance.encrypted_token)
        self.fields["token"].help_text = (
            gettext("A token is stored. Leave this empty to keep it.")
            if has_token
            else gettext("Only for models that not everyone may fetch. It needs to read only.")
        )
        if not has_token:
            del self.fields["forget_token"]

    @property
    def essential(self) -> list[forms.BoundField]:
        """The fields that the page always shows."""
        return [self[name] for name in ("hub_id", "token", "forget_token") if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that the page shows when it is asked for more."""
        return [self[name] for name in ("revision", "name", "context")]

    def clean_hub_id(self) -> str:
        """Return the id, which may have been copied as the address of the model’s page."""
        hub_id = ADDRESS.sub("", str(self.cleaned_data["hub_id"]).strip()).rstrip("/")
        is_id = HUB_ID.fullmatch(hub_id) and len(hub_id) <= 96  # huggingface_hub’s limit
        if not is_id or "--" in hub_id or ".." in hub_id or hub_id.endswith(".git"):
            raise forms.ValidationError(
                gettext("Enter the id as it stands on the model’s page, such as org/name.")
            )
        return hub_id

    def clean_revision(self) -> str:
        revision = str(self.cleaned_data["revision"]).strip()
        if revision and (not REVISION.fullmatch(revision) or ".." in revision):
            raise forms.ValidationError(
                gettext("Enter the name of a branch or tag, or the id of a commit.")
            )
        return revision

    def clean_token(self) -> str:
        token = str(self.cleaned_data["token"]).strip()
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise forms.ValidationError(
                gettext("A token has only letters, digits and signs. Copy it again.")
            )
        return token

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        data["name"] = data["name"] or data["hub_id"].rpartition("/")[2]
        if data["name"] != self.initial.get("name"):
            self.check_name(data["name"])
        return data

    def filled(self) -> ModelFetch:
        """Return the fetch as the valid form describes it, not stored."""
        fetch: ModelFetch = super().save(commit=False)
        if token := self.cleaned_data["token"]:
            fetch.encrypted_token = encrypt(token)
        elif self.cleaned_data.get("forget_token"):
            fetch.encrypted_token = ""
        return fetch


class RemovalForm(forms.Form):
    """Whether the files of a fetched model are deleted with it."""

    with_files = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, size: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["with_files"].label = gettext("Delete its files, too (%(size)s)") % {
            "size": size
        }
