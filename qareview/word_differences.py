"""Show what changed between two texts, word by word."""

from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from qareview import scripts

LONGEST_COMPARED = 1500  # words; longer texts are not compared; chosen; nobody measured
LEAST_SIMILAR = 0.4  # from 0 to 1; less similar texts are not compared; chosen; nobody measured


def word_differences(before: str, after: str) -> SafeString:
    """Return ``after`` as HTML, with removed words in <del> and added words in <ins>."""
    is_long = max(len(scripts.pieces(before)), len(scripts.pieces(after))) > 2 * LONGEST_COMPARED
    if before and after and (is_long or _similarity(before, after) < LEAST_SIMILAR):
        return format_html("<del>{}</del> <ins>{}</ins>", before, after)
    old, new = scripts.pieces(before), scripts.pieces(after)
    parts = []
    for change, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if change == "equal":
            parts.append(format_html("{}", "".join(old[a:b])))
            continue
        if b > a:
            parts.append(format_html("<del>{}</del>", "".join(old[a:b])))
        if d > c:
            parts.append(format_html("<ins>{}</ins>", "".join(new[c:d])))
    return _joined(parts)


def _similarity(before: str, after: str) -> float:
    old, new = (
        [piece for piece in scripts.pieces(text) if piece.strip()] for text in (before, after)
    )
    return SequenceMatcher(None, old, new, autojunk=False).ratio()


def side_by_side(left: str, right: str) -> tuple[SafeString, SafeString]:
    """Return two texts as HTML, with the words in <mark> that differ from the other text.

    Texts of more than LONGEST_COMPARED words are not compared.
    """
    left_words, right_words = scripts.pieces(left), scripts.pieces(right)
    if max(len(left_words), len(right_words)) > 2 * LONGEST_COMPARED:
        return format_html("{}", left), format_html("{}", right)
    changes = SequenceMatcher(None, left_words, right_words, autojunk=False).get_opcodes()
    parts: tuple[list[SafeString], list[SafeString]] = ([], [])
    for change, a, b, c, d in changes:
        for words, marked in ((left_words[a:b], parts[0]), (right_words[c:d], parts[1])):
            shown = "{}" if change == "equal" or not "".join(words).strip() else "<mark>{}</mark>"
            marked.append(format_html(shown, "".join(words)))
    return _joined(parts[0]), _joined(parts[1])


def _joined(parts: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))
