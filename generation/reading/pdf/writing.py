"""Write a block as Markdown, with the places at which other pages begin in it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from generation.passages.left_out import CONTENTS
from generation.reading.pdf.blocks import (
    CODE,
    HEADING,
    ITEM,
    MARKER,
    NOTE,
    QUOTE,
    TABLE,
    TERM,
    Block,
)
from generation.reading.pdf.kept_lines import keeps_lines
from generation.reading.pdf.lines import KOREAN, WIDE, Line, fixed_text
from generation.reading.pdf.notes import Labels, with_labels, without_number
from generation.reading.pdf.runs import HYPHEN, HYPHENS

LONGEST_WORD = 100  # characters looked at before a line end; chosen; nobody measured
LINE_END = "  \n"  # in Markdown, where a line of a paragraph is kept
BLANK_LINE = 1.6  # of the smallest step: code that far below stands after a blank line; chosen
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_DIVIDED = re.compile(rf"[^\W\d_][{HYPHENS}]$")
_SUSPENDED = re.compile(
    rf"\w-,? (?:and|or) \w+[{HYPHENS}]$"
)  # "pre- and post-" of "pre- and post-season"
_BEFORE_NUMBER = re.compile(r"(?:\w-|[/=_])$")
_UNSPACED = re.compile(f"{WIDE.pattern}|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai …
_LEADERS = re.compile(r"(?<![\s.·…])(?:\s*+[.·…]){3,}+\s*+")
_TAG = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_LIKE_MARKUP = re.compile(r"([#>+*-]|\d+[.)])(?=\s|$)")

Words = Counter[str]
Pages = list[tuple[int, int]]  # offsets in a block's text, and the pages of what begins there


def words_of(blocks: Iterable[Block]) -> Words:
    """Count the words of a document, those with hyphens as one."""
    words: Words = Counter()
    for block in blocks:
        is_divided = False
        for line in block.lines:
            of_line = _WORD.findall(line.text.lower())
            words.update(of_line[is_divided:])  # not the second half of a word
            is_divided = bool(_DIVIDED.search(line.text.rstrip()))
            if is_divided and of_line:
                words[of_line[-1]] -= 1
    return words


def markdown_of(block: Block, words: Words, labels: Labels) -> tuple[str, Pages]:
    """Return a block as Markdown, and the pages that begin in it.

    ``words`` are those of the document; ``labels`` those of its notes.
    """
    if block.kind == CODE:
        return _code(block.lines)
    if block.kind == TABLE:
        return _table(block, words, labels)
    if block.kind == CONTENTS:
        text = "\n".join(_short_leaders(line.text) for line in block.lines)
        return with_labels(text, -1, labels), [(0, block.lines[0].page)]
    text, pages = _flowing(block, words, labels)
    text, pages = _without_tags(text, pages)
    if block.kind == ITEM:
        return _item(block, text, pages)
    if block.kind == TERM:
        return f"**{text}**", pages
    mark = _mark(block, labels)
    return _after(mark, text, pages) if mark else _escaped(text, pages)


def _mark(block: Block, labels: Labels) -> str:
    """Return what Markdown has before the text of a block."""
    if block.kind == NOTE and block.marker:
        return f"[^{labels[block.lines[0].page, block.marker]}]: "
    if block.kind == HEADING:
        return "#" * max(1, min(6, block.level)) + " "
    return "> " if block.kind == QUOTE else ""


def _without_tags(text: str, pages: Pages) -> tuple[str, Pages]:
    """Return text in which nothing is read as a tag of HTML."""
    for place in reversed([match.start() for match in _TAG.finditer(text)]):
        text = f"{text[:place]}\\{text[place:]}"
        pages = [(at + (at > place), page) for at, page in pages]
    return text, pages


def _escaped(text: str, pages: Pages) -> tuple[str, Pages]:
    """Return a paragraph so that its beginning is not taken for a mark of Markdown."""
    mark = _LIKE_MARKUP.match(text)
    if mark is None:
        return text, pages
    before = mark[1][:-1] if mark[1][-1] in ".)" else ""
    return _after(before + "\\", text[len(before) :], pages)


def _after(mark: str, text: str, pages: Pages) -> tuple[str, Pages]:
    """Return text after a mark, with offsets moved but for the first."""
    moved = [(at + len(mark) if at else 0, page) for at, page in pages]
    return mark + text, moved


def _short_leaders(text: str) -> str:
    return _LEADERS.sub(" … ", text).strip()


def _flowing(block: Block, words: Words, labels: Labels) -> tuple[str, Pages]:
    """Return the lines of a block as one, with divided words joined, unless they are to be kept."""
    text, pages, cuts_word = "", [(0, block.lines[0].page)], False
    line_end = (LINE_END + _mark(block, labels)) if keeps_lines(block) else ""
    for line in block.lines:
        is_numbered = block.kind == NOTE and block.marker and not text
        after = without_number(line.text) if is_numbered else line.text
        after = with_labels(re.sub(r"\s+", " ", after.strip()), line.page, labels)
        text, blank = (text, "") if not text else _seam(text, after, words)
        blank = "" if cuts_word and KOREAN.match(after) else blank
        if text and line_end:
            blank, after = line_end, _escaped(after, [])[0]
        if line.page != pages[-1][1]:
            pages.append((len(text) + len(blank), line.page))
        text += blank + after
        cuts_word = line.runs[-1].cuts_word
    return text.replace(HYPHEN, "-"), pages


def _seam(text: str, after: str, words: Words) -> tuple[str, str]:
    """Return the text before a line end, without a hyphen that divides a word, and the blank."""
    end = text[-LONGEST_WORD:]
    if _DIVIDED.search(end) and re.match(r"[^\W\d_]", after):
        return (text, "") if _keeps_hyphen(end, after, words) else (text[:-1], "")
    if _UNSPACED.match(text[-1]) or WIDE.match(after):
        return text, ""
    if _BEFORE_NUMBER.search(end) and after[:1].isdigit():
        return text, ""
    return text, " "


def _keeps_hyphen(before: str, after: str, words: Words) -> bool:
    """Whether a hyphen at a line end belongs to the word, as the rest of the document says."""
    head = re.search(r"[\w-]*\w(?=.$)", before)
    tail = re.match(r"\w+", after)
    if head is None or tail is None:
        return False
    first, second = head[0].lower(), tail[0].lower()
    nearest = first.split("-")[-1]
    if words[nearest + second] > 0:
        return False
    if words[f"{first}-{second}"] > 0 or after[:1].isupper():
        return True
    if _SUSPENDED.search(before):
        return True
    both_are_words = min(words[nearest], words[second]) > 0 and min(len(nearest), len(second)) > 2
    return bool(both_are_words)


def _item(block: Block, text: str, pages: Pages) -> tuple[str, Pages]:
    mark = MARKER.match(text)
    if mark and mark[1] == block.marker:
        cut = mark.end()
        text, pages = text[cut:], [(max(0, at - cut), page) for at, page in pages]
    indent = "    " * max(0, block.level - 1)
    if not block.marker:  # a later paragraph of the item
        return _after(indent + "    ", text, pages)
    if re.fullmatch(r"\d+[.)]", block.marker):
        return _after(f"{indent}{block.marker} ", text, pages)
    letter = f"{block.marker} " if any(map(str.isalnum, block.marker)) else ""  # no list has these
    return _after(f"{indent}- {letter}", text, pages)


def _table(block: Block, words: Words, labels: Labels) -> tuple[str, Pages]:
    width = max(map(len, block.rows))
    rows = [[_cell(cell, words) for cell in row] + [""] * (width - len(row)) for row in block.rows]
    page = block.lines[0].page
    text, pages = "", [(0, page)]
    for number, row in enumerate(rows):
        if number in block.later_pages:
            page = block.later_pages[number]
            pages.append((len(text), page))
        text += with_labels("| " + " | ".join(row) + " |\n", page, labels)
        text += "" if number else "|" + "---|" * width + "\n"
    return text.rstrip("\n"), pages


def _cell(lines: str, words: Words) -> str:
    text = ""
    for line in lines.split("\n"):
        after = " ".join(line.split())
        text, blank = _seam(text, after, words) if text else ("", "")
        text += blank + after
    text = _TAG.sub(r"\\<", text)
    return text.replace("|", "\\|").replace(HYPHEN, "-")


def _code(lines: Sequence[Line]) -> tuple[str, Pages]:
    """Return lines of code in a fence, indented as on the page."""
    lefts: dict[tuple[int, int], float] = {}
    for line in lines:
        place = line.page, line.column
        lefts[place] = min(lefts.get(place, line.left), line.left)
    one = _width_of_letter(lines)
    step = _smallest_step(lines)
    text, pages = "```\n", [(0, lines[0].page)]
    above: Line | None = None
    for line in lines:
        if above is not None and line.page == above.page:
            text += "\n" if line.baseline - above.baseline > BLANK_LINE * step else ""
        if line.page != pages[-1][1]:
            pages.append((len(text), line.page))
        text += fixed_text(line.runs, lefts[line.page, line.column], one).replace(HYPHEN, "-")
        text += "\n"
        above = line
    return text + "```", pages


def _width_of_letter(lines: Sequence[Line]) -> float:
    widths = [
        (run.right - run.left) / len(run.text)
        for line in lines
        for run in line.runs
        if len(run.text) > 3 and run.text.isascii()
    ]
    return median(widths) if widths else 0.6 * lines[0].size


def _smallest_step(lines: Sequence[Line]) -> float:
    steps = [
        line.baseline - above.baseline
        for above, line in pairwise(lines)
        if above.page == line.page and line.baseline > above.baseline
    ]
    return min(steps, default=0.0) or 1.0
