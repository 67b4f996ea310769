"""A passage ends between sentences or blocks, and never inside what belongs together."""

import unicodedata
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.checks import sentence_splitting
from generation.passages import cutting
from generation.passages.left_out import BLANK

# Words, links, code spans, emphases and formulas.
UNITS = (
    *("doesn't", "l’écluse", "rock-bottom", "Größe", "a_b", "C#", "wal\\_file", "“tide”", "'gate'"),
    *("*the old gates*", "_side lock_", "**twice a day**", "__in_out__", "~~never once~~"),
    *("*as **very old** said*", "`cp a b`", "``a ` b``", "*the `a * b` key*", "$a + b_1$"),
    *("[the side lock](https://e.org/a_(b))", "[a [b] c][d e]", "![a map](m.png 'A map')"),
    *("<https://e.org/a>", "<b class='x y'>", "e\u0301tat", "R&D-led", "10.5", "(gates)"),
)
SENTENCES = st.lists(st.sampled_from(UNITS), min_size=1, max_size=12).map(
    lambda units: ["The", *units[:-1], f"{units[-1]}."]
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=12)
ROWS = "".join(f"| T{number} | the {number}th cargo of its kind |\n" for number in range(12))
TABLE = f"| Code | Cargo |\n|---|---|\n{ROWS}"
ITEMS = "".join(f"- The cargo number {number} of this kind.\n" for number in range(12))
CODE = "".join(["```\n", "cp one two three four five six seven\n" * 9, "```\n"])


def cuts_of(text: str, length: int) -> list[str]:
    """Return the passages of a text; check that nothing but blanks was left out."""
    cuts, left_out = cutting.cut(text, length)
    assert [text[gap.start : gap.end] for gap in left_out if gap.reason != BLANK] == []
    return [text[cut.start : cut.end] for cut in cuts]


def edges_of(text: str, length: int) -> set[int]:
    cuts, left_out = cutting.cut(text, length)
    return {offset for part in (*cuts, *left_out) for offset in (part.start, part.end)}


def edges_among(parts: list[str], between: str) -> set[int]:
    """Return the offsets of the starts and ends of parts of a text joined by ``between``."""
    ends, at = {0}, 0
    for part in parts:
        ends |= {at, at + len(part)}
        at += len(part) + len(between)
    return ends


@settings(deadline=None, derandomize=True, max_examples=300)
@given(sentences=PARAGRAPHS, more=st.integers(0, 60))
def test_a_cut_falls_between_sentences_if_they_are_short_enough(
    sentences: list[list[str]], more: int
) -> None:
    parts = [" ".join(units) for units in sentences]
    length = max(map(len, parts)) + more
    assert edges_of(" ".join(parts), length) <= edges_among(parts, " ")


@settings(deadline=None, derandomize=True, max_examples=300)
@given(sentences=PARAGRAPHS, length=st.integers(max(map(len, UNITS)) + 1, 90))
def test_a_cut_never_falls_inside_a_word_a_link_code_an_emphasis_or_a_formula(
    sentences: list[list[str]], length: int
) -> None:
    units = [unit for sentence in sentences for unit in sentence]
    assert edges_of(" ".join(units), length) <= edges_among(units, " ")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(rows=st.lists(SENTENCES.map(" | ".join), min_size=1, max_size=9), more=st.integers(0, 90))
def test_a_cut_never_falls_inside_a_row_of_a_table(rows: list[str], more: int) -> None:
    lines = ["| Code | Cargo |\n| --- | --- |", *(f"| {row} |" for row in rows)]
    length = max(map(len, lines)) + more
    assert edges_of("\n".join(lines), length) <= edges_among(lines, "\n")


@pytest.mark.parametrize("rest", [TABLE, ITEMS, CODE, f"> {'The tide falls. ' * 40}\n"])
@pytest.mark.parametrize(
    "before",
    [
        "Table 3: Cargo\n\n",
        "# Cargo\n\n",
        "# Cargo\n\nThe fees:\n\n",
        "The list of the cargo that comes with the tide\n\n",
        "The cargo that comes with the tide\nis of these kinds:\n\n",
    ],
)
def test_a_caption_heading_or_introduction_goes_with_what_follows(before: str, rest: str) -> None:
    first, *others = cuts_of(f"{before}{rest}", 200)
    assert first.startswith(before)
    assert len(first) > len(before) + 30
    assert others


