"""Read RTF files."""

from collections.abc import Sequence
from pathlib import Path

from generation.passages.left_out import COMMENT, HIDDEN, RUNNING_HEAD
from generation.reading.file_types import RTF
from generation.reading.office import pandoc_html
from generation.reading.office.blocks import Block, Paragraph, body_of_blocks
from generation.reading.office.docx_code import MOST_CODE
from generation.reading.office.pieces import as_reading
from generation.reading.office.rtf_reader import AUTHOR, MARGIN, NOTE, REMARK, TITLE, Interpreter
from generation.reading.office.rtf_tokens import tokens_of
from generation.reading.readings import Choices, Reading


def read_rtf(path: Path, _: Choices) -> Reading:
    """Read an RTF file."""
    interpreter = Interpreter()
    for token in tokens_of(path.read_bytes()):
        interpreter.take(token)
    blocks = interpreter.complete()
    stories = interpreter.stories
    margins = dict.fromkeys(_markdown(story, []) for story in stories[MARGIN])
    names = {"title": interpreter.names.get(TITLE), "author": interpreter.names.get(AUTHOR)}
    return as_reading(
        [
            (_markdown(blocks, stories[NOTE]), ""),
            (" ".join("".join(interpreter.hidden).split()), HIDDEN),
            *((_markdown(story, []), COMMENT) for story in stories[REMARK]),
            *((margin, RUNNING_HEAD) for margin in margins),
        ],
        RTF,
        metadata={name: value for name, value in names.items() if value},
    )


def _markdown(blocks: Sequence[Block], notes: Sequence[Sequence[Block]]) -> str:
    body = body_of_blocks(blocks, notes, with_code=_has_code(blocks))
    return pandoc_html.markdown_of_body(body)


def _has_code(blocks: Sequence[Block]) -> bool:
    """Whether a font for code means code, and is not that of most of the text."""
    paragraphs = [block for block in blocks if isinstance(block, Paragraph)]
    code = sum(len(paragraph.text) for paragraph in paragraphs if paragraph.is_code)
    return code <= MOST_CODE * sum(len(paragraph.text) for paragraph in paragraphs)
