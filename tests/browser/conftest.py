"""A real Chromium: the machine's own, else from apt if we are root, else Playwright's.

The browser and the sites end with the tests of this folder, because Django takes a process in which
Playwright runs for an asynchronous one, and denies all other tests in it the database.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.site import PASSWORD, Site, prepared

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-sandbox",  # root and containers have none to give, and the pages are our own
]


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def install_chromium() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False)
    if find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def launch(playwright: Playwright) -> Browser:
    path = find_chromium()
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            started = launch(playwright)
        except Error:
            install_chromium()
            try:
                started = launch(playwright)
            except Error as error:
                message = f"NO CHROMIUM: the browser tests could not run. {error}"
                if os.environ.get("CI") == "true":
                    pytest.fail(message)
                pytest.skip(message)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    yield made
    made.close()


@pytest.fixture(scope="package")
def signed_in(browser: Browser, site: Site) -> list[Any]:
    """The cookies of the admin, who signs in once: many sign-ins a minute are refused."""
    context = browser.new_context()
    sign_in(context.new_page(), site)
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def page(context: BrowserContext, site: Site, signed_in: list[Any]) -> Page:
    """A page signed in as the admin."""
    context.add_cookies(signed_in)
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def sign_in(page: Page, site: Site, name: str = "admin") -> None:
    page.goto(f"{site.url}/accounts/sign-in/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Username")).to_have_count(0)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running QAReview that drafts with the scripted model."""
    started = prepared(tmp_path_factory.mktemp("site") / "var").start()
    yield started
    started.stop()


@pytest.fixture(scope="package")
def real_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running QAReview that drafts with the embedded language model."""
    folder = tmp_path_factory.mktemp("real") / "var"
    started = prepared(folder, QAREVIEW_MODEL="smollm2-135m-instruct").start()
    yield started
    started.stop()


@pytest.fixture
def desk(page: Page, site: Site) -> Iterator[Page]:
    """The desk of the sample, with an item that has been in sight long enough to decide on it."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Policy" in told.text else None)
    page.goto(f"{site.url}/projects/sample/review/")
    expect(page.locator("#left")).to_be_visible()
    if page.locator("#changed").is_visible():  # what a test before typed, and undid
        page.locator("#changed").click()
        expect(page.locator("#saved")).to_have_text("Text saved.")
        page.reload()
        expect(page.locator("#left")).to_be_visible()
    seen(page)
    yield page
    assert errors == []


@pytest.fixture
def with_candidates(desk: Page, site: Site) -> Page:
    """The desk with an item that has three candidate questions."""
    item = desk.locator("#review").get_attribute("action").rstrip("/").split("/")[-1]
    site.write(
        "insert into generation_question (item_id, variant_id, rank, text, model, parameters, "
        "tokens_in, tokens_out, milliseconds, cost, flags, scores, score) "
        "select item_id, variant_id, n, 'Candidate ' || n || '?', model, parameters, 0, 0, 0, 0, "
        "'{}', '{}', 0.1 from generation_question, generate_series(2, 3) as n "
        "where item_id = %s and rank = 1 on conflict do nothing",
        item,
    )
    desk.goto(f"{site.url}/projects/sample/review/?item={item}")
    seen(desk)
    return desk


def seen(page: Page) -> None:
    """Wait until what is to be decided on has been in sight for long enough."""
    expect(page.locator("[data-decides][data-seen]")).to_be_attached()


def decide(page: Page, key: str) -> None:
    seen(page)
    page.keyboard.press(key)


def left(page: Page) -> int:
    return int(page.locator("#left").inner_text())


def question(page: Page) -> str:
    return page.locator("#question").input_value()


def edit(page: Page, field: str, text: str) -> None:
    """Open the text with the key of editing, and replace what a field holds."""
    page.keyboard.press("e")
    page.get_by_label(field, exact=True).fill(text)


OWLS = """\
# Owls

## Hearing

A barn owl finds a mouse in complete darkness by its hearing alone. Its left ear sits higher than
its right ear, so that a sound from below reaches one ear a little earlier than the other. The
face works like a dish that gathers sound. In a laboratory in 1961 a barn owl struck a mouse that
rustled a leaf on the floor of a room without any light, and missed the leaf itself by less than
two degrees. When one ear was stopped with cotton, the owl struck too high or too low.

## Flight

The front edge of an owl's wing carries a comb of stiff feathers. The comb breaks the air into
small streams, which makes the flight almost silent. A mouse hears the owl only when it is too
late. Engineers copied the comb for the blades of wind turbines, and measured half the noise. The
price of the silence is speed: an owl flies more slowly than a falcon of the same weight, and in
heavy rain the soft feathers soak, so that barn owls go hungry in a wet spring.

## Food

An owl swallows a mouse whole. Some hours later it brings up a pellet of bones and fur. Biologists
open the pellets to learn which small animals live in a region. In one barn in Saxony 4,812
pellets were counted in a single winter, and among the skulls in them were three of a vole that
nobody had seen in that region for forty years. A young owl eats up to four mice in a night, and a
pair with six young carries some nine hundred of them to the nest in a single summer.
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "owls.md"
    path.write_text(OWLS)
    return path
