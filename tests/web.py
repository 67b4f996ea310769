"""Sends requests to the server and reads its responses."""

from pathlib import Path
from typing import Any

from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

PART = {"HX-Request": "true"}


def upload(client: Client, team: Any, *sent: tuple[str, bytes], **options: Any) -> HttpResponse:
    """Send files, each a name and its content, to a team's documents."""
    data = {"files": [SimpleUploadedFile(name, data) for name, data in sent]} if sent else {}
    return client.post(f"{team.url}/", data, **options)


def page(response: HttpResponse, status: int = 200) -> str:
    assert response.status_code == status
    return response.text


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def originals(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
