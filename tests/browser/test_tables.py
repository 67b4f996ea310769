"""Uploading a table and choosing its columns, until its triples are at the desk."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.site import Site

PASSAGE = (
    "An owl swallows a mouse whole. Some hours later it brings up a pellet of bones and fur. "
    "Biologists open the pellets to learn which small animals live in a region. In one barn in "
    "Saxony 4,812 pellets were counted in a single winter, among them skulls of a rare vole."
)
ROWS = [
    {
        "id": number,
        "context": PASSAGE,
        "question": f"What does an owl bring up after meal {number}?",
        "answer": "A pellet of bones and fur.",
        "source": "https://example.org/a/very/long/address/of/a/page/about/owls.html",
        "split": "train",
    }
    for number in range(1, 8)
]


def test_a_table_becomes_triples_at_the_desk(page: Page, site: Site, tmp_path: Path) -> None:
    table = tmp_path / "owl-triples.jsonl"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    site.manage("create_project", "Owls", "--slug", "owls")
    page.goto(f"{site.url}/projects/owls/")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("link", name="Choose columns").click()
    expect(page.get_by_text("This table has 7 rows.")).to_be_visible()
    expect(page.get_by_label("Context")).to_have_value("context")
    expect(page.get_by_label("Answer")).to_have_value("answer")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Answer").select_option("")
    page.get_by_role("button", name="Import 7 rows").click()
    expect(page.get_by_text("one for the answer, or neither.")).to_be_visible()
    page.get_by_label("Answer").select_option("answer")
    page.get_by_role("button", name="Import 7 rows").click()
    # the worker loads the model for embeddings first, while other tests may have both cores
    page.get_by_role("link", name="Review 7 items").click(timeout=60_000)
    expect(page.get_by_text("Imported, row")).to_be_visible()


def test_an_upload_that_was_refused_says_so(page: Page, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "tides.md"
    file.write_text("# Tides")
    page.goto(f"{site.url}/projects/sample/")
    is_upload = "**/projects/sample/"
    said = page.locator("form.upload").get_by_role("alert")
    for status, text in (
        (403, "Nothing was taken: the server answered with error 403."),
        (400, "these are too many files at once"),
        (0, "The connection broke off."),
    ):
        page.route(is_upload, refusing(status))
        page.locator("input[type=file]").set_input_files(file)
        expect(said).to_contain_text(text)
        page.unroute(is_upload)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("link", name="tides.md")).to_be_visible()
    expect(said).to_be_hidden()


def refusing(status: int) -> Callable[[Route], None]:
    """Return what answers an upload with a status; with 0, the connection breaks off."""

    def handle(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
        elif status:
            route.fulfill(status=status, body="no")
        else:
            route.abort()

    return handle
