"""The desk in a real browser: keys, typed text that is never lost, and a second reviewer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import decide, edit, left, question, seen
from tests.site import PASSWORD, Site


def test_accept_then_undo_by_key(desk: Page) -> None:
    before, shown = left(desk), question(desk)
    desk.keyboard.press("a")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    assert question(desk) != shown
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))
    assert question(desk) == shown


def test_keys_do_nothing_while_typing(desk: Page) -> None:
    before = left(desk)
    desk.keyboard.press("e")
    desk.keyboard.press("End")
    desk.keyboard.type(" ars?")
    assert question(desk).endswith(" ars?")
    desk.keyboard.press("Tab")
    expect(desk.get_by_label("Answer", exact=True)).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-shows=question]")).to_contain_text(" ars?")
    assert left(desk) == before
    desk.get_by_role("button", name="Discard changes").click()
    assert not question(desk).endswith(" ars?")


def test_question_mark_shows_the_keys_and_escape_closes_them(desk: Page) -> None:
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("#keys")).to_be_hidden()
    desk.keyboard.press("g")
    expect(desk.locator("#guidelines")).to_contain_text("from the passage alone")


def test_skip_shows_another_item_and_keeps_the_count(desk: Page) -> None:
    before, shown = left(desk), question(desk)
    desk.keyboard.press("s")
    expect(desk.locator("#question")).not_to_have_value(shown)
    assert left(desk) == before


def test_typed_text_survives_a_closed_tab(desk: Page, site: Site) -> None:
    edit(desk, "Answer", "Half a thought")
    again = desk.context.new_page()
    desk.close()  # before anything reached the server
    again.goto(f"{site.url}/projects/sample/review/")
    expect(again.get_by_label("Answer", exact=True)).to_have_value("Half a thought")
    expect(again.locator("#saved")).to_have_text("Text saved.")
    again.get_by_role("button", name="Discard changes").click()
    expect(again.locator("#saved")).to_have_text("Text saved.")


def test_typed_text_is_there_in_another_browser(desk: Page, site: Site) -> None:
    edit(desk, "Answer", "Begun at work")
    expect(desk.locator("#saved")).to_have_text("Text saved.")
    desk.evaluate("localStorage.clear()")
    desk.reload()
    expect(desk.get_by_label("Answer", exact=True)).to_have_value("Begun at work")
    desk.keyboard.press("Escape")
    decide(desk, "s")
    expect(desk.locator("#note")).to_have_text("Skipped.")


def test_without_a_network_the_text_stays_and_is_sent_when_it_is_back(desk: Page) -> None:
    before = left(desk)
    edit(desk, "Answer", "Typed in a tunnel.")
    desk.context.set_offline(True)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#waiting")).to_contain_text("“Accept” is not saved yet")
    expect(desk.locator("#saved")).to_contain_text("only in this browser")
    expect(desk.get_by_label("Answer", exact=True)).to_have_value("Typed in a tunnel.")
    desk.context.set_offline(False)
    expect(desk.locator("#left")).to_have_text(str(before - 1))  # with no hand of ours
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))
    expect(desk.locator("#note")).to_have_text("Undone. Here is the item again.")


def test_undo_goes_on_after_the_page_was_loaded_anew(desk: Page) -> None:
    before = left(desk)
    for number in (1, 2):
        decide(desk, "a")
        expect(desk.locator("#left")).to_have_text(str(before - number))
    desk.reload()
    for number in (1, 0):
        desk.keyboard.press("u")
        expect(desk.locator("#left")).to_have_text(str(before - number))


def test_reject_needs_a_reason_and_stays_closed(desk: Page, site: Site) -> None:
    before, shown = left(desk), question(desk)
    desk.keyboard.press("r")
    expect(desk.locator("#reasons")).to_be_visible()
    desk.keyboard.press("2")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.reload()
    assert question(desk) != shown
    desk.keyboard.press("k")  # the one before is the one just rejected
    expect(desk.get_by_text("You rejected this item")).to_be_visible()
    assert question(desk) == shown
    desk.keyboard.press("j")
    expect(desk.get_by_text("You rejected this item")).to_be_hidden()
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_candidates_are_chosen_and_ranked_by_key(with_candidates: Page, site: Site) -> None:
    desk = with_candidates
    before = left(desk)
    desk.keyboard.press("2")
    assert question(desk) == "Candidate 2?"
    desk.keyboard.press("Shift+Digit3")
    desk.keyboard.press("Shift+Digit1")
    places = desk.locator("[data-rank]")
    assert [places.nth(n).input_value() for n in range(3)] == ["2", "", "1"]
    desk.keyboard.press("Shift+Digit1")
    places.nth(1).select_option("1")  # a tie
    desk.keyboard.press("Escape")
    desk.locator("main").focus()
    desk.keyboard.press("a")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    ranking, text = site.rows(
        "select ranking, question from generation_review order by id desc limit 1"
    )[0]
    assert (sorted(ranking.values()), text) == ([1, 1], "Candidate 2?")
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_candidates_are_ranked_by_dragging(with_candidates: Page) -> None:
    desk = with_candidates
    first = desk.locator("[data-candidate]").nth(0)
    upper_half = {"x": 20, "y": 4}  # where a drop means: before this one
    desk.locator("[data-candidate]").nth(2).drag_to(first, target_position=upper_half)
    places = desk.locator("[data-rank]")
    assert [places.nth(n).input_value() for n in range(3)] == ["1", "2", "3"]
    expect(desk.locator("[data-candidate] .text").nth(0)).to_have_text("Candidate 3?")


def test_another_context_is_chosen_by_key(desk: Page, site: Site) -> None:
    before = left(desk)
    desk.keyboard.press("x")
    around = desk.locator("#around")
    expect(around).to_be_focused()
    chosen = around.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen.strip()
    desk.keyboard.press("Shift+ArrowLeft")
    desk.get_by_role("button", name="Use selection").click()
    expect(desk.locator("#context")).to_be_visible()
    desk.locator("main").focus()
    desk.keyboard.press("a")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    kept = site.rows(
        "select r.context, substring(d.text from r.start + 1 for r.end - r.start), r.verdict "
        "from generation_review r join generation_item i on i.id = r.item_id "
        "join generation_document d on d.id = i.document_id order by r.id desc limit 1"
    )[0]
    assert kept == (chosen[:-1], chosen[:-1], "edited")
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_a_sentence_of_the_answer_lights_the_one_that_carries_it(desk: Page) -> None:
    desk.locator(".carried").first.focus()
    expect(desk.locator("mark.lit").first).to_be_visible()
    desk.locator("main").focus()
    expect(desk.locator("mark.lit")).to_have_count(0)


def test_what_was_changed_and_what_stands_around_by_key(desk: Page) -> None:
    edit(desk, "Answer", f"{desk.locator('#answer').input_value()} Indeed.")
    desk.keyboard.press("Escape")
    desk.keyboard.press("d")
    expect(desk.locator("#changes ins")).to_contain_text("Indeed.")
    desk.keyboard.press("n")
    expect(desk.locator("#neighbours .source")).to_be_visible()
    desk.get_by_role("button", name="Discard changes").click()
    expect(desk.locator("#saved")).to_have_text("Text saved.")


def test_comments_and_questions_to_colleagues_by_key(desk: Page, site: Site) -> None:
    before = left(desk)
    desk.keyboard.press("c")
    written = desk.locator("#comments textarea")
    expect(written).to_be_visible()
    written.fill("A comment from the desk.")
    desk.locator("#comments").get_by_role("button", name="Comment").click()
    expect(desk.locator("#comments")).to_contain_text("A comment from the desk.")
    desk.keyboard.press("Escape")
    desk.keyboard.press("q")
    expect(desk.locator("#ask")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("#ask")).to_be_hidden()
    assert left(desk) == before


def test_the_slash_opens_the_search(desk: Page, site: Site) -> None:
    desk.keyboard.press("/")
    desk.wait_for_url("**/items/#id_text")
    expect(desk.get_by_role("searchbox")).to_be_focused()


def test_keys_of_ones_own(desk: Page, site: Site) -> None:
    before = left(desk)
    desk.goto(f"{site.url}/accounts/shortcuts/")
    accept = desk.get_by_label("Accept, including any changes")
    accept.fill("e")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("“e” is used for two actions. Choose different keys.")).to_be_visible()
    desk.get_by_label("Accept, including any changes").fill("f")
    desk.get_by_role("button", name="Save").click()
    desk.goto(f"{site.url}/projects/sample/review/")
    expect(desk.locator("#left")).to_have_text(str(before))
    desk.keyboard.press("a")
    decide(desk, "f")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))
    desk.goto(f"{site.url}/accounts/shortcuts/")
    desk.get_by_role("button", name="Reset to defaults").click()
    expect(desk.get_by_label("Accept, including any changes")).to_have_value("a")


def test_the_desk_by_keyboard_alone(desk: Page) -> None:
    """Every control of the toolbar is reached with Tab, and Enter presses it."""
    names = set()
    for _ in range(60):
        desk.keyboard.press("Tab")
        names.add(desk.evaluate("document.activeElement.textContent.trim().split(/\\s+/)[0]"))
    assert {"Accept", "Edit", "Reject", "Skip", "Undo", "Guidelines", "Shortcuts"} <= names


def test_a_double_click_counts_once(desk: Page, site: Site) -> None:
    before = left(desk)
    reviews = site.rows("select count(*) from generation_review")
    desk.get_by_role("button", name="Accept").dblclick()
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    assert site.rows("select count(*) from generation_review") == [(reviews[0][0] + 1,)]


def test_an_item_changed_meanwhile_is_refused_with_the_text_kept(desk: Page, site: Site) -> None:
    other = desk.context.new_page()
    other.goto(f"{site.url}/projects/sample/review/")
    assert question(other) == question(desk)  # one person's two tabs show one item
    decide(other, "r")
    other.keyboard.press("1")
    expect(other.locator("#note")).to_have_text("Rejected.")
    edit(desk, "Answer", "My answer, typed for long.")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("You rejected it")
    expect(desk.get_by_label("Answer", exact=True)).to_have_value("My answer, typed for long.")


def test_two_people_get_two_items(
    desk: Page, site: Site, browser_of_another_reviewer: Page
) -> None:
    browser_of_another_reviewer.goto(f"{site.url}/projects/sample/review/")
    assert question(browser_of_another_reviewer) != question(desk)


@pytest.fixture
def browser_of_another_reviewer(context: BrowserContext, site: Site) -> Iterator[Page]:
    """Somebody who follows an invitation link, makes an account and joins."""
    admin = context.new_page()
    admin.goto(f"{site.url}/projects/sample/members/")
    admin.get_by_label("Invited people").fill("Rob")
    admin.get_by_role("button", name="Create links").click()
    link = admin.get_by_label("Invitation link for Rob").input_value()
    assert context.browser is not None
    other = context.browser.new_context()
    page = other.new_page()
    page.goto(link)
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill("rob")
    page.get_by_label("Password", exact=True).fill("a-long-enough-one")
    page.get_by_label("Password (again)").fill("a-long-enough-one")
    page.get_by_role("button", name="Create account and join").click()
    page.wait_for_url(f"{site.url}/**")
    yield page
    other.close()


def test_an_ended_session_asks_to_sign_in_and_the_text_is_back(desk: Page, site: Site) -> None:
    edit(desk, "Answer", "Typed before the session ended.")
    desk.context.clear_cookies(name="sessionid")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/accounts/sign-in/**")
    sign_in_here(desk)
    expect(desk.get_by_label("Answer", exact=True)).to_have_value("Typed before the session ended.")


def sign_in_here(page: Page) -> None:
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#review")).to_be_visible()


def test_what_is_refused_is_not_called_accepted(desk: Page) -> None:
    before = left(desk)
    edit(desk, "Question", "")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_text("An accepted item needs a question.")).to_be_visible()
    expect(desk.locator("#note")).not_to_contain_text("Accepted")
    assert left(desk) == before
    seen(desk)
    desk.get_by_role("button", name="Skip").click()
    expect(desk.locator("#note")).to_have_text("Skipped.")
    desk.keyboard.press("u")
    expect(desk.get_by_text("Undone. Here is the item again.")).to_be_visible()


def test_another_context_is_shown(desk: Page) -> None:
    desk.keyboard.press("x")
    desk.get_by_label("Document text around the passage").evaluate(
        "(field) => field.setSelectionRange(3, 40)"
    )
    taken = desk.locator("#around").evaluate("(field) => field.value.slice(3, 40)")
    desk.get_by_role("button", name="Use selection").click()
    assert desk.locator("#context-text").inner_text().split() == taken.split()
    expect(desk.locator("#saved")).to_have_text("Text saved.")
    desk.reload()
    assert desk.locator("#context-text").inner_text().split() == taken.split()
    desk.get_by_role("button", name="Use the passage").click()
    expect(desk.locator("#context")).to_be_hidden()
    expect(desk.locator("#saved")).to_have_text("Text saved.")


def test_the_second_click_of_a_double_click_is_not_for_the_next_item(desk: Page) -> None:
    before = left(desk)
    box = desk.get_by_role("button", name="Accept").bounding_box()
    assert box
    desk.mouse.click(box["x"] + 20, box["y"] + 10)
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.mouse.down(click_count=2)
    desk.mouse.up(click_count=2)
    desk.wait_for_timeout(500)
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))
