"""Models are fetched from a hub, with progress, and removed with their files."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, TestCase
from django.utils import timezone

from qareview import fetching, jobs, trials
from qareview.backends import backend_for, model_names
from qareview.models import AddedModel, JobState, ModelFetch, Project
from tests import make
from tests.conftest import Team
from tests.fetches import WEIGHTS, fetch, files_in, order
from tests.hub_server import COMMIT, ID, Hub
from tests.model_server import told as requests
from tests.web import PART, page, told

pytestmark = pytest.mark.django_db


# Fetching and using


def test_a_model_is_fetched_and_writes(root: Client, hub: Hub, tiny: Path) -> None:
    done = fetch(root, context="100")
    assert (done.state, done.error, done.commit) == (JobState.DONE, "", COMMIT)
    assert done.fetched == done.size == sum(map(len, hub.files.values()))
    model = AddedModel.objects.get(name="tiny")
    assert model.options()["context"] == 100
    assert {path.name for path in files_in(Path(model.path))} == set(hub.files)
    assert "tiny" in model_names()
    [completion] = backend_for("tiny").complete(requests("the key lies", max_tokens=4))
    assert completion.tokens_out > 0
    text = page(root.get("/models/"))
    assert f"fetched as {ID}" in text
    assert "Being fetched" not in text


def test_a_model_that_was_fetched_is_tried(root: Client, hub: Hub) -> None:
    fetch(root)
    trial = trials.try_here("tiny")
    assert trial.trouble == ""
    assert all(reply.tokens_out or reply.error for reply in trial.replies)
    assert any(reply.tokens_out for reply in trial.replies)


def test_only_what_the_library_needs_is_fetched(root: Client, hub: Hub) -> None:
    needed = set(hub.files)
    extra = ("pytorch_model.bin", "rng.pt", "modeling_tiny.py", "README.md", "onnx/config.json")
    hub.files |= dict.fromkeys([*extra, "consolidated.safetensors", "training_args.bin"], b"{}")
    fetch(root)
    assert set(hub.sent) == needed


def test_the_address_of_a_page_is_taken_for_its_id(root: Client, hub: Hub) -> None:
    assert order(root, hub_id=f"https://hub.example/{ID}/").hub_id == ID


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"hub_id": ""}, "This field is required."),
        ({"hub_id": "../../etc"}, "Enter the id as it stands on the model’s page"),
        ({"hub_id": "a/b/c"}, "Enter the id as it stands on the model’s page"),
        ({"hub_id": "a--b"}, "Enter the id as it stands on the model’s page"),
        ({"revision": "../main"}, "Enter the name of a branch or tag"),
        ({"token": "two words"}, "A token has only letters, digits and signs."),
        ({"name": "scripted"}, "There is already a model named “scripted”."),
        ({"name": "tiny"}, "There is already a model named “tiny”."),
        ({"context": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(
    root: Client, hub: Hub, more: dict[str, str], sentence: str
) -> None:
    order(root)
    text = page(root.post("/models/fetches/new/", {"hub_id": "org/other", **more}), 422)
    assert sentence in text
    assert ModelFetch.objects.count() == 1


def test_a_model_of_a_server_cannot_get_the_name_of_one_that_is_being_fetched(
    root: Client, hub: Hub
) -> None:
    order(root)
    response = root.post(
        "/models/new/?kind=server",
        {"url": "http://x/v1", "served_name": "tiny", "concurrency": "4"},
    )
    assert "There is already a model named “tiny”." in page(response, 422)


def test_a_name_that_was_taken_meanwhile_is_told(root: Client, hub: Hub) -> None:
    ordered = order(root)
    AddedModel.objects.create(name="tiny", backend="transformers", path="/other")
    fetching.work_off_fetches()
    ordered.refresh_from_db()
    assert ordered.error == "There is already a model named “tiny”. Enter another name."
    root.post(f"/models/fetches/{ordered.pk}/", {"hub_id": ID, "name": "small"})
    fetching.work_off_fetches()
    assert AddedModel.objects.filter(name="small").exists()
    assert hub.sent[WEIGHTS] == len(hub.files[WEIGHTS])


ADDRESSES = [
    ("get", "fetches/"),
    ("get", "fetches/new/"),
    ("get", "fetches/1/"),
    ("post", "fetches/1/retry/"),
    ("post", "fetches/1/cancel/"),
    ("get", "1/remove-fetched/"),
]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_only_admins_of_the_installation_fetch_models(
    team: Team, browse: Any, method: str, address: str
) -> None:
    text = "Only the installation’s admins can manage models."
    assert text in page(getattr(browse(team.admin), method)(f"/models/{address}"), 403)
    assert getattr(Client(), method)(f"/models/{address}").url.startswith("/accounts/sign-in/")


# On the way


@pytest.fixture
def in_the_middle(root: Client, hub: Hub, monkeypatch: Any) -> ModelFetch:
    """Fetch until half of the weights came, and stop this worker there."""
    ordered = order(root)
    hub.senders[WEIGHTS] = hub.waits_in_the_middle
    monkeypatch.setattr(jobs, "stopping", threading.Event())
    threading.Thread(
        target=lambda: hub.is_in_the_middle.wait(60) and jobs.stopping.set(), daemon=True
    ).start()
    monkeypatch.setattr(fetching, "STORE_SECONDS", 0.05)
    monkeypatch.setattr(fetching, "STOP_SECONDS", 0.05)
    fetching.work_off_fetches()
    jobs.stopping.clear()
    ordered.refresh_from_db()
    hub.go_on.set()
    hub.senders.clear()
    return ordered


def test_a_page_shows_how_far_it_is(root: Client, in_the_middle: ModelFetch) -> None:
    assert in_the_middle.state == JobState.QUEUED
    assert 0 < in_the_middle.fetched < in_the_middle.size
    text = page(root.get("/models/"))
    assert f'<progress max="{in_the_middle.size}" value="{in_the_middle.fetched}"' in text
    assert 'hx-get="/models/fetches/?moving=1"' in text
    part = page(root.get("/models/fetches/?moving=1", headers=PART))
    assert part.lstrip().startswith('<div id="fetches" hx-get')
    assert root.get("/models/fetches/?moving=1").url == "/models/"
    fetching.work_off_fetches()
    assert "HX-Refresh" in root.get("/models/fetches/?moving=1", headers=PART)


def test_a_worker_goes_on_where_another_stopped(
    root: Client, hub: Hub, in_the_middle: ModelFetch
) -> None:
    assert in_the_middle.attempts == 0
    before = hub.sent.copy()
    fetching.work_off_fetches()
    assert [name for name in before if name != WEIGHTS and hub.sent[name] != before[name]] == []
    [wanted] = hub.ranges
    first = int(wanted.removeprefix("bytes=").removesuffix("-"))
    assert 0 < first <= len(hub.files[WEIGHTS]) // 2
    assert AddedModel.objects.get().name == "tiny"


def test_a_hub_that_cannot_send_the_rest_sends_all_again(
    root: Client, hub: Hub, in_the_middle: ModelFetch
) -> None:
    hub.knows_ranges = False
    fetching.work_off_fetches()
    in_the_middle.refresh_from_db()
    assert in_the_middle.state == JobState.DONE
    assert in_the_middle.fetched == in_the_middle.size


def test_what_a_dead_worker_had_claimed_is_fetched_by_another(
    root: Client, hub: Hub, in_the_middle: ModelFetch
) -> None:
    [claimed] = jobs.claim(ModelFetch, 1)
    ModelFetch.objects.filter(pk=claimed.pk).update(lease_until=timezone.now())
    jobs.sweep()
    fetching.work_off_fetches()
    assert AddedModel.objects.get().name == "tiny"


def test_a_fetch_is_cancelled_and_leaves_nothing(
    root: Client, hub: Hub, in_the_middle: ModelFetch, settings: Any
) -> None:
    assert files_in(settings.MODELS_DIR)
    response = root.post(f"/models/fetches/{in_the_middle.pk}/cancel/")
    assert told(response) == ["tiny is not fetched any more."]
    fetching.work_off_fetches()
    assert not ModelFetch.objects.exists()
    assert not AddedModel.objects.exists()
    assert files_in(settings.MODELS_DIR) == []


def test_what_a_killed_worker_left_of_a_cancelled_fetch_is_deleted(
    root: Client, hub: Hub, in_the_middle: ModelFetch, settings: Any
) -> None:
    kept = settings.MODELS_DIR / "hub" / "by-hand"
    shutil.copytree(fetching.folder_of(in_the_middle.folder), kept)
    (kept / fetching.UNFINISHED).unlink()
    ModelFetch.objects.all().delete()
    fetching.work_off_fetches()
    assert not fetching.folder_of(in_the_middle.folder).exists()
    assert files_in(kept)


# Removing


def test_a_model_is_removed_with_its_files(root: Client, hub: Hub, settings: Any) -> None:
    fetch(root)
    model = AddedModel.objects.get()
    address = f"/models/{model.pk}/remove-fetched/"
    assert f'href="{address}"' in page(root.get("/models/"))
    assert f'href="{address}"' in page(root.get(f"/models/{model.pk}/"))
    assert "Delete its files, too (" in page(root.get(address))
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert told(root.post(address, {"with_files": "on"})) == ["tiny has been removed."]
    assert not ModelFetch.objects.exists()
    assert files_in(settings.MODELS_DIR) == []


def test_files_can_be_kept(root: Client, hub: Hub) -> None:
    fetch(root)
    model = AddedModel.objects.get()
    root.post(f"/models/{model.pk}/remove-fetched/", {})
    assert not AddedModel.objects.exists()
    assert not ModelFetch.objects.exists()
    assert (Path(model.path) / WEIGHTS).is_file()
    fetching.work_off_fetches()
    assert (Path(model.path) / WEIGHTS).is_file()


def test_a_model_in_use_keeps_its_files(root: Client, hub: Hub) -> None:
    fetch(root)
    model = AddedModel.objects.get()
    address = f"/models/{model.pk}/remove-fetched/"
    project = make.project()
    Project.objects.filter(pk=project.pk).update(model="tiny")
    assert told(root.post(address, {"with_files": "on"}))[-1].startswith("tiny is used by")
    Project.objects.filter(pk=project.pk).update(model="")
    AddedModel.objects.create(name="twin", backend="transformers", path=model.path)
    sentence = "The files are also used by the model twin. Remove that first."
    assert told(root.post(address, {"with_files": "on"}))[-1] == sentence
    assert (Path(model.path) / WEIGHTS).is_file()


def test_other_models_have_no_files_to_delete(root: Client, db: None) -> None:
    model = AddedModel.objects.create(name="own", backend="transformers", path="/own")
    assert root.get(f"/models/{model.pk}/remove-fetched/").status_code == 404
