"""Words, questions, sentences and digits are known in any script."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qareview import scripts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The tide falls.", ["the", "tide", "falls"]),
        ("東京都に行く。", ["東京", "京都", "都に", "に行", "行く"]),
        ("第3章 tide", ["第", "3", "章", "tide"]),
        ("A水", ["a", "水"]),
        ("फेरी सुबह चलती है", ["फेरी", "सुबह", "चलती", "है"]),
        ("العبّارة تغادر", ["العبّارة", "تغادر"]),
        ("pi\u200blot ag\u00adent", ["pilot", "agent"]),
        ("เรือ", ["เรื", "รือ"]),
        (" — ", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert scripts.words(text) == words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One two, three-four.", 4),
        ("开船前一小时可以在窗口全额退票。", 7),
        ("フェリーは毎朝七時に出発します。", 7),
        ("เรือข้ามฟากออกจากท่าเรือ", 6),
        ("배가 도쿄에서 출발합니다.", 3),
        ("pi\u200blot \u2060rules", 2),
        ("R2 の水門", 2),
        ("", 0),
    ],
)
def test_number_of_words(text: str, count: int) -> None:
    assert scripts.word_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "What falls?", "“What falls?”", "潮はいつ引きますか。", "潮什么时候退？", "船几点开吗",
        "「いつですか？」", "متى يغادر؟", "Τι ώρα φεύγει;", "Τι ώρα φεύγει\u037e", "כמה עולה?",
        "เรือออกเมื่อไร", "Ինչ՞", "What falls?! ", "Really⁇",
    ],
)  # fmt: skip
def test_questions(text: str) -> None:
    assert scripts.asks(text)


@pytest.mark.parametrize(
    "text",
    ["The tide falls.", "潮が引く。", "The tide; the ebb;", "يغادر المركب.", "เรือออกเช้า", ""],
)
def test_what_is_no_question(text: str) -> None:
    assert not scripts.asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "It falls.", "It falls!”", "潮が引く。", "潮が引く。」", "潮退了！",
        "يغادر المركب۔", "नाव चलती है।",
        "ទូកចេញ។", "เรือออกทุกเช้า", "Τι ώρα φεύγει;", "It falls…",
    ],
)  # fmt: skip
def test_ends_of_sentences(text: str) -> None:
    assert scripts.ends_sentence(text)


@pytest.mark.parametrize("text", ["It falls", "潮が", "يغادر المركب", "It falls;", ""])
def test_what_is_no_end_of_a_sentence(text: str) -> None:
    assert not scripts.ends_sentence(text)


def test_digits_of_any_script_are_numbers() -> None:
    assert scripts.with_ascii_digits("٣٬٥٠٠٫٥ と ３ और ४") == "3,500.5 と 3 और 4"


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=200))
def test_pieces_of_any_text_are_the_text(text: str) -> None:
    assert "".join(scripts.pieces(text)) == text
    assert all(scripts.pieces(text))


def test_letters_without_spaces_are_pieces() -> None:
    assert scripts.pieces("Ab, c東京の ใกล้") == [
        "Ab,",
        " ",
        "c",
        "東",
        "京",
        "の",
        " ",
        "ใ",
        "ก",
        "ล้",
    ]
