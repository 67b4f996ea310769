"""What lists show of texts, and what people type, in any script."""

from typing import Any

import pytest

from generation.models import Comment, Review
from generation.passages import near_duplicates
from qareview.templatetags.qareview import highlighted, snippet, text_attributes
from qareview.word_differences import side_by_side, word_differences
from tests import make
from tests.conftest import Team

LONG = "渡轮每天早上七点从东码头出发，冬天改为八点。乘客必须提前二十分钟到达候船室。"


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("The gates close.", "gate", "The <mark>gates</mark> close."),
        ("The gates close.", "gate close", "The gates <mark>close</mark>."),
        ("東京都庁は新宿", "都庁", "東京<mark>都庁</mark>は新宿"),
        ("เรือออกจากท่าเรือเช้า", "ท่าเรือ", "เรือออกจาก<mark>ท่าเรือ</mark>เช้า"),
        ("नाव सुबह चलती है", "सुबह", "नाव <mark>सुबह</mark> चलती है"),
        ("Le caf\u00e9 <b>", "cafe\u0301", "Le <mark>caf\u00e9</mark> &lt;b&gt;"),
        ("Die Größe zählt", "GRÖSSE", "Die <mark>Größe</mark> zählt"),
        ("هطل المطر ليلا", "مطر", "هطل <mark>المطر</mark> ليلا"),
        ("هطل مطر ليلا", "المطر", "هطل <mark>مطر</mark> ليلا"),
        ("The gates", "", "The gates"),
    ],
)
def test_words_of_a_search_are_marked(text: str, query: str, shown: str) -> None:
    assert highlighted(text, query) == shown


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("The gates\n close.", "gates", "The gates close."),
        ("a " * 30 + "gate " + "b " * 30, "gate", f"… {'a ' * 6}gate {'b ' * 17}".rstrip() + " …"),
        (LONG, "", f"{LONG[:24]} …"),
        (LONG, "二十分钟", f"… {LONG[22:]}"),
        ("", "gate", ""),
    ],
)
def test_a_snippet_is_around_the_first_hit(text: str, query: str, shown: str) -> None:
    assert snippet(text, query) == shown


def test_attributes_of_a_text() -> None:
    assert text_attributes("", "ar", "de") == 'lang="ar" dir="auto"'
    assert text_attributes("") == text_attributes() == 'dir="auto"'


def test_differences_are_marked_letter_by_letter_where_there_are_no_words() -> None:
    assert (
        word_differences("船七点出发。", "船八点出发。") == "船<del>七</del><ins>八</ins>点出发。"
    )
    assert side_by_side("船七点", "船八点")[1] == "船<mark>八</mark>点"


def test_near_duplicates_are_found_in_a_script_without_spaces() -> None:
    assert near_duplicates.are_near_duplicates(LONG, f"{LONG}再见")
    assert not near_duplicates.are_near_duplicates(LONG, LONG[::-1])
    bands = near_duplicates.bands_of([LONG * 4, LONG * 4 + "。再见"]).tolist()
    assert set(bands[0]) & set(bands[1])


@pytest.mark.django_db
def test_typed_texts_have_each_accented_letter_as_one_character(team: Team, browse: Any) -> None:
    item, client = make.item(team.project), browse(team.reviewer)
    data = make.review_data(item, verdict="edited", question="Cafe\u0301?", answer="Cafe\u0301.")
    client.post(f"{team.url}/review/{item.pk}/", data)
    review = Review.objects.get(item=item)
    assert (review.question, review.answer) == ("Caf\u00e9?", "Caf\u00e9.")
    client.post(f"{team.url}/items/{item.pk}/comments/", {"text": "Cafe\u0301"})
    assert Comment.objects.get(item=item).text == "Caf\u00e9"
