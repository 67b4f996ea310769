"""Interpret the control words of RTF, after its specification 1.9.1."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from generation.reading.office.blocks import Block, Look, Paragraph, Run
from generation.reading.office.docx_styles import DEEPEST, is_monospaced, is_quote_style
from generation.reading.office.rtf_tables import (
    DEFINES_CELL,
    DEFINES_ROW,
    RowShape,
    ShapedTable,
    with_merged_cells,
)
from generation.reading.office.rtf_tokens import (
    CHARSETS,
    SYMBOLS,
    Token,
    encoding_of,
    unicode_of,
    without_surrogates,
)

BODY, SKIPPED, FONTS, STYLES, MARKER, LINK = "body", "skipped", "fonts", "styles", "marker", "link"
TITLE, AUTHOR, NOTE, MARGIN, REMARK, BOX = "title", "author", "note", "margin", "remark", "box"
STORIES = (NOTE, MARGIN, REMARK, BOX)  # texts of their own
GROUPS = {  # by the word that a group begins with; other groups belong to the text around them
    "fonttbl": FONTS,
    "stylesheet": STYLES,
    **dict.fromkeys(("listtext", "pntext"), MARKER),
    "footnote": NOTE,
    "annotation": REMARK,
    **dict.fromkeys(("shptxt", "dptxbxtext"), BOX),
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), MARGIN),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), MARGIN),
    "fldinst": LINK,
    "title": TITLE,
    "author": AUTHOR,
    **dict.fromkeys(("colortbl", "pict", "objdata", "nonshppict", "xe", "tc", "sp"), SKIPPED),
    "nesttableprops": SKIPPED,  # how the rows of a table within a cell look
    **dict.fromkeys(("atnid", "atnauthor", "nonesttables", "ftnsep", "ftnsepc"), SKIPPED),
    **dict.fromkeys(("subject", "keywords", "comment", "doccomm", "operator", "company"), SKIPPED),
    **dict.fromkeys(("manager", "category", "hlinkbase", "creatim", "revtim"), SKIPPED),
}
ENTERED = ("shpinst", "shprslt", "moMath", "moMathPara")  # though unknown to some
_LINK = re.compile(r'HYPERLINK\s+"([^"]+)"')
_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)


@dataclass(frozen=True)
class State:
    """What holds until the end of a group."""

    group: str = BODY
    font: int = -1
    look: Look = field(default_factory=Look)
    fallback: int = 1  # characters after a Unicode character, for programs that do not know it
    is_hidden: bool = False
    is_deleted: bool = False
    is_in_table: bool = False
    style: int = -1
    level: int = 0
    list_level: int = -1
    is_item: bool = False
    indent: int = 0
    first: int = 0


@dataclass
class Story:
    """A text of its own, whose last paragraph and table row may not be complete."""

    blocks: list[Block] = field(default_factory=list)
    paragraph: Paragraph = field(default_factory=Paragraph)
    cell: list[Paragraph] = field(default_factory=list)
    row: list[list[Paragraph]] = field(default_factory=list)
    boxes: list[Block] = field(default_factory=list)
    shape: RowShape = field(default_factory=RowShape)

    def end_paragraph(self, state: State, level: int) -> None:
        """Complete the paragraph; text boxes in it follow it."""
        paragraph, self.paragraph = self.paragraph, Paragraph()
        paragraph.level = 0 if state.is_in_table else level
        if paragraph.level and paragraph.marker:
            paragraph.runs.insert(0, Run(f"{paragraph.marker} ", Look()))
        elif state.is_item and not paragraph.level:
            paragraph.marker = paragraph.marker or "•"
        paragraph.first = state.first
        paragraph.indent = state.list_level if state.list_level >= 0 else state.indent
        if state.is_in_table:
            self.cell.append(paragraph)
        else:
            self.blocks += [paragraph, *self.boxes]
            self.boxes = []

    def end_cell(self, state: State) -> None:
        """Complete the cell, with its last paragraph."""
        if self.paragraph.runs:
            self.end_paragraph(replace(state, is_in_table=True), 0)
        self.row.append(self.cell)
        self.cell = []

    def end_row(self) -> None:
        """Complete the row; the first one begins a table."""
        last = self.blocks[-1] if self.blocks else None
        if isinstance(last, ShapedTable):
            last.rows.append(self.row)
            last.shapes.append(self.shape.cells)
        else:
            self.blocks.append(ShapedTable([self.row], shapes=[self.shape.cells]))
        self.row = []

    def define_row(self, word: str, number: int) -> None:
        """Begin the definition of the next rows, or take a word of it."""
        if word == DEFINES_ROW:
            self.shape = RowShape()
        else:
            self.shape.take(word, number)

    def complete(self, state: State) -> list[Block]:
        """Return all blocks, also of what the file did not complete."""
        if self.paragraph.runs:
            self.end_paragraph(state, 0)
        if self.cell:
            self.row.append(self.cell)
        if self.row:
            self.end_row()
        self.blocks += self.boxes
        return [
            with_merged_cells(block) if isinstance(block, ShapedTable) else block
            for block in self.blocks
        ]


class Interpreter:
    """Takes tokens, and has the texts of a file afterwards."""

    def __init__(self) -> None:
        self.body = Story()
        self.stories: dict[str, list[list[Block]]] = {kind: [] for kind in STORIES}
        self.hidden: list[str] = []
        self.names: dict[str, str] = {}  # title and author
        self._state = State()
        self._outer: list[State] = []
        self._open = [self.body]  # stories, the innermost last
        self._is_first = self._is_starred = False  # of the next word in its group
        self._bytes = bytearray()
        self._text: list[str] = []  # since adding to a string each time takes ever longer
        self._words: list[str] = []
        self._to_skip = 0
        self._encoding, self._default_font = "cp1252", 0
        self._fonts: dict[int, tuple[str, bool]] = {}  # encoding, and whether it is one for code
        self._levels: dict[int, int] = {}  # of headings, by the numbers of their styles
        self._quotes: set[int] = set()  # numbers of styles
        self._number = 0  # of the font or style that is being defined

    def take(self, token: Token) -> None:
        """Take the next token of a file."""
        if not token.word:
            self._take_bytes(token.text)
        elif token.word == "{":
            self._flush()
            self._outer.append(self._state)
            self._is_first, self._is_starred, self._to_skip = True, False, 0
            return
        elif token.word == "}":
            self._flush()
            self._end_group()
        elif token.word == "u":
            self._decode()
            self._text.append(unicode_of(token.number or 0))
            self._to_skip = self._state.fallback
        elif token.word == "*" and self._is_first:
            self._is_starred = True
            return
        elif self._to_skip and token.word in SYMBOLS:
            self._to_skip -= 1
        else:
            self._take_word(token.word, token.number)
        self._is_first = False

    def complete(self) -> list[Block]:
        """Return the blocks of the body after the last token."""
        self._flush()
        return self.body.complete(self._state)

    def _take_bytes(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        self._bytes += data[skipped:]

    def _decode(self) -> None:
        font = self._state.font if self._state.font >= 0 else self._default_font
        encoding = self._fonts.get(font, ("", False))[0] or self._encoding
        if self._bytes:
            self._text.append(self._bytes.decode(encoding, errors="replace"))
            self._bytes.clear()

    def _flush(self) -> None:
        """Add the text that was read to where it belongs."""
        if not self._bytes and not self._text:
            return
        self._decode()
        text = without_surrogates("".join(self._text))
        self._text.clear()
        state = self._state
        if not text or state.is_deleted or state.group == SKIPPED:
            return
        if state.group in (FONTS, STYLES):
            self._define(text)
        elif state.group not in (BODY, *STORIES):
            self._words.append(text)
        elif state.is_hidden:
            self.hidden.append(text)
        else:
            self._open[-1].paragraph.add(text, state.look)

    def _define(self, text: str) -> None:
        """Take the name of a font or style, which ends with a semicolon."""
        self._words.append(text)
        if ";" not in text:
            return
        name = self._taken_words().split(";")[0].strip()
        if self._state.group == FONTS:
            encoding, is_fixed = self._fonts.get(self._number, ("", False))
            self._fonts[self._number] = encoding, is_fixed or is_monospaced(name)
        elif heading := _HEADING.match(name):
            self._levels[self._number] = min(int(heading[1]), DEEPEST)
        elif is_quote_style(name):
            self._quotes.add(self._number)
        elif name.lower() == "title":
            self._levels[self._number] = 1

    def _taken_words(self) -> str:
        words = "".join(self._words)
        self._words.clear()
        return words

    def _begin_group(self, group: str) -> None:
        if self._state.group == SKIPPED:
            return
        self._words.clear()
        self._state = replace(self._state, group=group)
        if group in STORIES:
            self._open.append(Story())
            self._state = State(group=group, font=self._state.font)

    def _end_group(self) -> None:
        if not self._outer:
            return
        ended, self._state = self._state, self._outer.pop()
        if ended.group == self._state.group:
            return
        words = self._taken_words().strip()
        if ended.group == MARKER:
            self._open[-1].paragraph.marker = words or "•"
        elif ended.group == LINK and (link := _LINK.search(words)):
            self._change_look(link=link[1])
        elif ended.group in (TITLE, AUTHOR):
            self.names[ended.group] = words
        elif ended.group in STORIES:
            self._end_story(ended)

    def _end_story(self, ended: State) -> None:
        blocks = self._open.pop().complete(ended)
        if ended.group == BOX:
            self._open[-1].boxes += blocks
            return
        self.stories[ended.group].append(blocks)
        if ended.group == NOTE:
            note = Run("", Look(), note=len(self.stories[NOTE]))
            self._open[-1].paragraph.runs.append(note)

    def _take_word(self, word: str, number: int | None) -> None:
        self._flush()
        self._to_skip = 0
        if self._is_first and word in GROUPS:
            self._begin_group(GROUPS[word])
        elif self._is_first and self._is_starred and word not in ENTERED:
            self._begin_group(SKIPPED)
        elif self._state.group in (FONTS, STYLES):
            self._take_definition(word, number or 0)
        elif word in SYMBOLS:
            self._text.append(SYMBOLS[word])
        elif word in _PROPERTIES:
            name, value_of = _PROPERTIES[word]
            self._state = replace(self._state, **{name: value_of(number)})
        elif self._state.group in (BODY, *STORIES):
            self._take_command(word, number)

    def _take_definition(self, word: str, number: int) -> None:
        encoding, is_code = self._fonts.get(self._number, ("", False))
        if word == ("f" if self._state.group == FONTS else "s"):
            self._number = number
        elif self._state.group == STYLES and word != "outlinelevel":
            return
        elif word == "fcharset":
            self._fonts[self._number] = CHARSETS.get(number, ""), is_code
        elif word == "fprq" and number == 1:  # a fixed pitch
            self._fonts[self._number] = encoding, True
        elif word == "outlinelevel" and number < 9:
            self._levels[self._number] = min(number + 1, DEEPEST)

    def _take_command(self, word: str, number: int | None) -> None:
        story, state = self._open[-1], self._state
        if word == "par" or (word in _BREAKS and story.paragraph.runs):
            story.paragraph.is_quote = state.style in self._quotes
            story.end_paragraph(state, state.level or self._levels.get(state.style, 0))
        elif word == "cell":
            story.end_cell(state)
        elif word == "row":
            story.end_row()
        elif word in (DEFINES_ROW, *DEFINES_CELL):
            story.define_row(word, number or 0)
        elif word == "pard":
            self._state = replace(state, **_NEW_PARAGRAPH)
        elif word == "deff":
            self._default_font = number or 0
        elif word in ("ansicpg", "mac"):
            self._encoding = encoding_of(number or 10000)
        else:
            self._take_look(word, number)

    def _take_look(self, word: str, number: int | None) -> None:
        if word == "plain":
            self._state = replace(self._state, is_hidden=False, font=-1)
            self._change_look(is_bold=False, is_italic=False, raised="", is_code=self._is_code(-1))
        elif word == "f":
            self._state = replace(self._state, font=number or 0)
            self._change_look(is_code=self._is_code(number or 0))
        elif word in _RAISED:
            self._change_look(raised=_RAISED[word] if number != 0 else "")
        elif word in ("b", "i"):
            self._change_look(**{"is_bold" if word == "b" else "is_italic": number != 0})

    def _is_code(self, font: int) -> bool:
        return self._fonts.get(font if font >= 0 else self._default_font, ("", False))[1]

    def _change_look(self, **changes: Any) -> None:
        self._state = replace(self._state, look=replace(self._state.look, **changes))


def _number(number: int | None) -> int:
    return number or 0


def _is_set(number: int | None) -> bool:
    return number != 0


_RAISED = {"super": "sup", "sub": "sub", "nosupersub": ""}
_BREAKS = ("sect", "page", "column", "nestcell")  # these end a paragraph
_NEW_PARAGRAPH: dict[str, Any] = {
    "is_in_table": False,
    "style": -1,
    "level": 0,
    "list_level": -1,
    "is_item": False,
    "indent": 0,
    "first": 0,
}
_PROPERTIES: dict[str, tuple[str, Callable[[int | None], Any]]] = {
    "uc": ("fallback", _number),
    "v": ("is_hidden", _is_set),
    "deleted": ("is_deleted", _is_set),
    "intbl": ("is_in_table", _is_set),
    "s": ("style", _number),
    "ls": ("is_item", lambda number: bool(number)),
    "ilvl": ("list_level", _number),
    "li": ("indent", _number),
    "fi": ("first", _number),
    "outlinelevel": ("level", lambda number: 0 if (number or 0) > 8 else min((number or 0) + 1, 6)),
}
