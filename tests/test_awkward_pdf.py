"""Awkward PDF files: each with what is right in it."""

from pathlib import Path

import pytest

from generation.passages import left_out
from generation.passages.cutting import pages
from generation.reading import readers
from generation.reading.readings import Reading

AWKWARD = Path(__file__).parent / "awkward"


def read(name: str) -> Reading:
    return readers.read_file(AWKWARD / f"pdf-{name}.pdf", f"{name}.pdf")


def test_columns_come_one_after_the_other_with_headings_apart() -> None:
    reading = read("twocol")
    headings = [line for line in reading.text.split("\n") if line.startswith("#")]
    assert headings == [
        "# A study of quays",
        *(f"## {number}. Section number {number}" for number in range(1, 15)),
    ]
    for section in range(1, 15):
        words = [reading.text.find(f"S{section}w{word}") for word in range(0, 109, 12)]
        assert words == sorted(words)
        assert words[0] > reading.text.index(f"Section number {section}")
    assert [part.reason for part in reading.left_out].count(left_out.RUNNING_HEAD) == 3


def test_a_paragraph_goes_on_in_the_next_column_and_on_the_next_page() -> None:
    paragraphs = [part for part in read("twocol").text.split("\n\n") if part.startswith("S")]
    assert [part.split("w0 ")[0] for part in paragraphs] == [f"S{n}" for n in range(1, 15)]
    assert all(f"S{n}w108 ship." in part for n, part in enumerate(paragraphs, 1))


def test_divided_words_are_joined_and_hyphens_kept() -> None:
    text = read("hyphens").text
    assert "short- and long-term berths, and the regulations of the port say that" in text
    assert "freight- and passenger ships are treated alike by the authorities of the town" in text
    assert "A well-known captain wrote the cooperative rules" in text
    assert "while pre- and post-season tests are published" in text
    assert "Der Hafen hat Lade- und Löschzeiten, die am Tor hängen." in text
    assert "goes on over the page break without any pause at all" in text


def test_heads_and_numbers_of_pages_are_left_out() -> None:
    reading = read("hyphens")
    parts = [(reading.text[start:end], reason) for start, end, reason in reading.left_out]
    heads = [text for text, reason in parts if reason == left_out.RUNNING_HEAD]
    assert heads == [f"Harbour handbook — Chapter {n}" for n in (1, 1, 2, 2, 2)]
    numbers = [text for text, reason in parts if reason == left_out.PAGE_NUMBER]
    assert numbers == [f"Page {n} of 5" for n in range(1, 6)]


def test_lines_and_notes_alike_on_every_page_are_text_and_heads_are_not() -> None:
    reading = read("footnotes")
    left = "".join(reading.text[start:end] for start, end, _ in reading.left_out)
    for page in range(1, 9):
        assert f"Line 0 of page {page} tells of the quay" in reading.text
        assert f"of page {page} tells" not in left
        assert f"\n\n{page}. Footnote of page {page}: the source is" in reading.text
        assert f"book {page}." not in left
    assert left.count("The Harbour Book") == 4
    assert left.count("Harbour Press") == 8
    assert left.count(": Tides and locks") == 4


def test_values_of_a_form_stand_beside_their_labels() -> None:
    text = read("form").text
    assert "Name of the ship: FIELDVALUE Blue Star" in text
    assert "Agent: FIELDVALUE Larsen" in text
    assert "Tug needed ☒" in text


def test_pages_that_are_pictures_are_named_and_the_others_keep_their_numbers() -> None:
    reading = read("mixed-scan")
    assert reading.picture_pages == [2, 3]
    assert reading.note == "Pages 2, 3 are pictures, so their text is missing."
    last = reading.text.index("Last typed page")
    assert pages(reading.page_starts, 0, last - 2) == (1, 1)
    assert pages(reading.page_starts, last, len(reading.text)) == (4, 4)


def test_pages_that_are_turned_are_read_and_keep_their_numbers() -> None:
    reading = read("rotated")
    assert reading.text.index("Upright page") < reading.text.index("Rotated page line 0")
    first = reading.text.index("Sideways text line 0")
    assert pages(reading.page_starts, first, len(reading.text)) == (3, 3)
    lines = [reading.text.index(f"Sideways text line {n}") for n in range(4)]
    assert lines == sorted(lines)


def test_text_of_a_turned_page_that_is_cut_off_is_left_out_as_hidden() -> None:
    reading = read("rotated")
    parts = [(reading.text[start:end], reason) for start, end, reason in reading.left_out]
    assert [reason for _, reason in parts] == [left_out.HIDDEN]
    assert parts[0][0].count("Rotated page line") == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nospace", "The quay opens at seven and closes at nine while the lock keeper notes every"),
        ("spaced", "SPACED TITLE OF THE PAGE"),
        ("spaced", "Normal text of the page tells of the quay and of the lock behind it."),
        ("spaced", "Slightly spaced text tells of the tug and the pilot on board."),
        ("cid", "フェリーは毎朝七時に東埠頭を出発します。冬は八時です。"),
        ("cid", "乘客必须提前二十分钟到达候船室。"),
    ],
)
def test_words_are_whole(name: str, words: str) -> None:
    assert words in read(name).text


def test_tables_lists_and_code_keep_their_structure() -> None:
    text = read("table").text
    assert text.count("\n|---|") == 2
    for number in range(1, 16):
        assert f"| cargo {number} | tonne | {number}.50 | paid in cash |" in text
    for number in range(1, 8):
        assert f"| Ship {number} | {number} | yes |" in text
    assert (
        "```\ndef plan(ships):\n    # sort by arrival\n    for ship in sorted(ships):\n"
        "        if ship.length > 100:\n            yield ship\n```"
    ) in text
    assert "- first bullet of the list tells of tugs\n\n- second bullet of" in text
    assert "1. first step is to call\n\n2. second step is to wait" in text


def test_a_table_over_pages_is_one_in_which_each_page_starts_at_its_first_row() -> None:
    reading = read("long-table")
    rows = "\n".join(f"| Ship {n} | {n}.50 | paid at gate {n} |" for n in range(60))
    assert f"| Ship | Fee | Remark |\n|---|---|---|\n{rows}\n\n" in reading.text
    assert reading.text.count("Remark") == 1
    assert {part.reason for part in reading.left_out} == {left_out.PAGE_NUMBER}
    starts = [reading.text[start:].split(" |")[0] for start in reading.page_starts[1:]]
    assert len(starts) > 1
    assert all(start.startswith("| Ship ") for start in starts)
    last = reading.text.index("| Ship 59")
    assert pages(reading.page_starts, last, last + 9) == (len(starts) + 1, len(starts) + 1)
