"""Read Markdown and plain text."""

import re
from pathlib import Path

from generation.passages.headings import outline_of
from generation.passages.left_out import COMMENT, FEWEST_WORDS, LeftOut
from generation.passages.page_furniture import furniture
from generation.reading import front_matter
from generation.reading.decoding import clean, decode_with_note
from generation.reading.file_types import MARKDOWN, PLAIN
from generation.reading.readings import Choices, Reading
from qareview.scripts import word_count

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
# A hyphen behind a word of two letters or more, a line end, and the next word.
_DIVIDED = re.compile(r"[-\u2010]\n(?<=\w\w[-\u2010]\n)[ \t]*+(\w++)(?![/@\\])")
LONGEST_WORD = 100  # characters looked at before a hyphen; chosen; nobody measured
_WORD = re.compile(r"\w+(?:-\w+)*")
_COMMENT = re.compile(r"\s*<!--(?:(?!-->).)*-->\s*", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_HEADING_APART = re.compile(r"(?:\A|(?<=\n\n))#{1,6} .*(?=\n\n|\n?\Z)")


def read_markdown(path: Path, _: Choices) -> Reading:
    """Read a Markdown file; its front matter becomes metadata, its comments are left out.

    Raises CannotRead.
    """
    text, note = decode_with_note(path.read_bytes())
    metadata, text = front_matter.divide(clean(text))
    return Reading(text, MARKDOWN, left_out=_left_out(text), metadata=metadata, note=note)


def _left_out(text: str) -> list[LeftOut]:
    """Return the comments of a Markdown text, and if there are some, what is page furniture.

    Short comments, such as those for a linter, stay: to leave them out would only break passages.
    """
    if "<!--" not in text:
        return []
    comments = [
        LeftOut(block.start, block.end, COMMENT)
        for block in outline_of(text).blocks
        if block.kind == "html_block"
        and block.depth == 0
        and _COMMENT.fullmatch(text[block.start : block.end])
        and word_count(text[block.start : block.end]) >= FEWEST_WORDS
    ]
    others = [
        found
        for found in (furniture(text, []) if comments else ())
        if not any(found.start < each.end and each.start < found.end for each in comments)
    ]
    return sorted([*comments, *others])


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
    return headings > 0 and headings == len(_HEADING_APART.findall(text))


def _joined(text: str) -> str:
    """Join words that are divided at line ends.

    The hyphen is kept where it belongs to the word: if the text has the word elsewhere with the
    hyphen but not without it, or if one of its parts tells so.
    """
    words = _words_of(text)

    def join(match: "re.Match[str]") -> str:
        before, first, second = _parts(match)
        if second.lower() in _AND or _is_in_address(before):
            return match[0]
        has_whole, has_hyphened = (
            f"{first}{between}{second}".lower() in words for between in ("", "-")
        )
        is_compound = has_hyphened or _is_compound(before, first, second)
        return f"-{second}" if is_compound and not has_whole else second

    return _DIVIDED.sub(join, text)


def _words_of(text: str) -> set[str]:
    """Return which of the divided words the text has elsewhere, with or without their hyphens."""
    forms: set[str] = set()
    for match in _DIVIDED.finditer(text):
        _, first, second = _parts(match)
        forms |= {f"{first}{between}{second}".lower() for between in ("", "-")}
    if not forms:
        return forms
    return {match[0] for match in _WORD.finditer(text.lower()) if match[0] in forms}


def _parts(match: "re.Match[str]") -> tuple[str, str, str]:
    """Return what stands before a hyphen without a blank, its last word, and the word after it."""
    before = match.string[max(0, match.start() - LONGEST_WORD) : match.start()].split()[-1]
    return before, re.split(r"\W", before)[-1], match[1]


def _is_in_address(before: str) -> bool:
    """Whether the word at the end is in an address or a path."""
    return bool(re.search(r"[/@\\._]", before))


def _is_compound(before: str, first: str, second: str) -> bool:
    """Whether two words are written with a hyphen: a name, a number or a usual compound."""
    if before[: -len(first)].endswith("-"):
        return True
    is_name = not second[0].islower() and not (first.isupper() and second.isupper())
    return is_name or first.lower() in _KEEPS_BEFORE or second.lower() in _KEEPS_AFTER
