"""Write sheets as Markdown: their names as headings, their lines and their tables."""

import re
from collections.abc import Iterable, Iterator, Sequence

from generation.reading.office.pieces import BETWEEN
from generation.reading.tables.workbooks import Sheet

# Marks that would make of a cell's line a heading, a quote, a fence or a rule.
_LINE_MARK = re.compile(
    r"^[ \t]*(?=#{1,6}(?:\s|$)|>|`{3}|~{3}|(?:-{3,}|={1,}|_{3,}|\*{3,})[ \t]*$)", re.MULTILINE
)
_ESCAPING = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def pieces(sheets: Sequence[Sheet], reason: str = "") -> Iterator[tuple[str, str]]:
    """Yield the text of each sheet, under its name, and the reason why it is in no passage."""
    for sheet in sheets:
        yield f"# {_paragraph(sheet.name)}{BETWEEN}{text_of(sheet)}", reason


def text_of(sheet: Sheet) -> str:
    """Return a sheet without its name: the lines above its table, and the table.

    A sheet of one column has paragraphs instead.
    """
    if len(sheet.header) > 1:
        table = table_of(sheet.header, (values for _, values in sheet.rows))
        return BETWEEN.join([*map(_paragraph, sheet.above), table])
    lines = [*sheet.above, *sheet.header, *(value for _, [value] in sheet.rows)]
    return paragraphs(lines)


def lines_above(sheets: Iterable[Sheet]) -> str:
    """Return the lines above the tables of sheets."""
    return paragraphs(line for sheet in sheets for line in sheet.above)


def paragraphs(texts: Iterable[str]) -> str:
    """Return texts as paragraphs, of which none is taken for more than text."""
    return BETWEEN.join(map(_paragraph, texts))


def table_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    under = "|" + "---|" * len(header)
    return "\n".join([_row(header), under, *map(_row, rows)])


def _row(values: Sequence[str]) -> str:
    cells = (" ".join(_escaped(value).replace("|", "\\|").split()) for value in values)
    return f"| {' | '.join(cells)} |"


def _paragraph(text: str) -> str:
    """Return the text of a cell so that no line of it is taken for more than text."""
    return _LINE_MARK.sub(r"\\", _INDENT.sub("", _escaped(text)))


def _escaped(text: str) -> str:
    return _TAG.sub(r"\\<", _ESCAPING.sub(r"\\\\", text))
