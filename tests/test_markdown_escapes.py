"""Backslashes that escape marks are stored, and neither shown, drafted from nor exported."""

from typing import Any

import pytest

from generation.passages import editing
from generation.prompt_values import values_of
from generation.releases.freezing import triple_of
from qareview.markdown_escapes import unescaped
from tests import make
from tests.conftest import Team
from tests.web import page

SAID = "Set wal_autocheckpoint to *1000* pages, and the log stays short on each day."
STORED = "Set wal\\_autocheckpoint to \\*1000\\* pages, and the log stays short on each day."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STORED, SAID),
        ("1\\. May", "1. May"),
        ("a \\\\ b \\[c\\]", "a \\ b [c]"),
        ("C:\\dir", "C:\\dir"),
        ("`a\\_b` and a\\_b", "`a\\_b` and a_b"),
        ("``a`\\_b`` \\`c\\`", "``a`\\_b`` `c`"),
        ("`open a\\_b", "`open a_b"),
        ("```\na\\_b\n```\na\\_b", "```\na\\_b\n```\na_b"),
        ("~~~\na\\_b", "~~~\na\\_b"),
        ("So $x\\, dx$ and $$a \\\\ b$$, \\_", "So $x\\, dx$ and $$a \\\\ b$$, _"),
        ("<https://e.org/a\\_b>", "<https://e.org/a\\_b>"),
        ("one\\\ntwo", "one\ntwo"),
        ("ends in \\", "ends in \\"),
    ],
)
def test_only_backslashes_that_escape_are_left_out(text: str, said: str) -> None:
    assert unescaped(text) == said


def test_many_marks_take_linear_time() -> None:
    assert unescaped("`" * 99_999 + "\\_").endswith("_")
    assert unescaped("` `` " * 30_000 + "\\_").endswith("_")


@pytest.mark.django_db
def test_a_text_is_stored_as_it_is_and_used_as_it_reads(team: Team, browse: Any, kept: Any) -> None:
    text = f"# The wal\\_log\n\n{STORED}\n"
    made = make.document(team.project, text=text)
    editing.recut(made, 200)
    [passage] = made.passages.filter(superseded_at=None)
    assert passage.text == text[passage.start : passage.end].strip()
    assert values_of(team.project, passage)["passage"] == f"# The wal_log\n\n{SAID}"
    assert values_of(team.project, passage)["headings"] == "The wal_log"
    shown = page(browse(team.admin).get(f"{team.url}/documents/{made.pk}/"))
    assert "The wal_log" in shown
    assert "wal_autocheckpoint" in shown
    assert "wal\\_" not in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "context"),
    [
        ({}, "Set a_b."),
        ({"media_type": "text/plain"}, "Set a\\_b."),
        ({"columns": {"context": "text"}}, "Set a\\_b."),
    ],
)
def test_only_markdown_is_exported_without_its_backslashes(
    team: Team, kept: Any, values: dict[str, Any], context: str
) -> None:
    made = make.document(team.project, text="", **values)
    [item] = make.items(team.project, 1, made)
    item.passage.text = "Set a\\_b."
    item.passage.save()
    make.accept(item, team.reviewer)
    item = team.project.items.for_list().get(pk=item.pk)
    assert triple_of(item)["context"] == context
