"""What cannot be fetched is told; hostile hubs stay within limits; tokens stay secret."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from qareview import fetching
from qareview.encryption import decrypt
from qareview.models import AddedModel, JobState, ModelFetch
from tests import hub_server
from tests.fetches import TOKEN, WEIGHTS, failure, fetch, files_in, order
from tests.hub_server import COMMIT, ID, Hub
from tests.test_models import stored_rows
from tests.web import PART, page

pytestmark = pytest.mark.django_db


# What goes wrong


def test_an_unknown_model_is_told(root: Client, hub: Hub) -> None:
    assert failure(root, hub_id="org/none") == (
        "The hub has no model “org/none”, or it is private. Check the id; for a private model, "
        "enter a token."
    )


def test_an_unknown_version_is_told(root: Client, hub: Hub) -> None:
    assert failure(root, revision="v9") == f"{ID} has no version “v9”."


def test_a_private_model_wants_a_token(root: Client, hub: Hub) -> None:
    hub.private_for = TOKEN
    assert "for a private model, enter a token" in failure(root)
    failed = ModelFetch.objects.get()
    text = page(root.get(f"/models/fetches/{failed.pk}/"))
    assert 'name="token"' in text
    values = {"hub_id": ID, "name": "tiny", "token": "hf_wrong"}
    root.post(f"/models/fetches/{failed.pk}/", values)
    fetching.work_off_fetches()
    failed.refresh_from_db()
    assert failed.error == f"The hub has no model “{ID}” that this token may fetch. Check both."
    root.post(f"/models/fetches/{failed.pk}/", {**values, "token": TOKEN})
    fetching.work_off_fetches()
    assert AddedModel.objects.get().name == "tiny"


def test_a_gated_model_wants_its_terms_to_be_accepted(root: Client, hub: Hub) -> None:
    hub.private_for, hub.gated = TOKEN, True
    assert failure(root) == (
        f"{ID} is given only to people who accepted its terms on its page at the hub. Accept them "
        "there, then enter a token here."
    )
    ModelFetch.objects.all().delete()
    assert failure(root, token="hf_other").startswith("The owner of this token may not fetch")
    ModelFetch.objects.all().delete()
    assert fetch(root, token=TOKEN).state == JobState.DONE


UNREACHABLE = (
    "The hub cannot be reached from this machine. Copy the model’s folder here and add it by "
    "folder."
)


def test_a_hub_that_cannot_be_reached_is_told(root: Client, hub: Hub, settings: Any) -> None:
    hub.close()
    assert failure(root) == UNREACHABLE


def test_a_machine_that_is_to_stay_offline_asks_no_hub(
    root: Client, hub: Hub, monkeypatch: Any
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert failure(root) == UNREACHABLE
    assert hub.tokens == set()


def test_an_error_of_the_hub_is_told(root: Client, hub: Hub) -> None:
    hub.status = 503
    assert failure(root) == "The hub answered with an error (503). Retry later."
    hub.status = 0
    root.post(f"/models/fetches/{ModelFetch.objects.get().pk}/retry/")
    fetching.work_off_fetches()
    assert AddedModel.objects.get().name == "tiny"


def test_weights_that_can_run_programs_are_refused(root: Client, hub: Hub) -> None:
    hub.files["pytorch_model.bin"] = hub.files.pop(WEIGHTS)
    assert "only in a format that can run programs (pickle)" in failure(root)
    assert not hub.sent


def test_a_model_without_weights_is_refused(root: Client, hub: Hub) -> None:
    del hub.files[WEIGHTS]
    assert "needs a config.json and weights in the format safetensors" in failure(root)


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        (b'{"architectures": ["BertForMaskedLM"]}', "does not write text (BertForMaskedLM)."),
        (b'{"architectures": ["X"], "auto_map": {"AutoModel": "x.X"}}', "program code of its own"),
        (b"[" * 100_000, "does not write text (config.json)."),
        (b"{}", "does not write text (config.json)."),
        (b'{"architectures": "LlamaForCausalLM"}', "does not write text (config.json)."),
    ],
)
def test_a_model_that_writes_no_text_is_refused_before_its_weights_come(
    root: Client, hub: Hub, configuration: bytes, sentence: str
) -> None:
    hub.files["config.json"] = configuration
    assert sentence in failure(root)
    assert set(hub.sent) == {"config.json"}


def test_a_model_that_does_not_fit_on_the_disk_is_refused(root: Client, hub: Hub) -> None:
    for number in range(1, 3001):  # of 50 GB each
        hub.files[f"model-{number:05}-of-03000.safetensors"] = b""
        hub.listed[f"model-{number:05}-of-03000.safetensors"] = 49_000_000_000
    del hub.files[WEIGHTS]
    text = failure(root)
    assert text.startswith("There is not enough space: the model needs 147,000,")
    assert not hub.sent


def test_a_changed_secret_key_is_explained(root: Client, hub: Hub, settings: Any) -> None:
    ordered = order(root, token=TOKEN)
    settings.SECRET_KEY = "another"
    fetching.work_off_fetches()
    ordered.refresh_from_db()
    assert "The token cannot be decrypted" in ordered.error
    assert not hub.tokens


# Hostile hubs


def test_names_that_lead_out_of_the_folder_are_not_fetched(
    root: Client, hub: Hub, settings: Any, tmp_path: Path
) -> None:
    names = ("../../../evil.json", "/evil.json", "..", "a/../../evil.json", ".\\..\\e.json")
    hub.files |= dict.fromkeys([*names, "evil\n.json", "%2e%2e%2fevil.json"], b"{}")
    done = fetch(root)
    assert done.state == JobState.DONE
    assert not [path for path in files_in(tmp_path) if "e.json" in path.name or "evil" in path.name]
    inside = fetching.folder_of(done.folder)
    assert {path.parent for path in files_in(settings.MODELS_DIR)} == {inside}


OTHER_CONTENT = "The hub sent another content of"


@pytest.mark.parametrize("name", [WEIGHTS, "config.json", "tokenizer.json"])
def test_a_file_without_an_end_is_given_up(root: Client, hub: Hub, name: str) -> None:
    hub.senders[name] = hub_server.endless
    assert failure(root).startswith(f"{OTHER_CONTENT} {name}")
    folder = fetching.folder_of(ModelFetch.objects.get().folder)
    assert sum(path.stat().st_size for path in files_in(folder)) <= sum(
        len(content) for content in hub.files.values()
    )


def test_a_file_of_another_size_or_content_is_refused(root: Client, hub: Hub) -> None:
    hub.senders[WEIGHTS] = hub_server.too_short
    assert failure(root).startswith("The hub sent less than it had listed.")
    ModelFetch.objects.all().delete()
    hub.senders[WEIGHTS] = hub_server.other_content
    assert failure(root).startswith(f"{OTHER_CONTENT} {WEIGHTS}")
    hub.senders.clear()
    root.post(f"/models/fetches/{ModelFetch.objects.get().pk}/retry/")
    fetching.work_off_fetches()
    assert AddedModel.objects.get().name == "tiny"


def test_a_model_of_countless_files_is_refused(root: Client, hub: Hub) -> None:
    hub.files |= {f"{number}.json": b"{}" for number in range(1000)}
    assert failure(root) == "The model has more than 1,000 files."
    assert not hub.sent


def test_a_small_file_may_not_be_large(root: Client, hub: Hub) -> None:
    hub.listed["tokenizer.json"] = 2_000_000_000
    assert failure(root) == "The file tokenizer.json has 2,000 MB. At most 100 MB are fetched."


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"id": "org/tiny", "sha": "../..", "siblings": []}',
        b'{"id": "org/tiny", "sha": 7, "siblings": []}',
        b'{"id": "a", "sha": "%s", "siblings": [{"rfilename": 7}]}' % COMMIT.encode(),
        b"[" * 100_000,
    ],
)
def test_an_answer_of_something_else_is_told(root: Client, hub: Hub, answer: bytes) -> None:
    hub.reply = answer
    sentence = failure(root)
    assert sentence.startswith((f"What answers at {hub.url} does not answer", f"{ID} is no model"))


@pytest.mark.parametrize("size", [-1, None, "7", 1.5, True])
def test_a_size_that_is_none_is_told(root: Client, hub: Hub, size: Any) -> None:
    hub.listed["config.json"] = size
    assert failure(root).startswith(f"What answers at {hub.url} does not answer as a hub does.")


def test_a_list_without_an_end_and_one_that_grows_are_given_up(root: Client, hub: Hub) -> None:
    for lister in (hub_server.endless_list, hub_server.compressed):
        hub.lister = lister
        assert failure(root).startswith(f"What answers at {hub.url} does not answer as a hub does.")
        ModelFetch.objects.all().delete()


def test_an_error_without_an_end_is_given_up(root: Client, hub: Hub) -> None:
    hub.status, hub.refuser = 500, hub_server.endless_error
    assert failure(root).startswith(f"What answers at {hub.url} does not answer as a hub does.")


# Tokens


def test_a_token_does_not_go_to_where_the_hub_keeps_its_weights(
    root: Client, hub: Hub, tiny: Path
) -> None:
    store = Hub(tiny)
    hub.elsewhere, hub.private_for = store.url.replace("127.0.0.1", "localhost"), TOKEN
    done = fetch(root, token=TOKEN)
    store.close()
    assert done.state == JobState.DONE
    assert store.sent[WEIGHTS] == len(store.files[WEIGHTS])
    assert store.tokens == {None}


def test_no_token_is_in_pages_logs_or_the_database_in_clear(
    root: Client, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hub.private_for = "hf_another"
    failed = fetch(root, token=TOKEN)
    assert decrypt(failed.encrypted_token) == TOKEN
    invalid = root.post("/models/fetches/new/", {"hub_id": "", "token": TOKEN})
    pages = [
        page(invalid, 422),
        page(root.get("/models/")),
        page(root.get(f"/models/fetches/{failed.pk}/")),
        page(root.get("/models/fetches/?moving=0", headers=PART)),
    ]
    assert "with a token" in pages[1]
    assert "A token is stored." in pages[2]
    hub.private_for = TOKEN
    root.post(f"/models/fetches/{failed.pk}/retry/")
    fetching.work_off_fetches()
    failed.refresh_from_db()
    assert (failed.state, failed.encrypted_token) == (JobState.DONE, "")
    assert hub.tokens == {f"Bearer {TOKEN}"}
    assert [text for text in [*pages, caplog.text, stored_rows()] if TOKEN in text] == []


def test_a_stored_token_is_kept_or_forgotten(root: Client, hub: Hub) -> None:
    hub.status = 500
    failed = fetch(root, token=TOKEN)
    root.post(f"/models/fetches/{failed.pk}/", {"hub_id": ID, "name": "tiny"})
    failed.refresh_from_db()
    assert decrypt(failed.encrypted_token) == TOKEN
    fetching.work_off_fetches()
    values = {"hub_id": ID, "name": "tiny", "forget_token": "on"}
    root.post(f"/models/fetches/{failed.pk}/", values)
    failed.refresh_from_db()
    assert failed.encrypted_token == ""
