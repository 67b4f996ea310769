"""The gist of a short text: texts with the same gist are duplicates."""

from qareview.scripts import words

_SMALL_WORDS = """a an the of in on at to is are was were be do does did and or by for from it its
with"""
_SMALL = frozenset(_SMALL_WORDS.split())
_STEM = 5  # letters, so that “closes” equals “closed”; chosen; nobody measured


def gist(text: str) -> frozenset[str]:
    """Return the beginnings of a text's words; empty if it has only small words or none.

    Words are those of :func:`qareview.scripts.words`.
    """
    return frozenset(word[:_STEM] for word in words(text) if word not in _SMALL)
