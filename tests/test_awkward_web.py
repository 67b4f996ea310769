"""Web pages and EPUBs of kinds that readers are known to lose text of."""

from pathlib import Path

import pytest

from generation.reading import readers
from generation.reading.readings import CannotRead, Reading

FOLDER = Path(__file__).parent / "awkward"
EAST_QUAY = (
    "The east quay was built in 1911 by a company from the north, and it has been repaired four "
    "times since then."
)
PILOT = (
    "Ships of more than one hundred metres need a pilot, and the pilot boards two miles off the "
    "mole in good weather."
)
PLAN = (
    "The harbour master decides about the berths every evening, and the plan hangs at the gate "
    "from eight on."
)
FIRE = (
    "Nobody may light a fire on the quay while a tanker is unloading, and smoking counts as a fire "
    "in these rules."
)


def read(name: str) -> Reading:
    return readers.read_file(FOLDER / name, name)


def blocks(name: str) -> list[str]:
    """Return the paragraphs and other blocks of a file, without what is left out of it."""
    reading = read(name)
    end = reading.left_out[0].start if reading.left_out else len(reading.text)
    return reading.text[:end].rstrip().split("\n\n")


def left_out(name: str) -> list[tuple[str, str]]:
    reading = read(name)
    return [(part.reason, reading.text[part.start : part.end]) for part in reading.left_out]


# Web pages


def test_questions_whose_answers_unfold_are_kept() -> None:
    assert blocks("html-accordion.html") == [
        "# Questions",
        *("Question 0 about the harbour?", f"Answer 0: {EAST_QUAY}"),
        *("Question 1 about the harbour?", f"Answer 1: {PILOT}"),
        *("Question 2 about the harbour?", f"Answer 2: {PLAN}"),
        *("Question 3 about the harbour?", f"Answer 3: {FIRE}"),
        "**Hidden summary of the fees?**",
        "The fee is paid by the agent within ten days after the ship has left the berth.",
    ]


def test_two_line_breaks_end_a_paragraph_and_one_a_line() -> None:
    address = "First line of an address  \nSecond line of an address  \n12345 Harbour"
    assert blocks("html-br.html") == ["# Quay rules", EAST_QUAY, PILOT, PLAN, FIRE, address]


def test_comments_stay_on_a_whole_page_and_its_footer_is_left_out() -> None:
    assert blocks("html-comments.html")[-2:] == [
        "## Comments",
        "Larsen: I remember the old bridge and how it fell into the water in that winter.",
    ]
    assert left_out("html-comments.html") == [
        ("side content", "Cookie notice: we use cookies."),
    ]


def test_blocks_that_are_divisions_are_paragraphs() -> None:
    assert blocks("html-divs.html") == [
        *("Clause 0", EAST_QUAY, "Clause 1", PILOT, "Clause 2", PLAN, "Clause 3", FIRE),
        f"{EAST_QUAY} {PILOT} {PLAN} {FIRE}",
    ]


def test_terms_come_before_their_definitions() -> None:
    assert blocks("html-dl.html")[:3] == [
        "# Glossary",
        "**Berth**",
        "A place where a ship lies, and the word also means the contract for such a place.",
    ]
    assert left_out("html-dl.html") == [("menu", "Home")]


def test_the_reference_of_a_function_is_whole() -> None:
    assert blocks("html-docs-api.html") == [
        "# module harbour",
        "Functions of the harbour module, each with its arguments and an example.",
        "**`harbour.open(gate, *, wait=5)`**",
        "Open a gate of the lock and wait until it is open; raises GateError if it is stuck.",
        "**Parameters**",
        (
            "- **gate** – the number of the gate, from one to four\n"
            "- **wait** – how many minutes to wait before giving up"
        ),
        "**Returns**",
        "True if the gate is open now",
        "```\n>>> harbour.open(3)\nTrue\n```",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "html-gb2312.html",
            "渡轮每天早上七点从东码头出发，冬天改为八点，乘客必须提前二十分钟到达候船室。",
        ),
        (
            "html-latin1.html",
            (
                "Der Kai öffnet um sieben Uhr früh und schließt um neun Uhr, außer im Winter, wenn "
                "er später öffnet."
            ),
        ),
    ],
)
def test_the_encoding_that_a_page_declares_is_used(name: str, expected: str) -> None:
    assert blocks(name)[1] == expected


