"""Notebooks: Markdown as it is, code with its language, and what it wrote."""

import json
from typing import Any

import pytest

from generation.reading.readings import CannotRead
from tests.office import read


def text_of(*cells: dict[str, Any], **more: Any) -> str:
    notebook = {"nbformat": 4, "cells": cells, "metadata": {}, **more}
    return read(json.dumps(notebook).encode(), "a.ipynb").text


def code(*outputs: dict[str, Any], source: str = "tide()") -> dict[str, Any]:
    return {"cell_type": "code", "source": [source], "outputs": list(outputs)}


def test_code_has_its_language() -> None:
    metadata = {"language_info": {"name": "julia"}}
    assert text_of(code(), metadata=metadata) == "```julia\ntide()\n```"


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"output_type": "stream", "text": ["one\n", "two\n"]}, "```\none\ntwo\n```"),
        ({"data": {"text/plain": "7", "text/html": "<b>7</b>"}}, "```\n7\n```"),
        ({"data": {"text/markdown": "**7**", "text/plain": "7"}}, "**7**"),
        ({"data": {"image/png": "iVBO", "text/plain": "<Figure>"}}, ""),
        ({"output_type": "error", "traceback": ["\x1b[31mNo tide\x1b[0m"]}, "```\nNo tide\n```"),
    ],
)
def test_outputs_are_shown_as_the_notebook_shows_them(output: dict[str, Any], text: str) -> None:
    assert text_of(code(output)) == f"```\ntide()\n```\n\n{text}".strip()


def test_a_table_of_an_output_is_a_table() -> None:
    table = "<style>td {}</style><table><tr><th>a<th>b<tr><td>7<td>8</table>"
    text = text_of(code({"data": {"text/html": table, "text/plain": "a\n7"}}))
    assert [line.replace(" ", "") for line in text.splitlines()[-3:]] == [
        "|a|b|",
        "|---|---|",
        "|7|8|",
    ]


def test_a_table_in_html_becomes_one_in_markdown() -> None:
    source = "Fees:\n\n<table>\n<tr><th>a<th>b\n<tr><td>7<td>8\n</table>\n\nAfter."
    text = text_of({"cell_type": "markdown", "source": source})
    assert "<" not in text
    assert text.startswith("Fees:\n\n|")
    assert text.endswith("|\n\nAfter.")


def test_old_notebooks_have_their_cells_in_worksheets() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Tides"},
        {"cell_type": "code", "input": "tide()", "outputs": []},
    ]
    notebook = {"nbformat": 3, "worksheets": [{"cells": cells}], "metadata": {}}
    assert read(json.dumps(notebook).encode(), "a.ipynb").text == "## Tides\n\n```\ntide()\n```"


def test_code_with_fences_is_in_a_longer_fence() -> None:
    assert text_of(code(source="```")) == "````\n```\n````"


@pytest.mark.parametrize(
    "data", ["{", "[]", '{"cells": 3}', '{"cells": [3], "nbformat": 4}', "[" * 100_000]
)
def test_a_damaged_notebook_is_refused(data: str) -> None:
    with pytest.raises(CannotRead, match="The IPYNB file is damaged"):
        read(data.encode(), "a.ipynb")
