"""Find the code in a DOCX file by its font, and give it the styles by which pandoc knows code."""

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from generation.reading.office import docx_styles
from generation.reading.office.docx_repair import plain_text
from generation.reading.office.docx_styles import Styles, W, set_run_style, set_style
from generation.reading.xml_trees import remove

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MOST_CODE = 0.5  # share of a text set as code, above which a font is its usual one; chosen


def mark_code(document: "Element", styles: Styles) -> None:
    """Mark lines and words that are set in a font for code, unless most of the text is.

    A single line is a block of code only if its style says so, and not each word of it.
    """
    written = [run for run in document.iter(W + "r") if plain_text(run)]
    code = [run for run in written if styles.is_code(run, _paragraph_of(run))]
    if sum(len(plain_text(run)) for run in code) > MOST_CODE * len(plain_text(document)):
        return
    words = dict.fromkeys(code)
    for lines in [*_blocks(document, words)]:
        if len(lines) > 1 or _has_break(lines[0]) or styles.has_code_style(lines[0]):
            for run in [run for line in lines for run in line.iter(W + "r")]:
                words.pop(run, None)
            _join(lines)
    for run in words:
        set_run_style(run, docx_styles.INLINE_CODE)


def _paragraph_of(run: "Element") -> "Element":
    return next(run.iterancestors(W + "p"), run)


def _has_break(paragraph: "Element") -> bool:
    return next(paragraph.iter(W + "br"), None) is not None


def _blocks(document: "Element", code: Container["Element"]) -> Iterator[list["Element"]]:
    """Yield the lines of each block of code; empty lines only between others."""
    lines: list[Element] = []
    blank: list[Element] = []
    for paragraph in document.iter(W + "p"):
        runs = [run for run in paragraph.iter(W + "r") if plain_text(run)]
        follows = bool(lines) and paragraph.getparent() is lines[-1].getparent()
        is_line = bool(runs) and all(run in code for run in runs) and _can_be_code(paragraph)
        if follows and is_line:
            lines += [*blank, paragraph]
            blank = []
        elif follows and not runs:
            blank.append(paragraph)
        else:
            if lines:
                yield lines
            lines, blank = [paragraph] if is_line else [], []
    if lines:
        yield lines


def _can_be_code(paragraph: "Element") -> bool:
    """Whether a paragraph stands by itself: not in a table or list, not a heading."""
    in_table = next(paragraph.iterancestors(W + "tbl"), None) is not None
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    is_heading = style is not None and style.get(W + "val", "").startswith(docx_styles.HEADING)
    number = paragraph.find(f"{W}pPr/{W}numPr/{W}numId")
    in_list = number is not None and number.get(W + "val") != "0"
    return not in_table and not is_heading and not in_list


def _join(lines: list["Element"]) -> None:
    """Make lines one paragraph of code."""
    first = lines[0]
    set_style(first, docx_styles.CODE)
    for line in lines[1:]:
        run = first.makeelement(W + "r")
        run.append(run.makeelement(W + "br"))
        first.append(run)
        first.extend(child for child in list(line) if child.tag != W + "pPr")
        remove(line)
