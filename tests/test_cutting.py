"""The passages of any text, with the ranges left out, are the whole text in order."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import generation
from generation.passages import cutting, headings
from generation.passages.left_out import BLANK, HEADINGS_ONLY, TOO_SHORT, LeftOut
from generation.passages.table_headers import TableHeaders
from generation.reading import readers
from tests import files

AWKWARD = Path(__file__).parent / "awkward"
SAMPLES = sorted((Path(generation.__file__).parent / "samples").iterdir())

LENGTHS = st.integers(50, 1000)
WORDS = st.sampled_from(["tide", "Größe", "vessel", "水門", "🌊", "e\u0301", "a_b", "*gate*", "C#"])
SENTENCES = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
BLOCKS = st.one_of(
    SENTENCES,
    st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "######"]), SENTENCES),
    st.lists(SENTENCES.map("- {}".format), min_size=1, max_size=4).map("\n".join),
    st.builds("```\n# {}\n{}\n```".format, SENTENCES, SENTENCES),
    st.builds("| a | b |\n| - | - |\n| {} | {} |".format, SENTENCES, SENTENCES),
    st.sampled_from(["", "   ", "\t", "---", "Lock\n====", "> ", "<p>", "    code", "1. ", "```"]),
)
MARKDOWN = st.builds(
    str.join, st.sampled_from(["\n\n", "\n", "\n\n\n \n"]), st.lists(BLOCKS, max_size=12)
)
PAGE = "The gates of the basin close by themselves as soon as the tide has fallen. "


def assert_covers(text, length):
    """Check what holds for any text; return its passages."""
    cuts, left_out = cutting.cut(text, length)
    ranges = sorted([*cuts, *left_out], key=lambda part: part.start)
    assert "".join(text[part.start : part.end] for part in ranges) == text
    assert [part.start for part in ranges] == [0, *(part.end for part in ranges)][: len(ranges)]
    assert all(part.start < part.end for part in ranges)
    assert cuts == sorted(cuts, key=lambda cut: cut.start)
    assert all(text[cut.start : cut.end].strip() for cut in cuts)
    assert max((cut.end - cut.start for cut in cuts), default=0) <= length
    blank = [text[gap.start : gap.end] for gap in left_out if gap.reason == BLANK]
    assert "".join(blank).strip() == ""
    return cuts


@settings(deadline=None, derandomize=True, max_examples=200)
@given(text=MARKDOWN, length=LENGTHS)
def test_markdown_is_covered(text, length):
    assert_covers(text, length)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(text=st.text(max_size=3000), length=LENGTHS)
def test_any_text_is_covered(text, length):
    assert_covers(text, length)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(text=MARKDOWN, length=LENGTHS)
def test_a_text_split_in_sections_is_covered(text, length):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headings, "SECTION", 200)
        assert_covers(text, length)


def test_sections_end_before_a_heading_and_change_no_passage(monkeypatch):
    part = "## Part {n}\n\n" + PAGE * 8
    text = "\n\n".join(part.format(n=n) for n in range(40))
    whole = cutting.cut(text, 700)
    monkeypatch.setattr(headings, "SECTION", 3000)
    assert cutting.cut(text, 700) == whole
    assert [cut.headings for cut in whole[0]] == [[f"Part {n}"] for n in range(40)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_covered(path):
    reading = readers.read_file(path, path.name)
    cuts = assert_covers(reading.text, 900)
    assert len(cuts) >= 10
    assert all(cut.headings for cut in cuts)


def test_there_are_three_samples():
    assert [path.suffix for path in SAMPLES] == [".md", ".html", ".docx"]


def test_the_same_text_is_cut_the_same_way():
    assert cutting.cut(files.MARKDOWN * 9, 100) == cutting.cut(files.MARKDOWN * 9, 100)


def test_a_text_of_nothing_has_no_passages():
    assert cutting.cut("", 900) == ([], [])


# Headings


def headings_of(text, length=90):
    return [cut.headings for cut in cutting.cut(text, length)[0]]


def test_headings_nest():
    text = (
        f"# Harbour\n\n{PAGE}\n\n## Lock\n\n{PAGE}\n\n### Boats\n\n{PAGE}\n\n"
        f"## Dues\n\n{PAGE}\n\n# Town\n\n{PAGE}"
    )
    assert headings_of(text, 100) == [
        ["Harbour"],
        ["Harbour", "Lock"],
        ["Harbour", "Lock", "Boats"],
        ["Harbour", "Dues"],
        ["Town"],
    ]


def test_a_level_may_be_left_out():
    text = f"# Harbour\n\n{PAGE}\n\n### Boats\n\n{PAGE}\n\n## Dues\n\n{PAGE}"
    assert headings_of(text, 100) == [["Harbour"], ["Harbour", "Boats"], ["Harbour", "Dues"]]


def test_every_passage_of_a_section_stands_under_its_heading():
    text = f"# Harbour\n\n## Lock\n\n{PAGE}\n\n{PAGE}\n\n{PAGE}"
    assert headings_of(text, 110) == [["Harbour", "Lock"]] * 3


def test_text_before_the_first_heading_has_none():
    assert headings_of(f"{PAGE}\n\n# Harbour\n\n{PAGE}") == [[], ["Harbour"]]


def test_a_heading_further_down_in_a_passage_does_not_count():
    assert headings_of(f"# Harbour\n\n{PAGE}\n\n## Lock\n\n{PAGE}", 1000) == [["Harbour"]]


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_a_heading_in_fenced_code_is_none(fence):
    code = f"{fence}sh\n# close the gates\nclose --gates\n{fence}"
    assert headings_of(f"# Harbour\n\n{PAGE}\n\n{code}\n\n{PAGE}") == [["Harbour"], ["Harbour"]]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("# Harbour", "Harbour"),
        ("# Harbour #", "Harbour"),
        ("# Harbour ###  ", "Harbour"),
        ("#\tHarbour of **Ely**  ", "Harbour of **Ely**"),
        ("###### Programs in C#", "Programs in C#"),
    ],
)
def test_marks_around_a_heading_are_no_part_of_it(line, heading):
    assert headings_of(f"{line}\n\n{PAGE}", 200) == [[heading]]


@pytest.mark.parametrize("line", ["#Harbour", "####### Harbour", "Harbour # 1"])
def test_what_only_looks_like_a_heading_is_none(line):
    assert headings_of(f"{line}\n\n{PAGE}", 200) == [[]]


# What is left out


def left_out_of(text, length=100):
    return [
        (text[gap.start : gap.end].strip(), gap.reason)
        for gap in cutting.cut(text, length)[1]
        if gap.reason != BLANK
    ]


def test_headings_without_text_are_left_out():
    text = f"# {'Harbour ' * 10}\n\n{PAGE}\n\n# Index\n\n## Names"
    assert left_out_of(text, 90) == [
        (f"# {'Harbour ' * 10}".strip(), HEADINGS_ONLY),
        ("# Index\n\n## Names", HEADINGS_ONLY),
    ]


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("One two three four five six seven.", [TOO_SHORT]),
        ("One two three four five six seven eight.", []),
        ("# A long heading of many words\n\nOne two three.", [TOO_SHORT]),
    ],
)
def test_too_few_words_are_left_out(text, left_out):
    assert [reason for _, reason in left_out_of(text)] == left_out


@pytest.mark.parametrize(
    "name", ["cjk-short.md", "ja-short.md", "thai-short.md", "rtl.md", "zero-width.md"]
)
def test_nothing_is_too_short_for_its_script(name):
    text = (AWKWARD / name).read_text()
    assert left_out_of(text, 200) == []


def test_a_few_letters_are_too_short():
    assert [reason for _, reason in left_out_of("# 港口\n\n不退票。")] == [TOO_SHORT]


@pytest.mark.parametrize("letters", ["a", "水", "เรือข้ามฟาก", "ひらがな", "\u0301"])
def test_a_line_without_breaks_is_cut_by_its_length(letters):
    text = f"{PAGE}{letters * (300_000 // len(letters))} {PAGE}"
    assert len(assert_covers(text, 900)) >= 2  # the sentences before and after


# Tables


def headers_of(text, length):
    return [cut.header and text[slice(*cut.header)] for cut in cutting.cut(text, length)[0]]


def test_each_passage_of_a_table_but_the_first_tells_its_header():
    text = (AWKWARD / "md-table-long.md").read_text()
    header = "| Code | Cargo | Unit | Fee in euro | Remark |\n|---|---|---|---|---|"
    headers = headers_of(text, 900)
    assert headers == [None] + [header] * (len(headers) - 1)
    assert len(headers) > 5


def test_the_last_row_of_a_table_is_not_too_short():
    rows = "".join(f"| {number} | the tide of day {number} |\n" for number in range(1, 6))
    text = f"| Day | Tide |\n| --- | --- |\n{rows}| 6 | none |\n"
    for length in range(60, 200, 7):
        cuts, left_out = cutting.cut(text, length)
        assert [gap.reason for gap in left_out if gap.reason != BLANK] == []
        assert text[cuts[-1].start : cuts[-1].end].endswith("| 6 | none |")


def test_what_stands_between_tables_has_no_header():
    rows = "| Blue Star | one hundred and twenty metres long |\n" * 4
    text = f"| Name | Size |\n|---|---|\n{rows}\n{PAGE}\n\n| Ship | Gate |\n|---|:--:|\n{rows}"
    first, second = "| Name | Size |\n|---|---|", "| Ship | Gate |\n|---|:--:|"
    assert headers_of(text, 120) == [None, first, first, None, None, second, second]


@pytest.mark.parametrize("line", ["a | b", "| a | b |\n| c | d |", "a | b\n---"])
def test_lines_with_bars_alone_are_no_table(line):
    assert TableHeaders(f"{line}\n| e | f |\n").at(len(line) + 1) is None


@pytest.mark.parametrize("text", ["|" * 300_000, "a|b\n" + "|-" * 150_000, "a|\n" * 100_000])
def test_bars_without_end_are_no_table(text):
    assert TableHeaders(text).at(len(text) - 1) is None


def test_a_header_as_long_as_a_book_comes_with_no_passage():
    text = f"| {'a' * 2000} |\n|---|\n| b |\n"
    assert TableHeaders(text).at(len(text) - 3) is None


def test_what_was_left_out_can_be_stored():
    gap = LeftOut(3, 9, BLANK)
    assert gap.as_json() == {"start": 3, "end": 9, "reason": "blank"}


# Pages


def pages_of(text, page_starts, length=90):
    cuts, _ = cutting.cut(text, length, page_starts)
    return [(cut.first_page, cut.last_page) for cut in cuts]


def test_a_text_without_pages_has_none():
    assert pages_of(PAGE, []) == [(None, None)]


def test_a_passage_tells_its_pages():
    text = f"{PAGE}\n\n{PAGE}\n\n{PAGE}"
    second, third = (text.index(PAGE, len(PAGE) * number) for number in (1, 2))
    assert pages_of(text, [0, second, third]) == [(1, 1), (2, 2), (3, 3)]
    assert pages_of(text, [0, second + 20, third]) == [(1, 1), (1, 2), (3, 3)]
    assert pages_of(text, [0, second, second, third]) == [(1, 1), (3, 3), (4, 4)]


def test_a_passage_ends_on_its_page_though_the_next_begins_right_after():
    assert pages_of(PAGE + "\n", [0, len(PAGE)]) == [(1, 1)]


def test_a_section_of_a_pdf_stands_on_its_own_page(tmp_path):
    path = tmp_path / "original"
    path.write_bytes(files.pdf())
    reading = readers.read_file(path, "handbook.pdf")
    cuts, _ = cutting.cut(reading.text, 200, reading.page_starts)
    assert [(cut.headings, cut.first_page, cut.last_page) for cut in cuts] == [
        (["Tidal Basin"], 1, 1),
        (["Side Lock"], 2, 2),
        (["Harbour Dues"], 3, 3),
    ]


def test_underlined_headings_count_as_those_with_marks():
    text = f"Harbour\n=======\n\nLock\n----\n\n{'The lock is old. ' * 5}\n"
    [found], _ = cutting.cut(text, 400)
    assert found.headings == ["Harbour", "Lock"]
