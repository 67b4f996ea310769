"""The differences between two texts are marked in both."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qareview import word_differences as differences
from qareview.word_differences import side_by_side, word_differences

TEXTS = st.text("ab \n<&", max_size=60)


def plain(html: str) -> str:
    text = re.sub("</?mark>", "", html)
    return text.replace("&lt;", "<").replace("&amp;", "&")


def test_words_that_the_other_lacks_are_marked_on_either_side() -> None:
    left, right = side_by_side("The gate shuts at nine.", "The old gate shuts.")
    assert left == "The gate <mark>shuts at nine.</mark>"
    assert right == "The <mark>old </mark>gate <mark>shuts.</mark>"


@given(TEXTS, TEXTS)
def test_nothing_of_a_text_is_lost_and_html_in_it_is_shown(one: str, other: str) -> None:
    left, right = side_by_side(one, other)
    assert (plain(left), plain(right)) == (one, other)


def test_texts_that_would_take_too_long_are_shown_without_marks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(differences, "MOST_PAIRS", 99)
    one, other = "the gate " * 5, "a tide " * 5
    assert side_by_side(one, other) == (one, other)
    assert word_differences(one, other) == f"<del>{one}</del> <ins>{other}</ins>"


def test_a_word_changed_in_a_long_text_is_marked() -> None:
    long = "the tide rises " * 20_000
    changed = f"{long}and falls {long}"
    assert word_differences(long * 2, changed) == f"{long}<ins>and falls </ins>{long}"


LOOPING = "The gate is open. " * 370


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LOOPING, LOOPING.replace("open", "shut")),
        ("a b " * 1_500, "b c a " * 1_000),
        ("潮起" * 2_400, "起潮落" * 1_600),
        ("".join(f"w{number} " for number in range(5_000)), "x y " * 2_400),
    ],
)
def test_texts_that_repeat_themselves_are_compared_soon(one: str, other: str) -> None:
    began = time.process_time()
    word_differences(one, other)
    left, right = side_by_side(one, other)
    assert time.process_time() - began < 2  # it took minutes
    assert (plain(left), plain(right)) == (one, other)
