"""Items are read from what models reply, however it is wrapped, and whatever else they send."""

import json
import time

import pytest

from prompts.written_items import (
    LONGEST_TEXT,
    MOST_ITEMS,
    Unreadable,
    WrittenItem,
    as_reply,
    read_items,
)
from qareview.backends import Completion

GATE = WrittenItem("When does the gate close?", "The gate closes at dusk.", "It closes at dusk.")
LOCK = WrittenItem("Where is the side lock?", "The side lock is in the {old} basin.", "")
BOTH = as_reply([GATE, LOCK])
ONE = json.dumps({"question": "Who?", "answer": "Anna."})


def reply(text: str, *, cut_off: bool = False) -> Completion:
    return Completion(text, 7, 3, 1, cut_off=cut_off)


@pytest.mark.parametrize(
    "text",
    [
        BOTH,
        f"Here you are:\n```json\n{BOTH}\n```\nIs {{that}} enough?",
        json.dumps(json.loads(BOTH)["items"], indent=2),
        "\n".join(map(json.dumps, json.loads(BOTH)["items"])),
        BOTH.replace('"}', '",}').replace("}]", "},\n]"),
        BOTH.replace('"question"', '"Question"'),
        BOTH.removesuffix("}]}") + '}, {"question": "What is',
        BOTH.removesuffix("]}"),
    ],
    ids=[
        *("as asked for", "in a fence", "a list", "lines", "commas at ends", "capitals"),
        *("cut off in an item", "cut off between items"),
    ],
)
def test_items_are_read_however_they_are_wrapped(text: str) -> None:
    assert read_items(reply(text, cut_off=True)) == [GATE, LOCK]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"question": "How many?", "answer": 42}', [WrittenItem("How many?", "42")]),
        ('{"question": "How many?", "answer": ' + "9" * 3000 + "}", "9" * 3000),
        ('{"question": "Which?", "answer": "Line\none"}', [WrittenItem("Which?", "Line\none")]),
        (r'{"question": "Q\u0000?", "answer": "A\ud800"}', [WrittenItem("Q?", "A?")]),
        (f'{{"question": "", "answer": "No."}} {ONE}', [WrittenItem("Who?", "Anna.")]),
        (f'{{"question": "Is "it" so?", "answer": "No."}} {ONE}', [WrittenItem("Who?", "Anna.")]),
        (f'{{"question": null, "answer": ["No."]}} {ONE}', [WrittenItem("Who?", "Anna.")]),
        (json.dumps({"question": "x" * (LONGEST_TEXT + 1), "answer": "No."}) + ONE, "Anna."),
    ],
)
def test_odd_values_are_taken_as_text_or_left_out(
    text: str, expected: list[WrittenItem] | str
) -> None:
    found = read_items(reply(text))
    assert found == expected if isinstance(expected, list) else found[0].answer == expected


@pytest.mark.parametrize(
    ("text", "cut_off", "why"),
    [
        ("", False, "The model’s reply was empty."),
        ("The gate closes at dusk.", False, "has no item that can be read"),
        ("[1, 2]", False, "has no item that can be read"),
        ("{}", False, "has no item that can be read"),
        ('{"question": "…", "answer": "…"}', False, "has no item that can be read"),
        ('{"items": [{"question": "Whi', True, "Give the prompt more output tokens."),
        ('{"items": ' * 2_000_000, True, "was cut off"),
        ('{"question": ' + "[" * 50_000 + "]" * 50_000 + "}", False, "has no item"),
        ("{" * 10_000_000, False, "has no item that can be read"),
        ('{"question": "' + "x" * 10_000_000 + '", "answer": "No."}', False, "has no item"),
        (r"{\"" * 3_000_000, False, "has no item that can be read"),
        ("\0\ud800", False, "has no item that can be read"),
    ],
)
def test_what_cannot_be_read_is_told_why_in_no_time(text: str, cut_off: bool, why: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreadable, match=why):
        read_items(reply(text, cut_off=cut_off))
    assert time.monotonic() - started < 2


def test_no_more_items_are_read_than_anyone_asks_for() -> None:
    assert len(read_items(reply(as_reply([GATE] * 1000)))) == MOST_ITEMS
