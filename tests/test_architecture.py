"""Imports run one way: between the apps, between their layers, and between the rooms.

The lists below give each module a place, the lowest first. A module may import modules with a lower
place, and modules in the same room or with the same place, but none with a higher place, not even
inside a function. A line that must import upwards says why at its end: ``# upwards: …``.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["qareview", "prompts", "generation"]  # each may import those before it
LAYERS = ["models", "verbs", "tasks", "forms", "views", "urls"]  # and each of these
# The rooms of generation, all of them verbs: a room may import those of the lines before its own.
# Modules that stand in no room have a place here, too.
ROOMS = [
    ["search", "prompt_values"],
    ["checks"],
    ["review", "exchanges"],
    ["drafting", "passages", "progress", "writer"],
    ["items", "reading", "releases"],
    ["approved_items", "bin", "passage_inputs"],
]
FRAME = {"settings", "celery", "wsgi", "apps", "management", "templatetags", "migrations"}
FRAME |= {"fields", "stored_sentences", "translations", "former_messages"}  # below models
FRAME |= {"storable_text"}

MODULES = [
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]


def imports_of(path: Path) -> Iterator[list[str]]:
    """Yield the dotted names that a module imports, but for those that say why they look up."""
    source = path.read_text()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if "# upwards: " not in lines[node.lineno - 1]:
                yield from ([*node.module.split("."), alias.name] for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)


def layer(parts: list[str]) -> int | None:
    """Return the place of a module in LAYERS; None for the frame, which stands beside them."""
    name = parts[1] if len(parts) > 1 else ""
    name = "forms" if name.endswith("_forms") else name
    return None if name in FRAME else LAYERS.index(name if name in LAYERS else "verbs")


def room(parts: list[str]) -> int | None:
    """Return the place of a module of generation in ROOMS; None if it is in no room."""
    if parts[0] != "generation" or len(parts) < 2:
        return None
    return next((place for place, names in enumerate(ROOMS) if parts[1] in names), None)


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
        here, there = room(own), room(imported)
        if here is not None and there is not None and own[1] != imported[1]:
            assert there < here, f"{own} imports {imported}, whose room is not below"


def test_migrations_ask_no_code_that_may_change_after_them() -> None:
    """Code of today may use columns that an old database gets only from a later migration."""
    frozen = FRAME | {"models"}  # which Django itself names as the place of a field's default
    asked = {
        f"{path.stem}: {'.'.join(parts)}"
        for app in APPS
        for path in (ROOT / app / "migrations").glob("*.py")
        for parts in imports_of(path)
        if parts[0] in APPS and parts[1] not in frozen
    }
    assert asked == set()


def test_every_module_of_generation_has_a_place() -> None:
    """What is new is put into a room, or gets a line above."""
    known = {name for names in ROOMS for name in names} | FRAME | {*LAYERS}
    there = {
        path.stem
        for path in (ROOT / "generation").iterdir()
        if path.is_dir() or path.suffix == ".py"
    }
    assert there - known - {"__pycache__"} == {"__init__", "samples"}
    assert {name for names in ROOMS for name in names} <= there


def test_rooms_import_each_other_in_no_circle() -> None:
    """Modules of one room, and those beside each other, may not need each other in a ring."""
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): {
            ".".join(imported[:length])
            for imported in imports_of(path)
            for length in (len(imported), len(imported) - 1)
            if imported[0] in APPS
        }
        for path in MODULES
        if path.stem != "__init__"
    }
    seen: set[str] = set()
    path_here: list[str] = []

    def visit(name: str) -> None:
        assert name not in path_here, f"a circle: {path_here} {name}"
        if name in seen or name not in graph:
            return
        path_here.append(name)
        for imported in sorted(graph[name]):
            visit(imported)
        path_here.pop()
        seen.add(name)

    for name in sorted(graph):
        visit(name)


def test_heavy_packages_are_imported_inside_functions() -> None:
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            names = {alias.name for alias in getattr(node, "names", [])}
            module = getattr(node, "module", None) or ""
            heavy = {"torch", "transformers", "trafilatura", "pypdfium2"}
            heavy |= {"sklearn", "pyarrow", "py3langid"}
            assert not heavy & {*names, module.split(".")[0]}, f"{path} imports {heavy}"


def test_no_file_is_too_long() -> None:
    tracked = [*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "static").iterdir()]
    assert not [path for path in tracked if len(path.read_text().splitlines()) > 400]
