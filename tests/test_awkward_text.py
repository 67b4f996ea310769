"""Plain text and Markdown are read as they were written, and are not taken for pages."""

from pathlib import Path
from typing import Any

import pytest

from generation.passages import cutting
from generation.passages.left_out import COMMENT, CONTENTS
from generation.reading import file_types, readers
from generation.reading.readings import CannotRead, Reading
from tests import files

AWKWARD = Path(__file__).parent / "awkward"


def read_awkward(name: str) -> Reading:
    return readers.read_file(AWKWARD / name, name)


def test_words_are_joined_over_lines_unless_the_hyphen_is_theirs() -> None:
    text = read_awkward("hyphens.txt").text
    for kept in ("short-\nand long-term", "Lade-\nund Löschzeiten", "pre-\nand post-season"):
        assert kept in text
    for joined in ("festlegt", "results", "yearbook", "well-known", "cooperative", "self-service"):
        assert joined in text


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("exam-\nple", "example"),
        ("exam\u2010\nple", "example"),
        ("a harbour-\n   master", "a harbourmaster"),
        ("The e-mail and the e-\nmail", "The e-mail and the e-\nmail"),
        ("a re-read of the re-\nread text", "a re-read of the re-read text"),
        ("Ein-\nund Ausgang", "Ein-\nund Ausgang"),
        ("two-\nor three-fold", "two-\nor three-fold"),
        ("twenty-\none", "twenty-one"),
        ("state-of-the-\nart", "state-of-the-art"),
        ("rule-\nbased", "rule-based"),
        ("Nord-\nSüd-Kanal", "Nord-Süd-Kanal"),
        ("COVID-\n19", "COVID-19"),
        ("IBM-\nRechner", "IBM-Rechner"),
        ("AUS-\nGANG", "AUSGANG"),
        ("https://example.org/long-\npath", "https://example.org/long-\npath"),
        ("mail harbour@north-\nquay.example", "mail harbour@north-\nquay.example"),
        ("a dash -\nand more", "a dash -\nand more"),
        ("- one\n- two", "- one\n- two"),
    ],
)
def test_hyphens_at_line_ends(read: Any, text: str, joined: str) -> None:
    assert read(text).text == joined


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        ((AWKWARD / "pagebreaks.txt").read_text(), ["Chapter one", "Chapter two", "Chapter three"]),
        ("\fOne.\n\fTwo.\f", ["One.", "Two."]),
        ("One.\n\n\f\n\nTwo.", ["One.", "Two."]),
        ("One.\f\fThree.", ["One.", "", "Three."]),
    ],
)
def test_form_feeds_begin_pages(read: Any, content: str, pages: list[str]) -> None:
    reading = read(content)
    ends = [*reading.page_starts[1:], len(reading.text)]
    starts = zip(reading.page_starts, ends, pages, strict=True)
    assert [reading.text[start:end].strip()[: len(page)] for start, end, page in starts] == pages
    assert "\f" not in reading.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [("cfg-comments.txt", file_types.PLAIN), ("md-setext-table.txt", file_types.PLAIN)],
)
def test_plain_text_stays_as_it_is(name: str, kind: str) -> None:
    reading = read_awkward(name)
    assert (reading.text, reading.media_type) == ((AWKWARD / name).read_text(), kind)


def test_comments_and_tables_of_plain_text_are_no_headings() -> None:
    for name, length, passages in (
        ("cfg-comments.txt", 500, [[]]),
        ("md-setext-table.txt", 400, [[], ["Rules for the basin"]]),
    ):
        text = (AWKWARD / name).read_text()
        cuts, left_out = cutting.cut(text, length, is_plain=True)
        assert [cut.headings for cut in cuts] == passages
        assert not [gap for gap in left_out if text[gap.start : gap.end].strip()]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (files.MARKDOWN, file_types.MARKDOWN),
        ("# Comment\n\nkey = 1\n\n# Comment\nkey = 2\n", file_types.PLAIN),
        ("#!/bin/sh\n# Comment\nls\n", file_types.PLAIN),
        ("Call #4.\n# 1 is the best\n", file_types.PLAIN),
    ],
)
def test_a_text_whose_headings_stand_apart_is_markdown(read: Any, text: str, kind: str) -> None:
    reading = read(text, "README.txt")
    assert (reading.text, reading.media_type) == (text, kind)


# Markdown


def test_front_matter_is_metadata() -> None:
    reading = read_awkward("md-frontmatter.md")
    assert reading.text.startswith("# Berth allocation\n\nShips that arrive early")
    assert reading.metadata == {
        "title": "Berth allocation",
        "author": "A. Harbour",
        "tags": "berths, tugs",
        "date": "2024-05-01",
        "description": "How berths are given to ships that arrive early",
    }


