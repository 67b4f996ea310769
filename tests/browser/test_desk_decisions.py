"""Decisions at the desk in a real browser: none is lost, doubled or made unseen."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import decide, edit, left, question, seen
from tests.site import Site

SENT = re.compile(r"/review/\d+/$")  # where decisions are sent
# Presses a key of a layout that the machine may not have.
PRESS = """
keys => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...keys })
)
"""


def fail(page: Page) -> None:
    """Let the server answer every decision with an error."""
    page.route(SENT, lambda route: route.fulfill(status=502))


def press(page: Page, key: str, code: str, **more: Any) -> None:
    page.evaluate(PRESS, {"key": key, "code": code, **more})


def put_back(page: Page, before: int) -> None:
    page.keyboard.press("u")
    expect(page.locator("#left")).to_have_text(str(before))
    page.locator("#changed").click()
    expect(page.locator("#saved")).to_have_text("Text saved.")


def test_a_decision_that_was_not_stored_waits_while_somebody_types(desk: Page, site: Site) -> None:
    before, reviews = left(desk), "select count(*) from generation_review"
    stored = site.rows(reviews)
    desk.clock.install()
    fail(desk)
    desk.keyboard.press("a")
    waiting = desk.locator("#waiting")
    expect(waiting).to_contain_text("“Accept” is not saved yet: the server answered with error 502")
    expect(desk.get_by_text("It is sent again by itself")).to_be_visible()
    for width in (1280, 320):
        desk.set_viewport_size({"width": width, "height": 800})
        expect(desk.get_by_role("button", name="Send now")).to_be_in_viewport(ratio=1)
    edit(desk, "Answer", "Half a sentence")
    desk.unroute(SENT)
    desk.clock.fast_forward(20_000)
    desk.keyboard.type(" goes on.")
    expect(waiting).to_be_visible()
    expect(desk.get_by_text("It is sent again by itself")).to_be_hidden()
    assert site.rows(reviews) == stored
    expect(desk.get_by_label("Answer", exact=True)).to_have_value("Half a sentence goes on.")
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="Send now").click()
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    last = "select verdict, answer from generation_review order by id desc limit 1"
    assert site.rows(last) == [("edited", "Half a sentence goes on.")]
    put_back(desk, before)


def test_a_decision_that_waits_is_sent_again_if_nothing_is_pressed_or_is_taken_back(
    desk: Page,
) -> None:
    before = left(desk)
    desk.clock.install()
    fail(desk)
    waiting = desk.locator("#waiting")
    for key in ("click", "u"):  # both take back what waits; nothing that was stored is undone
        decide(desk, "a")
        expect(waiting).to_be_visible()
        if key == "click":
            desk.get_by_role("button", name="Take back").click()
        else:
            desk.keyboard.press(key)
        expect(waiting).to_be_hidden()
        expect(desk.locator("#note")).to_have_text("Taken back.")
    desk.keyboard.press("r")
    desk.keyboard.press("2")
    expect(waiting).to_contain_text("is not saved yet")
    desk.unroute(SENT)
    desk.clock.fast_forward(6_000)
    expect(desk.locator("#note")).to_have_text("Rejected.")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_an_item_that_has_only_just_appeared_is_not_decided_on(desk: Page) -> None:
    before = left(desk)
    desk.evaluate(
        "document.addEventListener('htmx:afterRequest', ({ detail }) => {"
        "const isDecision = detail.requestConfig.elt.id === 'review';"
        f"if (isDecision) ({PRESS})({{ key: 'a', code: 'KeyA' }}); }})"
    )
    desk.keyboard.press("a")
    expect(desk.locator("#note")).to_contain_text("Nothing was decided")
    seen(desk)
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_letters_typed_while_the_next_item_comes_are_no_shortcuts(desk: Page) -> None:
    before, shown = left(desk), question(desk)
    desk.keyboard.press("e")
    desk.evaluate(f"window.typing = setInterval(() => ({PRESS})({{ key: 'g', code: 'KeyG' }}), 50)")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    seen(desk)
    expect(desk.locator("#guidelines")).to_be_hidden()
    desk.evaluate("clearInterval(window.typing)")
    assert question(desk) != shown
    desk.wait_for_timeout(700)  # a moment without a key
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_keys_go_by_their_place_on_keyboards_with_other_letters(desk: Page) -> None:
    before = left(desk)
    press(desk, "ф", "KeyA")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    press(desk, "г", "KeyU")
    expect(desk.locator("#left")).to_have_text(str(before))
    press(desk, "ω", "KeyV")  # no key of ours
    press(desk, "o", "KeyS")  # a Latin letter of another layout is what it says
    press(desk, "ı", "KeyR")  # another Latin letter
    press(desk, "ν", "KeyN")
    expect(desk.locator("#neighbours .source")).to_be_visible()
    expect(desk.locator("#reasons")).to_be_hidden()
    assert left(desk) == before


def test_a_digit_row_without_digits_chooses_and_shift_ranks(with_candidates: Page) -> None:
    desk = with_candidates
    first = question(desk)
    places = desk.locator("[data-rank]")
    press(desk, "é", "Digit2")
    assert question(desk) == "Candidate 2?"
    press(desk, "&", "Digit1")
    assert question(desk) == first
    press(desk, "2", "Digit2", shiftKey=True)
    assert question(desk) == first
    assert [places.nth(n).input_value() for n in range(3)] == ["", "1", ""]
    press(desk, "٣", "Digit3")
    assert question(desk) == "Candidate 3?"
    desk.keyboard.press("g")
    expect(desk.locator("#guidelines")).to_be_visible()
    press(desk, "2", "Digit2", shiftKey=True)  # an open sheet keeps what is not for it
    desk.keyboard.press("1")
    desk.keyboard.press("a")
    assert question(desk) == "Candidate 3?"
    assert [places.nth(n).input_value() for n in range(3)] == ["", "1", ""]
    desk.keyboard.press("g")
    expect(desk.locator("#guidelines")).to_be_hidden()
    desk.keyboard.press("Shift+Digit2")
    desk.locator("#changed").click()
    expect(desk.locator("#saved")).to_have_text("Text saved.")


def test_a_page_of_an_earlier_session_takes_the_token_of_today(desk: Page, site: Site) -> None:
    before = left(desk)
    desk.context.clear_cookies(name="csrftoken")  # as if somebody had signed in again elsewhere
    other = desk.context.new_page()
    other.goto(f"{site.url}/projects/sample/items/")
    edit(desk, "Answer", "Typed in an earlier session.")
    expect(desk.locator("#saved")).to_have_text("Text saved.")
    desk.context.clear_cookies(name="csrftoken")
    other.reload()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    put_back(desk, before)


def test_back_and_forward_never_show_a_form_that_was_sent(desk: Page, site: Site) -> None:
    before, shown = left(desk), question(desk)
    desk.keyboard.press("a")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    following = question(desk)
    desk.get_by_role("link", name="Releases").click()
    expect(desk).to_have_url(re.compile("releases"))
    desk.go_back()
    seen(desk)
    assert question(desk) == following != shown
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


def test_an_undo_moves_nothing_on_the_page(desk: Page) -> None:
    before = left(desk)
    top = desk.locator("main").bounding_box()
    desk.keyboard.press("a")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#note")).to_have_text("Undone. Here is the item again.")
    now = desk.locator("main").bounding_box()
    assert top
    assert now
    assert now["y"] == top["y"]


def test_a_comment_that_is_not_sent_is_kept(desk: Page) -> None:
    before = left(desk)
    desk.keyboard.press("c")
    comment = desk.locator("#comments textarea")
    comment.fill("Half a comment")
    expect(desk.locator("#comments [data-saved]")).to_have_text("Text saved.")
    desk.evaluate("localStorage.clear()")
    desk.reload()
    decide(desk, "c")
    expect(comment).to_have_value("Half a comment")
    desk.keyboard.press("Escape")
    desk.keyboard.press("a")
    expect(desk.locator("#note")).to_contain_text("Accepted. Your comment was not sent.")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))
    desk.keyboard.press("c")
    comment.fill("")
    expect(desk.locator("#comments [data-saved]")).to_have_text("Text saved.")


def test_the_answer_is_edited_by_a_key_and_what_changed_is_marked(desk: Page) -> None:
    expect(desk.locator("[data-edited=answer]")).to_be_hidden()
    desk.keyboard.press("Shift+E")
    expect(desk.get_by_label("Answer", exact=True)).to_be_focused()
    desk.keyboard.type(" Indeed.")
    desk.keyboard.press("Escape")
    shown = desk.locator("[data-shows=answer]")
    expect(shown.locator("ins").first).to_be_visible()
    assert "Indeed" in "".join(shown.locator("ins").all_inner_texts())
    assert shown.inner_text() == desk.locator("#answer").input_value()
    expect(desk.locator("[data-edited=answer]")).to_be_visible()
    expect(desk.locator("[data-edited=question]")).to_be_hidden()
    desk.get_by_role("button", name="Discard changes").click()
    expect(shown.locator("ins")).to_have_count(0)
    expect(desk.locator("#saved")).to_have_text("Text saved.")
