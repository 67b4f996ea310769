"""Cut text into passages: slices of it, with their headings and pages.

Passages and the ranges left out together cover the whole text.
"""

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from generation.passages.breaks import Breaks
from generation.passages.headings import HeadingTracker, outline_of, without_headings
from generation.passages.left_out import BLANK, FEWEST_WORDS, HEADINGS_ONLY, TOO_SHORT, LeftOut
from generation.passages.table_headers import Headers
from generation.passages.token_counts import TokenStarts, counter_for
from qareview.scripts import word_count
from qareview.time_limits import check_time

BEGINNING = 300  # characters, looked at first for speed; chosen; nobody measured
SEAM = 2  # tokens that a slice may have more than its words in the text; chosen; nobody measured
_SPACES = re.compile(r"\s*")


@dataclass(frozen=True)
class Cut:
    """A slice ``text[start:end]`` of a document, offsets in characters."""

    start: int
    end: int
    headings: list[str]
    first_page: int | None
    last_page: int | None
    header: tuple[int, int] | None = None  # offsets of the header of the table it goes on with


def cut(
    text: str,
    length: int,
    page_starts: Sequence[int] = (),
    tokenizer: Tokenizer | None = None,
    from_file: Sequence[LeftOut] = (),
    *,
    is_plain: bool = False,
) -> tuple[list[Cut], list[LeftOut]]:
    """Cut Markdown along headings and paragraphs into passages of at most ``length`` tokens.

    Without a tokenizer, ``length`` is in characters. Returns the passages and the ranges left out;
    together they cover ``text`` without overlap. ``page_starts`` are ascending offsets into
    ``text``. ``from_file`` are the ranges that were left out while the file was read. With
    ``is_plain``, the text is no Markdown: see :func:`outline_of`.
    """
    outline = outline_of(text, from_file, is_plain=is_plain)
    headings = outline.headings
    headings_above = HeadingTracker(text, headings)
    headers = Headers(text, outline.blocks)
    breaks = Breaks(text, outline, headers.tables)
    cuts: list[Cut] = []
    left_out: list[LeftOut] = []
    end = 0
    for start, chunk, reason in _pieces(text, length, tokenizer, from_file, breaks):
        check_time()
        if start > end:
            left_out.append(LeftOut(end, start, BLANK))
        end = start + len(chunk)
        header = headers.at(start)
        body = without_headings(text, start, end, headings)
        reason = reason or _reason_to_leave_out(chunk, body)
        if reason == TOO_SHORT and headers.tables.at(start):
            reason = ""  # with its header, a row of a table says enough
        if reason:
            left_out.append(LeftOut(start, end, reason))
        else:
            above = headings_above.at(start, end)
            cuts.append(Cut(start, end, above, *pages(page_starts, start, end), header))
    if end < len(text):
        left_out.append(LeftOut(end, len(text), BLANK))
    return cuts, left_out


def _pieces(
    text: str,
    length: int,
    tokenizer: Tokenizer | None,
    from_file: Sequence[LeftOut],
    breaks: Breaks,
) -> Iterator[tuple[int, str, str]]:
    """Yield the offset and text of chunks and left-out ranges; the latter with their reasons."""
    furthest = _furthest(text, length, tokenizer)
    at = 0
    for start, end, reason in (*from_file, (len(text), len(text), "")):
        yield from ((*chunk, "") for chunk in _chunks(text, at, start, furthest, breaks))
        if reason:
            yield start, text[start:end], reason
        at = end


def _furthest(text: str, length: int, tokenizer: Tokenizer | None) -> Callable[[int], int]:
    """Return the function that tells how far a passage from an offset may go."""
    if tokenizer is None:
        return lambda at: at + length
    starts = TokenStarts(text, counter_for(tokenizer))
    return lambda at: starts.furthest(at, max(1, length - SEAM))


def _chunks(
    text: str, at: int, last: int, furthest: Callable[[int], int], breaks: Breaks
) -> Iterator[tuple[int, str]]:
    """Yield chunks of ``text[at:last]``, without the spaces around them, and their offsets."""
    while (at := _without_spaces_before(text, at, last)) < last:
        end = _behind_spaces(text, min(last, max(at + 1, furthest(at))), last)
        if end < last:
            end = breaks.last(at, end)
        if chunk := text[at:end].rstrip():
            yield at, chunk
        at = end


def _without_spaces_before(text: str, at: int, last: int) -> int:
    """Return where a chunk begins: at a letter, or at the line of that letter in which it is."""
    end = _behind_spaces(text, at, last)
    line = text.rfind("\n", at, end) + 1
    is_at_line = line or not at or text[at - 1] == "\n"
    return (line or at) if is_at_line and end < last else end


def _behind_spaces(text: str, at: int, last: int) -> int:
    spaces = _SPACES.match(text, at, last)
    return spaces.end() if spaces else at


def _reason_to_leave_out(chunk: str, body: str) -> str:
    """Return why a chunk, whose text without headings is ``body``, is left out; "" if it is not."""
    if not chunk.strip():
        return BLANK
    if not body.strip():
        return HEADINGS_ONLY
    # Most chunks have enough words at their beginning.
    is_long = any(word_count(part) >= FEWEST_WORDS for part in (body[:BEGINNING], body))
    return "" if is_long else TOO_SHORT


def pages(page_starts: Sequence[int], start: int, end: int) -> tuple[int | None, int | None]:
    """Return the first and last page of a slice, counted from 1; None if there are no pages."""
    return _page(page_starts, start), _page(page_starts, end - 1)


def _page(page_starts: Sequence[int], offset: int) -> int | None:
    return bisect.bisect_right(page_starts, offset) or None
