"""Small office files of kinds that other readers get wrong: every word comes out, in its place."""

import itertools

import pytest

from generation.passages.left_out import COMMENT, HIDDEN, OTHER_COLUMNS, RUNNING_HEAD
from generation.reading import file_types
from generation.reading.readings import CannotRead
from tests.office import AWKWARD, awkward, kept, left_out, read

MARGINS = [
    ("Comment text: is that still so?", COMMENT),
    ("Header text: Harbour handbook, confidential", RUNNING_HEAD),
    ("Footer text: printed in May", RUNNING_HEAD),
]
DOCX = sorted(path.name for path in AWKWARD.glob("docx-*.docx"))


@pytest.mark.parametrize("name", DOCX)
def test_comments_and_running_heads_are_left_out_at_the_end(name: str) -> None:
    reading = awkward(name)
    assert reading.media_type == file_types.DOCX
    assert left_out(reading)[-3:] == MARGINS
    assert reading.text.endswith(MARGINS[-1][0])


def test_signs_of_markup_are_kept_and_lists_are_nested() -> None:
    text = kept(awkward("docx-lists.docx"))
    assert "Terms & conditions" in text
    assert "<read> them" in text.replace("\\", "")
    assert "a*b*c and snake_case_name" in text.replace("\\", "")
    assert (
        "- Connect the power cable\n- Wait for the lamp to turn green\n"
        "  - Nested: the lamp blinks\n- Open the gate" in text
    )
    assert "1. First call the pilot\n2. Second wait at anchor" in text
    assert "**Bold words** and plain ones, *then italics* until" in text


def test_notes_stand_after_the_paragraph_that_calls_them_and_hidden_words_are_left_out() -> None:
    reading = awkward("docx-notes.docx")
    blocks = kept(reading).strip().split("\n\n")
    assert blocks[1:4] == [
        (
            "The mole keeps the waves off[^1] and the lock keeps the water in[^2], as everybody "
            "knows in the town.A commented phrase."
        ),
        "[^1]: Footnote text: the mole was built twice, since the first one sank.",
        "[^2]: Endnote text: the lock was built thrice, since the first one sank.",
    ]
    assert "A linked text about the harbour office" in blocks[4]
    assert left_out(reading)[0] == ("Hidden words.", HIDDEN)


def test_a_main_part_may_have_any_name() -> None:
    assert kept(awkward("docx-otherpart.docx")).split("\n\n")[:2] == [
        "# Other part",
        (
            "The main part of this file has another name, as some cloud services write it, and is "
            "valid."
        ),
    ]


def test_changes_are_accepted() -> None:
    text = kept(awkward("docx-revisions.docx"))
    assert "The east quay opens at insertedseven in the morning" in text
    assert "A whole inserted paragraph says" in text
    assert "A moved sentence says that dogs are free on board." in text
    assert "deletedsix" not in text
    assert "stands no more" not in text


def test_controls_fields_and_formulas_are_text() -> None:
    text = kept(awkward("docx-sdt.docx"))
    assert text.startswith("# Controlled heading\n\nA controlled paragraph tells")
    assert "Renter: INLINE CONTROL Larsen and Sons of the town." in text
    assert "CELL CONTROL Blue Star" in text
    assert "$h = 2A$ is the height of the tide." in text
    assert "SMART TAG words about the quay" in text
    assert "FIELD RESULT 1 May was the day." in text


def test_breaks_and_hyphens_within_words_leave_whole_words() -> None:
    text = kept(awkward("docx-softbreaks.docx"))
    assert "cooperation and non-stop service" in text
    assert "line two of the verse tabbed" in text
    assert "Text on the second page tells of the winter" in text


