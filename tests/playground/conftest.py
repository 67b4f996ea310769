"""A prompt to try, an engineer who tries it, and a broker that is left empty."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from prompts.models import Prompt, Task
from qareview.broker import broker
from tests import make
from tests.conftest import Team


@pytest.fixture(autouse=True)
def empty_broker() -> Iterator[None]:
    yield
    for key in broker().scan_iter("playground:*"):
        broker().delete(key)


@pytest.fixture
def prompt(team: Team) -> Prompt:
    make.document(team.project)
    return team.project.prompts.get(task=Task.SUMMARISE)


@pytest.fixture
def client(team: Team, browse: Callable[[User], Client]) -> Client:
    return browse(team.engineer)
