"""Every page, light and dark, wide and narrow: axe finds no problems, and nothing overflows."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.site import Site

FURNISH = (
    "import json; from django.contrib.auth.models import User; from tests import furnished; "
    "print('addresses', json.dumps(furnished.furnish(User.objects.get(username='admin'))))"
)
MORE = (  # pages that look otherwise with a query, or without what they are of
    "/projects/sample/items/?flag=unsupported&text=the&nothing=1",
    "/projects/sample/adjudicate/1/?gold=1",
    "/projects/sample/bulk-actions/new/accept/?all=1",
    "/projects/sample/bulk-actions/new/reject/?item=1",
    "/projects/sample/bulk-actions/new/assign/?item=1",
    "/projects/sample/bulk-actions/new/redraft/",
    "/projects/sample/prompts/1/playground/?variant=1&second=1",
    "/projects/sample/review/",
    "/projects/missing/",
)
WIDTHS = (1280, 320)
EVERYTHING = {"resultTypes": ["violations"]}
# All that another colour scheme changes.
ONLY_COLOURS = {**EVERYTHING, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
AXE = Axe("")  # without its script, which is loaded once for a page


@pytest.fixture(scope="module")
def addresses(browser: Browser, site: Site, signed_in: list[Any]) -> list[str]:
    """The address of every page: what answers with less than a page is none."""
    made = site.manage("shell", "-v", "0", "-c", FURNISH)
    assert made.returncode == 0, made.stderr
    context = browser.new_context()
    context.add_cookies(signed_in)
    found = json.loads(made.stdout.split("addresses ", 1)[1])
    answers = {one: context.request.get(site.url + one, max_redirects=0) for one in found}
    shown = {one: answer for one, answer in answers.items() if answer.status == 200}
    others = {answer.status for answer in answers.values()} - {200}
    # elsewhere; a release that is not frozen yet; for a POST only
    assert others <= {301, 302, 308, 404, 405}
    assert [one for one, answer in answers.items() if answer.status == 404][1:] == []
    pages = [one for one, answer in shown.items() if "<html" in answer.text()]
    context.close()
    return [*pages, *MORE]


def test_pages_are_accessible(browser: Browser, site: Site, addresses: list[str]) -> None:
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 800})
    page = context.new_page()
    page.goto(f"{site.url}/accounts/sign-in/")
    check_all_looks(page)
    sign_in(page, site)
    for path in addresses:
        page.goto(site.url + path)
        check_all_looks(page)
    context.close()


def test_german_fits_as_well(
    browser: Browser, site: Site, addresses: list[str], signed_in: list[Any]
) -> None:
    """Its words are longer: nothing sticks out of the narrowest page."""
    context = browser.new_context(viewport={"width": 320, "height": 800}, locale="de-DE")
    context.add_cookies(signed_in)
    page = context.new_page()
    for path in addresses:
        page.goto(site.url + path)
        assert page.locator("html").get_attribute("lang") == "de", path
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    context.close()


def check_all_looks(page: Page) -> None:
    """Check a page wide and narrow, light and dark."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light")
        check(page, width)
        page.emulate_media(color_scheme="dark")
        check(page, width, ONLY_COLOURS)
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})


def check(page: Page, width: int, options: dict[str, Any] = EVERYTHING) -> None:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    found = AXE.run(page, options=options)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_sheets_of_the_desk_are_accessible(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/review/")
    for key, sheet in (("r", "#reasons"), ("g", "#guidelines"), ("?", "#keys")):
        page.keyboard.press(key)
        expect(page.locator(sheet)).to_be_visible()
        check(page, 1280)
        page.keyboard.press("Escape")


def test_progress_moves_without_reloading(page: Page, site: Site) -> None:
    """Files are dropped on the page; the table follows them until they are ready."""
    page.goto(f"{site.url}/projects/sample/")
    page.evaluate("window.isStillHere = true")
    page.locator("input[type=file]").set_input_files(
        [
            {"name": "ants.md", "mimeType": "text/markdown", "buffer": ANTS.encode()},
            {"name": "nothing.txt", "mimeType": "text/plain", "buffer": b""},
        ]
    )
    expect(page.get_by_role("row").filter(has_text="ants.md")).to_contain_text("ready")
    nothing = page.get_by_role("row").filter(has_text="nothing.txt")
    expect(nothing).to_contain_text("The file is empty.")
    nothing.get_by_role("button", name="Move to the bin").click()
    expect(page.get_by_text("nothing.txt and its items have been moved to the bin")).to_be_visible()
    assert page.evaluate("window.isStillHere") is None  # only this last click loaded a page


ANTS = "# Ants\n\nLeafcutter ants do not eat the leaves; they grow a fungus on them and eat that.\n"
