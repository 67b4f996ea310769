"""Read reStructuredText: pandoc reads it, after its directives are written in plain ones."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import MENU
from generation.reading.decoding import clean, decode
from generation.reading.file_types import RST
from generation.reading.office import pandoc, pandoc_html, rst_docinfo
from generation.reading.office.pieces import as_reading
from generation.reading.office.rst_directives import simplified
from generation.reading.readings import Choices, Reading
from qareview.stored_sentences import listed, stored

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TARGET = re.compile(r"(?s)^(.*\S)\s*<[^<>]*>$")
_CODE_ROLES = {"func", "meth", "class", "mod", "attr", "data", "exc", "obj", "const", "type"}
_CODE_ROLES |= {"file", "command", "envvar", "option", "program", "samp", "kbd", "code", "opcode"}
_CODE_ROLES |= {"macro", "member", "var", "struct", "token", "keyword", "confval", "makevar"}
_PREFIXES = {"pep": "PEP", "rfc": "RFC", "cve": "CVE-", "cwe": "CWE-"}


def read_rst(path: Path, _: Choices) -> Reading:
    """Read reStructuredText. Raises CannotRead."""
    metadata, text = rst_docinfo.divide(clean(decode(path.read_bytes())))
    source = simplified(text)
    body = pandoc.html_of(source.text.encode(), "rst", "reStructuredText")
    _box_admonitions(body)
    _write_roles(body)
    for caption in body.xpath(".//figcaption"):
        caption.tag = "div"
    pieces = [
        (pandoc_html.markdown_of_body(body), ""),
        ("\n".join(f"- {entry}" for entry in source.menus), MENU),
    ]
    return as_reading(pieces, RST, metadata=metadata, note=_note(source.files))


def _box_admonitions(body: "HtmlElement") -> None:
    """Make notes and warnings quotes that begin with their titles."""
    titles = ".//div/div[@class='title'] | .//div[@class='admonition']/p"
    for title in body.xpath(f"({titles})[not(preceding-sibling::*)]"):
        title.getparent().tag = "blockquote"
        words = title.text_content().strip()
        title.clear()
        title.tag = "p"
        strong = title.makeelement("strong")
        strong.text = words
        title.append(strong)


def _write_roles(body: "HtmlElement") -> None:
    """Write references as the words that they show."""
    for code in body.find_class("interpreted-text"):
        role = code.get("role", "").rpartition(":")[2]
        text = code.text_content()
        if target := _TARGET.match(text):
            text = target[1]
        elif text.startswith("~"):
            text = text.rpartition(".")[2].lstrip("~")
        text = text.lstrip("!")
        code.text = f"{_PREFIXES[role]} {text}".replace("- ", "-") if role in _PREFIXES else text
        if role not in _CODE_ROLES:
            code.drop_tag()


def _note(files: Sequence[str]) -> str:
    if not files:
        return ""
    return stored(
        "The text includes other files, which were not read: %(files)s. Upload them, too.",
        files=listed(files),
    )
