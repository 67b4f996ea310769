"""What tests of the playground share."""

import threading
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from prompts import playground, playing
from prompts.models import Prompt
from prompts.playground import PlaygroundRun
from tests.model_server import Server
from tests.web import PART, page

TEMPLATE = "Passage: {{ passage }}\n\nSay it."


def url_of(prompt: Prompt, rest: str = "") -> str:
    return f"/projects/{prompt.project.slug}/prompts/{prompt.pk}/playground/{rest}"


def wording(place: str = "first", **values: Any) -> dict[str, Any]:
    fields = {
        "variant": 1, "system": "Be brief.", "template": TEMPLATE, "examples": "", "picks": "",
        "pick_count": 3, "max_tokens": 60, "temperature": 0.8, **values,
    }  # fmt: skip
    return {f"{place}-{name}": value for name, value in fields.items()}


def passages_of(prompt: Prompt) -> list[int]:
    documents = prompt.project.documents.values_list("passages", flat=True)
    return list(documents.order_by("passages__position"))


def start(client: Client, prompt: Prompt, status: int = 200, **values: Any) -> str:
    data = {**wording(), "typed-passage": "", **values}
    return page(client.post(url_of(prompt), data, headers=PART), status)


def latest(prompt: Prompt, user: User) -> PlaygroundRun:
    run = playground.latest_run(user.pk, prompt.pk)
    assert run
    return run


def worked_off(prompt: Prompt, user: User) -> PlaygroundRun:
    """Do what a worker does when it hears of the run."""
    key = playground.take_run(1)
    assert key
    playing.work_off_run(key)
    return latest(prompt, user)


def progress(client: Client, run: PlaygroundRun, seen: str = "") -> str:
    url = f"/projects/harbour/prompts/{run.prompt}/playground/progress/"
    return page(client.get(url, {"run": run.key, "seen": seen or run.seen}, headers=PART))


def wait_for_text(prompt: Prompt, user: User, words: int) -> None:
    pause = threading.Event()
    for _ in range(100):
        if len(latest(prompt, user).outputs[0].text.split()) > words:
            return
        pause.wait(0.05)


def use(settings: Any, server: Server, **more: Any) -> None:
    options = {"backend": "openai", "url": server.url, "name": "tiny", **more}
    settings.MODELS = {**settings.MODELS, "far": options}
