"""RTF files: text in all encodings, with headings, lists, tables, notes and code."""

import pytest

from generation.passages.left_out import COMMENT, HIDDEN, RUNNING_HEAD
from tests.office import kept, left_out, read


def text_of(source: str) -> str:
    return read(
        b"{\\rtf1\\ansi\\ansicpg1252\\deff0" + source.encode("latin-1") + b"}", "a.rtf"
    ).text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"caf\'e9 \ldblquote x\rdblquote\emdash y", "café “x”—y"),
        (r"{\fonttbl{\f1\fcharset128 MS Gothic;}}\f1 \'93\'8c\'8b\'9e", "東京"),
        (r"{\fonttbl{\f1\fcharset204 Arial;}}\f1 \'cc\'ee\'f0\'e5", "Море"),
        (r"\uc1\u26481?\u20140?", "東京"),
        (r"\uc2\u233\'c3\'a9t\'e9", "été"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"\u8226\'95 a\{b\}\\c", "• a{b}\\c"),
        ("one\\\ntwo", "one\n\ntwo"),
        (r"non\_stop co\-operation", "non-stop cooperation"),
    ],
)
def test_text_is_right_in_every_encoding(source: str, text: str) -> None:
    assert text_of(source + r"\par") == text


def test_headings_are_known_by_style_and_by_outline() -> None:
    source = (
        r"{\stylesheet{\s1\f3 Heading 1;}{\s2\outlinelevel1 Kapitel;}{\*\cs9 Title;}}"
        r"\pard\s1 Tides\par\pard\s2 Springs\par\pard\outlinelevel2 Neaps\par\pard Plain.\par"
    )
    assert text_of(source) == "# Tides\n\n## Springs\n\n### Neaps\n\nPlain."


def test_lists_are_nested_and_numbered() -> None:
    item = r"{\listtext\tab %s\tab}\ls1\ilvl%d %s\par\pard "
    source = item % ("1.", 0, "One") + item % (r"\'b7", 1, "Inner") + item % ("2.", 0, "Two")
    assert text_of(r"\pard " + source + "After.\\par") == ("1. One\n   - Inner\n2. Two\n\nAfter.")


def test_tables_keep_their_cells() -> None:
    row = r"\trowd\cellx1\cellx2\pard\intbl %s\cell %s\cell\row "
    text = text_of(row % ("Cargo", "Fee") + row % ("Grain", r"12\par 13") + r"\pard After.\par")
    lines = [line.replace(" ", "") for line in text.splitlines() if line]
    assert lines[0] == "|Cargo|Fee|"
    assert lines[2].startswith("|Grain|12")
    assert lines[-1] == "After."


def rows_of(*rows: str) -> list[str]:
    """Return the lines of a table of RTF without blanks; "|" divides a row and its cells."""
    source = ""
    for row in rows:
        defined, *cells = row.split("|")
        source += rf"\trowd {defined}\pard\intbl " + "".join(rf"{cell}\cell " for cell in cells)
        source += r"\row "
    lines = text_of(source + r"\pard After.\par").split("\n\n")[0].splitlines()
    return [line.replace(" ", "") for line in (lines[0], *lines[2:])]


def test_a_cell_that_is_merged_with_cells_above_stands_in_each_of_its_rows() -> None:
    assert rows_of(
        r"\cellx2000\cellx4000|Cargo|Fee",
        r"\clvmgf\cellx2000\cellx4000|Grain|12",
        r"\clvmrg\cellx2000\cellx4000||19",
        r"\clvmrg\cellx2000\cellx4000||25",
        r"\cellx2000\cellx4000|Oil|30",
    ) == ["|Cargo|Fee|", "|Grain|12|", "|Grain|19|", "|Grain|25|", "|Oil|30|"]


def test_cells_beside_a_merged_one_stay_in_their_columns() -> None:
    assert rows_of(
        r"\cellx2000\cellx4000\cellx6000|Cargo|Fee|Day",
        r"\clmgf\cellx2000\clmrg\cellx4000\cellx6000|Grain and oil||Monday",
    ) == ["|Cargo|Fee|Day|", "|Grainandoil||Monday|"]


