"""Show what changed between two texts, word by word."""

from collections.abc import Iterator, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from rapidfuzz.distance import Indel

from qareview import scripts

# Pairs of words, and of the spaces between them, in the parts that differ: as many as two texts of
# 5,000 words have. All may have to be compared.
MOST_PAIRS = 100_000_000
LEAST_SIMILAR = 0.4  # from 0 to 1; less similar texts are not compared; chosen; nobody measured


def word_differences(before: str, after: str) -> SafeString:
    """Return ``after`` as HTML, with removed words in <del> and added words in <ins>.

    Texts that are too long or have too little in common are shown one after the other.
    """
    old, new = scripts.pieces(before), scripts.pieces(after)
    if before and after and (_is_too_much(old, new) or _similarity(old, new) < LEAST_SIMILAR):
        return format_html("<del>{}</del> <ins>{}</ins>", before, after)
    parts = []
    for kept, removed, added in _changes(old, new):
        parts.append(format_html("{}", kept))
        if removed:
            parts.append(format_html("<del>{}</del>", removed))
        if added:
            parts.append(format_html("<ins>{}</ins>", added))
    return _joined(parts)


def side_by_side(left: str, right: str) -> tuple[SafeString, SafeString]:
    """Return two texts as HTML, with the words in <mark> that differ from the other text.

    Texts that are too long to be compared have no marks.
    """
    left_words, right_words = scripts.pieces(left), scripts.pieces(right)
    if _is_too_much(left_words, right_words):
        return format_html("{}", left), format_html("{}", right)
    parts: tuple[list[SafeString], list[SafeString]] = ([], [])
    for kept, *changed in _changes(left_words, right_words):
        for text, marked in zip(changed, parts, strict=True):
            marked.append(format_html("{}", kept))
            marked.append(format_html("<mark>{}</mark>" if text.strip() else "{}", text))
    return _joined(parts[0]), _joined(parts[1])


def _is_too_much(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether comparing two texts would take too long; what both begin with costs next to nothing.

    The same goes for what both end with.
    """
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return (len(old) - start - end) * (len(new) - start - end) > MOST_PAIRS


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _similarity(old: Sequence[str], new: Sequence[str]) -> float:
    """Return the share of the words of both texts that are in the same order in both."""
    old, new = ([piece for piece in pieces if piece.strip()] for pieces in (old, new))
    return Indel.normalized_similarity(old, new)


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what both texts have, what was removed after it, and what was added there.

    The longest common subsequence is kept. Finding it is bounded by the product of the lengths, by
    64 at a time: H. Hyyrö 2004, Bit-parallel LCS-length computation revisited.
    """
    kept = removed = added = ""
    for change in Indel.opcodes(old, new):
        before = "".join(old[change.src_start : change.src_end])
        after = "".join(new[change.dest_start : change.dest_end])
        if change.tag != "equal":
            removed, added = removed + before, added + after
            continue
        if removed or added:
            yield kept, removed, added
            kept = removed = added = ""
        kept += after
    yield kept, removed, added


def _joined(parts: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))
