"""Divide reStructuredText into what it says of itself and its text.

Such fields, as ":Author: Jane", stand at the beginning or right under the title; docutils calls
them "docinfo". An abstract is text.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

# Fields under a title are taken only if one of these is among them; others belong to the text.
_BIBLIOGRAPHIC = {"author", "authors", "organization", "contact", "address", "version", "revision"}
_BIBLIOGRAPHIC |= {"status", "date", "copyright"}
_TEXT = {"abstract", "dedication"}
_FIELD = re.compile(r":([^:\s`][^:`]*):(?:\s+(.*))?$")
_ADORNMENT = re.compile(r"([^\w\s])\1{2,}\s*$")
_SILENT = re.compile(r"\.\.(?:\s+(?![A-Za-z][\w:.+-]*::)|$)")  # begins a comment or a target
_TITLES = 2  # a title and a subtitle


def divide(text: str) -> tuple[dict[str, str], str]:
    """Return the fields by their names in lower case, and the text without them."""
    lines = text.split("\n")
    start = _after_silence(lines, 0)
    place = _after_titles(lines, start)
    values: dict[str, list[str]] = defaultdict(list)
    kept: list[str] = []
    end = place
    while end < len(lines) and (field := _FIELD.match(lines[end])):
        first, end = end, _after_block(lines, end)
        name = field[1].lower()
        value = " ".join([field[2] or "", *lines[first + 1 : end]]).split()
        if name in _TEXT:
            kept += lines[first:end]
        else:
            values[name].append(" ".join(value))
    if place > start and not _BIBLIOGRAPHIC & set(values):
        return {}, text
    metadata = {name: ", ".join(filter(None, several)) for name, several in values.items()}
    return metadata, "\n".join([*lines[:place], *kept, *lines[end:]])


def _after_silence(lines: Sequence[str], place: int) -> int:
    """Return the number of the first line that is shown."""
    while place < len(lines):
        if _SILENT.match(lines[place]):
            place = _after_block(lines, place)
        elif lines[place].strip():
            break
        else:
            place += 1
    return place


def _after_block(lines: Sequence[str], place: int) -> int:
    """Return the number of the first line after one that has text and is not indented."""
    following = range(place + 1, len(lines))
    return next(
        (number for number in following if lines[number].strip() and lines[number][0] != " "),
        len(lines),
    )


def _after_titles(lines: Sequence[str], place: int) -> int:
    for _ in range(_TITLES):
        first, second, third = (*lines[place : place + 3], "", "", "")[:3]
        if _ADORNMENT.match(first) and second.strip() and _ADORNMENT.match(third):
            place += 3
        elif first.strip() and first[0] != " " and _ADORNMENT.match(second):
            place += 2
        else:
            break
        place = _after_silence(lines, place)
    return place
