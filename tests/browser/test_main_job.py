"""The main job with real parts: from an uploaded document to reviewed triples."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import seen, sign_in
from tests.site import Site


def test_from_a_document_to_an_exported_triple(
    real_site: Site, context: BrowserContext, document: Path
) -> None:
    page = context.new_page()
    page.set_default_timeout(20_000)
    sign_in(page, real_site)
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Name").fill("Birds")
    page.get_by_role("button", name="Create project").click()

    page.locator("input[type=file]").set_input_files(document)
    row = page.get_by_role("row").filter(has_text="owls.md")
    expect(row).to_contain_text("ready", timeout=240_000)  # the model is loaded meanwhile

    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.locator("html.scripted")).to_have_count(1)  # from here on keys are heard
    reviewed = review_all(page)
    assert [verdict for verdict, _, _ in reviewed][:3] == ["edited", "rejected", "accepted"]

    page.get_by_role("link", name="Freeze a release").click()
    page.get_by_role("button", name="Freeze a release").click()
    expect(page.get_by_role("row").filter(has_text="Release 1")).to_contain_text("triples")
    triples = download(page, "triples")
    expected = [
        (question, answer) for verdict, question, answer in reviewed if verdict != "rejected"
    ]
    assert sorted((row["question"], row["answer"]) for row in triples) == sorted(expected)
    text = document.read_text()
    assert all(row["context"] in text for row in triples)
    assert [row["edited"] for row in triples].count(True) == 1
    pairs = download(page, "input_output")
    assert sorted(row["output"] for row in pairs) == sorted(row["answer"] for row in triples)


def review_all(page: Page) -> list[tuple[str, str, str]]:
    """Edit the first item, reject the second, accept the rest, by keyboard alone."""
    reviewed = []
    while page.locator("#review").count():
        seen(page)
        key = page.locator("[name=key]").get_attribute("value")
        verdict = ["edited", "rejected", "accepted"][min(len(reviewed), 2)]
        if verdict == "edited":
            page.keyboard.press("e")
            page.keyboard.press("Control+a")
            page.keyboard.type("How does a barn owl find a mouse in the dark?")
            page.keyboard.press("Tab")
            page.keyboard.press("Control+a")
            page.keyboard.type("It hears it, “ears at two heights”.")
            reviewed.append((verdict, *texts(page)))
            page.keyboard.press("Control+Enter")
        elif verdict == "rejected":
            reviewed.append((verdict, *texts(page)))
            page.keyboard.press("r")
            expect(page.locator("#reasons")).to_be_visible()
            page.keyboard.press("3")
        else:
            reviewed.append((verdict, *texts(page)))
            page.keyboard.press("a")
        expect(page.locator(f"[name=key][value='{key}']")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("All items are reviewed")
    return reviewed


def texts(page: Page) -> tuple[str, str]:
    return page.get_by_label("Question").input_value(), page.get_by_label("Answer").input_value()


def download(page: Page, name: str) -> list[dict[str, Any]]:
    with page.expect_download() as started:
        page.get_by_role("link", name=name, exact=True).click()
    with zipfile.ZipFile(io.BytesIO(Path(started.value.path()).read_bytes())) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jsonl")]
        lines = b"".join(archive.read(name) for name in names).decode().splitlines()
    return [json.loads(line) for line in lines]
