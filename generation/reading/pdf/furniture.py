"""Lines at the edges of pages that are no content: running heads and page numbers."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from generation.passages.left_out import PAGE_NUMBER, RUNNING_HEAD
from generation.reading.pdf.blocks import MUCH_SMALLER, SENTENCE_END
from generation.reading.pdf.lines import Line
from generation.reading.pdf.notes import STARTS_NOTE, calls_of
from generation.reading.pdf.tables import LARGEST_STEP, SAME_EDGE

EDGE = 0.14  # of the height of a page: where running heads stand; chosen; nobody measured
APART = 1.7  # font sizes between baselines: lines that far apart do not belong together; chosen
FEWEST_LETTERS = 4  # of a note: "1. 12" is none; chosen
MOST_CELLS = 20  # of a row that are compared with those of another; chosen
MOST_LINES = 2  # of a running head; chosen
FEWEST_PAGES = 3  # with the same running head; 2 in a document of a few pages; chosen
FEW_PAGES = 6
NUMBERED_SHARE = 0.4  # of pages: so many count on, and their numbers are page numbers; chosen
_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.|s\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|von|/)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^\d{1,4}(?=\s|$)|(?<=\s)\d{1,4}$")
_CHANGING = re.compile(r"\d+|^[ivxlc]+\b|\b[ivxlc]+$")

Place = tuple[int, Line]  # number of the page and a line at its edge


def furniture_of(
    pages: Sequence[Sequence[Line]], heights: Sequence[float], size: float
) -> dict[int, str]:
    """Return the reason to leave a line out, by the ids of lines.

    A line at an edge of a page is a page number if it is nothing else, or a running head if it
    comes on some pages at the same height, or if it holds a number that counts the pages.
    """
    content = {
        id(line)
        for lines in pages
        for line in (*_rows_of_tables(lines), *_notes(lines, size - MUCH_SMALLER))
    }
    places = [
        (page, line)
        for page, lines in enumerate(pages)
        for line in _at_edges(lines, heights[page])
        if line.size <= size + 1 and id(line) not in content  # larger ones are headings
    ]
    heads = {id(line): RUNNING_HEAD for line in (*_repeated(places, pages), *_counting(places))}
    numbers = {id(line): PAGE_NUMBER for _, line in places if _NUMBER.fullmatch(line.text)}
    return heads | numbers


def _rows_of_tables(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the rows of tables: their headers come again on each page, and rows are alike."""
    rows: list[Line] = []
    for line in sorted(lines, key=lambda line: line.baseline):
        if len(line.runs[0].table or ()) > MOST_LINES:
            yield line
        if rows and not _is_next_row(rows[-1], line):
            rows = []
        rows.append(line)
        if len(rows) > MOST_LINES:
            yield from rows if len(rows) == MOST_LINES + 1 else (line,)


def _notes(lines: Sequence[Line], most: float) -> Iterator[Line]:
    """Yield the lines of notes below the text of a page, set in no more than a size.

    Where notes name sources, they are nearly alike on all pages.
    """
    ordered = sorted(lines, key=lambda line: line.baseline)
    last = max((at for at, line in enumerate(ordered) if line.size > most), default=-1)
    called = {number for line in ordered[: last + 1] for number in calls_of(line)}
    for group in _groups(ordered[last + 1 :]):
        is_note = False
        for line in group:
            is_note = is_note or _begins_note(line, group[-1], called)
            if is_note:
                yield line


def _begins_note(line: Line, last: Line, called: set[str]) -> bool:
    """Whether a line begins with a number that is raised or that the text calls.

    A number with a dot will do before a sentence; "12. May 2026" at each foot is a date.
    """
    match = STARTS_NOTE.match(line.text)
    if match is None or sum(map(str.isalpha, line.text[match.end() :])) < FEWEST_LETTERS:
        return False
    is_dotted = re.search(r"\.\s+$", match[0]) is not None
    is_sentence = is_dotted and last.text.endswith(SENTENCE_END)
    return match[1] is not None or match[2] in called or is_sentence


def _is_next_row(above: Line, line: Line) -> bool:
    """Whether parts of two lines stand below each other, as cells do."""
    if line.baseline - above.baseline > LARGEST_STEP * line.size:
        return False
    same = [
        part
        for part in line.spans[:MOST_CELLS]
        for upper in above.spans[:MOST_CELLS]
        if min(abs(part.left - upper.left), abs(part.right - upper.right)) < SAME_EDGE
    ]
    return len(same) > 1


def _at_edges(lines: Sequence[Line], height: float) -> Iterator[Line]:
    """Yield the lines above the first gap of a page, and below the last."""
    ordered = sorted(lines, key=lambda line: line.baseline)
    for group in _groups(ordered):
        if len(group) <= MOST_LINES and group[-1].bottom < EDGE * height:
            yield from group
        else:
            break
    for group in reversed(list(_groups(ordered))):
        if len(group) <= MOST_LINES and group[0].top > (1 - EDGE) * height:
            yield from group
        else:
            break


def _groups(ordered: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield groups of a few lines that stand apart from others; longer ones are text."""
    group: list[Line] = []
    for line in ordered:
        if group and _are_apart(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _are_apart(above: Line, line: Line) -> bool:
    step = line.baseline - above.baseline
    return step > APART * max(above.size, line.size) or (
        abs(above.size - line.size) > 0.5 and step > 0.5 * above.size
    )


def _repeated(places: Sequence[Place], pages: Sequence[Sequence[Line]]) -> Iterator[Line]:
    """Yield lines whose wording, but for numbers, comes on other pages at the same height."""
    by_wording: dict[tuple[str, int], dict[int, Line]] = defaultdict(dict)
    for page, line in places:
        for nearby in (-1, 0, 1):
            wording = _CHANGING.sub("#", line.text.strip())
            by_wording[wording, round(line.baseline / 4) + nearby][page] = line
    fewest = 2 if len(pages) < FEW_PAGES else FEWEST_PAGES
    for same in by_wording.values():
        if len(same) >= fewest:
            yield from same.values()


def _counting(places: Sequence[Place]) -> Iterator[Line]:
    """Yield lines with a number at an end that is, on many pages, as far from the page's own."""
    numbered = [
        (int(number) - page, line)
        for page, line in places
        for number in _COUNTED.findall(line.text.strip())
    ]
    if not numbered:
        return
    offset, count = Counter(offset for offset, _ in numbered).most_common(1)[0]
    pages = len({page for page, _ in places})
    if count < max(FEWEST_PAGES, NUMBERED_SHARE * pages):
        return
    heights = Counter(round(line.baseline / 4) for far, line in numbered if far == offset)
    for far, line in numbered:
        if far == offset and heights[round(line.baseline / 4)] >= FEWEST_PAGES:
            yield line
