"""Write the numbers that Word shows before headings and clauses, such as "3.1" and "Article 4".

pandoc leaves them out. Plain lists keep their numbering as lists.
"""

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from generation.reading.office.docx_styles import Styles, W, set_style
from generation.reading.xml_trees import local_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LARGEST = 32_767  # that Word lets a list begin with
MOST_LETTERS = 780  # the number after which Word writes no more letters: 30 times “z”
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


class _Level(NamedTuple):
    """A level of a list: how its numbers look, the text around them, and the first one."""

    form: str
    text: str
    start: int


def write_numbers(document: "Element", numbering: "Element | None", styles: Styles) -> None:
    """Put the number of a heading or clause before its text, which is then no list item."""
    if numbering is None:
        return
    lists = _lists(numbering)
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for paragraph in document.iter(W + "p"):
        number, level = styles.numbering(paragraph)
        name, levels = lists.get(number, ("", {}))
        if level not in levels:
            continue
        _count(counts[name], level, levels[level].start)
        label = _label(counts[name], levels, level)
        if styles.heading_level(paragraph):
            _put_before(paragraph, label)
        elif _is_clause(levels[level].text):
            set_style(paragraph, "")
            _put_before(paragraph, label)


def _lists(numbering: "Element") -> dict[str, tuple[str, dict[int, _Level]]]:
    """Return the levels of each list, with the name of the counts that it shares with others."""
    abstract = {
        element.get(W + "abstractNumId", ""): {
            _number(level.get(W + "ilvl", ""), 0): _level(level)
            for level in element.iter(W + "lvl")
        }
        for element in numbering.iter(W + "abstractNum")
    }
    lists = {}
    for element in numbering.iter(W + "num"):
        name = _value(element, "abstractNumId")
        own = {
            _number(level.get(W + "ilvl", ""), 0): _level(level)
            for level in element.iter(W + "lvl")
        }
        lists[element.get(W + "numId", "")] = name, {**abstract.get(name, {}), **own}
    return lists


def _level(element: "Element") -> _Level:
    start = _value(element, "start")
    return _Level(
        _value(element, "numFmt"),
        _value(element, "lvlText"),
        _number(start, 1),
    )


def _number(written: str, default: int) -> int:
    is_number = written.isdecimal() and len(written) <= len(str(LARGEST))
    return min(int(written), LARGEST) if is_number else default


def _value(element: "Element", name: str) -> str:
    child = element.find(W + name)
    return "" if child is None else str(child.get(W + "val", ""))


def _count(counts: dict[int, int], level: int, start: int) -> None:
    """Count a paragraph of a level; the levels below it begin anew."""
    counts[level] = counts.get(level, start - 1) + 1
    for deeper in [other for other in counts if other > level]:
        del counts[deeper]


def _label(counts: dict[int, int], levels: dict[int, _Level], level: int) -> str:
    if levels[level].form in ("bullet", "none"):
        return ""

    def number(match: "re.Match[str]") -> str:
        place = int(match[1]) - 1
        shown = levels.get(place, levels[level])
        return written_number(counts.get(place, shown.start), shown.form)

    return _PLACE.sub(number, levels[level].text).strip()


def written_number(number: int, form: str) -> str:
    """Return a number as Word's number formats write it, such as "upperRoman"."""
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = ""
        for value, letters in _ROMAN:
            roman += letters * (number // value)
            number %= value
        return roman.upper() if form == "upperRoman" else roman
    if form in ("lowerLetter", "upperLetter") and 0 < number <= MOST_LETTERS:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    return f"{number:02}" if form == "decimalZero" else str(number)


def _is_clause(text: str) -> bool:
    """Whether a number says more than its place in a list: "3.1", "Article 3", "§ 3"."""
    words = _PLACE.sub("", text)
    return len(_PLACE.findall(text)) > 1 or bool(re.search(r"[^\W\d_]{2}|§", words))


def _put_before(paragraph: "Element", label: str) -> None:
    if not label:
        return
    run = paragraph.makeelement(W + "r")
    text = run.makeelement(W + "t")
    text.text = f"{label} "
    run.append(text)
    first = len(paragraph) > 0 and local_name(paragraph[0]) == "pPr"
    paragraph.insert(1 if first else 0, run)
