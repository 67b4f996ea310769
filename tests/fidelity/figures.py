"""The figures of every format: its converted files, read as a worker does and compared."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generation.reading import reader_process
from generation.reading.readings import CannotRead, Reading
from tests.fidelity import truth
from tests.fidelity.blocks import HEADING, ITEM, PARAGRAPH, Block, letters, without_math, words
from tests.fidelity.comparison import PAGE_START, compare
from tests.fidelity.tally import Tally
from tests.fidelity.written import parsed, without_left_out

CONVERTED = Path(__file__).parent / "converted"
RUNNING_HEAD = "Larch & Daughters, internal"  # of every printed page
NOTES = "Notes"  # what pandoc calls the slide of footnotes
FRAMES = ("plain", "main", "content", "tags", "table", "manual")
VARIANTS = {  # the ends of the names of the files that belong to each format
    "html": [f"{frame}.html" for frame in FRAMES],
    "docx": ["docx"],
    "docx_office": ["office.docx"],
    "odt": ["odt"],
    "odt_office": ["office.odt"],
    "epub": ["epub"],
    "rst": ["rst"],
    "rtf": ["rtf"],
    "rtf_office": ["office.rtf"],
    "ipynb": ["ipynb"],
    "pptx": ["pptx"],
    "pdf_tagged": ["one.pdf"],
    "pdf_contents": ["toc.pdf"],
    "pdf_untagged": ["one.pdf"],
    "pdf_two_columns": ["two.pdf"],
    "pdf_two_tagged": ["two.pdf"],
    "pdf_print": ["chrome.pdf"],
    "pdf_office": ["office.pdf"],
}
UNTAGGED = {"pdf_untagged", "pdf_two_columns"}  # their tags are hidden from the reader
KEPT = (  # the figures that a later version may not lower
    "paragraphs", "marks", "alone", "order", "headings", "items", "terms", "definitions", "cells",
    "code", "languages", "footnotes", "notes_called", "captions", "quotes", "admonitions", "math",
    "pages", "kept",
)  # fmt: skip
BOXED = {"html", "epub", "rst"}  # formats that know admonitions
UNKNOWN = {  # figures that are not asked for where a format does not have what they count
    "admonitions": {*VARIANTS} - BOXED,
    "languages": {*VARIANTS} - BOXED - {"ipynb"},
    "notes_called": {"ipynb"},  # pandoc writes "[1]" there
    "notes_marked": {"ipynb"},
}
_PAGE_NUMBER = re.compile(r"page\d+of\d+$")
_TITLE_LENGTH = 70  # letters of a running head with the longest title; chosen


@dataclass(frozen=True)
class Measured:
    """A converted file, what is right in it, and why it could not be read."""

    name: str
    tally: Tally
    refused: str = ""


def figures_of(variant: str) -> Tally:
    """Return the sums of a variant."""
    total = Tally()
    for measured in measure(variant):
        total.add(measured.tally)
    return total


def measure(variant: str) -> Iterator[Measured]:
    """Read every file of a variant and compare it with its source."""
    for ending in VARIANTS[variant]:
        for path in sorted(CONVERTED.glob(f"[0-9]*.{ending}")):
            if path.name.removeprefix(f"{_source(path)}.") == ending:
                measured = _measured(path, is_untagged=variant in UNTAGGED)
                for name in {name for name, variants in UNKNOWN.items() if variant in variants}:
                    measured.tally.leave_out(name)
                yield measured


def _source(path: Path) -> str:
    return path.name.split(".")[0]


def _measured(path: Path, *, is_untagged: bool) -> Measured:
    try:
        reading = _read_untagged(path) if is_untagged else read(path)
    except CannotRead as refused:
        return Measured(path.name, compared(_source(path), Reading("", "")), str(refused))
    tally = compared(_source(path), reading)
    if path.suffix == ".pdf":
        _compare_pages(tally, truth.blocks_of(_source(path)), reading, _pages_of(path))
    return Measured(path.name, tally)


def read(path: Path) -> Reading:
    """Read a file as a worker does. Raises CannotRead."""
    return reader_process.read_isolated(path, path.name, seconds=60, megabytes=2_000)


def _read_untagged(path: Path) -> Reading:
    """Read a PDF as if it had no tags, as most have none."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(path.read_bytes().replace(b"/StructTreeRoot", b"/StructTreeGone"))
        return read(copy)


def compared(source: str, reading: Reading) -> Tally:
    """Compare what passages are cut from with a source; what was left out counts as lost."""
    blocks = truth.blocks_of(source)
    written = parsed(without_left_out(reading.text, reading.left_out))
    tally = compare(blocks, written.blocks, allowed=[truth.title_of(source), NOTES])
    tally.count("tags_left", written.tags)
    _count_furniture(tally, written.blocks)
    said = Counter(word for block in blocks for word in words(without_math(block.text)))
    missing = said - Counter(words(reading.text))
    tally.count("kept", said.total() - missing.total(), said.total())
    tally.tell("kept", [" ".join(missing)])
    return tally


def _count_furniture(tally: Tally, blocks: list[Block]) -> None:
    """Count running heads and page numbers: as blocks of their own, as headings, or glued."""
    head = letters(RUNNING_HEAD)
    for block in blocks:
        text = letters(block.text)
        has_number = bool(_PAGE_NUMBER.search(text))
        if head not in text and not has_number:
            continue
        is_alone = len(text) < len(head) + _TITLE_LENGTH and (
            text.startswith(head) or (has_number and bool(_PAGE_NUMBER.match(text)))
        )
        tally.count("furniture" if is_alone else "glued", 1)


def _pages_of(path: Path) -> list[str]:
    """Return the letters of each page of a PDF, as a library that is not ours finds them."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return [letters(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def _compare_pages(tally: Tally, blocks: list[Block], reading: Reading, pages: list[str]) -> None:
    """Count blocks that begin on the right page; those that begin on two at once are not asked."""
    ends = [*reading.page_starts[1:], len(reading.text)]
    ours = [
        letters(reading.text[start:end])
        for start, end in zip(reading.page_starts, ends, strict=True)
    ]
    for block in blocks:
        start = letters(block.text)[:PAGE_START]
        if block.kind not in (PARAGRAPH, HEADING, ITEM) or len(start) < PAGE_START // 3:
            continue
        right = [number for number, page in enumerate(pages) if start in page]
        if len(right) == 1:
            is_right = right[0] < len(ours) and start in ours[right[0]]
            tally.count("pages", is_right, what=block.text)
