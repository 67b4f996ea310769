"""A wording is tried with a real worker: the text arrives while the model writes it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import check
from tests.model_server import Server, pieces
from tests.site import Site

OPTIONS = (
    "insert into qareview_addedmodel (name, backend, url, served_name, encrypted_key, path, "
    "price_in, price_out, concurrency, created_at) "
    "values ('slow', 'openai', %s, 'tiny', '', '', 1000000, 1000000, 8, now())"
)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def test_text_is_seen_while_it_is_written_and_can_be_stopped(
    page: Page, site: Site, server: Server
) -> None:
    goes_on = threading.Event()

    def in_two_parts(handler: Any, body: dict[str, Any], _: int) -> None:
        subject = "Rhymes" if "verse" in body["messages"][-1]["content"] else "Gates"
        for number, _ in enumerate(pieces(handler, f"{subject} close ", "at dusk.")):
            if not number:
                goes_on.wait(60)

    server.script = in_two_parts
    site.write(OPTIONS, server.url)
    page.goto(f"{site.url}/projects/sample/prompts/1/")
    page.get_by_role("link", name="Playground").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(3)
    page.get_by_label("Find passages").fill("telescope")
    page.get_by_label("Find passages").press("Enter")
    expect(page.get_by_role("checkbox", checked=False).first).to_be_visible()
    page.get_by_role("button", name="3 at random").click()
    expect(page.get_by_role("checkbox", checked=False)).to_have_count(0)
    for number in (1, 2):
        page.get_by_role("checkbox").nth(number).uncheck()
    template = page.get_by_label("Template")
    template.first.fill("{{ passage }} {% if")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("(line 1)")
    template.first.fill("{{ passage }} Say it.")
    page.get_by_role("link", name="Compare with a second wording based on variant 1").click()
    template.nth(1).fill("{{ passage }} Say it in verse.")
    page.get_by_label("Model", exact=True).select_option("slow")
    page.get_by_role("heading", name="Run with").click()
    page.keyboard.press("Control+Enter")

    outputs = page.get_by_role("article")
    expect(outputs).to_have_count(2)
    expect(outputs.nth(0)).to_contain_text("Gates close")
    expect(outputs.nth(1)).to_contain_text("Rhymes close")
    expect(page.locator("#run-state")).to_contain_text("0 of 2 outputs are complete.")
    expect(page.get_by_role("alert")).to_be_empty()
    outputs.nth(1).get_by_text("What was sent").click()
    expect(outputs.nth(1)).not_to_contain_text("at dusk")
    page.context.set_offline(True)
    goes_on.set()
    page.wait_for_timeout(1500)  # asking fails meanwhile
    page.context.set_offline(False)
    expect(outputs.nth(0)).to_contain_text("Gates close at dusk.")
    expect(outputs.nth(1)).to_contain_text("Rhymes close at dusk.")
    expect(outputs.nth(1)).to_contain_text("cost: 10")
    expect(outputs.nth(1).get_by_text("Say it in verse.").last).to_be_visible()
    expect(page.locator("#run-state")).to_contain_text("Complete.")
    check(page, 1280)

    goes_on.clear()
    page.get_by_role("button", name="Run").click()
    expect(outputs.nth(0)).to_contain_text("Gates close")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#run-state")).to_contain_text("Stopped.")
    goes_on.set()
    page.reload()
    expect(template.nth(1)).to_have_value("{{ passage }} Say it in verse.")
    [(variants,)] = site.rows("select count(*) from prompts_variant where prompt_id = 1")
    assert variants == 1
    page.get_by_role("button", name="Save wording 2").click()
    expect(page.get_by_text("Variant 2 created.")).to_be_visible()
