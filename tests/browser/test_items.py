"""The list of items, by keyboard only."""

from playwright.sync_api import Page, expect

from tests.site import Site


def test_many_items_are_accepted_and_that_is_undone_by_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/items/")
    page.keyboard.press("/")
    expect(page.get_by_label("Text")).to_be_focused()
    page.keyboard.type("the x")  # which ticks nothing while it is typed
    page.keyboard.press("Control+A")
    page.keyboard.type("the")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/?text=the")
    page.locator("#main").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_text("or selected: 2")).to_be_visible()
    page.get_by_role("button", name="Accept").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Accept 2 items")).to_be_visible()
    page.get_by_role("button", name="Accept 2 items").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 items accepted.")).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone: 2 items accepted.")).to_be_visible()


def test_an_item_leads_to_similar_ones(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/items/1/")
    page.get_by_role("link", name="Similar items").click()
    expect(page.get_by_text("sorted by similarity to item 1")).to_be_visible()
    expect(page.locator("table.items tbody a").first).to_have_attribute(
        "href", "/projects/sample/items/1/"
    )


def test_the_list_works_without_scripts(page: Page, site: Site) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(f"{site.url}/projects/sample/items/")
    plain.get_by_label("State").select_option("pending")
    plain.get_by_role("button", name="Show").click()
    assert plain.url.endswith("/items/?state=pending")
    plain.get_by_label("that match").check()
    plain.get_by_role("button", name="Reject").click()
    plain.get_by_label("Reason").select_option("Not worth asking")
    expect(plain.get_by_role("button", name="Reject")).to_be_visible()
    context.close()


def test_messages_that_were_sent_are_read_and_copied(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/items/1/")
    page.get_by_text("Drafted by").click()
    page.get_by_role("link", name="Messages sent").click()
    sent = page.locator("section.card").first.locator(".sent").last
    written = sent.get_by_label("Raw reply").text_content()
    sent.get_by_role("button", name="Copy").click()
    expect(sent.get_by_role("button")).to_have_text("Copied")
    page.goto(f"{site.url}/projects/sample/items/")
    page.get_by_label("Text").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Text")).to_have_value(written or "nothing")
