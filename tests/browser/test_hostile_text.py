"""Hostile text in a document is shown as text and never run, and the CSP blocks nothing."""

import pytest
from playwright.sync_api import Page, expect

from tests.site import Site

HOSTILE = {
    "script": "A script <script>window.ran = 1</script> stands in this text of ten words or more.",
    "handler": 'An image <img src=x onerror="window.ran = 1"> stands in this text of many words.',
    "link": "A [link](javascript:window.ran=1) stands in this text of some ten words or more here.",
    "svg": "A drawing <svg onload='window.ran = 1'></svg> stands in this text of many words here.",
    "style": "A style <p style='color:red' onclick='window.ran = 1'>stands</p> in this long text.",
    "marks": "Right to left \u202emarks\u202c and \u2067isolates\u2069 stand in a text of words.",
    "line": f"One very long line of words {'without any end ' * 65_000} is what this text has.",
}
LISTEN = """
    window.refused = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.refused.push(`${event.violatedDirective} ${event.sourceFile}:${event.lineNumber}`);
    });
"""


@pytest.fixture(scope="module")
def hostile(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project whose documents, and so whose passages and drafts, are hostile."""
    folder, files = tmp_path_factory.mktemp("hostile"), []
    for name, text in HOSTILE.items():
        files.append(folder / f"{name}.md")
        files[-1].write_text(f"# {text[:60]}\n\n{text}\n")
    site.manage("create_project", "<b>Hostile</b>", "--slug", "hostile")
    site.manage("import_documents", "hostile", *map(str, files))
    done = site.manage("wait", "hostile", "--timeout", "240")
    assert done.returncode == 0, done.stdout + done.stderr
    return f"{site.url}/projects/hostile"


def test_it_is_shown_and_runs_nowhere(page: Page, site: Site, hostile: str) -> None:
    page.add_init_script(LISTEN)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    items = [row[0] for row in site.rows(
        "select min(i.id) from generation_item i join qareview_project p on p.id = i.project_id "
        "where p.slug = 'hostile' group by i.document_id"
    )]  # fmt: skip
    documents = [row[0] for row in site.rows(
        "select d.id from generation_document d join qareview_project p on p.id = d.project_id "
        "where p.slug = 'hostile'"
    )]  # fmt: skip
    paths = [
        "/", "/items/", "/progress/", "/releases/",
        *(f"/items/{pk}/" for pk in items), *(f"/review/?item={pk}" for pk in items),
        *(f"/documents/{pk}/" for pk in documents),
    ]  # fmt: skip
    assert len(items) == len(documents) == len(HOSTILE)
    for path in paths:
        page.goto(hostile + path)
        check(page, path)
    page.goto(f"{hostile}/review/")
    expect(page.locator("#review")).to_be_visible()
    for key in ("e", "Escape", "d", "n", "x", "a", "u"):
        page.keyboard.press(key)
        page.wait_for_load_state("networkidle")
        check(page, key)
    assert dialogs == []


def check(page: Page, where: str) -> None:
    assert page.evaluate("window.ran") is None, where
    assert page.evaluate("window.refused") == [], where
    hrefs = page.evaluate("[...document.links].map((link) => link.protocol)")
    assert set(hrefs) <= {"http:", "https:"}, where


def test_markup_is_readable_as_it_was_written(page: Page, hostile: str, site: Site) -> None:
    row = site.rows(
        "select i.id from generation_item i join generation_document d on d.id = i.document_id "
        "where d.name = 'script.md' limit 1"
    )[0]
    page.goto(f"{hostile}/review/?item={row[0]}")
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("<script>window.ran = 1</script>")
