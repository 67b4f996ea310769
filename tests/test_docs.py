"""Everything that exists is documented, and everything documented exists."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
README = (ROOT / "README.md").read_text()
OWN_APPS = {"qareview", "qareview.apps.QAReviewConfig", "prompts", "generation"}
DECISIONS = ROOT / "docs" / "decisions"
# pages for those who change the program: what they name has to be there
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DECISIONS.glob("*.md"))]
IN_A_FOLDER = re.compile(r"\b(?:qareview|prompts|generation|templates|static|docs|tests)/[\w./-]*")

of_each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def test_every_variable_is_documented_and_no_other() -> None:
    code = "".join(
        path.read_text()
        for app in ("qareview", "prompts", "generation")
        for path in (ROOT / app).rglob("*.py")
    )
    used = set(re.findall(r"environ(?:\.get\(|\[)\s*\"([A-Z_]+)\"", code)) - {"CI"}
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", SETTINGS, re.MULTILINE))
    assert documented == used


def test_every_command_is_documented_and_no_other() -> None:
    own = {name for name, app in get_commands().items() if app in OWN_APPS}
    documented = set(re.findall(r"^\| `([a-z_]+)[ `]", SETTINGS, re.MULTILINE))
    assert documented == own


def test_commands_in_the_readme_exist() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", README))
    assert named <= set(get_commands())


def test_the_readme_starts_with_two_commands() -> None:
    assert set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE)) == {"run", "test"}


def test_the_map_names_every_app_and_room() -> None:
    table = README.partition("## Map")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_/]+)/`", table))
    apps = {path.parent for path in ROOT.glob("*/apps.py")}
    rooms = {
        path
        for path in (ROOT / "generation").iterdir()
        if path.is_dir() and any(path.rglob("*.py")) and path.name != "migrations"
    }
    assert {str(path.relative_to(ROOT)) for path in apps | rooms} - named == set()
    assert [name for name in sorted(named) if not (ROOT / name).is_dir()] == []


@of_each_page
def test_files_that_are_named_exist(page: Path) -> None:
    text = page.read_text()
    linked = [page.parent / name for name in re.findall(r"\]\(([^):]+)\)", text)]
    named = [ROOT / name.rstrip(".") for name in IN_A_FOLDER.findall(text)]
    assert [str(path) for path in linked + named if not path.exists()] == []


@of_each_page
def test_names_of_the_code_exist(page: Path) -> None:
    """What stands in backticks, such as `FORMATS` or `stored("…")`, stands in the sources."""
    folders = ("qareview", "prompts", "generation", "tests")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    code = " ".join(path.read_text() for path in sources if path != Path(__file__))
    known = set(re.findall(r"\w+", code))
    named = set(re.findall(r"`([A-Za-z_]\w+)(?:\([^`]*\))?`", page.read_text()))
    assert named - known == set()


@of_each_page
def test_targets_of_make_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    known |= {f"bench-{path.stem}" for path in (ROOT / "tests" / "bench").glob("*.py")}
    text = page.read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    named |= set(re.findall(r"\b(bench-[a-z]+)", text))
    assert named - known == set()


def test_every_decision_is_in_the_index() -> None:
    linked = set(re.findall(r"\]\(([a-z-]+\.md)\)", (DECISIONS / "README.md").read_text()))
    assert linked == {path.name for path in DECISIONS.glob("*.md")} - {"README.md"}
