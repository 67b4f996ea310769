"""What exists is documented, and what is documented exists."""

import re
from pathlib import Path

from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
README = (ROOT / "README.md").read_text()
OWN_APPS = {"qareview", "qareview.apps.QAReviewConfig", "prompts", "generation"}


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


def test_files_named_in_the_readme_exist() -> None:
    linked = re.findall(r"\]\(([^):]+)\)", README)
    assert [name for name in linked if not (ROOT / name).exists()] == []
    assert set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE)) == {"run", "test"}