def test_a_caption_right_above_its_table_goes_with_its_first_rows() -> None:
    first, *_ = cuts_of(f"Table 3: Cargo\n{TABLE}", 120)
    assert "| T0 |" in first


def test_a_line_of_few_words_goes_with_the_paragraph_after_it() -> None:
    text = f"Mind the gates.\n\n{'The tide falls twice a day in this port. ' * 9}"
    assert cuts_of(text, 120)[0].startswith("Mind the gates.\n\nThe tide falls")


def test_a_footnote_stays_with_the_paragraph_that_calls_it() -> None:
    paragraphs = [
        f"It rains here on each day of the year.[^{number}]\n\n[^{number}]: Twice on Sunday."
        for number in range(5)
    ]
    assert cuts_of("\n\n".join(paragraphs), 100) == paragraphs


def test_a_footnote_called_elsewhere_is_a_block_of_its_own() -> None:
    first, last = (
        "It rains here on every single day of the year.[^1]",
        "[^1]: On Sunday it rains twice, as people of this port say.",
    )
    middle = "The gates close by themselves as soon as the tide has fallen."
    assert cuts_of(f"{first}\n\n{middle}\n\n{last}", 70) == [first, middle, last]


@pytest.mark.parametrize("text", ["水門は自動で閉まります", "ประตูน้ำปิดเองเมื่อน้ำลง"])
def test_a_line_of_a_script_without_spaces_is_cut_between_letters(text: str) -> None:
    cuts, _ = cutting.cut(text * 30, 40)
    assert len(cuts) >= len(text) * 30 // 40
    assert all(unicodedata.category((text * 30)[cut.start])[0] != "M" for cut in cuts)


@pytest.mark.parametrize("marks", [".", "?!", ".)", "。", ".[^1]", ";"])
def test_a_line_of_marks_is_gone_through_in_linear_time(marks: str) -> None:
    started = process_time()
    assert len(list(sentence_splitting.breaks(f"Rain{marks * 100_000}a"))) <= 100_000
    assert process_time() - started < 5


@pytest.mark.parametrize(
    "part", ["[", "**a ", "*a ", "_a ", "`", "` ", "$a", "<a ", "**`a", "[a]("]
)
def test_marks_that_open_nothing_are_cut_in_linear_time(part: str) -> None:
    text = f"{'The tide falls. ' * 9}{part * 10_000}"
    started = process_time()
    assert len(edges_of(text, 900)) > len(text) / 900
    assert process_time() - started < 5


def test_code_is_cut_at_blank_lines_and_comments_in_it_head_nothing() -> None:
    part = "# close the old gate of the lock now\nclose --gate --lock a\n\n"
    code = f"# Lock\n\nThe script of the gates:\n\n```sh\n{part * 9}```\n\n{'The tide falls. ' * 4}"
    cuts, _ = cutting.cut(code, 150)
    assert all(cut.headings == ["Lock"] for cut in cuts)
    parts = [code[cut.start : cut.end] for cut in cuts]
    assert parts[0].startswith("# Lock\n\nThe script of the gates:\n\n```sh\n# close")
    assert all(after.startswith("# close") for after in parts[1:-1])
    fences = [cut.header and code[slice(*cut.header)] for cut in cuts]
    assert fences == [None, *["```sh"] * (len(cuts) - 2), None]


def test_the_line_that_closes_code_stays_with_the_last_line_of_it() -> None:
    for length in range(60, 200, 7):
        *_, last = cuts_of(CODE, length)
        assert last.endswith("seven\n```")


def test_lines_of_code_stay_whole() -> None:
    for before, after in pairwise(cuts_of(CODE, 100)):
        assert before.endswith("seven")
        assert after.startswith(("cp", "```"))
