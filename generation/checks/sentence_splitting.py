"""A text's sentences, with their place in it."""

import re
from collections.abc import Iterator

_BREAK = re.compile(
    r"[.!?…]+[\"'”’)\]*_]*\s+(?![a-zà-öø-ÿ])"  # no sentence goes on with a small letter
    r"|[。！？]+"
    r"|\n\s*\n"
    r"|\n(?=[#|>*+-]|\d+\.)"  # headings, table rows, items of a list
)
_MARKS = re.compile(r"^[\s#>*+|-]*(?:\d+\.\s+)?")
_SHORT = frozenset(
    ["mr", "mrs", "ms", "dr", "st", "no", "vs", "cf", "fig", "prof", "approx", "e.g", "i.e"]
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each sentence; headings, list items and table rows count as such.

    Marks of Markdown before a sentence, and blanks around it, are left out.
    """
    breaks = (match for match in _BREAK.finditer(text) if not _is_abbreviation(text, match))
    start = 0
    for end in (*(match.end() for match in breaks), len(text)):
        marks = _MARKS.match(text[start:end])
        begins = start + (marks.end() if marks else 0)
        ends = begins + len(text[begins:end].rstrip(" \t\n|"))
        if any(map(str.isalnum, text[begins:ends])):
            yield begins, ends
        start = end


def _is_abbreviation(text: str, match: "re.Match[str]") -> bool:
    """Whether a full stop ends an initial or an abbreviation, and no sentence."""
    if not match[0].startswith(".") or match[0].startswith(".."):
        return False
    word = re.search(r"[\w.]*$", text[max(0, match.start() - 12) : match.start()])
    before = word[0] if word else ""
    return before.lower() in _SHORT or (
        len(before.rpartition(".")[2]) == 1 and before[-1].isupper()
    )
