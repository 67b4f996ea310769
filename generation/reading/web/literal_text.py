"""Text that stands in Markdown as it is, whatever a writer of Markdown would make of its signs.

While HTML is written as Markdown, the signs of formulas, code and footnote marks are replaced by
characters of a private area, which no writer escapes or strips. They get back after it.
"""

import re
import string

_AREA = 0x10F000  # start of a block of Unicode's last private area, which texts hardly ever use
_SIGNS = string.punctuation + " "
_TO_PRIVATE = {ord(sign): _AREA + ord(sign) for sign in _SIGNS}
_FROM_PRIVATE = {private: plain for plain, private in _TO_PRIVATE.items()}
ROW_END = chr(_AREA + 1)  # behind each row of a table, where no blanks may follow
LESS_THAN = chr(_AREA + 2)  # the sign "<" in text
_PRIVATE = re.compile(f"[{chr(_AREA)}-{chr(_AREA + 0xFF)}]")
_TAG = re.compile(f"{LESS_THAN}(?=[A-Za-z/!?])")


def literal(text: str) -> str:
    """Return text whose signs and blanks nothing changes until :func:`restored`."""
    return text.translate(_TO_PRIVATE)


def restored(text: str) -> str:
    """Return text with all its signs again; what would be read as a tag begins with a backslash."""
    if text.isascii() or not _PRIVATE.search(text):
        return text
    text = text.translate(_FROM_PRIVATE)
    return _TAG.sub(r"\<", text).replace(LESS_THAN, "<") if LESS_THAN in text else text
