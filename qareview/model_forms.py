"""Forms to add and change models, which admins of the installation do."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qareview.added_models import is_taken
from qareview.backends.servers import PRESETS, Preset
from qareview.encryption import encrypt
from qareview.models import AddedModel

MOST_AT_ONCE = 256  # requests; chosen; nobody measured
PATHS_OF_REQUESTS = ("/chat/completions", "/completions", "/models")  # which people copy, too


class ModelFields(forms.Form):
    """The fields of every model, whether it is here or has to be fetched first."""

    name = forms.CharField(
        label=_("Name in QAReview"),
        max_length=100,
        required=False,
        help_text=_("Projects and prompts choose the model by this name."),
    )
    context = forms.IntegerField(
        label=_("Context"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=_(
            "How many tokens a request and its answer may have together. Longer requests are "
            "not sent. Leave empty if you do not know."
        ),
    )

    def check_name(self, name: str) -> None:
        """Add an error if there is already a model of this name."""
        if is_taken(name):
            self.add_error(
                "name",
                gettext("There is already a model named “%(name)s”. Enter another name.")
                % {"name": name},
            )


class AddedModelForm(forms.ModelForm[AddedModel], ModelFields):
    """A model that can be used at once. The name of a model that exists does not change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["name"].disabled = True

    def default_name(self) -> str:
        """Return the name of a model for which none was typed."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.instance.pk or self.errors:
            return data
        data["name"] = data["name"] or self.default_name()[:100]
        self.check_name(data["name"])
        return data


class ServerForm(AddedModelForm):
    """A model on a server with OpenAI's API. Its key is stored encrypted and never shown."""

    backend = "openai"

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text=_("The address of OpenAI’s API on the server. It usually ends with /v1."),
    )
    served_name = forms.CharField(
        label=_("Model"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The model’s name at the server."),
    )
    key = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_key = forms.BooleanField(label=_("Remove the stored key"), required=False)
    price_in = forms.DecimalField(
        label=_("Price of a million tokens read"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=4,
    )
    price_out = forms.DecimalField(
        label=_("Price of a million tokens written"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=4,
        help_text=_("In the currency of your budgets. Leave both empty if it costs nothing."),
    )
    concurrency = forms.IntegerField(
        label=_("Requests at once"), min_value=1, max_value=MOST_AT_ONCE, initial=8
    )
    field_order = ("url", "served_name", "key", "forget_key", "name", "context")

    class Meta:
        model = AddedModel
        fields = (
            *("url", "served_name", "name"),
            *("context", "price_in", "price_out", "concurrency"),
        )

    def __init__(self, *args: Any, preset: Preset | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].help_text = self._about_key(preset)
        for name in ("price_in", "price_out"):
            self.initial[name] = _short(self.initial.get(name))
        if not self.instance.encrypted_key:
            del self.fields["forget_key"]

    def _about_key(self, preset: Preset | None) -> str:
        if self.instance.encrypted_key:
            return gettext("A key is stored. Leave this empty to keep it.")
        if preset and preset.keys_at:
            return gettext("%(name)s needs a key. You can make one at %(place)s.") % {
                "name": preset.name,
                "place": preset.keys_at,
            }
        if preset:
            return gettext("%(name)s usually needs no key.") % {"name": preset.name}
        return gettext("Leave empty if the server needs none.")

    @property
    def essential(self) -> list[forms.BoundField]:
        """The fields that the page always shows."""
        names = ("url", "served_name", "key", "forget_key")
        return [self[name] for name in names if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that the page shows when it is asked for more."""
        return [self[name] for name in ("name", "context", "price_in", "price_out", "concurrency")]

    def default_name(self) -> str:
        return str(self.cleaned_data["served_name"]).rpartition("/")[2]

    def clean_url(self) -> str:
        """Return the address without what belongs to a request. It must not contain a key."""
        url = str(self.cleaned_data["url"]).rstrip("/")
        for path in PATHS_OF_REQUESTS:
            url = url.removesuffix(path)
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
            port_is_valid = parts.port is None or parts.port > 0
        except ValueError:
            is_address = port_is_valid = False
        if not (is_address and port_is_valid) or any(letter.isspace() for letter in url):
            raise forms.ValidationError(
                gettext("Enter an address that begins with http:// or https://.")
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise forms.ValidationError(
                gettext("Enter the address alone, and the key in the field below.")
            )
        return url

    def clean_price_in(self) -> Any:
        return self.cleaned_data["price_in"] or 0

    def clean_price_out(self) -> Any:
        return self.cleaned_data["price_out"] or 0

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].strip()
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise forms.ValidationError(
                gettext("A key has only letters, digits and signs. Copy it again.")
            )
        return key

    def clean(self) -> dict[str, Any]:
        """Refuse to send a stored key to another server than the one that it was entered for."""
        data = super().clean()
        url = data.get("url")
        keeps = self.instance.encrypted_key and not (data.get("key") or data.get("forget_key"))
        if keeps and url and _server(url) != _server(self.initial["url"]):
            self.add_error(
                "key", gettext("The stored key is for another server. Enter the key of this one.")
            )
        return data

    def save(self, commit: bool = True) -> AddedModel:
        self.instance.backend = self.backend
        if key := self.cleaned_data["key"]:
            self.instance.encrypted_key = encrypt(key)
        elif self.cleaned_data.get("forget_key"):
            self.instance.encrypted_key = ""
        return super().save(commit)


def _short(price: Decimal | None) -> str:
    """Return a price without zeros at its end; nothing if it is free."""
    return f"{price.normalize():f}" if price else ""


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


class FolderForm(AddedModelForm):
    """A model in a folder, which the library transformers runs on the workers' machine."""

    backend = "transformers"

    path = forms.CharField(
        label=_("Folder"),
        max_length=500,
        help_text=_(
            "A folder on the machine of the workers with a model for the library transformers."
        ),
    )
    field_order = ("path", "name", "context")

    class Meta:
        model = AddedModel
        fields = ("path", "name", "context")

    @property
    def essential(self) -> list[forms.BoundField]:
        """The fields that the page shows."""
        return [self["path"], self["name"], self["context"]]

    def default_name(self) -> str:
        return Path(self.cleaned_data["path"]).name

    def clean_path(self) -> str:
        path = Path(self.cleaned_data["path"])
        if not path.is_absolute():
            raise forms.ValidationError(gettext("Enter the whole path, from the root folder on."))
        if not path.is_dir():
            raise forms.ValidationError(gettext("There is no such folder on this machine."))
        if not (path / "config.json").is_file():
            raise forms.ValidationError(
                gettext("There is no model in this folder: it has no file config.json.")
            )
        return str(path)

    def save(self, commit: bool = True) -> AddedModel:
        self.instance.backend = self.backend
        return super().save(commit)


def form_for(
    kind: str, data: Any = None, instance: AddedModel | None = None, values: Any = None
) -> ServerForm | FolderForm:
    """Return the form for a kind of model: "folder", the code of a preset, or any other server.

    ``values`` are first values of fields.
    """
    if (instance and instance.backend == FolderForm.backend) or kind == "folder":
        return FolderForm(data, instance=instance)
    preset = PRESETS.get(kind)
    initial = {"url": preset.url} if preset else {}
    return ServerForm(data, instance=instance, preset=preset, initial={**initial, **(values or {})})
