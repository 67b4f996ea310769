"""Read Markdown and plain text."""

import re
from pathlib import Path

from generation.reading import front_matter
from generation.reading.decoding import clean, decode_with_note
from generation.reading.file_types import MARKDOWN, PLAIN
from generation.reading.readings import Choices, Reading

# Words after which, or before which, a hyphen at a line end belongs to its word.
_KEEPS_BEFORE = {"self", "well", "ill", "ex", "all", "quasi", "half", "cross", "high", "low"} | {
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
}
_KEEPS_AFTER = {
    *("based", "known", "term", "driven", "oriented", "level", "scale", "style", "specific"),
    *("related", "friendly", "aware", "purpose"),
}
# Words before which a hyphen stands for a part left out, as in “short- and long-term”.
_AND = {
    *("and", "or", "to", "nor", "but", "und", "oder", "bzw", "sowie", "bis", "wie", "noch"),
    *("et", "ou", "y", "e", "o", "u", "en", "of", "och", "eller", "og", "i", "lub", "oraz", "a"),
}
# A word of two letters or more, a hyphen, a line end, and the next word.
_DIVIDED = re.compile(r"(?<!\w)(\w{2,}+)[-\u2010]\n[ \t]*+(\w++)(?![/@\\])")

_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_HEADING_APART = re.compile(r"(?:\A|(?<=\n\n))#{1,6} .*(?=\n\n|\n?\Z)")


def read_markdown(path: Path, _: Choices) -> Reading:
    """Read a Markdown file; its front matter becomes metadata. Raises CannotRead."""
    text, note = decode_with_note(path.read_bytes())
    metadata, text = front_matter.divide(clean(text))
    return Reading(text, MARKDOWN, metadata=metadata, note=note)


def read_plain_text(path: Path, _: Choices) -> Reading:
    """Read a text file; form feeds begin its pages. Raises CannotRead."""
    text, note = decode_with_note(path.read_bytes())
    text, starts = _paged(clean(text).strip("\f"))
    media_type = MARKDOWN if _is_markdown(text) else PLAIN
    return Reading(text, media_type, page_starts=starts, note=note)


def _paged(text: str) -> tuple[str, list[int]]:
    """Return the text with its lines joined, and the offsets of its pages if it has form feeds."""
    if "\f" not in text:
        return _joined(text), []
    paged, starts = "", []
    for page in text.split("\f"):
        paged += "\n\n" if paged and page.strip() else ""
        starts.append(len(paged))
        paged += _joined(page.strip("\n"))
    return f"{paged}\n", starts


def _is_markdown(text: str) -> bool:
    """Whether the lines that begin with “#” are headings, apart from other lines as in Markdown.

    Comments, as in configuration, stand directly above what they are about.
    """
    headings = len(_HEADING.findall(text))
    return headings > 1 and headings == len(_HEADING_APART.findall(text))


def _joined(text: str) -> str:
    """Join words that are divided at line ends.

    The hyphen is kept where it belongs to the word: if the text has the word elsewhere with the
    hyphen but not without it, or if one of its parts tells so.
    """
    words = set(re.findall(r"\w+(?:-\w+)*", text.lower()))

    def join(match: "re.Match[str]") -> str:
        first, second = match[1], match[2]
        if second.lower() in _AND or _is_in_address(text, match.start()):
            return match[0]
        whole, hyphened = f"{first}{second}", f"{first}-{second}"
        is_compound = text[match.start() - 1 : match.start()] == "-" or _is_compound(first, second)
        is_elsewhere = hyphened.lower() in words and whole.lower() not in words
        is_compound = is_elsewhere or (is_compound and whole.lower() not in words)
        return hyphened if is_compound else whole

    return _DIVIDED.sub(join, text)


def _is_in_address(text: str, position: int) -> bool:
    """Whether the word at a position is in an address or a path."""
    before = text[max(0, position - 100) : position].rpartition("\n")[2].rpartition(" ")[2]
    return bool(re.search(r"[/@\\._]", before))


def _is_compound(first: str, second: str) -> bool:
    """Whether two words are written with a hyphen: a name, a number or a usual compound."""
    is_name = not second[0].islower() and not (first.isupper() and second.isupper())
    return is_name or first.lower() in _KEEPS_BEFORE or second.lower() in _KEEPS_AFTER