@pytest.mark.parametrize(
    ("start", "metadata"),
    [
        ("---\ntitle: Tides\n---\n", {"title": "Tides"}),
        ("---\r\ntitle: Tides\r\n...\r\n\r\n", {"title": "Tides"}),
        (
            "\ufeff---\n# by hand\ntitle: 'A: B'\nlong: >\n  one\n  two\n---\n",
            {"title": "A: B", "long": "one two\n"},
        ),
        (
            "---\nauthor:\n  name: Ada\n  age: 36\ndraft: no\n---\n",
            {"author": "name: Ada, age: 36", "draft": "no"},
        ),
        (
            '+++\ntitle = "Tides"\n[extra]\ntags = ["a", "b"]\n+++\n',
            {"title": "Tides", "extra": "tags: a, b"},
        ),
        ("---\n---\n", {}),
    ],
)
def test_front_matter_of_any_kind_is_metadata(
    read: Any, start: str, metadata: dict[str, str]
) -> None:
    reading = read(f"{start}# Gate\n\nIt closes.\n", "t.md")
    assert (reading.text, reading.metadata) == ("# Gate\n\nIt closes.\n", metadata)


@pytest.mark.parametrize(
    "text",
    [
        "---\n\n# Gate\n\nIt closes: at dusk.\n\n---\n\nMore.\n",
        "---\nThe gate closes.\n---\nMore.\n",
        "---\ntitle: never closed\n\nMore.\n",
        "---\ntitle: [broken\n---\nMore.\n",
        "---\na: &a [x]\nb: [*a, *a]\n---\nMore.\n",
        "+++\nno toml\n+++\nMore.\n",
        "Gate\n---\ntitle: below\n---\n",
    ],
)
def test_what_is_no_front_matter_stays(read: Any, text: str) -> None:
    reading = read(text, "t.md")
    assert (reading.text, reading.metadata) == (text, {})


# What is a page


@pytest.mark.parametrize(
    ("name", "kind"),
    [("md-mention-html.txt", "text/plain"), ("md-html-in-fence.md", "text/markdown")],
)
def test_a_text_that_mentions_html_is_no_page(name: str, kind: str) -> None:
    reading = read_awkward(name)
    assert (reading.text, reading.media_type) == ((AWKWARD / name).read_text(), kind)


BODY = "<p>The gate closes at dusk, and it opens again when the tide has risen.</p>"


@pytest.mark.parametrize(
    ("start", "name", "kind"),
    [
        ("<!DOCTYPE html>\n<title>Gate</title>", "t.txt", "text/html"),
        ("\n<!-- saved -->\n<html>", "t.md", "text/html"),
        ("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'>\n<html>", "t.xml", "text/html"),
        ("<body>", "t", "text/html"),
        ("<div class='a'>", "t.txt", "text/html"),
        ("<p align=center>", "t.md", "text/markdown"),
        ("<!-- a comment -->\n\n", "t.md", "text/markdown"),
        ("<pilot@harbour.example> wrote:\n", "t.txt", "text/plain"),
        ("An <html> tag begins a page.\n", "t.log", "text/plain"),
        ("`<!doctype html>` stands first.\n", "t.rst", "text/x-rst"),
    ],
)
def test_only_what_begins_like_a_page_is_one(
    tmp_path: Path, start: str, name: str, kind: str
) -> None:
    path = tmp_path / "original"
    path.write_text(start + BODY)
    assert file_types.media_type_of(path, name) == kind


def test_xml_is_refused_with_a_way_out() -> None:
    with pytest.raises(CannotRead, match="Save its text as HTML or Markdown, or its records as"):
        read_awkward("data.xml")


def test_comments_of_markdown_are_left_out_unless_they_are_short_or_code(read: Any) -> None:
    notice = "<!-- Nobody but the council\n\nmay change the rules of the port. -->\n"
    code = "```html\n<!-- Nobody but the council may change the rules of it. -->\n```\n"
    rest = "# Port\n\nBoats wait.\n<!-- lint-off -->\n\nThey <!-- all of them --> wait.\n\n"
    contents = "1. Locks ........ 3\n2. Tides ........ 9"
    reading = read(f"{notice}\n{rest}{code}\n{contents}\n", "port.md")
    found = [(reading.text[gap.start : gap.end], gap.reason) for gap in reading.left_out]
    assert found == [(notice, COMMENT), (contents, CONTENTS)]
