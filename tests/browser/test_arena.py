"""The arena with real parts: from a first prompt to a winner in production, and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.site import PASSWORD, Site, until

# A project of its own, and somebody who reviews in it.
PROJECT = """
from tests import make
from django.contrib.auth.models import User
from qareview.models import KeyMap
admin = User.objects.get(username="admin")
project = make.project(admin, name="Arena")
who = make.member(project, name="comparing-rob")
who.set_password("{password}")
who.save()
for user in (admin, who):
    KeyMap.objects.create(user=user, is_fast=True)
"""
NOTHING_LEFT = "There is nothing for you to compare right now"
CASES = "\n".join(f"Gate {n} shuts at {n} in the evening and opens at dawn." for n in range(1, 31))
WORDING = "Heed: details first. Passage: {{ passage }}\n\nState its main fact in one sentence."


@pytest.fixture(scope="module")
def arena(site: Site) -> Iterator[str]:
    """A project whose two people have chosen to decide fast."""
    made = site.manage("shell", "-c", PROJECT.format(password=PASSWORD))
    assert made.returncode == 0, made.stderr
    yield f"{site.url}/projects/arena"
    site.write("DELETE FROM qareview_keymap")


@pytest.fixture
def other(browser: Browser, site: Site, arena: str) -> Iterator[Page]:
    """A second person in a browser of their own."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    sign_in(page, site, "comparing-rob")
    yield page
    context.close()


@pytest.fixture
def errors(page: Page, other: Page) -> Iterator[list[str]]:
    found: list[str] = []
    for one in (page, other):
        one.on("pageerror", lambda error: found.append(str(error)))
        one.on("console", lambda told: found.append(told.text) if "Policy" in told.text else None)
    yield found
    assert found == []


def test_from_a_seed_prompt_to_production_and_back(
    page: Page, other: Page, arena: str, site: Site, document: Path, errors: list[str]
) -> None:
    propose(page, arena)
    run(page)
    # Each has the next pair on their screen when they stop, so that only they can compare it.
    counts = [compare(one, arena) for one in (page, other, page, other)]
    assert sum(counts) >= 30
    assert all(counts[:2])
    promote(page)
    assert drafted_by(page, arena, site, document, "owls.md") == {2}
    page.goto(f"{arena}/prompts/")
    page.get_by_role("link", name="summarise", exact=True).click()
    page.get_by_role("button", name="Roll back to variant 1").click()
    expect(page.get_by_text("This was a rollback.")).to_be_visible()
    document.write_text(document.read_text().replace("owl", "eagle owl"))
    assert drafted_by(page, arena, site, document, "eagles.md") == {1}


def propose(page: Page, arena: str) -> None:
    """Have candidates made by rule, and accept one of them edited, by keyboard."""
    page.goto(f"{arena}/prompts/")
    page.get_by_role("link", name="summarise", exact=True).click()
    page.get_by_role("link", name="Candidates").click()
    page.get_by_label("Number of candidates").fill("3")
    page.get_by_label("rewritten by a model", exact=True).uncheck()
    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".candidate")).to_have_count(3)
    page.keyboard.press("e")
    expect(page.locator("[name=template]").first).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(WORDING)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Variant 2 created.")).to_be_visible()
    expect(page.locator(".candidate")).to_have_count(2)
    page.keyboard.press("r")
    expect(page.locator("#reasons")).to_be_visible()
    page.keyboard.press("2")
    expect(page.locator(".candidate")).to_have_count(1)
    page.keyboard.press("u")
    expect(page.get_by_text("Undone. You can decide again.")).to_be_visible()


def run(page: Page) -> None:
    """Run both wordings on thirty cases."""
    page.get_by_role("link", name="summarise", exact=True).click()
    page.get_by_role("link", name="New experiment").click()
    page.get_by_label("Cases entered here").fill(CASES)
    page.get_by_label("People per pair").fill("1")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("60 runs on 30 cases: about")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("60 runs done")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Show outputs").click()
    expect(page.locator(".matrix tbody tr")).to_have_count(20)


def compare(page: Page, arena: str) -> int:
    """Compare by keyboard what is left, preferring details; return how often it was asked."""
    page.goto(f"{arena}/experiments/")
    page.get_by_role("link", name="Compare", exact=True).first.click()
    expect(page.locator("html.compares")).to_have_count(1)  # from here on keys are heard
    done = 0
    while done < 15 and (one := page.locator("#comparison")).count():
        address = one.get_attribute("action")
        texts = [output.inner_text() for output in page.locator(".plain-text").all()]
        page.keyboard.press("ArrowLeft" if "details" in texts[0] else "2")
        expect(page.locator(f"#comparison[action='{address}']")).to_have_count(0)
        expect(page.locator("#comparison").or_(page.get_by_text(NOTHING_LEFT))).to_be_visible()
        done += 1
    return done


def promote(page: Page) -> None:
    """Promote the winner from the result's page."""
    expect(page.get_by_text(NOTHING_LEFT)).to_be_visible()
    page.get_by_role("link", name="Experiments").first.click()
    page.get_by_role("link", name="Result").first.click()
    expect(page.get_by_text("Variant 2 wins.")).to_be_visible()
    page.get_by_role("button", name="Promote").first.click()
    expect(page.get_by_text("Variant 2 is now in production")).to_be_visible()
    page.get_by_role("link", name="Result at that time").click()
    expect(page.get_by_text("This is the result as of")).to_be_visible()


def drafted_by(page: Page, arena: str, site: Site, document: Path, name: str) -> set[int]:
    """Upload a document, and return the numbers of the variants its answers are of."""
    path = document.with_name(name)
    path.write_text(document.read_text())
    page.goto(f"{arena}/")
    page.locator("input[type=file]").set_input_files(path)
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("ready", timeout=60_000)
    query = (
        "SELECT DISTINCT variant.number FROM generation_item AS item "
        "JOIN generation_document AS document ON document.id = item.document_id "
        "JOIN prompts_variant AS variant ON variant.id = item.variant_id WHERE document.name = %s"
    )
    until(lambda: site.rows(query, name), 30)
    return {number for (number,) in site.rows(query, name)}
