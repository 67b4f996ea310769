"""What changed between two texts, word by word."""

import re
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

LONGEST_MARKED = 1500  # words; what is longer is not compared word by word
FEWEST_SHARED = 0.4  # texts that share less are shown one after the other, not word by word


def word_differences(before: str, after: str) -> SafeString:
    """Return HTML of ``after`` with what it lacks of ``before`` in <del>, what it adds in <ins>."""
    is_long = max(len(before.split()), len(after.split())) > LONGEST_MARKED
    if before and after and (is_long or _shared(before, after) < FEWEST_SHARED):
        return format_html("<del>{}</del> <ins>{}</ins>", before, after)
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    parts = []
    for change, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if change == "equal":
            parts.append(format_html("{}", "".join(old[a:b])))
            continue
        if b > a:
            parts.append(format_html("<del>{}</del>", "".join(old[a:b])))
        if d > c:
            parts.append(format_html("<ins>{}</ins>", "".join(new[c:d])))
    return format_html_join("", "{}", ((part,) for part in parts))


def _shared(before: str, after: str) -> float:
    return SequenceMatcher(None, before.split(), after.split(), autojunk=False).ratio()


def side_by_side(left: str, right: str) -> tuple[SafeString, SafeString]:
    """Return HTML of two texts, each with the words in <mark> that the other does not have there.

    Texts of more than LONGEST_MARKED words are not compared.
    """
    one, other = (re.findall(r"\s+|\S+", text) for text in (left, right))
    if max(len(one), len(other)) > 2 * LONGEST_MARKED:
        return format_html("{}", left), format_html("{}", right)
    changes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    parts: tuple[list[SafeString], list[SafeString]] = ([], [])
    for change, a, b, c, d in changes:
        for words, marked in ((one[a:b], parts[0]), (other[c:d], parts[1])):
            shown = "{}" if change == "equal" or not "".join(words).strip() else "<mark>{}</mark>"
            marked.append(format_html(shown, "".join(words)))
    return tuple(format_html_join("", "{}", ((part,) for part in some)) for some in parts)  # type: ignore[return-value]
