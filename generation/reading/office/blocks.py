"""Blocks of text as HTML: paragraphs, headings, lists, tables and code, of formats without HTML."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from generation.reading.web import html_trees

if TYPE_CHECKING:
    from lxml.html import HtmlElement

CODE, ITEM, QUOTE, TEXT = "code", "item", "quote", "text"  # kinds of blocks
LONGEST_GROWING = 1000  # characters of a run, since adding to a longer one takes long; chosen
_MARKER = re.compile(r"^\s*([•·▪▫◦‣○●■□–—*o§+-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,6})[.)])\t\s*")
_NUMBERED = re.compile(r"\w")


@dataclass(frozen=True)
class Look:
    """How text looks, and where it links to."""

    is_bold: bool = False
    is_italic: bool = False
    is_code: bool = False
    link: str = ""
    raised: str = ""  # "sup" for raised and "sub" for lowered letters


@dataclass
class Run:
    """Text of one look; ``note`` is the number of the footnote that it calls, or 0."""

    text: str
    look: Look
    note: int = 0


@dataclass
class Paragraph:
    """A paragraph: ``level`` is that of a heading or 0, ``marker`` the number or bullet of an item.

    ``indent`` and ``first`` are the indents of all lines and of the first one.
    """

    runs: list[Run] = field(default_factory=list)
    level: int = 0
    marker: str = ""
    is_quote: bool = False
    indent: int = 0
    first: int = 0

    def add(self, text: str, look: Look) -> None:
        """Add text at the end."""
        last = self.runs[-1] if self.runs else None
        if last and last.look == look and not last.note and len(last.text) < LONGEST_GROWING:
            last.text += text
        else:
            self.runs.append(Run(text, look))

    @property
    def text(self) -> str:
        """The text without its looks."""
        return "".join(run.text for run in self.runs)

    @property
    def is_code(self) -> bool:
        """Whether all its words are set in a font for code."""
        written = [run for run in self.runs if run.text.strip()]
        return bool(written) and not self.level and all(run.look.is_code for run in written)


@dataclass
class Table:
    """Rows of cells, each of which has paragraphs.

    ``spans`` has how many columns and rows a cell covers, by its row and its place in it, if it
    covers several.
    """

    rows: list[list[list[Paragraph]]] = field(default_factory=list)
    spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)


Block = Paragraph | Table


def body_of_blocks(
    blocks: Sequence[Block], notes: Sequence[Sequence[Block]] = (), *, with_code: bool = True
) -> "HtmlElement":
    """Return blocks as the body of a page, with footnotes as pandoc writes them.

    Without ``with_code``, fonts for code mean nothing.
    """
    items = "".join(
        f'<li id="fn{number}">{_html(note, with_code)}</li>' for number, note in enumerate(notes, 1)
    )
    section = f'<section role="doc-endnotes"><ol>{items}</ol></section>'
    return html_trees.written_body(f"{_html(blocks, with_code)}{section}")


def _html(blocks: Sequence[Block], with_code: bool) -> str:
    written = []
    for kind, group in groupby(_kinds(blocks, with_code), key=itemgetter(0)):
        parts = [block for _, block in group]
        code = "\n".join(part.text for part in parts if isinstance(part, Paragraph))
        if kind == CODE and "\n" in code:
            written.append(f"<pre><code>{html.escape(code)}</code></pre>")
        elif kind == ITEM:
            written.append(_list([part for part in parts if isinstance(part, Paragraph)]))
        else:
            inner = "".join(
                _table(part) if isinstance(part, Table) else _paragraph(part) for part in parts
            )
            written.append(f"<blockquote>{inner}</blockquote>" if kind == QUOTE else inner)
    return "".join(written)


def _kinds(blocks: Sequence[Block], with_code: bool) -> Iterator[tuple[str, Block]]:
    """Yield each block with its kind; empty paragraphs only between lines of code."""
    blank: list[Block] = []
    last = ""
    for block in blocks:
        if isinstance(block, Paragraph) and not block.runs:
            blank.append(block)
            continue
        kind = _kind(block, with_code)
        if kind == last == CODE:
            yield from ((CODE, paragraph) for paragraph in blank)
        yield kind, block
        blank, last = [], kind


def _kind(block: Block, with_code: bool) -> str:
    if isinstance(block, Table):
        return TEXT
    if with_code and block.is_code:
        return CODE
    if not block.level and (block.marker or _take_marker(block)):
        return ITEM
    return QUOTE if block.is_quote else TEXT


def _take_marker(paragraph: Paragraph) -> bool:
    """Take a number or bullet that is written as text before a tab, as some programs do."""
    match = _MARKER.match(paragraph.runs[0].text) if paragraph.first < 0 else None
    if match:
        paragraph.marker = match[1]
        paragraph.runs[0].text = paragraph.runs[0].text[match.end() :]
    return bool(match)


def _list(items: Sequence[Paragraph]) -> str:
    """Return items as lists; an item that is indented more than one before belongs to that."""
    written: list[str] = []
    open_lists: list[tuple[int, str]] = []  # the indent and the tag of each
    for item in items:
        while len(open_lists) > 1 and item.indent < open_lists[-1][0]:
            written.append(f"</li></{open_lists.pop()[1]}>")
        tag = "ol" if _NUMBERED.search(item.marker) and item.marker != "o" else "ul"
        if open_lists and item.indent <= open_lists[-1][0] and tag == open_lists[-1][1]:
            written.append("</li>")
        else:
            if open_lists and item.indent <= open_lists[-1][0]:
                written.append(f"</li></{open_lists.pop()[1]}>")
            open_lists.append((item.indent, tag))
            number = re.sub(r"\D", "", item.marker)
            written.append(f'<ol start="{number}">' if tag == "ol" and number else f"<{tag}>")
        written.append(f"<li>{_inline(item)}")
    return "".join(written) + "".join(f"</li></{tag}>" for _, tag in reversed(open_lists))


def _table(table: Table) -> str:
    rows = []
    for y, row in enumerate(table.rows):
        cells = (f"<td{_span(table, y, x)}>{_cell(cell)}</td>" for x, cell in enumerate(row))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _span(table: Table, y: int, x: int) -> str:
    columns, rows = table.spans.get((y, x), (1, 1))
    return f' colspan="{columns}" rowspan="{rows}"' if columns > 1 or rows > 1 else ""


def _cell(paragraphs: Sequence[Paragraph]) -> str:
    return "<br>".join(_inline(paragraph) for paragraph in paragraphs if paragraph.runs)


def _paragraph(paragraph: Paragraph) -> str:
    tag = f"h{paragraph.level}" if paragraph.level else "p"
    return f"<{tag}>{_inline(paragraph)}</{tag}>"


def _inline(paragraph: Paragraph) -> str:
    """Return the text of a paragraph; headings are bold anyway."""
    written = []
    for look, group in groupby(paragraph.runs, key=lambda run: run.look):
        part = "".join(map(_run, group))
        if not part.strip():
            written.append(part)
            continue
        before, after = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
        part = part.strip()
        tags = [(look.raised, bool(look.raised)), ("code", look.is_code)]
        tags += [("em", look.is_italic), ("strong", look.is_bold)]
        for tag, is_set in tags:
            part = f"<{tag}>{part}</{tag}>" if is_set and not paragraph.level else part
        if look.link:
            part = f'<a href="{html.escape(look.link)}">{part}</a>'
        written.append(before + part + after)
    return "".join(written)


def _run(run: Run) -> str:
    if run.note:
        return f'<a href="#fn{run.note}" role="doc-noteref">{run.note}</a>'
    return html.escape(run.text).replace("\n", "<br>").replace("\t", " ")
