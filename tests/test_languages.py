"""The language of a text is told, if it is clear."""

import pytest

from qareview.languages import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("港口手册规定，所有船只必须在日落前离开内港，除非港务长给予书面许可，并支付费用。", "zh"),
        ("港口手冊規定，所有船隻必須在日落前離開內港，除非港務長給予書面許可，並支付費用。", "zh"),
        ("日没前にすべての船は内港を出なければなりません。港長の許可がある船は残れます。", "ja"),
        ("All boats leave the inner harbour before sunset.", "en"),
        ("12 34 56", ""),
    ],
)
def test_the_language_of_a_short_text(text: str, language: str) -> None:
    assert detect_language(text) == language
