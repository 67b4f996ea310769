"""The arena by keyboard only: comparing two outputs, ranking several, reviewing candidates."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import decide
from tests.site import Site

# A project of its own, whose outputs are there already.
PROJECT = """
from django.contrib.auth.models import User
from prompts import candidates
from tests import arena, make
admin = User.objects.get(username="admin")
project = make.project(admin, name="Keys of the arena")
two = arena.experiment(project, 2, 6)
many = arena.experiment(project, 4, 3, shown_at_once=4)
for run in two.runs.select_related("variant"):
    word = "shuts" if run.variant.number == 1 else "opens"
    run.output = f"The **gate** {word} at nine, case {run.case_id}."
    run.save()
seed = two.prompt.production
candidates.order_candidates(two.prompt, admin, seed=seed, ways=["structure"], wanted=4)
print("made", two.pk, many.pk, two.prompt_id)
"""


@pytest.fixture(scope="module")
def made(site: Site) -> list[str]:
    answer = site.manage("shell", "-c", PROJECT)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()[-3:]


@pytest.fixture
def desk(page: Page, site: Site, made: list[str]) -> Iterator[Page]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Policy" in told.text else None)
    yield page
    assert errors == []


def address(page: Page) -> str:
    return page.locator("#comparison").get_attribute("action") or ""


def press(page: Page, key: str) -> None:
    """Press a key that decides, and wait for what is shown next."""
    before = address(page)
    decide(page, key)
    expect(page.locator(f"#comparison[action='{before}']")).to_have_count(0)


def texts(page: Page) -> list[str]:
    return [one.inner_text() for one in page.locator(".plain-text").all()]


def test_two_are_compared(desk: Page, site: Site, made: list[str]) -> None:
    desk.goto(f"{site.url}/projects/keys-of-the-arena/experiments/{made[0]}/compare/")
    expect(desk.locator("html.compares")).to_have_count(1)
    first = texts(desk)
    mark = desk.locator(".plain-text mark").first
    assert mark.evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)"
    desk.keyboard.press("d")
    assert mark.evaluate("one => getComputedStyle(one).backgroundColor") != "rgba(0, 0, 0, 0)"
    desk.keyboard.press("f")
    expect(desk.locator(".formatted strong").first).to_have_text("gate")
    expect(desk.locator(".plain-text").first).to_be_hidden()
    desk.keyboard.press("i")
    expect(desk.locator("#given")).to_have_attribute("open", "")
    desk.keyboard.press("c")
    desk.keyboard.type("Says 1 thing, and 2.")
    desk.keyboard.press("Escape")
    press(desk, "ArrowRight")
    expect(desk.locator("#given")).to_have_attribute("open", "")  # as it was left
    expect(desk.get_by_text("Compared by you: 1")).to_be_visible()
    press(desk, "u")
    expect(desk.get_by_text("Undone. You can decide again.")).to_be_visible()
    assert texts(desk) == first
    expect(desk.get_by_label("Comment")).to_have_value("Says 1 thing, and 2.")
    for key in ("3", "4", "s", "1"):
        press(desk, key)
    query = (
        "SELECT choice, comment FROM prompts_comparison WHERE experiment_id = %s "
        "AND choice <> '' AND withdrawn_at IS NULL ORDER BY decided_at"
    )
    assert site.rows(query, int(made[0])) == [
        ("both good", "Says 1 thing, and 2."),
        ("both bad", ""),
        ("skipped", ""),
        ("left", ""),
    ]


def test_several_are_put_in_an_order(desk: Page, site: Site, made: list[str]) -> None:
    desk.goto(f"{site.url}/projects/keys-of-the-arena/experiments/{made[1]}/compare/")
    expect(desk.locator("html.compares")).to_have_count(1)
    decide(desk, "Enter")
    expect(desk.get_by_text("Give each output a place")).to_be_visible()
    for key in ("3", "1", "3", "4", "3", "2"):  # the second 3 takes its place back
        desk.keyboard.press(key)
    places = [desk.locator(f"[data-place='{number}']").input_value() for number in range(1, 5)]
    assert places == ["2", "4", "3", "1"]
    press(desk, "Enter")
    query = "SELECT places FROM prompts_comparison WHERE experiment_id = %s AND choice = 'ranked'"
    assert site.rows(query, int(made[1])) == [([2, 4, 3, 1],)]


def test_candidates_are_walked_through_and_put_in_an_order(
    desk: Page, site: Site, made: list[str]
) -> None:
    desk.goto(f"{site.url}/projects/keys-of-the-arena/prompts/{made[2]}/candidates/")
    expect(desk.locator(".candidate")).to_have_count(4, timeout=20_000)
    name = desk.locator(".candidate h2").nth(1).inner_text()
    desk.keyboard.press("j")
    expect(desk.locator(".candidate.chosen h2")).to_have_text(name, ignore_case=True)
    desk.keyboard.press("1")
    expect(desk.locator(".candidate h2").first).to_have_text(name, ignore_case=True)
    desk.keyboard.press("k")
    expect(desk.locator(".candidate.chosen h2")).to_have_text(name, ignore_case=True)
    desk.keyboard.press("r")
    expect(desk.locator("#reasons")).to_be_visible()
    desk.keyboard.press("2")
    expect(desk.locator(".candidate")).to_have_count(3)
    query = "SELECT reason FROM prompts_candidate WHERE state = 'rejected' AND prompt_id = %s"
    assert site.rows(query, int(made[2])) == [("Not an improvement",)]
    desk.keyboard.press("u")
    expect(desk.locator(".candidate")).to_have_count(4)
    desk.keyboard.press("a")
    expect(desk.get_by_text("created.")).to_be_visible()
