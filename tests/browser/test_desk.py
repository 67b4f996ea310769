"""The desk in a real browser: keys, text that is never lost, the second reviewer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.site import PASSWORD, Site


@pytest.fixture
def desk(page: Page, site: Site) -> Iterator[Page]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Policy" in told.text else None)
    page.goto(f"{site.url}/projects/sample/review/")
    expect(page.locator("#review")).to_be_visible()
    yield page
    assert errors == []


def left(page: Page) -> int:
    return int(page.locator("#left").inner_text())


def question(page: Page) -> str:
    return page.get_by_label("Question").input_value()


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
    desk.keyboard.press("Escape")
    assert left(desk) == before
    desk.get_by_role("button", name="Back to how it was").click()
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
    expect(desk.get_by_label("Question")).not_to_have_value(shown)
    assert left(desk) == before


def test_typed_text_survives_a_closed_tab(desk: Page, site: Site) -> None:
    desk.get_by_label("Answer").fill("Half a thought")
    again = desk.context.new_page()
    desk.close()
    again.goto(f"{site.url}/projects/sample/review/")
    expect(again.get_by_label("Answer")).to_have_value("Half a thought")
    again.get_by_role("button", name="Back to how it was").click()


def test_without_a_network_the_text_stays_and_can_be_sent_again(desk: Page) -> None:
    before = left(desk)
    desk.get_by_label("Answer").fill("Typed in a tunnel.")
    desk.context.set_offline(True)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#note")).to_contain_text("Not saved")
    expect(desk.get_by_label("Answer")).to_have_value("Typed in a tunnel.")
    desk.context.set_offline(False)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#left")).to_have_text(str(before - 1))
    desk.keyboard.press("u")
    expect(desk.locator("#left")).to_have_text(str(before))


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
    other.keyboard.press("r")
    other.keyboard.press("1")
    expect(other.locator("#review")).to_be_visible()
    desk.get_by_label("Answer").fill("My answer, typed for long.")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("admin rejected it")
    expect(desk.get_by_label("Answer")).to_have_value("My answer, typed for long.")


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
    admin.get_by_label("For whom").fill("Rob")
    admin.get_by_role("button", name="Make a link").click()
    link = admin.get_by_label("Invitation link for Rob").input_value()
    assert context.browser is not None
    other = context.browser.new_context()
    page = other.new_page()
    page.goto(link)
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Username").fill("rob")
    page.get_by_label("Password", exact=True).fill("a-long-enough-one")
    page.get_by_label("Password (again)").fill("a-long-enough-one")
    page.get_by_role("button", name="Make the account and join").click()
    page.wait_for_url(f"{site.url}/**")
    yield page
    other.close()


def test_an_ended_session_asks_to_sign_in_and_the_text_is_back(desk: Page, site: Site) -> None:
    desk.get_by_label("Answer").fill("Typed before the session ended.")
    desk.context.clear_cookies(name="sessionid")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/accounts/sign-in/**")
    sign_in_here(desk)
    expect(desk.get_by_label("Answer")).to_have_value("Typed before the session ended.")


def sign_in_here(page: Page) -> None:
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#review")).to_be_visible()
