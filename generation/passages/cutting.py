"""Cut text into passages: slices of it, with their headings and pages.

Passages and the ranges left out together cover the whole text.
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semantic_text_splitter import MarkdownSplitter
from tokenizers import Tokenizer

from generation.passages.headings import HeadingTracker, headings_of, without_headings
from generation.passages.left_out import BLANK, FEWEST_WORDS, HEADINGS_ONLY, TOO_SHORT, LeftOut
from generation.passages.table_headers import TableHeaders
from generation.passages.token_counts import TokenStarts, counter_for
from qareview.scripts import word_count

SECTION = 250_000  # characters of a long text that are split together; chosen; nobody measured
# No prose has so long a stretch without a space or mark; the splitter takes 10 ms for one.
_UNBROKEN = re.compile(r"[^\s\u3000-\u3003。！？，；：、.!?,;:…]{5000,}+")
MARGIN = 0.9  # of the characters that a passage's tokens have on average; chosen; nobody measured
BEGINNING = 300  # characters, looked at first for speed; chosen; nobody measured
SEAM = 2  # tokens that a slice may have more than its words in the text; chosen; nobody measured


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
    ``is_plain``, the text is no Markdown: see :func:`headings_of`.
    """
    headings = headings_of(text, from_file, is_plain=is_plain)
    headings_above = HeadingTracker(text, headings)
    headers = TableHeaders(text)
    cuts: list[Cut] = []
    left_out: list[LeftOut] = []
    end = 0
    for start, chunk, reason in _pieces(text, length, tokenizer, from_file):
        if start > end:
            left_out.append(LeftOut(end, start, BLANK))
        end = start + len(chunk)
        header = headers.at(start)
        body = without_headings(text, start, end, headings)
        reason = reason or _reason_to_leave_out(chunk, body)
        if reason == TOO_SHORT and header:
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
    text: str, length: int, tokenizer: Tokenizer | None, from_file: Sequence[LeftOut]
) -> Iterator[tuple[int, str, str]]:
    """Yield the offset and text of chunks and left-out ranges; the latter with their reasons."""
    at = 0
    for start, end, reason in (*from_file, (len(text), len(text), "")):
        between = text[at:start]
        chunks = _chunks(between, length, tokenizer) if tokenizer else _split(between, length)
        yield from ((at + offset, chunk, "") for offset, chunk in chunks)
        if reason:
            yield start, text[start:end], reason
        at = end


def _split(text: str, length: int) -> Iterator[tuple[int, str]]:
    """Yield chunks of at most ``length`` characters with their offsets.

    The splitter's time grows with the square of a line that it cannot break between words. So
    stretches without any break are split by length alone.
    """
    end = 0
    for stretch in _UNBROKEN.finditer(text):
        yield from _split_by_structure(text, end, stretch.start(), length)
        start, end = stretch.span()
        yield from ((at, text[at : min(at + length, end)]) for at in range(start, end, length))
    yield from _split_by_structure(text, end, len(text), length)


def _split_by_structure(text: str, at: int, last: int, length: int) -> Iterator[tuple[int, str]]:
    splitter = MarkdownSplitter(length)
    while at < last:
        end = _section_end(text, at, last)
        yield from ((at + start, chunk) for start, chunk in splitter.chunk_indices(text[at:end]))
        at = end


def _section_end(text: str, at: int, last: int) -> int:
    """Return the end of the section at ``at``, at most ``last``.

    Text is split by sections since the time to split grows with the square of the length.
    """
    if last - at <= 2 * SECTION:
        return last
    for before in ("\n\n#", "\n\n", "\n"):
        end = text.rfind(before, at + SECTION // 2, at + SECTION)
        if end > 0:
            return end + before.count("\n")
    return at + SECTION


def _chunks(text: str, length: int, tokenizer: Tokenizer) -> Iterator[tuple[int, str]]:
    """Yield chunks of at most ``length`` tokens with their offsets.

    The splitter tokenises every text that it tries, which is slow. So the text is tokenised once
    and split by characters, at a length that suits most chunks. Only chunks with too many tokens
    are split again by tokens.
    """
    counter = counter_for(tokenizer)
    starts = TokenStarts(text, counter)
    characters = max(1, int(len(text) / max(1, starts.total) * length * MARGIN))
    for start, chunk in _split(text, characters):
        if starts.between(start, start + len(chunk)) + SEAM <= length:
            yield start, chunk
        else:
            by_tokens = MarkdownSplitter.from_callback(counter.count, length)
            yield from ((start + offset, part) for offset, part in by_tokens.chunk_indices(chunk))


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
