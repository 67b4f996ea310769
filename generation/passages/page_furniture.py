"""Find page furniture: running heads, page numbers, tables of contents and continuation notes."""

import bisect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from generation.passages.left_out import CONTENTS, CONTINUED, PAGE_NUMBER, RUNNING_HEAD, LeftOut
from qareview.scripts import SENTENCE_MARKS

LONGEST_HEAD = 150  # characters; chosen; nobody measured
FEWEST_PAGES = 3  # with the same running head; chosen; nobody measured
LEADER_SHARE = 4  # contents: more than a quarter of a block is leaders; chosen; nobody measured
_LEADER = re.compile(  # starts at the first dot only: otherwise a line of dots takes hours
    r"(?:(?<!\.)(?<!\.[ \t])(?:\.[ \t]?){4,}+|(?<![…．・·‥])(?:[…．・·‥][ \t]?){3,}+)"
    r"[ \t]*+(?:\d+|[ivxlc]+)\b",
    re.IGNORECASE,
)
_DOTS = re.compile(r"\.[ \t]?\.|[…．・·‥][ \t]?[…．・·‥]")
_PAGE = (  # in the languages that manuals come in
    r"page|seite|p\.|s\.|página|pagina|pág\.|pag\.|стр\.|страница|strona|sida|side|σελ\.|σελίδα"
    r"|صفحة|صفحه|ص|עמוד|หน้า|पृष्ठ|trang|halaman|페이지|第|共"
)
_OF = r"of|von|de|di|sur|из|z|av|af|van|από|من|از|מתוך|จาก|/|／"
_NUMERAL = r"(?:\d{1,4}|[ivxlc]{1,6})"
_NUMBER = re.compile(
    rf"\W*(?:(?:{_PAGE})\s*)?{_NUMERAL}\s*[页頁쪽ページ]*(?:\W*(?:{_OF}|共|第)?\s*\d{{1,4}})?"
    r"\s*[页頁쪽ページ]*\W*",
    re.IGNORECASE,
)
_CONTINUED = re.compile(
    r"\W*(?:continued|fortsetzung|suite|continuación|continua|续表|續表|続き)\b[^.\n]{0,40}\W*",
    re.IGNORECASE,
)  # “(continued on next page)”
_NUMBERED_HEADING = re.compile(
    r"\W*(?:[^\W\d_]+\W+(?:\d+|[ivxlc]+)|第\s*\w{1,4}\s*[章节節条條回部編编课課])\W*",
    re.IGNORECASE,
)
_SENTENCE_ENDS = tuple(f"{SENTENCE_MARKS}:：")
_BLOCK = re.compile(r"[^\n]+(?:\n(?!\s*\n)[^\n]+)*")


def furniture(text: str, page_starts: Sequence[int]) -> list[LeftOut]:
    """Return the blocks that are furniture, in the order of the text.

    ``page_starts`` are ascending offsets into ``text``. Running heads and page numbers are looked
    for only if there are at least FEWEST_PAGES pages.
    """
    blocks = [match.span() for match in _BLOCK.finditer(text)]
    reasons = {span: reason for span in blocks if (reason := _reason_in_block(text, span))}
    if len(page_starts) >= FEWEST_PAGES:
        left = [span for span in blocks if span not in reasons]
        reasons |= dict(_at_edges(text, left, page_starts))
        left = [span for span in left if span not in reasons]
        reasons |= dict(_at_edges(text, left, page_starts))  # a head may have two lines
    return [LeftOut(*span, reasons[span]) for span in sorted(reasons)]


def _reason_in_block(text: str, span: tuple[int, int]) -> str:
    """Return the reason that the block's own text gives; "" if there is none."""
    block = text[slice(*span)]
    if _DOTS.search(block):  # most blocks have none
        leaders = sum(len(match[0]) for match in _LEADER.finditer(block))
        if leaders * LEADER_SHARE > len(block):
            return CONTENTS
    return CONTINUED if _CONTINUED.fullmatch(block) else ""


def _at_edges(
    text: str, blocks: Sequence[tuple[int, int]], page_starts: Sequence[int]
) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the first and last blocks of pages that are page numbers or running heads."""
    pages: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for span in blocks:
        pages[bisect.bisect_right(page_starts, span[0])].append(span)
    by_wording: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for spans in pages.values():
        for span in {spans[0], spans[-1]}:
            block = text[slice(*span)]
            if _NUMBER.fullmatch(block):
                yield span, PAGE_NUMBER
            elif _may_be_head(block):
                by_wording[re.sub(r"\W*\d+\W*", " # ", block.lower()).strip()].append(span)
    for spans in by_wording.values():
        if len(spans) >= FEWEST_PAGES:
            yield from ((span, RUNNING_HEAD) for span in spans)


def _may_be_head(block: str) -> bool:
    """Whether a block may be a running head: it is short, and neither a heading nor a sentence.

    A word with a number, such as “Chapter 3”, is a heading.
    """
    is_sentence = block.rstrip().endswith(_SENTENCE_ENDS)
    is_heading = block.startswith("#") or _NUMBERED_HEADING.fullmatch(block)
    return len(block) <= LONGEST_HEAD and not is_heading and not is_sentence
