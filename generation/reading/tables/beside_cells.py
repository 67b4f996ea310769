"""Find the text of a workbook that is in no cell: comments and text boxes.

They are looked for in XLSX and ODS; the binary formats XLS and XLSB keep theirs.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import COMMENT, TEXT_BOX
from generation.reading import xml_trees
from generation.reading.office.packages import Package, opened
from generation.reading.readings import CannotRead

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_COMMENTS = re.compile(r"xl/(?:\w+/)?comments?\d*\.xml")  # Excel's names, and those of openpyxl
_THREADS = re.compile(r"xl/threadedComments/\w+\.xml")
_DRAWINGS = re.compile(r"xl/drawings/drawing\d+\.xml")
_CONTENT = "content.xml"  # of OpenDocument
_HAS_TEXTS = re.compile(rb"<[\w.-]+:(?:annotation|text-box|custom-shape)\b")
_COPY_OF_THREAD = "[Threaded comment]"  # begins the comment that old programs show for a thread


def texts_beside_cells(path: Path, kind: str) -> Iterator[tuple[str, str]]:
    """Yield each comment and text box of a workbook with the reason why it is in no passage.

    Damaged parts are passed over. Raises CannotRead if the package is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    with opened(path, kind) as package:
        if _CONTENT in package:
            yield from _of_opendocument(package.read(_CONTENT))
            return
        threads = package.parts(_THREADS)
        for text in _texts(package, package.parts(_COMMENTS), "comment"):
            if not threads or not text.startswith(_COPY_OF_THREAD):
                yield text, COMMENT
        for text in _texts(package, threads, "threadedComment"):
            yield text, COMMENT
        for text in _texts(package, package.parts(_DRAWINGS), "txBody"):
            yield text, TEXT_BOX


def _of_opendocument(data: bytes) -> Iterator[tuple[str, str]]:
    if not _HAS_TEXTS.search(data):  # a tree of a large sheet takes much memory
        return
    content = _parsed(data)
    for comment in content.iter("{*}annotation"):
        yield _lines(comment.iterfind("{*}p")), COMMENT
    for box in content.iter("{*}text-box", "{*}custom-shape"):
        yield _lines(box.iter("{*}p")), TEXT_BOX


def _texts(package: Package, parts: Iterable[str], name: str) -> Iterator[str]:
    """Yield the text of each element of a name in some parts, a line for each paragraph."""
    for part in parts:
        try:
            root = _parsed(package.read(part))
        except CannotRead:  # it does not keep anybody from reading the cells
            continue
        for reading in [*root.iter("{*}rPh")]:  # how a Japanese word is pronounced
            xml_trees.remove(reading)
        for element in root.iter(f"{{*}}{name}"):
            yield _lines([*element.iter("{*}p")] or [element])


def _parsed(data: bytes) -> "Element":
    """Return a part's root; an empty element if it is no XML."""
    try:
        return xml_trees.parsed(data, recover=True)
    except ValueError:
        return xml_trees.parsed(b"<empty/>")


def _lines(paragraphs: Iterable["Element"]) -> str:
    return "\n".join(filter(None, map(_text, paragraphs)))


def _text(paragraph: "Element") -> str:
    for space in paragraph.iter("{*}br", "{*}line-break", "{*}tab"):
        space.text = " "
    return " ".join("".join(paragraph.itertext()).split())
