"""Markdown's backslashes: they belong to how a text is stored, not to what it says."""

import re

# Between dollars and in code, a backslash escapes nothing.
TEX = re.compile(r"\$\$[^$]+\$\$|\$(?![\s$])[^$\n]*[^\s$\\]\$(?!\d)")
_ESCAPE = re.compile(
    r"^[ >]*(?P<fence>`{3,}|~{3,})[^\n]*(?:\n(?![ >]*(?P=fence))[^\n]*)*+"
    r"(?:\n[ >]*(?P=fence)[^\n]*)?"
    r"|(?<!`)(?P<ticks>`++)(?!`)[^`]*+(?:(?!(?P=ticks)(?!`))`+[^`]*+)*+(?P=ticks)"
    rf"|{TEX.pattern}"
    r"|<[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]*>"  # an address
    r"|\\(?P<mark>[!-/:-@\[-`{-~])"
    r"|\\(?P<line>\n)",  # a line that ends here
    re.MULTILINE,
)


def unescaped(text: str) -> str:
    """Return a Markdown text without the backslashes that escape its marks."""
    return _ESCAPE.sub(_without_backslash, text) if "\\" in text else text


def _without_backslash(match: "re.Match[str]") -> str:
    return match["mark"] or match["line"] or match[0]