def test_tables_keep_every_cell_in_its_row() -> None:
    text = kept(awkward("docx-tables.docx"))
    rows = [
        [cell.strip().strip("*") for cell in line.strip("|").replace("\\|", "¦").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and "---" not in line
    ]
    assert rows[0] == ["Cargo", "Day & night", "Fee"]
    assert rows[1] == ["Grain", "day", "12 euro"]
    assert rows[2][1:] == ["night", "19 euro"]
    assert rows[3][0] == "All cargo together"
    assert rows[3][2] == "31 euro"
    assert rows[4][:2] == ["Oil", "a¦b pipe"]
    words = text.replace("\n", " ")
    places = [words.index(part) for part in ("Outer cell", "Inner left", "Inner right", "Below")]
    assert places == sorted(places)
    assert text.rstrip().endswith("The end of the tables is here, after the inner one.")


def test_a_text_box_follows_the_paragraph_that_holds_it_once() -> None:
    blocks = kept(awkward("docx-textbox.docx")).strip().split("\n\n")
    assert [block[:14] for block in blocks] == [
        "# Boxes",
        "Before the box",
        "Boxed text war",
        "After the box ",
    ]


def test_an_odt_keeps_lists_boxes_sections_and_notes() -> None:
    text = awkward("lists.odt").text
    assert "opens at seven" in text
    assert "DELETED words" not in text
    assert "Nested item: by radio" in text
    assert "Anchor paragraph of a box.\n\nBox one tells of the gate.\n\nBox line two." in text
    assert "Grain spanned" in text
    assert "\n\n## Inside a section\n\nA sectioned paragraph with a note[^1] and" in text
    assert "\n\n[^1]: Noted: the mole sank once.\n\n" in text
    assert text.rstrip().endswith("Numbered paragraph stands here.")


def test_a_letter_in_rtf_is_read() -> None:
    assert awkward("letter.rtf").text == (
        "The harbour master decides about the berths of all ships that arrive by éarly morning."
        "\n\nThe pilot **boards** the ship two miles off the mole."
    )


def test_restructuredtext_keeps_its_directives_and_tables() -> None:
    text = awkward("guide.rst").text
    assert "opens at *seven* and closes at `nine`; see quay and tugs for more[^1]." in text
    assert "> **Note**\n>\n> A note body warns that nobody may swim" in text
    assert text.count("A short warning on one line about the gate of the lock.") == 1
    assert "```python\n# comment in code\ndef plan():\n    return 7\n```" in text
    assert "```\n$ ferry --plan\ndone\n```" in text
    for row in ("Cargo|Fee", "Grain|12 euro", "Oil|19", "Ferry|1"):
        assert row in text.replace(" | ", "|").replace("| ", "|"), row
    assert "The definition of the term stands here in a line of its own." in text
    assert "[^1]: Footnote of the guide about the mole." in text
    assert "Alternative words of a chart" in text
    assert "comment that nobody should see" not in text
    assert "value of the field" in text


def test_a_notebook_keeps_its_markdown_and_its_code() -> None:
    reading = awkward("notebook.ipynb")
    assert reading.media_type == file_types.IPYNB
    assert reading.text == (
        "# Tides\nThe tide model sums up eleven tides and explains nearly all movement.\n\n"
        "```\nprint(1)\n```"
    )


def test_slides_stand_in_the_order_of_the_presentation_with_their_notes() -> None:
    reading = awkward("notes.pptx")
    starts = [*reading.page_starts, len(reading.text)]
    first, second, third = (
        reading.text[start:end].strip() for start, end in itertools.pairwise(starts)
    )
    assert first == (
        "## First title: the quay\n\n- The quay opens at seven\n  - Sub point: in summer only\n"
        "- It closes at nine\n\nBottom box stands below and was made first\n\n**Notes:**\n\n"
        "Speaker note on the first slide: say that the quay was built in 1911."
    )
    assert second.startswith("## Second title: tugs\n\nTwo tugs are needed for a tanker & one")
    assert "Grain" in second
    assert second.endswith("Grouped box tells of the gate\n\nTwice grouped box tells of the lock")
    assert third.endswith("Speaker note on the third slide: say that the lock is old.")


def test_a_workbook_without_a_list_of_its_parts_is_a_table() -> None:
    data = (AWKWARD / "plan.xlsx").read_bytes()
    survey = read(data, "plan.xlsx").survey
    assert (survey["columns"], survey["rows"]) == (["context", "question"], 1)
    reading = read(data, "plan.xlsx", {"context": "context"})
    assert kept(reading).rstrip() == (
        "The east quay opens at seven and closes at nine in the evening, all year round."
    )
    assert left_out(reading) == [("question", OTHER_COLUMNS)]


def test_a_workbook_without_a_table_is_refused() -> None:
    with pytest.raises(CannotRead, match="The workbook has no table"):
        awkward("sheet.ods")


def test_a_saved_page_is_a_web_page() -> None:
    reading = awkward("saved.mht")
    assert reading.media_type == file_types.HTML
    assert reading.text == (
        "The east quay opens at seven – and closes at nine in the evening, all year round."
    )