def test_a_cell_as_wide_as_two_others_is_merged_without_a_word_for_it() -> None:
    assert rows_of(
        r"\cellx2000\cellx4000\cellx6000|Cargo|Fee|Day",
        r"\cellx4010\cellx6000|Grain and oil|Monday",
        r"\clvmgf\cellx2000\cellx6000|Slate|12",
        r"\clvmrg\cellx2000\cellx4000\cellx6000||13|Friday",
    ) == [
        "|Cargo|Fee|Day|",
        "|Grainandoil||Monday|",
        "|Slate|12||",
        "|Slate|13|Friday|",
    ]


def test_a_table_in_a_cell_does_not_define_the_row_around_it() -> None:
    nested = (
        r"\pard\intbl\itap2 A\nestcell B\nestcell{\*\nesttableprops\trowd\clvmrg\cellx5"
        r"\clvmrg\cellx9\nestrow}\pard\intbl "
    )
    row = r"\trowd\cellx2000\cellx4000\pard\intbl %s\cell %s\cell\row "
    text = text_of(row % ("Cargo", "Fee") + row % (nested, "12") + r"\pard After.\par")
    assert text.splitlines()[2].replace(" ", "") == "|AB|12|"


def test_rows_whose_definition_does_not_fit_keep_all_their_cells() -> None:
    assert rows_of(
        r"\cellx2000\cellx4000|Cargo|Fee", r"\clvmrg\cellx2000|Grain|12", r"|Oil|19"
    ) == ["|Cargo|Fee|", "|Grain|12|", "|Oil|19|"]


def test_notes_stand_after_their_paragraph_and_code_keeps_its_lines() -> None:
    source = (
        r"{\fonttbl{\f0 Arial;}{\f1\fprq1 Plex;}}"
        r"The tide rises as it has always done.{\super\chftn}"
        r"{\footnote\pard\plain\chftn Twice a day.}\par "
        r"\pard\f1 if tide:\par \tab open()\par\par close()\par\pard\f0 It falls.\par"
    )
    assert text_of(source) == (
        "The tide rises as it has always done.[^1]\n\n[^1]: Twice a day.\n\n"
        "```\nif tide:\n\topen()\n\nclose()\n```\n\nIt falls."
    )


def test_what_stands_beside_the_text_is_left_out() -> None:
    source = (
        r"{\info{\title Tides}{\author Jane}}{\header Harbour\par}{\*\generator Word 11}"
        r"{\*\themedata 504b0304}{\pict\wmetafile8 0100}The tide {\v hidden }rises"
        r"{\*\annotation Really?}{\deleted not}.\par"
    )
    data = b"{\\rtf1" + source.encode() + b"}"
    reading = read(data, "a.rtf")
    assert kept(reading).strip() == "The tide rises."
    assert left_out(reading) == [
        ("hidden", HIDDEN),
        ("Really?", COMMENT),
        ("Harbour", RUNNING_HEAD),
    ]
    assert reading.metadata == {"title": "Tides", "author": "Jane"}


def test_text_boxes_follow_their_paragraph_and_links_keep_their_text() -> None:
    source = (
        r"Before {\field{\*\fldinst HYPERLINK "
        r'"https://x.example"}{\fldrslt the lock}}'
        r"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt Boxed.\par}}} after.\par Then.\par"
    )
    blocks = text_of(source).split("\n\n")
    assert blocks[1:] == ["Boxed.", "Then."]
    assert "the lock" in blocks[0]
    assert blocks[0].endswith("after.")


def test_pictures_that_stand_in_the_file_as_bytes_are_no_text() -> None:
    data = b"{\\rtf1 The tide{\\pict\\bin9 }}{{\\par}} rises.\\par}"
    assert read(data, "a.rtf").text == "The tide rises."
