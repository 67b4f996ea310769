"""Read office files with kreuzberg."""

import bisect
import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generation.reading.decoding import clean, decode
from generation.reading.file_types import DOCX, EPUB, ODT, PPTX, RST
from generation.reading.readings import CannotRead, Choices, Reading
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from kreuzberg import ExtractionConfig, ExtractionResult

EXTRACTED = {DOCX: "DOCX", PPTX: "PPTX", ODT: "ODT", EPUB: "EPUB", RST: "RST"}
BEGINNING = 60  # letters of a page that are looked for in the text; chosen; nobody measured
_WORD = re.compile(r"[^\W_]+")  # of characters for which str.isalnum() is true


def read_rst(path: Path, _: Choices) -> Reading:
    """Read reStructuredText. Raises CannotRead."""
    return _extract(clean(decode(path.read_bytes())).encode(), RST)


def reader_of(media_type: str) -> Callable[[Path, Choices], Reading]:
    """Return the function that reads files of a media type."""
    return lambda path, _: _extract(path.read_bytes(), media_type)


def extraction() -> "ExtractionConfig":
    """Return the options for kreuzberg."""
    import kreuzberg

    return kreuzberg.ExtractionConfig(
        output_format="markdown",
        pages=kreuzberg.PageConfig(extract_pages=True),
        # Keep running heads: page_furniture leaves them out, and pages show what it left out.
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
        use_cache=False,  # otherwise a copy of every text stays under ~/.cache
    )


def _extract(data: bytes, media_type: str) -> Reading:
    import kreuzberg

    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, config=extraction())
    except kreuzberg.KreuzbergError as error:
        raise CannotRead(_sentence(str(error), media_type)) from error
    text = clean(result.content)
    return Reading(text, media_type, _page_starts(text, _pages(result)))


def _sentence(error: str, media_type: str) -> str:
    kind = EXTRACTED[media_type]
    if "password" in error.lower():
        return stored(
            "The %(kind)s file is protected by a password. Save a copy without a password "
            "and upload that.",
            kind=kind,
        )
    return stored(
        "The %(kind)s file is damaged and cannot be read. Open it, save it again and "
        "upload the new copy.",
        kind=kind,
    )


def _pages(result: "ExtractionResult") -> list[str]:
    return [page["content"] for page in result.pages or []]


def _page_starts(text: str, pages: Sequence[str]) -> list[int]:
    """Return the offset in ``text`` of each page, found by the first letters of the page.

    Only letters and digits are compared, since Markdown and page text differ in marks and line
    ends. A page that cannot be found gets the offset of the page before it.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    before = list(itertools.accumulate((end - start for start, end in words), initial=0))
    letters = "".join(text[start:end] for start, end in words)
    starts: list[int] = []
    at = 0
    for page in pages:
        beginning = "".join(itertools.islice(filter(str.isalnum, page), BEGINNING))
        place = letters.find(beginning, at) if beginning else -1
        if place >= 0:
            word = bisect.bisect_right(before, place) - 1
            starts.append(_with_marks(text, words[word][0] + place - before[word]))
            at = place + len(beginning)
        else:
            starts.append(starts[-1] if starts else 0)
    return [0, *starts[1:]] if starts else []


def _with_marks(text: str, offset: int) -> int:
    """Return the start of the line if only marks, as of a heading, are before ``offset`` in it."""
    line = text.rfind("\n", 0, offset) + 1
    return offset if any(map(str.isalnum, text[line:offset])) else line
