"""Headers, page numbers and tables of contents are left out of passages, and listed as such."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.passages import cutting, left_out, page_furniture
from generation.reading import pipeline, readers
from tests import files, make

HEADS = ["Handbook, third edition", "Handbook | Chapter {n}", "{n} Handbook"]


def book(head: str, foot: str) -> tuple[str, list[int]]:
    """Return six pages of text with a head and a foot, and where they start."""
    text, starts = "", []
    for number in range(1, 7):
        starts.append(len(text))
        body = f"Of page {number} it is told that basin {number} fills within {number} hours.\n\n"
        other = body.replace("told", "said")
        text += f"{head.format(n=number)}\n\n{body}{other}{foot.format(n=number)}\n\n"
    return text, starts


def found(text: str, starts: list[int]) -> list[tuple[str, str]]:
    return [(text[start:end], why) for start, end, why in page_furniture.furniture(text, starts)]


@pytest.mark.parametrize("head", HEADS)
def test_running_heads_with_and_without_numbers(head: str) -> None:
    text, starts = book(head, "")
    expected = [(head.format(n=number), left_out.RUNNING_HEAD) for number in range(1, 7)]
    assert found(text, starts) == expected


@pytest.mark.parametrize(
    "foot",
    [
        "{n}",
        "- {n} -",
        "Page {n} of 6",
        "Seite {n}",
        "xi",
        "第{n}页",
        "第 {n} 頁 / 共 6 頁",
        "{n}ページ",
        "صفحة {n} من 6",
        "Página {n} de 6",
        "Стр. {n} из 6",
        "หน้า {n}",
    ],
)
def test_page_numbers(foot: str) -> None:
    text, starts = book("Handbook", foot)
    numbers = [block for block, why in found(text, starts) if why == left_out.PAGE_NUMBER]
    assert numbers == [foot.format(n=number) for number in range(1, 7)]
    assert len(found(text, starts)) == 12


def test_running_heads_and_sentences_in_any_script() -> None:
    text, starts = book("港口手册", "渡轮每天出发。")
    told = found(text, starts)
    assert [block for block, _ in told] == ["港口手册"] * 6
    headed, starts = book("第{n}章", "")
    assert found(headed, starts) == []
    arabic = "".join(f"نص الصفحة الأولى من الدليل {n}.\n\n٣{n}\n\n" for n in "٠١٢٣")
    starts = [len(arabic) // 4 * number for number in range(4)]
    assert {why for _, why in found(arabic, starts)} == {left_out.PAGE_NUMBER}


def test_contents_with_other_dots() -> None:
    contents = "潮汐………………3\n船闸・・・・・・17"
    assert found(f"{contents}\n\n他想……3 艘船。", []) == [(contents, left_out.CONTENTS)]


def test_tables_of_contents_and_notes_that_it_goes_on() -> None:
    contents = "1 Tides ........ 3\n2 Locks . . . . . . 17"
    text = f"# Contents\n\n{contents}\n\nThe gate closes...\n\n(continued on next page)\n\nAt dusk."
    assert found(text, []) == [
        (contents, left_out.CONTENTS),
        ("(continued on next page)", left_out.CONTINUED),
    ]


def test_what_comes_again_within_pages_or_rarely_stays() -> None:
    text, starts = book("", "")
    assert found(text, starts) == []
    assert found("Handbook\n\nIt closes.\n\nHandbook\n\nIt opens.", [0, 21]) == []
    headed, starts = book("# Chapter {n}", "")
    assert found(headed, starts) == []


BLOCKS = st.sampled_from(["Head", "7", "Gates close at dusk, it is said so.", "x .... 3", "# H"])


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(BLOCKS, max_size=20), st.integers(40, 200))
def test_passages_and_furniture_are_the_whole_text(blocks: list[str], length: int) -> None:
    text = "\n\n".join(blocks)
    starts = [0, *(len(text) * n // 4 for n in (1, 2, 3))]
    ranges = page_furniture.furniture(text, starts)
    cuts, left_out = cutting.cut(text, length, starts, None, ranges)
    parts = sorted([*cuts, *left_out], key=lambda part: part.start)
    assert "".join(text[part.start : part.end] for part in parts) == text
    assert {(start, end) for start, end, _ in ranges} <= {(one.start, one.end) for one in left_out}


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("The connec-\ntion is good.", "The connection is good."),
        ("A well-known well-\nknown keeper.", "A well-known well-known keeper."),
        ("It is so-\n  called. A socalled keeper.", "It is socalled. A socalled keeper."),
        ("See page 3-\n4 and North-\nSouth.", "See page 3-\n4 and North-South."),
        ("So\u00adft and so\u00ad\nft.", "Soft and soft."),
    ],
)
def test_words_broken_at_line_ends(tmp_path: Any, text: str, joined: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert readers.read_file(path, "a.txt").text == joined


@pytest.mark.django_db
def test_heads_of_a_pdf_are_shown_as_left_out_and_pages_are_known(
    team: Any, browse: Any, kept: Any
) -> None:
    data = files.pdf_with_heads(6)
    document = pipeline.documents.add_document(team.project, make.ContentFile(data), "book.pdf")
    pipeline.work_off_documents()
    document.refresh_from_db()
    reasons = [gap["reason"] for gap in document.left_out]
    assert reasons.count(left_out.RUNNING_HEAD) == 6
    assert [passage.first_page for passage in document.passages.all()] == [1, 2, 3, 4, 5, 6]
    assert not any("Harbour Handbook" in passage.text for passage in document.passages.all())
    shown = browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/").text
    assert "left out: running head" in shown
