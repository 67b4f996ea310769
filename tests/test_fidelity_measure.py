"""What the measure of fidelity says of a text that is right, and of every damage to it."""

import pytest

from generation.passages.left_out import COMMENT, LeftOut
from tests.fidelity import figures, truth
from tests.fidelity.comparison import compare
from tests.fidelity.tally import Tally
from tests.fidelity.visible import visible_words
from tests.fidelity.written import parsed, without_left_out

RIGHT = """
# Tidal gates

The gates of R&D close by themselves as soon as the tide falls below the sill.[^1]

[^1]: The sill lies at 2.4 metres above the floor of the basin.

    It was raised in the year of the flood.

## Rules

The keeper reads the rules aloud before the first boat goes through.

- the gates stay shut
    - at low tide
    - at night

| Gate | Width | Opened |
|------|-------|--------|
| north | 4 m | daily |
| south | 6 m | |

Widths of both gates

> No boat waits for the moon, and no moon waits for a boat in this harbour.

> **Warning**
>
> Nobody stands on the gates while they move, whatever the keeper may say.

**Sill**

The stone at the bottom of a gate.

```python
for gate in gates:
    gate.close()
```

The depth is $d = h - s$ at the gate, with both heights in metres.
"""
SOURCE = """---
title: Tidal gates
---

# Tidal gates

The gates of R&D close by themselves as soon as the tide falls below the sill.[^1]

[^1]: The sill lies at 2.4 metres above the floor of the basin.

    It was raised in the year of the flood.

## Rules

The keeper reads the rules aloud before the first boat goes through.

- the gates stay shut
    - at low tide
    - at night

| Gate | Width | Opened |
|------|-------|--------|
| north | 4 m | daily |
| south | 6 m | |

: Widths of both gates

> No boat waits for the moon, and no moon waits for a boat in this harbour.

::: warning
::: title
Warning
:::

Nobody stands on the gates while they move, whatever the keeper may say.
:::

Sill

:   The stone at the bottom of a gate.

```python
for gate in gates:
    gate.close()
```

The depth is $d = h - s$ at the gate, with both heights in metres.
"""


@pytest.fixture(scope="module")
def blocks() -> list[truth.Block]:
    return truth.blocks_in(SOURCE)


def tally_of(text: str, blocks: list[truth.Block]) -> Tally:
    return compare(blocks, parsed(text).blocks)


def test_nothing_is_missed_in_a_text_that_is_right(blocks: list[truth.Block]) -> None:
    tally = tally_of(RIGHT, blocks)
    there = {name: tally.per_cent(name) for name in figures.KEPT if name in tally}
    assert there == dict.fromkeys(there, 100)
    assert set(figures.KEPT) - set(there) == {"pages", "kept"}  # of files, not of texts
    assert tally["false_text"][0] == 0
    assert tally["false_headings"][0] == 0


@pytest.mark.parametrize(
    ("figure", "right", "wrong"),
    [
        ("paragraphs", "The keeper reads the rules", "The keeper\n\nreads the rules"),
        ("paragraphs", "The keeper reads", "    The keeper reads"),
        ("marks", "R&D", "RD"),
        ("blanks", "by themselves", "bythemselves"),
        ("alone", "goes through.\n\n-", "goes through. And more.\n\n-"),
        ("headings_at_all", "## Rules", "Rules"),
        ("headings", "# Tidal gates", "## Tidal gates"),
        ("items_whole", "- the gates stay shut", "- the gates"),
        ("items_as_items", "- the gates stay shut", "the gates stay shut"),
        ("items", "    - at night", "- at night"),
        ("terms", "**Sill**", ""),
        ("definitions", "The stone at the bottom of a gate.", "The stone"),
        ("cells", "| north | 4 m | daily |", "| 4 m | north | daily |"),
        ("cells", "| south | 6 m | |", ""),
        ("code", "    gate.close()", "gate.close()"),
        ("code", "gates:\n    gate.close()", "gates: gate.close()"),
        ("languages", "```python", "```"),
        ("footnotes", "above the floor", ""),
        ("notes_marked", "[^1]: The sill", "The sill"),
        ("notes_called", "sill.[^1]", "sill."),
        ("notes_called", "sill.[^1]", "[^1]sill."),
        ("captions", "Widths of both gates", ""),
        ("quotes", "> No boat", "No boat"),
        ("admonitions", "> Nobody stands", "Nobody stands"),
        ("math", "$d = h - s$", "d"),
    ],
)
def test_a_damage_is_noticed(
    figure: str, right: str, wrong: str, blocks: list[truth.Block]
) -> None:
    assert right in RIGHT
    assert tally_of(RIGHT.replace(right, wrong), blocks).per_cent(figure) != 100


@pytest.mark.parametrize(
    "added",
    [
        "Products overview, pricing and plans",  # a menu
        "The keeper reads the rules aloud before the first boat goes through.",  # twice
        "Page 3 of 7",
    ],
)
def test_text_that_nobody_wrote_is_noticed(added: str, blocks: list[truth.Block]) -> None:
    assert tally_of(f"{RIGHT}\n\n{added}\n", blocks)["false_text"][0] > 0


def test_a_heading_that_is_none_is_noticed(blocks: list[truth.Block]) -> None:
    damaged = RIGHT.replace("The stone", "# The stone")
    assert tally_of(damaged, blocks)["false_headings"][0] == 1


def test_paragraphs_in_another_order_are_noticed(blocks: list[truth.Block]) -> None:
    first, _, rest = RIGHT.partition("## Rules")
    assert tally_of(f"## Rules{rest}\n\n{first}", blocks).per_cent("order") != 100


def test_numbers_of_footnotes_and_of_headings_are_no_mistake(blocks: list[truth.Block]) -> None:
    printed = RIGHT.replace("sill.[^1]", "sill.1").replace("[^1]:", "1").replace("# R", "# 1.1 R")
    printed = printed.replace("    It was", "It was")
    tally = tally_of(printed, blocks)
    shares = [tally.per_cent(name) for name in ("paragraphs", "alone", "footnotes", "headings")]
    assert shares == [100] * 4
    assert tally["false_headings"][0] == 0


def test_what_is_left_out_counts_as_lost_and_tears_what_is_around_it() -> None:
    text = "The keeper (who is old) reads the rules."
    gap = LeftOut(text.index("("), text.index(")") + 2, COMMENT)
    assert without_left_out(text, [gap]) == "The keeper \n\nreads the rules."


def test_visible_words_are_those_that_a_browser_shows() -> None:
    page = (
        "<title>Gates</title><p>Open <b>now</b><script>shut()</script></p>"
        '<p style="display: none">hidden</p><p hidden>also</p>until nine'
    )
    assert sorted(visible_words(page)) == ["nine", "now", "open", "until"]
