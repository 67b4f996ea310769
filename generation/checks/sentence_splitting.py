"""Find the sentences of a text."""

import re
from collections.abc import Iterator

from qareview import scripts

# The pattern begins with the first sign of a break, so that it is found fast. The quantifiers never
# give back, and marks begin where their run does: otherwise a line of dots takes time with the
# square of its length.
_END = f"[{re.escape(scripts.SENTENCE_MARKS)}]"
_SPACELESS = f"[{scripts.SPACELESS_MARKS}]"
_CLOSING = rf"[{re.escape(scripts.CLOSING_MARKS)}]*+(?:\[\^[^\[\]\s]{{1,40}}\])*+"  # and footnotes
_BREAK = re.compile(
    rf"[{re.escape(scripts.SENTENCE_MARKS)}{scripts.SPACELESS_MARKS};\n](?:"
    rf"(?<={_END})(?<!{_END}{_END}){_END}*+{_CLOSING}\s+(?![a-zà-öø-ÿ])"  # no small letter
    rf"|(?<=[\u0370-\u03ff\u1f00-\u1fff];){_CLOSING}\s+"  # a Greek question
    rf"|(?<={_SPACELESS}){_SPACELESS}*+{_CLOSING}"
    r"|(?<=\n)\s*\n"
    r"|(?<=\n)(?=[#|>*+-]|\d+\.)"  # headings, table rows, list items
    r")"
)
_MARKS = re.compile(r"^[\s#>*+|-]*(?:\d+\.\s+)?")
LONGEST_LOOKBACK = 12  # characters before a full stop; more than any abbreviation below has
_ABBREVIATIONS = frozenset(
    ["mr", "mrs", "ms", "dr", "st", "no", "vs", "cf", "fig", "prof", "approx", "e.g", "i.e"]
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each sentence; headings, list items and table rows are sentences.

    The Markdown marks before a sentence and the spaces around it are not part of it.
    """
    start = 0
    for end in (*(match.end() for match in breaks(text)), len(text)):
        marks = _MARKS.match(text[start:end])
        first = start + (marks.end() if marks else 0)
        last = first + len(text[first:end].rstrip(" \t\n|"))
        if any(map(str.isalnum, text[first:last])):
            yield first, last
        start = end


def breaks(text: str) -> "Iterator[re.Match[str]]":
    """Yield what stands between two sentences: the marks that end one, and the spaces behind."""
    return (match for match in _BREAK.finditer(text) if not _is_abbreviation(text, match))


def _is_abbreviation(text: str, match: "re.Match[str]") -> bool:
    """Whether a full stop ends an initial or an abbreviation instead of a sentence."""
    if not match[0].startswith(".") or match[0].startswith(".."):
        return False
    window = text[max(0, match.start() - LONGEST_LOOKBACK) : match.start()]
    word = re.search(r"[\w.]*$", window)
    before = word[0] if word else ""
    return before.lower() in _ABBREVIATIONS or (
        len(before.rpartition(".")[2]) == 1 and before[-1].isupper()
    )
