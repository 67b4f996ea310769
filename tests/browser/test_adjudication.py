"""Disputed items in a real browser: keys, sheets and comments; axe finds no problems."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import decide, seen, sign_in
from tests.browser.test_pages import check, check_all_looks
from tests.site import Site

# A project of its own, so that the desk of the sample stays as other tests expect it.
DISPUTES = """
from django.contrib.auth.models import User
from tests import make
project = make.project(User.objects.get(username="admin"), name="Disputes")
eve, rob = make.member(project, name="disputing-eve"), make.member(project, name="disputing-rob")
items = [make.disputed(project, eve, rob) for _ in range(4)]
make.notice(items[0], project.memberships.get(user__username="admin").user)
make.item(project)
print("first", items[0].pk)
"""


@pytest.fixture(scope="module")
def first(site: Site) -> int:
    """The oldest of four disputed items, each with a version and a rejection."""
    made = site.manage("shell", "-c", DISPUTES)
    assert made.returncode == 0, made.stderr
    return int(made.stdout.split()[-1])


@pytest.fixture
def queue(page: Page, site: Site, first: int) -> Iterator[Page]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Policy" in told.text else None)
    page.goto(f"{site.url}/projects/disputes/adjudicate/")
    yield page
    assert errors == []


def test_disputes_are_decided_by_key(queue: Page, first: int) -> None:
    expect(queue.get_by_role("heading", level=1)).to_have_text(f"Disputed item {first}")
    queue.get_by_label("Why?").fill("The passage says so.")
    queue.keyboard.press("Escape")  # leaves the field, so that keys are keys again
    queue.keyboard.press("n")
    expect(queue.get_by_role("heading", level=1)).to_have_text(f"Disputed item {first + 1}")
    decide(queue, "1")
    expect(queue.get_by_text(f"Item {first + 1} is accepted with changes.")).to_be_visible()
    queue.keyboard.press("u")
    expect(queue.get_by_text("Undone. Here is the item again.")).to_be_visible()
    expect(queue.get_by_role("heading", level=1)).to_have_text(f"Disputed item {first + 1}")


def test_a_rejection_says_why(queue: Page) -> None:
    queue.keyboard.press("r")
    expect(queue.get_by_label("Reason")).to_be_focused()
    queue.get_by_label("Explain in one sentence why you are rejecting it").fill(
        "The passage names no year."
    )
    queue.locator("#reject").get_by_role("button", name="Reject").click()
    expect(queue.get_by_text("is rejected.")).to_be_visible()


def test_an_item_is_merged_and_another_sent_back(queue: Page) -> None:
    queue.keyboard.press("m")
    expect(queue.get_by_label("Question")).to_be_focused()
    queue.keyboard.type(" 1")  # no key of the page while typing
    expect(queue.get_by_label("Question")).to_have_value("What is question 0? 1")
    seen(queue)
    queue.get_by_role("button", name="Use this text").click()
    expect(queue.get_by_text("is accepted with changes.")).to_be_visible()
    queue.keyboard.press("b")
    queue.get_by_label("Explain in one sentence why you are sending it back").fill(
        "Read the guidelines on dates."
    )
    queue.locator("#back").get_by_role("button", name="Send back").click()
    expect(queue.get_by_text("was sent back to its reviewers.")).to_be_visible()


def test_comments_are_read_and_written_in_a_sheet(queue: Page) -> None:
    queue.keyboard.press("c")
    sheet = queue.locator("#comments")
    sheet.get_by_label("Your comment").fill("Written in the sheet.")
    check(queue, 1280)
    sheet.get_by_role("button", name="Comment").click()
    expect(sheet.locator(".card").last).to_contain_text("Written in the sheet.")
    expect(sheet.get_by_label("Your comment")).to_be_empty()


def test_a_comment_appears_without_a_reload(page: Page, site: Site, first: int) -> None:
    page.goto(f"{site.url}/projects/disputes/items/{first}/")
    page.evaluate("window.isStillHere = true")
    page.get_by_label("Your comment").fill("See @disputing-eve.")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comments .card strong").last).to_have_text("@disputing-eve")
    assert page.evaluate("window.isStillHere")


def test_the_head_tells_of_unread_notices(page: Page, site: Site, first: int) -> None:
    page.goto(f"{site.url}/projects/disputes/inbox/")
    expect(page.get_by_role("navigation").get_by_text("1 unread")).to_be_attached()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    expect(page.locator("#waits-inbox")).to_be_empty()


def test_pages_are_accessible(browser: Browser, site: Site, first: int) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, site)
    place = f"{site.url}/projects/disputes"
    pages = ("adjudicate/", f"adjudicate/{first}/", f"adjudicate/{first}/?gold=1", "inbox/")
    for path in (*pages, f"items/{first}/", f"items/{first + 4}/ask/", f"items/{first}/comments/"):
        page.goto(f"{place}/{path}")
        check_all_looks(page)
    page.goto(f"{place}/adjudicate/{first}/")
    for key, sheet in (("r", "#reject"), ("b", "#back")):
        page.keyboard.press(key)
        expect(page.locator(sheet)).to_be_visible()
        check_all_looks(page)
        page.keyboard.press("Escape")
        expect(page.locator(f"{sheet} :focus")).to_have_count(0)
    context.close()