def test_what_a_frame_has_in_the_page_itself_is_text() -> None:
    assert blocks("html-iframe.html") == [
        "# Video",
        "Inside the frame: the lock opens at high water and closes behind the last ship.",
        "Short.",
    ]


def test_a_table_that_lays_out_a_page_is_unwrapped() -> None:
    text = blocks("html-layout-table.html")
    assert text[:2] == [
        "# Gear of the bridge",
        "Mount the first gear on the left knob and the second on the right knob.",
    ]
    assert text[-2:] == [PILOT, PLAN]
    assert left_out("html-layout-table.html") == [("menu", "Home  \nArchive")]


def test_lists_may_have_text_beside_their_items_and_a_first_number() -> None:
    text = blocks("html-list-span.html")
    assert text[3:] == [
        "Text directly in the list tells of the exceptions:",
        "- warships of other nations\n- ships in distress at sea",
        PILOT,
        "3. Third step: call the pilot by radio.\n4. Fourth step: wait at anchor.",
    ]
    assert text[2].splitlines() == [
        "- You have the right to know what the harbour keeps about your ship and your crew.",
        "- You have the right to have wrong entries in the register corrected by the master.",
    ]


def test_formulas_quotes_and_captions_are_kept() -> None:
    assert blocks("html-math.html") == [
        "# Tide",
        EAST_QUAY,
        "The height is $h=2A$ metres above x₁² & below 5 km, where a < b.",
        PILOT,
        "> Quoted: the sea gives and the sea takes, said the old master to the young pilot.",
        "A chart of tides",
        "Figure 3: heights of the tide in the year of the flood, in metres.",
    ]


def test_lists_and_tables_in_cells_are_readable() -> None:
    assert blocks("html-nested-table.html")[2].splitlines() == [
        "| Cargo | Fee |",
        "| --- | --- |",
        "| Grain | day, 12 euro; night, 19 euro |",
        "| Oil and gas | per tonne 4 euro; per hour 7 euro |",
        "| Wood | 5 euro |",
        "| Wood | 6 euro |",
    ]


def test_a_page_that_scripts_fill_is_refused() -> None:
    with pytest.raises(CannotRead, match="This web page has no text of its own"):
        read("html-noscript.html")


def test_code_keeps_its_lines() -> None:
    text = blocks("html-pre.html")
    assert text[2].splitlines() == [
        "```python",
        "def plan(ships):",
        "    # sort by arrival",
        "    for ship in sorted(ships):",
        "        if ship.length > 100:",
        "            yield ship, 'pilot'",
        "```",
    ]
    assert text[4].startswith("Use `plan --dry-run` to see")


def test_all_articles_of_a_page_are_kept() -> None:
    assert blocks("html-sections.html")[::2] == [f"## Part {number}" for number in range(4)]


# EPUB


def test_chapters_are_in_the_order_of_the_book() -> None:
    text = blocks("epub-order.epub")
    titles = [block for block in text if block.startswith("# ")]
    assert titles == [
        *("# Chapter 1", "# Chapter 2", "# Chapter 3"),
        *("# Further Reading", "# Code"),
    ]
    assert f"Chapter 2 begins with the story of the quay, and {PILOT}" in text
    assert "```\n# comment in code\nfor ship in ships:\n    call(ship)\n```" in text
    assert text[-1] == (
        "Note one: not linear, the notes tell of the sources that the author has used."
    )


def test_a_missing_chapter_is_named() -> None:
    reading = read("epub-missing.epub")
    assert reading.note == "These chapters are missing in the EPUB or cannot be read: c2.xhtml."
    assert blocks("epub-missing.epub")[2:] == [
        "# Chapter 3",
        f"Broken entity & ampersand  \nChapter 3 begins with the story of the quay, and {PLAN}",
    ]


def test_an_epub_needs_no_file_that_says_its_type() -> None:
    reading = read("epub-nomimetype.epub")
    assert reading.media_type == "application/epub+zip"
    assert reading.metadata == {"title": "Harbour book", "language": "en"}
    assert blocks("epub-nomimetype.epub")[::2] == ["# Chapter 1", "# Chapter 2"]
