"""Imports run one way: from generation to prompts to qareview, and from urls to models."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["qareview", "prompts", "generation"]  # each may import those before it
LAYERS = ["models", "verbs", "tasks", "forms", "views", "urls"]  # and each of these
LAYER_OF = {
    "models": "models",
    "tasks": "tasks",
    "forms": "forms",
    "views": "views",
    "urls": "urls",
}
FRAME = {"settings", "celery", "wsgi", "apps", "management", "templatetags", "migrations"}

MODULES = [
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]


def imports_of(path: Path) -> Iterator[list[str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ([*node.module.split("."), alias.name] for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)


def layer(parts: list[str]) -> int | None:
    name = parts[1] if len(parts) > 1 else ""
    name = "forms" if name.endswith("_forms") else name
    return None if name in FRAME else LAYERS.index(LAYER_OF.get(name, "verbs"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    own = list(path.relative_to(ROOT).with_suffix("").parts)
    for imported in imports_of(path):
        if imported[0] not in APPS:
            continue
        assert APPS.index(imported[0]) <= APPS.index(own[0]), f"{own[0]} imports {imported}"
        mine, theirs = layer(own), layer(imported)
        if imported[0] == own[0] and mine is not None and theirs is not None:
            assert theirs <= mine, f"{own} imports {imported}"


def test_heavy_packages_are_imported_inside_functions() -> None:
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            names = {alias.name for alias in getattr(node, "names", [])}
            module = getattr(node, "module", None) or ""
            heavy = {"torch", "transformers", "trafilatura", "kreuzberg", "sentence_transformers"}
            heavy |= {"sklearn", "pyarrow", "py3langid"}
            assert not heavy & {*names, module.split(".")[0]}, f"{path} imports {heavy}"


def test_no_file_is_too_long() -> None:
    tracked = [*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "static").iterdir()]
    assert not [path for path in tracked if len(path.read_text().splitlines()) > 400]
