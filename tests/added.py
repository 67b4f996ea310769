"""What tests of the page of models share: a server, an root, and how a model is added."""

from typing import Any

from django.test import Client

from qareview.models import AddedModel
from tests.model_server import Server
from tests.web import PART, page

KEY = "sk-very-secret-5f2a"


def values(server: Server, **more: Any) -> dict[str, Any]:
    return {"url": server.url, "served_name": "org/big", "concurrency": "4", **more}


def add(root: Client, server: Server, **more: Any) -> AddedModel:
    response = root.post("/models/new/?kind=server", values(server, **more))
    model = AddedModel.objects.latest("pk")
    assert (response.status_code, response.url) == (302, f"/models/{model.pk}/?try=1")
    return model


def tried(root: Client, name: str) -> str:
    return page(root.post("/models/test/", {"name": name}, headers=PART))
