"""A heading is what a reader of the page takes for one, and nothing else."""

from pathlib import Path

import pytest

from generation.passages import headings
from generation.passages.left_out import MENU, RUNNING_HEAD, LeftOut

AWKWARD = Path(__file__).parent / "awkward"


def told(text: str, *left_out: LeftOut) -> list[tuple[int, str]]:
    return [(row.level, row.words) for row in headings.headings_of(text, left_out)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("md-fences.md", [(1, "Running the ferry scheduler")]),
        ("md-setext-table.txt", [(2, "Rules for the basin")]),
        ("md-table-long.md", [(1, "Tariffs")]),
    ],
)
def test_awkward_files(name: str, expected: list[tuple[int, str]]) -> None:
    assert told((AWKWARD / name).read_text()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "````\n```\n# inner\n```\n````",
        "~~~~\n# tilde\n~~~\n# still\n~~~~",
        "```\n# never closed",
        "1. Put it there:\n\n   ```sh\n# left of its item\n   cp a b\n   ```\n\n2. Wait.",
        "    # four spaces",
        "- item\n  # in the item",
        "> # in a quote",
        "---\ntitle: Berths\nkey: value\n---\n",
        "NAME     SIZE\n-------------\n",
        "a | b\n-----\n",
        "one line\nand another\n---\n",
        "Text\n-\n",
        f"# {'long ' * 80}",
        "```\n#\n```",
        "<!--\n# a comment\n-->",
    ],
)
def test_what_is_no_heading(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lock\n====\n\nGate\n--\n", [(1, "Lock"), (2, "Gate")]),
        ("   ### Three spaces ###", [(3, "Three spaces")]),
        ("```\n# code\n```\n# Lock", [(1, "Lock")]),
        ("- ```\n- item\n\n# Lock", [(1, "Lock")]),
        ("- ```\n  # code\n\ntext\n\n# Lock", [(1, "Lock")]),
        ("---\ntitle: Berths\n---\n\n# Lock", [(1, "Lock")]),
        ("---\n\nGate\n----", [(2, "Gate")]),
        (f"{'> ' * 70}deep\n\n# Lock", [(1, "Lock")]),
        ("# 渡轮几点出发\r\n\r\nText", [(1, "渡轮几点出发")]),
    ],
)
def test_what_is_a_heading(text: str, expected: list[tuple[int, str]]) -> None:
    assert told(text) == expected


def test_what_was_left_out_heads_nothing() -> None:
    text = "# Page 1 of 5\n\n# Lock\n\nText.\n\nMenu\n====\n\n```\n\nLink\n\n# Gate"
    head = LeftOut(0, 13, RUNNING_HEAD)
    menu = LeftOut(text.index("Menu"), text.index("Link"), MENU)
    assert told(text, head, menu) == [(1, "Lock"), (1, "Gate")]


def test_sections_change_no_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["cjk-short.md", "md-setext-table.txt", "md-table-long.md", "rtl.md"]
    text = "\n\n```\n# code\n```\n\n".join((AWKWARD / name).read_text() for name in names) * 2
    whole = headings.headings_of(text)
    monkeypatch.setattr(headings, "SECTION", 150)
    assert headings.headings_of(text) == whole
    assert all(text[row.start : row.end].strip() for row in whole)


@pytest.mark.parametrize(
    "part",
    ["> ", "- ", "[", "|", "*", "```\n", "- ```\na\n", "> ```\n", "a-\n", "- \n", "a|b\n-|-\n"],
)
def test_hostile_texts_hide_no_heading(part: str) -> None:
    text = "# a\n\n" + part * (80_000 // len(part))
    assert headings.headings_of(text)[0].start == 0
