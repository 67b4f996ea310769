"""Read Jupyter notebooks: their Markdown as it is, code and what it printed as blocks of code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generation.reading.decoding import decode
from generation.reading.file_types import IPYNB
from generation.reading.office.held_markdown import fenced
from generation.reading.office.pieces import as_reading
from generation.reading.readings import Choices, Reading, damaged
from generation.reading.web.markdown_writing import markdown_of

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # of a terminal
_HTML_TABLE = re.compile(  # up to the next one, so that tables that never end take linear time
    r"^<table[\s>](?:(?!^<table[\s>]).)*?</table>", re.DOTALL | re.IGNORECASE | re.MULTILINE
)
_LANGUAGE = re.compile(r"[\w+#.-]+")


def read_notebook(path: Path, _: Choices) -> Reading:
    """Read a notebook. Raises CannotRead."""
    try:
        notebook = json.loads(decode(path.read_bytes()))
        metadata = _object(notebook, "metadata")
        language = _language(metadata)
        pieces = [(piece, "") for cell in _cells(notebook) for piece in _pieces(cell, language)]
    except (ValueError, RecursionError, TypeError, AttributeError):
        raise damaged("IPYNB") from None
    title = metadata.get("title")
    return as_reading(pieces, IPYNB, metadata={"title": title} if isinstance(title, str) else {})


def _cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells; in files of before 2015 they stand in worksheets."""
    if "cells" in notebook:
        return list(notebook["cells"])
    return [cell for sheet in notebook.get("worksheets", []) for cell in sheet["cells"]]


def _language(metadata: dict[str, Any]) -> str:
    names = (
        _object(metadata, "language_info").get("name"),
        _object(metadata, "kernelspec").get("language"),
    )
    language = next((name for name in names if isinstance(name, str)), "")
    return language if _LANGUAGE.fullmatch(language) else ""


def _pieces(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "code":
        if source.strip():
            yield fenced(source, language)
        for output in cell.get("outputs", []):
            yield _output(output)
    elif cell.get("cell_type") == "heading":
        yield f"{'#' * int(cell.get('level', 1))} {source}"
    else:
        yield _HTML_TABLE.sub(lambda match: _table(match[0]), source)


def _output(output: dict[str, Any]) -> str:
    """Return what code wrote, in the form in which the notebook shows it."""
    if output.get("output_type") == "error":
        lines = output.get("traceback") or [f"{output.get('ename')}: {output.get('evalue')}"]
        return _block("\n".join(lines))
    data = output.get("data", output)
    if markdown := _text(data.get("text/markdown")):
        return markdown
    if table := _table(_text(data.get("text/html", data.get("html")))):
        return table
    if formula := _text(data.get("text/latex")):
        return formula
    if any(name.startswith("image/") or name in ("png", "svg", "jpeg") for name in data):
        return ""  # its text only names the class of the picture
    return _block(_text(data.get("text/plain", data.get("text"))))


def _table(html: str) -> str:
    """Return HTML that has a table as Markdown; "" for other HTML, such as that of widgets."""
    import lxml.html

    if "<table" not in html:
        return ""
    element = lxml.html.fragment_fromstring(html, create_parent="div")
    for style in element.xpath(".//style | .//script"):
        style.drop_tree()
    return markdown_of(element)


def _block(text: str) -> str:
    text = _COLOURS.sub("", text)
    return fenced(text) if text.strip() else ""


def _text(source: Any) -> str:
    """Return a text, which may be written as a list of lines."""
    return "".join(source) if isinstance(source, list) else source or ""


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
