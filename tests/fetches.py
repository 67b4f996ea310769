"""What tests of models of a hub share: how one is ordered, fetched and seen to fail."""

from pathlib import Path

from django.test import Client

from qareview import fetching
from qareview.models import AddedModel, JobState, ModelFetch
from tests.hub_server import ID
from tests.web import page

TOKEN = "hf_very_secret_7c1d"
WEIGHTS = "model.safetensors"


def order(root: Client, **more: str) -> ModelFetch:
    response = root.post("/models/fetches/new/", {"hub_id": ID, **more})
    assert (response.status_code, response.url) == (302, "/models/")
    return ModelFetch.objects.latest("pk")


def fetch(root: Client, **more: str) -> ModelFetch:
    ordered = order(root, **more)
    fetching.work_off_fetches()
    ordered.refresh_from_db()
    return ordered


def failure(root: Client, **more: str) -> str:
    failed = fetch(root, **more)
    assert failed.state == JobState.FAILED
    assert not AddedModel.objects.exists()
    assert failed.error in page(root.get("/models/")).replace("&#x27;", "'")
    return str(failed.error)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
