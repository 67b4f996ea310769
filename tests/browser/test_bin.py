"""Moving to the bin and restoring, with and without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import check, check_all_looks
from tests.site import Site

DOCUMENTS = "/projects/sample/"


def upload(page: Page, site: Site, name: str) -> None:
    page.goto(site.url + DOCUMENTS)
    text = f"# {name}\n\nThe keeper writes down each ship that passes {name} before the tide falls."
    file = {"name": name, "mimeType": "text/markdown", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files([file])
    if page.get_by_role("button", name="Upload").is_visible():  # without a script
        page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()


@pytest.mark.parametrize("has_script", [True, False])
def test_what_is_moved_to_the_bin_is_undone(browser: Browser, site: Site, has_script: bool) -> None:
    context = browser.new_context(java_script_enabled=has_script)
    page = context.new_page()
    sign_in(page, site)
    name = f"undo-{has_script}.md".lower()
    upload(page, site, name)
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Move to the bin").click()
    expect(page.get_by_text(f"{name} and its items have been moved to the bin.")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(f"{name} and its items have been restored.")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_be_visible()
    context.close()


def test_pages_of_the_bin_are_accessible(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, site)
    name = "bin-looks.md"
    upload(page, site, name)
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Move to the bin").click()
    check_all_looks(page)
    page.get_by_role("link", name="Bin", exact=True).click()
    check_all_looks(page)
    page.get_by_role("region", name=name).get_by_role("link", name="Delete now").click()
    check_all_looks(page)
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text(f"{name} has been permanently deleted.")).to_be_visible()
    context.close()


def test_a_project_is_moved_to_the_bin_and_restored(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/new/")
    page.get_by_label("Name").fill("Lighthouse")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("link", name="Team").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("To confirm, type the project’s name").fill("lighthouse")
    page.get_by_role("button", name="Move project to the bin").click()
    expect(page.get_by_text("The name does not match. Type it exactly: Lighthouse")).to_be_visible()
    check(page, 1280)
    page.get_by_label("To confirm, type the project’s name").fill("Lighthouse")
    page.get_by_role("button", name="Move project to the bin").click()
    expect(page.get_by_role("region", name="Lighthouse")).to_be_visible()
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        check(page, width)
    page.get_by_role("link", name="Delete now").click()
    check(page, 320)
    page.get_by_role("link", name="Keep in the bin").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Lighthouse and everything in it have been restored.")).to_be_visible()
