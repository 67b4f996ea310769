import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import translation

from generation.models import Passage
from generation.reading import readers
from generation.reading.readings import Reading
from prompts import comparing, sandbox
from qareview import jobs, process_cache, shares
from qareview.models import Project, Role
from tests import make
from tests.databases import migrated_template
from tests.hub_server import Hub
from tests.model_server import Server
from tests.triples import Triple, triples_of


@dataclass(frozen=True)
class Team:
    """A project and somebody of each role; the stranger is a member of another project."""

    project: Project
    admin: User
    engineer: User
    reviewer: User
    stranger: User

    @property
    def url(self) -> str:
        return f"/projects/{self.project.slug}"


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """Collect them once; what serves them looks when asked, not through all for every client."""
    call_command("collectstatic", verbosity=0, interactive=False)
    django_settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: Any
) -> None:
    """Let Django copy a migrated database instead of migrating one for each process."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Begin in English: the language of a test's last request stays with its thread."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    """Begin without results and troubles that an earlier test left in this process."""
    process_cache.clear()
    jobs.troubles.clear()
    sandbox._reached.clear()
    shares.troubles.clear()


@pytest.fixture
def no_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show no comparison a second time, unless the test is about repeats."""
    monkeypatch.setattr(comparing, "REPEAT_SHARE", 0)


@pytest.fixture(scope="module")
def lasting_rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Store rows that all tests of a module share; delete everything after them.

    What a test itself changes is rolled back after it, as ever.
    """
    with django_db_blocker.unblock():
        yield
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


def make_team() -> Team:
    admin = make.user("ada")
    project = make.project(admin)
    stranger = make.user("sam")
    make.project(stranger, name="Elsewhere")
    return Team(
        project,
        admin,
        make.member(project, Role.ENGINEER, "eve"),
        make.member(project, Role.REVIEWER, "rob"),
        stranger,
    )


@pytest.fixture
def passage(team: Team) -> Passage:
    """Give the first passage of a document from which nothing was drafted."""
    first: Passage = make.document(team.project).passages.all()[0]
    return first


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """Give a client that is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def root(browse: Callable[[User], Client]) -> Client:
    """Give the client of an admin of the installation, who is in no project."""
    return browse(make.user("root", is_superuser=True))


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server with OpenAI's API that lists two models."""
    made = Server()
    made.served = ["org/big", "small"]
    yield made
    made.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a model with some megabytes of random weights."""
    from tests import models

    return models.decoder(tmp_path_factory.mktemp("tiny"), wide=True)


@pytest.fixture
def hub(
    tiny: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """Give a hub that has the model ``tiny``."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    made = Hub(tiny)
    settings.HUB_ADDRESS, settings.MODELS_DIR = made.url, tmp_path / "models"
    yield made
    made.close()


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """Give the folder of the originals, empty at first."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """Listen at an address; return it and what was heard there."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(1000))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Give a function that reads bytes or text as if they had been uploaded under a name."""

    def read_content(content: str | bytes, name: str = "notes.txt") -> Reading:
        path = tmp_path / "original"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return readers.read_file(path, name)

    return read_content


@pytest.fixture
def triples_in(tmp_path: Path) -> Any:
    """Give a function that returns the triples in a file with this content."""

    def read(content: str | bytes, name: str, **more: str) -> tuple[list[Triple], str]:
        path = tmp_path / "original"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return triples_of(path, name, **more)

    return read
