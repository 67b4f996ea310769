"""Read Markdown and plain text."""

import re
from pathlib import Path

from generation.reading.decoding import clean, decode
from generation.reading.file_types import MARKDOWN, PLAIN
from generation.reading.readings import Choices, Reading


def read_markdown(path: Path, _: Choices) -> Reading:
    """Read a Markdown file. Raises CannotRead."""
    return Reading(clean(decode(path.read_bytes())), MARKDOWN)


def read_plain_text(path: Path, _: Choices) -> Reading:
    """Read a text file. Raises CannotRead."""
    return Reading(_joined(clean(decode(path.read_bytes()))), PLAIN)


def _joined(text: str) -> str:
    """Join words that are divided at line ends.

    The hyphen is kept if the text has the word elsewhere with the hyphen but not without it.
    """
    words = set(re.findall(r"\w+(?:-\w+)*", text.lower()))

    def join(match: "re.Match[str]") -> str:
        whole, hyphened = match[1] + match[2], f"{match[1]}-{match[2]}"
        is_one_word = whole.lower() in words or hyphened.lower() not in words
        return whole if is_one_word else hyphened

    return re.sub(r"(?<!\w)(\w{2,}+)-\n[ \t]*+([^\W\d_A-Z]\w+)", join, text)
