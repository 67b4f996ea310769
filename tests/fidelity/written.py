"""The blocks of the Markdown that a reader wrote."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from generation.passages.left_out import LeftOut
from tests.fidelity.blocks import CODE, HEADING, ITEM, PARAGRAPH, ROW, Block

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_NOTE = re.compile(r"\[\^([\w.:-]+)\]:")


def without_left_out(text: str, left_out: Iterable[LeftOut]) -> str:
    """Return the text that passages are cut from; none of them crosses a range left out."""
    parts, end = [], 0
    for gap in left_out:
        parts.append(text[end : gap.start])
        end = gap.end
    return "\n\n".join((*parts, text[end:]))


@dataclass
class Parser:
    """Collects blocks from the tokens of a Markdown text; ``tags`` counts those of HTML."""

    blocks: list[Block] = field(default_factory=list)
    tags: int = 0
    _lists: int = 0
    _quotes: int = 0
    _heading: int = 0
    _begins_item: bool = False
    _row: list[str] | None = None

    def read(self, token: "Token") -> None:
        if token.type == "inline":
            self._read_inline(token)
        elif token.type in ("fence", "code_block"):
            self._add(Block(CODE, token.content, language=token.info.strip().split(" ")[0]))
        elif token.type == "html_block":
            self.tags += 1
            self._add(Block(PARAGRAPH, re.sub("<[^>]*>", " ", token.content)))
        elif token.nesting > 0:
            self._open(token)
        elif token.nesting < 0:
            self._close(token)

    def _open(self, token: "Token") -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self._lists += 1
        elif token.type == "list_item_open":
            self._begins_item = True
        elif token.type == "blockquote_open":
            self._quotes += 1
        elif token.type == "heading_open":
            self._heading = int(token.tag[1])
        elif token.type == "tr_open":
            self._row = []

    def _close(self, token: "Token") -> None:
        if token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists -= 1
        elif token.type == "blockquote_close":
            self._quotes -= 1
        elif token.type == "heading_close":
            self._heading = 0
        elif token.type == "tr_close":
            cells = tuple(self._row or ())
            self._row = None
            self._add(Block(ROW, " ".join(cells), cells=cells))

    def _read_inline(self, token: "Token") -> None:
        text = self._text(token)
        if self._row is not None:
            self._row.append(text)
        elif self._heading:
            self._add(Block(HEADING, text, self._heading))
        else:
            kind = ITEM if self._begins_item else PARAGRAPH
            is_quote = self._quotes > 0
            self._add(Block(kind, text, self._lists, is_quote=is_quote, source=token.content))

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self._begins_item = False

    def _text(self, token: "Token") -> str:
        text = ""
        for child in token.children or []:
            if child.type in ("text", "code_inline"):
                text += child.content
            elif child.type in ("softbreak", "hardbreak"):
                text += " "
            elif child.type == "image":
                text += self._text(child)
            elif child.type == "html_inline":
                self.tags += 1
        return text


def parsed(markdown: str) -> Parser:
    """Return the blocks of a Markdown text, and how many tags of HTML are left in it."""
    parser = Parser()
    for token in _MARKDOWN.parse(_with_plain_notes(markdown)):
        parser.read(token)
    return parser


def _with_plain_notes(markdown: str) -> str:
    """Return a Markdown text in which a footnote is a paragraph that begins with its mark.

    CommonMark has no footnotes: it takes one of a single word for the target of a link, and the
    later paragraphs of one, which are indented, for code.
    """
    lines, is_in_note = [], False
    for line in markdown.splitlines():
        if note := _NOTE.match(line):
            line = f"\\[^{note[1]}\\]:{line[note.end() :]}"
        is_in_note = bool(note) or (is_in_note and (not line.strip() or line.startswith("    ")))
        lines.append(line.removeprefix("    ") if is_in_note else line)
    return "\n".join(lines)
