"""Writing an item by hand: from selected text in a document, and at the desk, by keyboard."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import decide
from tests.site import Site

DOCUMENT = "/projects/sample/documents/3/"
SELECT = """
([first, begin, last, end]) => {
  const texts = (selector) => {
    const within = document.querySelector(selector);
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) if (walker.currentNode.data.trim()) found.push(walker.currentNode);
    return found;
  };
  const range = document.createRange();
  range.setStart(texts(first)[0], begin);
  range.setEnd(texts(last)[0], end);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return selection.toString();
}
"""


def select(page: Page, first: str, begin: int, last: str, end: int) -> str:
    """Select from a letter of the first text in an element to one in another; return the text."""
    return str(page.evaluate(SELECT, [first, begin, last, end]))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Write an item")


def test_selected_text_begins_the_answer_of_a_new_item(page: Page, site: Site) -> None:
    page.goto(site.url + DOCUMENT)
    text = select(page, "#passage-2 .source", 0, "#passage-2 .source", 12)
    page.locator("#at-selection").get_by_role("button", name="Write an item").click()
    form = dialog(page)
    expect(form.get_by_label("Answer")).to_have_value(text.strip())
    expect(form.get_by_text("You selected:")).to_be_hidden()
    expect(form.get_by_label("Question")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(form.get_by_text("Write a question.")).to_be_visible()
    expect(form.get_by_label("Question")).to_be_focused()
    page.keyboard.type("What was selected here?")
    page.keyboard.press("Control+Enter")
    expect(form).to_be_hidden()
    saved = page.locator("#passage-2 [data-written]")
    expect(saved).to_contain_text("Your item is saved.")
    saved.get_by_role("link").click()
    expect(page.get_by_text("Written by admin")).to_be_visible()
    expect(page.get_by_text("Someone else has to review it")).to_be_visible()


def test_a_selection_across_passages_belongs_to_the_first(page: Page, site: Site) -> None:
    page.goto(site.url + DOCUMENT)
    select(page, "#passage-3 .source", 3, "#passage-4 .source", 9)
    page.locator("#at-selection button").wait_for()
    page.keyboard.press("w")
    form = dialog(page)
    expect(form.get_by_text("Your selection went on beyond this passage.")).to_be_visible()
    answer = form.get_by_label("Answer").input_value()
    of_passage = page.locator("#passage-3 > .source").inner_text()
    assert "".join(of_passage.split()).endswith("".join(answer.split()))
    assert len(answer) > len(of_passage) / 2


def test_text_that_was_left_out_belongs_to_no_passage(page: Page, site: Site) -> None:
    page.goto(site.url + DOCUMENT)
    page.evaluate(
        "document.querySelector('#passage-2').insertAdjacentHTML('beforebegin',"
        "'<div class=\"left-out\"><bdi>A table of contents</bdi></div>')"
    )
    select(page, ".left-out bdi", 0, ".left-out bdi", 7)
    told = page.locator("#at-selection").get_by_text("This text was left out, so it belongs to no")
    expect(told).to_be_visible()
    expect(page.locator("#at-selection button")).to_be_hidden()


def test_at_the_desk_a_key_opens_the_form_and_unsent_text_is_kept(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/review/")
    page.locator("#review").wait_for()
    page.keyboard.press("w")
    form = dialog(page)
    form.get_by_label("Question").fill("What have I begun?")
    expect(form.get_by_text("Text saved.")).to_be_visible()
    page.once("dialog", lambda asked: asked.dismiss())
    page.keyboard.press("Escape")
    expect(form).to_be_visible()
    page.once("dialog", lambda asked: asked.accept())
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    item = page.locator("#review").get_attribute("action")
    page.reload()
    assert page.locator("#review").get_attribute("action") == item
    page.keyboard.press("w")
    expect(form.get_by_label("Question")).to_have_value("What have I begun?")
    page.keyboard.press("Escape")  # nothing was typed since
    expect(form).to_be_hidden()
    assert page.locator("#review").get_attribute("action") == item


def test_what_is_said_of_a_saved_item_replaces_what_was_said_before(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/review/")
    decide(page, "s")
    expect(page.locator("#note")).to_have_text("Skipped.")
    page.keyboard.press("u")
    expect(page.get_by_text("Undone. Here is the item again.")).to_be_visible()
    page.keyboard.press("w")
    dialog(page).get_by_label("Question").fill("What was written at the desk?")
    dialog(page).get_by_label("Answer").fill("A second item.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .notice")).to_have_count(1)
    expect(page.locator("#messages .notice")).to_contain_text("Your item is saved.")
    expect(page.locator("#note")).to_be_empty()


def test_after_the_form_is_closed_accept_is_in_view_on_a_narrow_screen(
    page: Page, site: Site
) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{site.url}/projects/sample/review/")
    page.locator("#review").wait_for()
    page.keyboard.press("w")
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    opener = page.get_by_role("link", name="Write an item")
    expect(opener).to_be_focused()
    expect(opener).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Accept")).to_be_in_viewport(ratio=1)


def test_keys_of_the_desk_do_nothing_while_the_form_is_open(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/sample/review/")
    item = page.locator("#review").get_attribute("action")
    page.keyboard.press("w")
    dialog(page).get_by_role("button", name="Close").focus()
    page.keyboard.press("s")
    expect(dialog(page)).to_be_visible()
    assert page.locator("#review").get_attribute("action") == item


def test_text_whose_passage_was_excluded_is_gone_on_with_at_another(page: Page, site: Site) -> None:
    page.goto(site.url + DOCUMENT)
    excluded, other = page.locator("#passage-5"), page.locator("#passage-6")
    excluded.get_by_role("link", name="Write an item").click()
    form = dialog(page)
    form.get_by_label("Question").fill("What stood here before?")
    expect(form.get_by_text("Text saved.")).to_be_visible()
    page.once("dialog", lambda asked: asked.accept())
    page.keyboard.press("Escape")
    excluded.get_by_text("Change", exact=True).click()
    excluded.get_by_role("button", name="Exclude").click()
    section = page.get_by_role("region", name="What you typed and did not save")
    expect(section.get_by_text("What stood here before?")).to_be_visible()
    other.get_by_role("link", name="Write an item").click()
    form.get_by_label("Question").fill("Half a thought")
    form.get_by_role("button", name="Go on with this text here").click()
    expect(form.get_by_label("Question")).to_have_value("What stood here before?")
    expect(form.get_by_text("Half a thought")).to_be_visible()
    form.get_by_label("Answer").fill("A gate.")
    page.keyboard.press("Control+Enter")
    expect(form).to_be_hidden()
    expect(other.locator("[data-written]")).to_contain_text("Your item is saved.")
