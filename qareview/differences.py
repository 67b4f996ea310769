"""What changed between two texts, word by word."""

import re
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

FEWEST_SHARED = 0.4  # texts that share less are shown one after the other, not word by word


def word_differences(before: str, after: str) -> SafeString:
    """Return HTML of ``after`` with what it lacks of ``before`` in <del>, what it adds in <ins>."""
    shared = SequenceMatcher(None, before.split(), after.split(), autojunk=False).ratio()
    if shared < FEWEST_SHARED and before and after:
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
