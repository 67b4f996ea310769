"""What ought to come out of a document: the blocks of its source, as pandoc reads it."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pypandoc

from tests.fidelity.blocks import (
    CAPTION,
    CODE,
    DEFINITION,
    FOOTNOTE,
    HEADING,
    ITEM,
    MARK,
    PARAGRAPH,
    ROW,
    TERM,
    Block,
)

FOLDER = Path(__file__).parent / "truth"
DIALECT = "markdown-raw_html-raw_tex"
ADMONITIONS = ("note", "tip", "warning", "caution", "important")
_QUOTES = {"SingleQuote": "'", "DoubleQuote": '"'}
_MATH_MARKS = {"InlineMath": "$", "DisplayMath": "$$"}


@cache
def blocks_of(name: str) -> list[Block]:
    """Return the blocks of the source ``name``, footnotes behind the block that calls them."""
    return blocks_in(_source(name))


def blocks_in(source: str) -> list[Block]:
    """Return the blocks of a text in DIALECT."""
    return list(_blocks(_tree(source)["blocks"], Place()))


@cache
def title_of(name: str) -> str:
    """Return the title of the source ``name``."""
    return "".join(_text(_tree(_source(name))["meta"]["title"]["c"]))


def _source(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text()


def _tree(source: str) -> dict[str, Any]:
    """Return a source as pandoc reads it."""
    command = [pypandoc.get_pandoc_path(), "-f", DIALECT, "-t", "json"]
    done = subprocess.run(command, input=source, capture_output=True, check=True, text=True)
    tree: dict[str, Any] = json.loads(done.stdout)
    return tree


@dataclass(frozen=True)
class Place:
    """Where a block stands: how many lists it is in, and in which kind of box."""

    depth: int = 0
    kind: str = PARAGRAPH  # of the first paragraph there
    admonition: str = ""
    is_quote: bool = False


def _blocks(parts: list[Any], place: Place) -> Iterator[Block]:
    for number, part in enumerate(parts):
        tag, content = part["t"], part.get("c")
        here = place if not number or place.kind == DEFINITION else replace(place, kind=PARAGRAPH)
        if tag in ("Para", "Plain"):
            yield from _paragraph(content, here)
        elif tag in _WALKS:
            yield from _WALKS[tag](content, here)


def _paragraph(inlines: list[Any], place: Place) -> Iterator[Block]:
    yield Block(
        place.kind,
        "".join(_text(inlines)),
        place.depth,
        admonition=place.admonition,
        has_math=any(inline["t"] == "Math" for inline in _all(inlines)),
        is_quote=place.is_quote,
    )
    yield from _notes(inlines)


def _notes(inlines: list[Any]) -> Iterator[Block]:
    for inline in _all(inlines):
        if inline["t"] == "Note":
            for number, part in enumerate(inline["c"]):
                yield from _blocks([part], Place(kind=FOOTNOTE, depth=0 if number else 1))


def _heading(content: list[Any], _: Place) -> Iterator[Block]:
    yield Block(HEADING, "".join(_text(content[2])), content[0])


def _code(content: list[Any], _: Place) -> Iterator[Block]:
    classes = content[0][1]
    yield Block(CODE, content[1], language=classes[0] if classes else "")


def _bullets(content: list[Any], place: Place) -> Iterator[Block]:
    for item in content:
        yield from _blocks(item, replace(place, depth=place.depth + 1, kind=ITEM))


def _ordered(content: list[Any], place: Place) -> Iterator[Block]:
    yield from _bullets(content[1], place)


def _definitions(content: list[Any], place: Place) -> Iterator[Block]:
    for term, definitions in content:
        yield Block(TERM, "".join(_text(term)))
        for definition in definitions:
            yield from _blocks(definition, replace(place, kind=DEFINITION))


def _quote(content: list[Any], place: Place) -> Iterator[Block]:
    yield from _blocks(content, replace(place, is_quote=True))


def _box(content: list[Any], place: Place) -> Iterator[Block]:
    """Yield what is in a fenced div; the class of an admonition is its title."""
    kind = next((name for name in content[0][1] if name in ADMONITIONS), "")
    yield from _blocks(content[1], replace(place, admonition=kind or place.admonition))


def _figure(content: list[Any], _: Place) -> Iterator[Block]:
    yield from _blocks(content[1][1], Place(kind=CAPTION))


def _table(content: list[Any], _: Place) -> Iterator[Block]:
    yield from _blocks(content[1][1], Place(kind=CAPTION))
    for _, cells in content[3][1] + [row for body in content[4] for row in body[3]]:
        inside = [[block.text for block in _blocks(cell[4], Place())] for cell in cells]
        texts = tuple(map(" ".join, inside))
        yield Block(ROW, " ".join(texts), cells=texts)


_WALKS = {
    "Header": _heading,
    "CodeBlock": _code,
    "BulletList": _bullets,
    "OrderedList": _ordered,
    "DefinitionList": _definitions,
    "BlockQuote": _quote,
    "Div": _box,
    "Figure": _figure,
    "Table": _table,
}


def _all(inlines: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield inlines and those within them, but nothing of a footnote."""
    for inline in inlines:
        yield inline
        yield from _all(_within(inline))


def _within(inline: dict[str, Any]) -> list[Any]:
    """Return the inlines in an inline, such as the text of a link."""
    kind, content = inline["t"], inline.get("c", [])
    if kind in ("Link", "Image", "Span", "Quoted", "Cite"):
        content = content[1]
    return content if isinstance(content, list) and kind not in ("Code", "Math", "Note") else []


def _text(inlines: list[Any]) -> Iterator[str]:
    for inline in inlines:
        kind, content = inline["t"], inline.get("c")
        if kind == "Str":
            yield content
        elif kind in ("Space", "SoftBreak", "LineBreak"):
            yield " "
        elif kind == "Code":
            yield content[1]
        elif kind == "Math":
            mark = _MATH_MARKS[content[0]["t"]]
            yield f"{mark}{content[1]}{mark}"
        elif kind == "Note":
            yield MARK
        elif kind == "Quoted":
            mark = _QUOTES[content[0]["t"]]
            yield f"{mark}{''.join(_text(content[1]))}{mark}"
        else:
            yield from _text(_within(inline))
