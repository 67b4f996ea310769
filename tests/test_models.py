"""The page on which admins of the installation add, try, change and remove models."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from generation.drafting import drafting
from generation.models import Item, Passage
from prompts.models import Task, Variant
from qareview import completions
from qareview.backends import backend_for, servers
from qareview.encryption import decrypt
from qareview.models import AddedModel, Project
from tests import make
from tests.added import KEY, add, tried, values
from tests.conftest import Team
from tests.model_server import Server, sends, told
from tests.web import page
from tests.web import told as messages

pytestmark = pytest.mark.django_db


# Who may


ADDRESSES = ["", "new/", "found/", "1/", "1/remove/", "test/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_admins_of_the_installation_manage_models(
    team: Team, browse: Any, address: str
) -> None:
    text = "Only the installation’s admins can manage models."
    method = "post" if address in ("1/remove/", "test/") else "get"
    for user in (team.admin, team.stranger):
        assert text in page(getattr(browse(user), method)(f"/models/{address}"), 403)
    assert getattr(Client(), method)(f"/models/{address}").url.startswith("/accounts/sign-in/")
    assert "/models/" not in page(browse(team.admin).get(f"{team.url}/settings/drafting/"))


@pytest.mark.parametrize(
    ("address", "method"),
    [("", "post"), ("found/", "post"), ("test/", "get"), ("1/remove/", "get")],
)
def test_other_methods_are_refused(root: Client, address: str, method: str) -> None:
    assert getattr(root, method)(f"/models/{address}").status_code == 405


# Adding


def test_a_model_is_added_by_address_and_name_and_drafts(
    root: Client, server: Server, team: Team
) -> None:
    model = add(root, server, context="32000", price_in="0.15", key=KEY)
    assert (model.name, model.served_name, model.context) == ("big", "org/big", 32000)
    assert decrypt(model.encrypted_key) == KEY
    Project.objects.filter(pk=team.project.pk).update(model="big")
    make.document(team.project)
    drafting.work_off_passages()
    assert set(Item.objects.values_list("model", flat=True)) == {"big"}
    assert server.keys == {f"Bearer {KEY}"}
    assert completions.spending(team.project).cost > 0


def test_a_preset_fills_in_the_address_and_says_what_key_it_wants(root: Client) -> None:
    text = page(root.get("/models/new/?kind=mistral"))
    assert 'value="https://api.mistral.ai/v1"' in text
    assert "Mistral needs a key. You can make one at console.mistral.ai/api-keys." in text
    assert "Ollama usually needs no key." in page(root.get("/models/new/?kind=ollama"))
    found = page(root.get("/models/new/?kind=ollama&served_name=llama3:8b"))
    assert 'value="llama3:8b"' in found


def test_the_page_offers_every_preset_and_shows_the_models_of_the_settings(root: Client) -> None:
    text = page(root.get("/models/"))
    assert [code for code in servers.PRESETS if f"?kind={code}" not in text] == []
    card = text[text.index(">scripted<") :]
    assert "from the settings" in card
    assert "/remove/" not in text


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"url": "gpu.example:8000"}, "Enter an address that begins with http:// or https://."),
        ({"url": "http://"}, "Enter an address that begins with http:// or https://."),
        ({"url": "http://a:b"}, "Enter an address that begins with http:// or https://."),
        ({"url": f"https://me:{KEY}@x/v1"}, "Enter the address alone, and the key in the field"),
        ({"url": "https://x/v1?key=7"}, "Enter the address alone, and the key in the field"),
        ({"served_name": ""}, "This field is required."),
        ({"name": "scripted"}, "There is already a model named “scripted”. Enter another name."),
        ({"name": "taken"}, "There is already a model named “taken”. Enter another name."),
        ({"key": "söcret"}, "A key has only letters, digits and signs. Copy it again."),
        ({"concurrency": "0"}, "greater than or equal to 1"),
        ({"context": "0"}, "greater than or equal to 1"),
        ({"price_in": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_refused(
    root: Client, server: Server, more: dict[str, str], sentence: str
) -> None:
    add(root, server, name="taken")
    response = root.post("/models/new/?kind=server", values(server, **more))
    assert sentence in page(response, 422)
    assert AddedModel.objects.count() == 1


def test_an_address_that_was_copied_from_a_request_is_shortened(
    root: Client, server: Server
) -> None:
    assert add(root, server, url=f"{server.url}/chat/completions/").url == server.url


def test_a_model_in_a_folder_is_added(root: Client, tmp_path: Path) -> None:
    for path, sentence in {
        "models/x": "Enter the whole path, from the root folder on.",
        f"{tmp_path}/none": "There is no such folder on this machine.",
        str(tmp_path): "There is no model in this folder: it has no file config.json.",
    }.items():
        assert sentence in page(root.post("/models/new/?kind=folder", {"path": path}), 422)
    (tmp_path / "config.json").write_text("{}")
    root.post("/models/new/?kind=folder", {"path": str(tmp_path), "name": "own"})
    model = AddedModel.objects.get(name="own")
    assert model.options() == {
        "backend": "transformers",
        "path": str(tmp_path),
        "price_in": 0,
        "price_out": 0,
    }


# Changing


def test_a_change_is_used_at_once_and_the_key_stays(root: Client, server: Server) -> None:
    model = add(root, server, key=KEY)
    before = backend_for("big")
    changed = values(server, served_name="small", price_out="2")
    assert "Saved." in messages(root.post(f"/models/{model.pk}/", changed))[0]
    model.refresh_from_db()
    assert (model.name, model.served_name, decrypt(model.encrypted_key)) == ("big", "small", KEY)
    after = backend_for("big")
    assert after is not before
    assert after is backend_for("big")
    after.complete(told("a"))
    assert server.bodies[-1]["model"] == "small"


def test_a_stored_key_goes_to_no_other_server(root: Client, server: Server) -> None:
    model = add(root, server, key=KEY)
    elsewhere = values(server, url="https://elsewhere.example/v1")
    text = page(root.post(f"/models/{model.pk}/", elsewhere), 422)
    assert "The stored key is for another server. Enter the key of this one." in text
    root.post(f"/models/{model.pk}/", {**elsewhere, "key": "sk-other"})
    model.refresh_from_db()
    assert decrypt(model.encrypted_key) == "sk-other"
    root.post(f"/models/{model.pk}/", {**values(server), "forget_key": "on"})
    model.refresh_from_db()
    assert (model.url, model.encrypted_key) == (server.url, "")


def test_a_changed_secret_key_is_explained(root: Client, server: Server, settings: Any) -> None:
    model = add(root, server, key=KEY)
    user = User.objects.get(username="root")
    settings.SECRET_KEY = "another"
    client = Client()
    client.force_login(user)
    text = tried(client, "big")
    assert "cannot be decrypted, because the secret key of this installation has changed." in text
    assert page(client.get(f"/models/{model.pk}/"))


# Removing


def test_a_model_is_removed_unless_a_project_uses_it(
    root: Client, server: Server, team: Team, settings: Any
) -> None:
    model = add(root, server)
    address = f"/models/{model.pk}/remove/"
    project = Project.objects.filter(pk=team.project.pk)
    project.update(model="big")
    of_others = "big is used by 1 project of other people."
    assert messages(root.post(address))[-1].startswith(of_others)
    project.update(model="")
    Variant.objects.filter(prompt__project=team.project, prompt__task=Task.ASK).update(model="big")
    assert messages(root.post(address))[-1].startswith(of_others)
    Variant.objects.update(model="")
    document = make.document(team.project)
    Passage.objects.filter(document=document).update(draft_with={"model": "big"})
    assert messages(root.post(address))[-1].startswith(of_others)
    document.delete()
    settings.DEFAULT_MODEL = "big"
    assert messages(root.post(address))[-1] == "big is the default model of this installation."
    settings.DEFAULT_MODEL = "scripted"
    assert messages(root.post(address))[-1] == "big has been removed."
    assert not AddedModel.objects.exists()


def test_projects_of_ones_own_that_use_a_model_are_named(root: Client, server: Server) -> None:
    model = add(root, server)
    own = User.objects.get(username="root")
    for owner, name in ((own, "Bees"), (own, "Tides"), (None, "Hidden")):
        project = make.project(owner, name=name)
        Project.objects.filter(pk=project.pk).update(model="big")
    [sentence] = messages(root.post(f"/models/{model.pk}/remove/"))
    assert sentence.startswith("big is used by: Bees, Tides, and by 1 project of other people.")
    Project.objects.filter(name="Hidden").update(model="")
    sentence = messages(root.post(f"/models/{model.pk}/remove/"))[-1]
    assert sentence == "big is used by: Bees, Tides. Choose another model there first."


# Keys


def test_no_key_is_in_pages_logs_errors_or_the_database_in_clear(
    root: Client, server: Server, team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = sends(401, f'{{"error": {{"message": "No: {KEY}"}}}}'.encode())
    model = add(root, server, key=KEY)
    invalid = root.post(f"/models/{model.pk}/", {**values(server), "key": KEY, "url": "x"})
    Project.objects.filter(pk=team.project.pk).update(model="big")
    make.document(team.project)
    drafting.work_off_passages()
    pages = [
        page(invalid, 422),
        tried(root, "big"),
        page(root.get("/models/")),
        page(root.get(f"/models/{model.pk}/")),
    ]
    assert server.keys == {f"Bearer {KEY}"}
    assert [text for text in [*pages, caplog.text, stored_rows()] if KEY in text] == []
    assert model.encrypted_key in stored_rows()


def stored_rows() -> str:
    """Return every row of every table as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  names of tables
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)
