"""When two short texts are as good as the same."""

import re

_SMALL_WORDS = """a an the of in on at to is are was were be do does did and or by for from it its
with"""
_SMALL = frozenset(_SMALL_WORDS.split())
_STEM = 5  # letters that decide, so that “closes” is like “closed”


def gist(text: str) -> frozenset[str]:
    """Return what matters in a text: the beginnings of its words, small ones left out.

    Texts with the same gist say the same in other words at most; empty: it says nothing.
    """
    words = re.findall(r"\w+", text.lower())
    return frozenset(word[:_STEM] for word in words if word not in _SMALL)
