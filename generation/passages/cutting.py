"""Cut text into passages: slices of it, with their headings and pages.

Passages and the ranges left out together cover the whole text.
"""

import bisect
import itertools
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semantic_text_splitter import MarkdownSplitter
from tokenizers import Tokenizer

from generation.passages.left_out import BLANK, FEWEST_WORDS, HEADINGS_ONLY, TOO_SHORT, LeftOut
from generation.passages.token_counts import TokenStarts, counter_for

_MARKED = r"^(?P<marks>#{1,6})[ \t]+(?P<words>.*)$"
_UNDERLINED = r"^(?P<underlined>[^\s#>|*+-].*)\n(?P<line>=+|-{2,})[ \t]*$"
_HEADING = re.compile(f"{_MARKED}|{_UNDERLINED}", re.MULTILINE)
SECTION = 250_000  # characters of a long text that are split together; chosen; nobody measured
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
MARGIN = 0.9  # of the characters that a passage's tokens have on average; chosen; nobody measured
SEAM = 2  # tokens that a slice may have more than its words in the text; chosen; nobody measured

Heading = tuple[int, int, str]  # offset, level and words


@dataclass(frozen=True)
class Cut:
    """A slice ``text[start:end]`` of a document, offsets in characters."""

    start: int
    end: int
    headings: list[str]
    first_page: int | None
    last_page: int | None


def cut(
    text: str,
    length: int,
    page_starts: Sequence[int] = (),
    tokenizer: Tokenizer | None = None,
    from_file: Sequence[LeftOut] = (),
) -> tuple[list[Cut], list[LeftOut]]:
    """Cut Markdown along headings and paragraphs into passages of at most ``length`` tokens.

    Without a tokenizer, ``length`` is in characters. Returns the passages and the ranges left out;
    together they cover ``text`` without overlap. ``page_starts`` are ascending offsets into
    ``text``. ``from_file`` are the ranges that were left out
    while the file was read.
    """
    headings_above = _HeadingTracker(text)
    cuts: list[Cut] = []
    left_out: list[LeftOut] = []
    end = 0
    for start, chunk, reason in _pieces(text, length, tokenizer, from_file):
        if start > end:
            left_out.append(LeftOut(end, start, BLANK))
        end = start + len(chunk)
        reason = reason or _reason_to_leave_out(chunk)
        if reason:
            left_out.append(LeftOut(start, end, reason))
        else:
            headings = headings_above.at(start, end)
            cuts.append(Cut(start, end, headings, *pages(page_starts, start, end)))
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
    splitter = MarkdownSplitter(length)
    at = 0
    while at < len(text):
        end = _section_end(text, at)
        yield from ((at + start, chunk) for start, chunk in splitter.chunk_indices(text[at:end]))
        at = end


def _section_end(text: str, at: int) -> int:
    """Return the end of the section at ``at``.

    Text is split by sections since the time to split grows with the square of the length.
    """
    if len(text) - at <= 2 * SECTION:
        return len(text)
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


def _reason_to_leave_out(chunk: str) -> str:
    if not chunk.strip():
        return BLANK
    body = _without_headings(chunk)
    if not body.strip():
        return HEADINGS_ONLY
    words = itertools.islice(re.finditer(r"\w+", body), FEWEST_WORDS)
    return TOO_SHORT if len(list(words)) < FEWEST_WORDS else ""


def _without_headings(text: str) -> str:
    may_have = "#" in text or "\n=" in text or "\n--" in text  # most texts have none
    return _HEADING.sub("", text) if may_have else text


def _headings(text: str) -> Iterator[Heading]:
    """Yield every heading outside fenced code."""
    fences = [match.span() for match in _FENCED.finditer(text)]
    for match in _HEADING.finditer(text):
        before = bisect.bisect_right(fences, (match.start(), len(text)))
        if not before or fences[before - 1][1] <= match.start():
            level = len(match["marks"] or match["line"][:1].replace("-", "--"))
            yield match.start(), level, match["underlined"] or _without_marks(match["words"])


def _without_marks(words: str) -> str:
    """Return a heading's words without closing marks and outer spaces."""
    words = words.strip()
    bare = words.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else words


class _HeadingTracker:
    """Finds the headings above each passage; call ``at`` in the order of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._headings = deque(_headings(text))
        self._above: list[tuple[int, str]] = []

    def at(self, start: int, end: int) -> list[str]:
        """Return the headings of a passage, the outermost first.

        These include headings at its beginning, but not those after its first words.
        """
        while self._headings and self._headings[0][0] < end:
            offset, level, words = self._headings[0]
            if offset > start and _without_headings(self._text[start:offset]).strip():
                break
            self._above = [*(pair for pair in self._above if pair[0] < level), (level, words)]
            self._headings.popleft()
        return [words for _, words in self._above]


def pages(page_starts: Sequence[int], start: int, end: int) -> tuple[int | None, int | None]:
    """Return the first and last page of a slice, counted from 1; None if there are no pages."""
    return _page(page_starts, start), _page(page_starts, end - 1)


def _page(page_starts: Sequence[int], offset: int) -> int | None:
    return bisect.bisect_right(page_starts, offset) or None
