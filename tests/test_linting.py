"""The linters of JavaScript and CSS are pinned, and it is reported if they cannot run."""

import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lint_without_node(ci: str) -> "subprocess.CompletedProcess[str]":
    command = ["make", "--no-print-directory", "NPM=", "lint-scripts"]
    environment = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_without_node_a_line_says_what_was_not_checked() -> None:
    done = lint_without_node(ci="")
    assert done.returncode == 0
    assert done.stdout == "JS and CSS were not checked, because Node.js or npm is missing\n"


def test_ci_fails_without_node() -> None:
    done = lint_without_node(ci="true")
    assert done.returncode != 0
    assert "needs Node.js and npm" in done.stdout


def test_packages_are_pinned_and_come_from_no_named_place() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())
    assert not {"dependencies", "optionalDependencies", "scripts"} & set(wanted)
    assert all(re.fullmatch(r"[\d.]+", version) for version in wanted["devDependencies"].values())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert locked.pop("")["devDependencies"] == wanted["devDependencies"]
    assert all("integrity" in package and "resolved" not in package for package in locked.values())


def test_hooks_before_a_commit_call_what_make_lint_does() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    called = re.findall(r"entry: make (\S+)", hooks)
    parts = re.search(r"^lint: (.+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert called
    assert parts
    assert set(called) < set(parts[1].split())
