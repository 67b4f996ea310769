"""reStructuredText: the directives of docutils and Sphinx keep their words."""

import pytest

from generation.passages.left_out import MENU
from tests.office import left_out, read


def text_of(source: str) -> str:
    return read(source.encode(), "a.rst").text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (".. versionadded:: 3.2\n   A new lock.", "**Added in version 3.2:** A new lock."),
        (".. deprecated:: 3.4", "**Deprecated since version 3.4**"),
        (".. seealso:: The tide table.", "> **See also**\n>\n> The tide table."),
        (".. tip:: One line.", "> **Tip**\n>\n> One line."),
        (".. admonition:: Mind\n\n   The gap.", "> **Mind**\n>\n> The gap."),
        (".. custom-admonition:: Mind\n\n   The gap.", "> **Mind**\n>\n> The gap."),
        (".. custom-card:: Title of card\n\n   The gap.", "**Title of card**\n\nThe gap."),
        (".. custom-card:: Overview\n\n   The gap.", "**Overview**\n\nThe gap."),
        (".. setting:: GAP\n\n   The gap.", "**`GAP`**\n\nThe gap."),
        (".. filter:: rise [height]\n\n   It rises.", "**`rise [height]`**\n\nIt rises."),
        (".. dropdown:: More\n\n   The gap.", "> **More**\n>\n> The gap."),
        (".. only:: html\n\n   The *tide* rises.", "The *tide* rises."),
        (".. epigraph::\n\n   The sea waits.", "> The sea waits."),
        (".. sidebar:: Locks\n\n   They open.", "**Locks**\n\nThey open."),
        (".. rubric:: Notes", "**Notes**"),
        (".. parsed-literal::\n\n   a *b*\n     c", "```\na b\n  c\n```"),
        (".. code-block:: c\n   :caption: A file\n\n   int x;", "A file\n\n```c\nint x;\n```"),
        (">>> tide()\n7", "```python\n>>> tide()\n7\n```"),
        (".. index:: single: tide\n\nThe tide.", "The tide."),
        (".. py:function:: rise(a, b)\n\n   It rises.", "**`rise(a, b)`**\n\nIt rises."),
        (".. c:function:: int rise(int a)\n\n   It rises.", "**`int rise(int a)`**\n\nIt rises."),
        (".. availability:: Unix.", "**Availability:** Unix."),
        (".. math::\n\n   a^2", "$$a^2$$"),
        ("The :ref:`lock <l>`, :func:`~a.b`, :pep:`8`.", "The lock, `b`, PEP 8."),
        (".. a comment\n   .. note:: of two lines\n\nThe tide.", "The tide."),
        ("As follows::\n\n  .. note:: as it is", "As follows:\n\n```\n.. note:: as it is\n```"),
    ],
)
def test_a_directive_keeps_its_words(source: str, text: str) -> None:
    assert text_of(f"{source}\n") == text


@pytest.mark.parametrize("title", ["", "Tides\n=====\n\n", ".. _a:\n\n=====\nTides\n=====\n\n"])
def test_what_a_file_says_of_itself_is_metadata(title: str) -> None:
    fields = ":Author: Jane Larsen\n:Version: 1.2,\n   of May\n:Abstract: The sea.\n"
    reading = read(f"{title}{fields}\nThe tide rises.\n".encode(), "a.rst")
    assert reading.metadata == {"author": "Jane Larsen", "version": "1.2, of May"}
    heading = "# Tides\n\n" if title else ""
    assert reading.text == f"{heading}**Abstract**\n\nThe sea.\n\nThe tide rises."


def test_fields_that_explain_the_text_stay_in_it() -> None:
    reading = read(b"Gates\n=====\n\n:Default: shut\n:Type: text\n\nThe gates.\n", "a.rst")
    assert reading.metadata == {}
    assert "**Default**\n\nshut" in reading.text


def test_descriptions_stand_in_each_other() -> None:
    source = ".. class:: Tide(a)\n\n   A tide.\n\n   .. method:: rise()\n\n      It rises.\n"
    assert text_of(source) == "**`Tide(a)`**\n\nA tide.\n\n**`rise()`**\n\nIt rises."


def test_the_terms_of_a_glossary_are_told_from_their_definitions() -> None:
    text = text_of(".. glossary::\n\n   ebb\n      The tide falls.\n\n   flood\n      It rises.\n")
    assert text == "**ebb**\n\nThe tide falls.\n\n**flood**\n\nIt rises."


@pytest.mark.parametrize(
    "source",
    [
        (
            ".. list-table:: Fees\n   :header-rows: 1\n\n"
            "   * - Cargo\n     - Fee\n   * - Oil\n     - 19"
        ),
        '.. csv-table:: Fees\n   :header: "Cargo", "Fee"\n\n   "Oil", 19\n',
        (
            ".. table:: Fees\n\n"
            "   =====  ===\n   Cargo  Fee\n   =====  ===\n   Oil    19\n   =====  ==="
        ),
    ],
)
def test_tables_keep_their_captions_and_cells(source: str) -> None:
    lines = [line.replace(" ", "").strip("*") for line in text_of(source).splitlines() if line]
    assert [lines[0], lines[1], lines[3]] == ["Fees", "|Cargo|Fee|", "|Oil|19|"]


def test_a_figure_keeps_its_caption_and_legend() -> None:
    text = text_of(".. figure:: lock.png\n   :alt: A lock\n\n   The lock.\n\n   Seen from above.\n")
    assert text.endswith("The lock.\n\nSeen from above.")


def test_the_names_of_other_chapters_are_left_out() -> None:
    reading = read(b"The tide.\n\n.. toctree::\n   :maxdepth: 2\n\n   locks\n   fees\n", "a.rst")
    assert left_out(reading) == [("- locks\n- fees", MENU)]


def test_lines_of_chinese_go_on_without_a_blank() -> None:
    assert text_of("所有船只必须在\n日落前离开内港。\n\nThe tide\nfalls.") == (
        "所有船只必须在日落前离开内港。\n\nThe tide falls."
    )
