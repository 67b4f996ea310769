"""Changing passages on the document's page, by mouse or keyboard."""

from playwright.sync_api import Page, expect

from tests.site import Site


def test_a_passage_is_excluded_and_restored_by_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/documents/3/")
    passage = page.locator("#passage-2")
    passage.locator("summary", has_text="Change").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(passage.get_by_role("button", name="Exclude")).to_be_focused()
    page.keyboard.press("Enter")
    expect(passage.get_by_text("excluded by admin")).to_be_visible()
    passage.locator("summary", has_text="Change").click()
    passage.get_by_role("button", name="Restore").click()
    expect(passage.get_by_text("excluded")).to_have_count(0)


def test_a_passage_is_split_and_merged_again(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/documents/3/")
    passage = page.locator("#passage-4")
    text = passage.locator(".source").inner_text()
    passage.locator("summary", has_text="Change").click()
    passage.get_by_role("button", name="Cut here").last.click()
    first, second = page.locator("#passage-4 .source"), page.locator("#passage-5 .source")
    expect(first).not_to_have_text(text)
    joined = f"{first.inner_text()} {second.inner_text()}"
    assert joined.split() == text.split()
    page.locator("#passage-4 summary", has_text="Change").click()
    page.locator("#passage-4").get_by_role("button", name="Merge with the next passage").click()
    expect(page.locator("#passage-4 .source")).to_have_text(text)


def test_the_preview_follows_the_length_that_is_typed(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/documents/3/cut/")
    before = page.locator("#preview .card").count()
    page.get_by_label("Maximum tokens per passage").fill("60")
    expect(page.locator("#preview .card")).not_to_have_count(before)
    assert page.locator("#preview .card").count() > before
    page.get_by_label("Maximum tokens per passage").fill("5")
    expect(page.locator("#preview")).to_contain_text("greater than or equal to 50")
