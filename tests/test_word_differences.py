"""The differences between two texts are marked in both."""

import re

from hypothesis import given
from hypothesis import strategies as st

from qareview.word_differences import LONGEST_COMPARED, side_by_side

TEXTS = st.text("ab \n<&", max_size=60)


def plain(html: str) -> str:
    text = re.sub("</?mark>", "", html)
    return text.replace("&lt;", "<").replace("&amp;", "&")


def test_words_that_the_other_lacks_are_marked_on_either_side() -> None:
    left, right = side_by_side("The gate shuts at nine.", "The old gate shuts.")
    assert left == "The gate <mark>shuts at nine.</mark>"
    assert right == "The<mark> old</mark> gate <mark>shuts.</mark>"


@given(TEXTS, TEXTS)
def test_nothing_of_a_text_is_lost_and_html_in_it_is_shown(one: str, other: str) -> None:
    left, right = side_by_side(one, other)
    assert (plain(left), plain(right)) == (one, other)


def test_very_long_texts_are_shown_without_marks() -> None:
    long = "word " * (LONGEST_COMPARED + 1)
    assert side_by_side(long, "word") == (long, "word")
