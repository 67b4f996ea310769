"""Write the numbers of chapters that a writer's program shows before the headings of ODT files."""

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from generation.reading.office.docx_numbering import written_number
from generation.reading.office.odt_styles import STYLE, TEXT
from generation.reading.xml_trees import unwrap

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman"}
_FORMS |= {"I": "upperRoman"}
_LISTS = (TEXT + "list", TEXT + "list-item", TEXT + "list-header")


class _Level(NamedTuple):
    """How the number of a level looks, the text around it, and how many levels it shows."""

    form: str
    before: str
    after: str
    shown: int


def write_numbers(text: "Element", styles: "Element | None") -> None:
    """Put the number of each heading before its text, and take headings out of lists."""
    levels = _levels(styles)
    counts: dict[int, int] = defaultdict(int)
    for heading in [*text.iter(TEXT + "h")]:
        for wrapper in [*heading.iterancestors(*_LISTS)]:
            unwrap(wrapper)
        level = _number(heading, "outline-level")
        counts[level] += 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        if level in levels and heading.get(TEXT + "is-list-header") != "true":
            heading.text = _label(levels, counts, level) + (heading.text or "")


def _levels(styles: "Element | None") -> dict[int, _Level]:
    elements = () if styles is None else styles.iter(TEXT + "outline-level-style")
    return {
        _number(element, "level"): _Level(
            _FORMS[form],
            element.get(STYLE + "num-prefix", ""),
            element.get(STYLE + "num-suffix", ""),
            _number(element, "display-levels"),
        )
        for element in elements
        if (form := element.get(STYLE + "num-format", "")) in _FORMS
    }


def _label(levels: dict[int, _Level], counts: dict[int, int], level: int) -> str:
    own = levels[level]
    shown = [place for place in sorted(levels) if level - own.shown < place <= level]
    numbers = [written_number(max(counts[place], 1), levels[place].form) for place in shown]
    return f"{own.before}{'.'.join(numbers)}{own.after} "


def _number(element: "Element", name: str) -> int:
    value = element.get(TEXT + name, "1")
    return int(value) if value.isdecimal() else 1
