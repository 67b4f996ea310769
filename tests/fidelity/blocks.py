"""The blocks of a document, and the forms in which their texts are compared."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MARK = "\ue000"  # stands in a text where a footnote is called

HEADING = "heading"
PARAGRAPH = "paragraph"
ITEM = "item"
TERM = "term"
DEFINITION = "definition"
ROW = "row"
CODE = "code"
FOOTNOTE = "footnote"
CAPTION = "caption"


@dataclass(frozen=True)
class Block:
    """A part of a document.

    ``level`` is that of a heading, the depth of an item in its lists, or 1 for the first paragraph
    of a footnote. ``cells`` are those of a row, ``language`` is that of code. ``admonition`` is the
    kind of the box that the block is in. ``source`` is the Markdown of a text that was written.
    """

    kind: str
    text: str
    level: int = 0
    cells: tuple[str, ...] = ()
    language: str = ""
    admonition: str = ""
    has_math: bool = False
    is_quote: bool = False
    source: str = ""


_ALIKE = str.maketrans(
    dict.fromkeys("’‘", "'")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("–—‐‑−", "-")
    | {"\u00a0": " ", "\u202f": " ", "\u00ad": ""}
)
_CALL = re.compile(r"\s?\[\^[\w.:-]+\](?!:)")
_DEFINED = re.compile(r"^\[\^[\w.:-]+\]:\s*")
_NUMBERED_CALL = re.compile(r"\s?\[\d+\]")
_LABEL = re.compile(r"^(?:Figure|Table|図|表)\s*\d+[.:]?\s+(?=\S)")  # which typst prints
_ADDRESS = re.compile(r"\s?[(<\[]https?:[^)>\]\s]*[)>\]]")  # the target of a link, which is no text
_RAISED = re.compile(r"(?<=\w)[~^](\w{1,3})[~^]")  # H~2~O and cm^2^ may be written as H2O and cm2
_MATH = re.compile(r"\$\$.*?\$\$|\$(?=\S).*?(?<=\S)\$")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_NUMBER = re.compile(
    r"^\s*(?:(?:chapter|appendix|part|section)\s+)?(?:(?:\d+|[A-Z])(?:\.\d+)*\.?)\s+(?=\S)",
    re.IGNORECASE,
)


def without_calls(text: str) -> str:
    """Return a text without calls of footnotes and targets of links."""
    text = _RAISED.sub(r"\1", _DEFINED.sub("", text.replace(MARK, "")))
    return _ADDRESS.sub("", _NUMBERED_CALL.sub("", _CALL.sub("", text)))


def marked_calls(text: str) -> str:
    """Return a text with MARK where ``[^1]`` calls a footnote."""
    return _evened(_RAISED.sub(r"\1", _ADDRESS.sub("", _CALL.sub(MARK, text))))


def is_note_definition(text: str) -> bool:
    return bool(_DEFINED.match(text))


def letters(text: str) -> str:
    """Return the letters and digits of a text alone."""
    plain = unicodedata.normalize("NFKC", without_calls(text)).lower()
    return "".join(filter(str.isalnum, plain))


def exact(text: str) -> str:
    """Return a text with its marks; only blanks, kinds of quotes and of dashes are evened out."""
    return _evened(without_calls(text))


def _evened(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE).replace("...", "…")
    return re.sub(r"\s+", " ", re.sub(r"-{2,3}(?=\s|$)", "-", text)).strip()


def without_number(heading: str) -> str:
    """Return a heading without its number, which the formats of one source count differently."""
    return _NUMBER.sub("", heading) or heading


def without_math(text: str) -> str:
    """Return a text without its formulas, which few formats have as TeX."""
    return _MATH.sub(" ", text)


def longest_prose(text: str) -> str:
    """Return the longest part of a text between its formulas."""
    return max(_MATH.split(text), key=len)


def without_label(caption: str) -> str:
    """Return a caption without its number, which some programs put before it."""
    return _LABEL.sub("", caption)


def words(text: str) -> list[str]:
    """Return the words of a text; each character of Chinese, Japanese or Korean is one."""
    return _WORD.findall(unicodedata.normalize("NFKC", without_calls(text)).lower())


def shingles(texts: Iterable[str]) -> Counter[tuple[str, ...]]:
    """Count the runs of four words in each text; a shorter text is a run of its own."""
    return Counter(run for text in texts for run in _runs(words(text)))


def _runs(text: list[str]) -> Iterator[tuple[str, ...]]:
    if text:
        for start in range(max(1, len(text) - 3)):
            yield tuple(text[start : start + 4])
