"""Which sentences of a passage an answer may state."""

import pytest

from generation.checks.focuses import focus_of, focuses_of, plain, states

PASSAGE = """\
## 4 The lock

The side lock of Skarholm is 24 m long. It opens at six. For details see section 7.

| Vessel | Fee |
| --- | --- |
| Canoe | 2 € |

```
lock --open 24
```

Who may pass?

- a *valid* harbour pass
"""


def texts(passage: str, headings: str = "") -> list[str]:
    return [focus.text for focus in focuses_of(passage, headings)]


def test_headings_code_questions_and_references_say_nothing() -> None:
    assert sorted(texts(PASSAGE)) == [
        "Canoe | 2 €",
        "It opens at six.",
        "The side lock of Skarholm is 24 m long.",
        "Vessel | Fee",
        "a valid harbour pass",
    ]


def test_the_sentence_that_tells_most_comes_first() -> None:
    assert texts(PASSAGE)[0] == "The side lock of Skarholm is 24 m long."


def test_a_focus_is_a_range_of_its_passage() -> None:
    for focus in focuses_of(PASSAGE):
        assert plain(PASSAGE[focus.start : focus.end]) == focus.text


@pytest.mark.parametrize(
    ("sentence", "alone"),
    [
        ("The side lock of Skarholm is 24 m long.", True),
        ("It opens at six o'clock every morning.", False),
        ("This rule holds for all vessels of the club.", False),
        ("However, small vessels may pass at any time.", False),
        ("Vessels in the table above pay twice the fee.", False),
        ("a valid harbour pass and a signed form.", False),
        ("Small vessels pass at night without", False),
        ("Keep left here.", False),
        ("A token of agreement between programs that work together.", False),
        ("A token of agreement is kept by both programs.", True),
    ],
)
def test_a_sentence_that_leans_on_others_does_not_stand_alone(sentence: str, alone: bool) -> None:
    [focus] = focuses_of(sentence)
    assert focus.stands_alone is alone


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("The lock of Skarholm opens at 6 on weekdays.", True),
        ("The lock of Skarholm opens at 8 on weekdays.", False),  # another number
        ("The lock of Skarholm opens on weekdays.", False),  # a number is lost
        ("The lock opens at 6 on weekdays.", True),  # the name is of the headings, not the focus
    ],
)
def test_a_rewriting_may_gain_or_lose_no_number(answer: str, is_right: bool) -> None:
    assert states(answer, "It opens at 6 on weekdays.", "Skarholm › The lock") is is_right


def test_a_rewriting_may_lose_no_name() -> None:
    assert not states("The town has a lock.", "There the river Orle has a lock.", "")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("- **Gloves:** nitrile", "Gloves: nitrile"),
        ("see [the `--all` option](a.html#b)", "see the --all option"),
        ("| Canoe | 2 € |", "Canoe | 2 €"),
        (
            "wal\\_autocheckpoint is *not* snake_case_too",
            "wal_autocheckpoint is not snake_case_too",
        ),
        ("two\nlines", "two lines"),
        ("The dome weighs 4 tonnes.[^12]", "The dome weighs 4 tonnes."),
        ("`a[^0-9]` finds no digit.", "a[^0-9] finds no digit."),
    ],
)
def test_markdown_marks_are_not_part_of_a_focus(markdown: str, text: str) -> None:
    assert plain(markdown) == text


DOME = "The dome of Skarholm weighs four tonnes."
WIND = "The wind is stronger than 18 metres per second."


@pytest.mark.parametrize(
    "list_of_cases",
    [
        f"The observer must close the dome in the following cases:\n\n- {WIND}\n- Rain falls.",
        f"The observer closes the dome, whatever the hour, on:\n* {WIND}\n\n* Rain falls there.",
        f"**Close the dome if:**\n\n1. {WIND}\n   Rain falls there.\n\n   Snow falls there.",
        f"## When to close the dome:\n\n1) Rain falls there.\n2) {WIND}",
        f"The dome is closed if:\n\n(a) {WIND}\n\n(b) Rain falls there.",
        f"- The dome is closed\n  if:\n\n  - Rain falls there.\n  - {WIND}",
    ],
)
def test_what_only_goes_on_with_the_sentence_before_a_list_says_nothing(list_of_cases: str) -> None:
    assert texts(f"{list_of_cases}\n\n{DOME}") == [DOME]


@pytest.mark.parametrize(
    "passage",
    [
        f"Weather of last night:\n\n- {WIND}",  # a title
        f"The dome is closed if:\n\n- Rain falls there.\n\n{WIND}",
        f"- The dome is closed if:\n  - Rain falls there.\n- {WIND}",
        f"The dome is closed if:\n- Rain falls there.\n## Weather\n\n{WIND}",
        f"The dome is closed at night.\n\n- {WIND}",
    ],
)
def test_what_stands_beside_such_a_list_stays(passage: str) -> None:
    assert WIND in texts(passage)


@pytest.mark.parametrize(
    "note",
    [
        "[^1]: The number comes from trials of the makers.",
        "[^lock-2]: The number comes\nfrom trials.\n\n    The makers made trials in the spring.",
        '[lock]: https://lock.example "The number comes from trials"',
    ],
)
def test_what_a_footnote_or_the_address_of_a_link_says_is_no_focus(note: str) -> None:
    assert texts(f"{note}\n\n{DOME}") == [DOME]
    assert texts(f"{DOME}[^1]\n\n{note}") == [DOME]


def test_what_follows_a_name_in_brackets_is_said() -> None:
    assert texts(f"[Warden]: {DOME}") == [f"[Warden]: {DOME}"]


def test_the_sentence_that_an_answer_states_is_found() -> None:
    assert focus_of(PASSAGE, "The lock opens at six.") == "It opens at six."
