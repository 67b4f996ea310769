"""Write the content of an HTML element as Markdown.

Readers of web pages, EPUB and office files have HTML; this is how all of them write it. What
html-to-markdown would lose or blur is put right in the tree before: notes, definition lists,
formulas, code, tables, and the blanks and line ends of the source.
"""

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from generation.reading import xml_trees
from generation.reading.web import (
    html_blocks,
    html_code,
    html_inline,
    html_mathematics,
    html_notes,
    html_tables,
    html_trees,
)
from generation.reading.web.literal_text import ROW_END, restored

if TYPE_CHECKING:
    from lxml.html import HtmlElement

DEEPEST = 100  # containers within each other; html-to-markdown loses text below 1,000
_FENCE = re.compile(r"^[ >]*(?:[-*+]|\d+[.)])?\s*(`{3,}|~{3,})")
_QUOTE = re.compile(r"^\s*>")
_PASSES = (
    html_mathematics.write_formulas,
    html_code.write_code,
    html_tables.unwrap_layout,
    html_blocks.write_lists,
    html_notes.write_notes,
    html_inline.write_pictures,
    html_inline.write_links,
    html_inline.write_raised,
    html_blocks.write_admonitions,
    html_blocks.write_buttons,
    html_blocks.write_headings,
    html_blocks.write_details,
    html_blocks.write_definitions,
    html_blocks.write_figures,
    html_blocks.write_breaks,
    html_tables.write_tables,
    html_inline.write_emphasis,
    html_inline.even_out_blanks,
)


def markdown_of(element: "HtmlElement") -> str:
    """Return an element's content as Markdown. The element is changed for it."""
    import lxml.html

    held = [*element.iter()]  # or lxml would make an object for each element in each pass
    for change in _PASSES:
        change(element)
    _remove_unseen(element)
    _flatten(element)
    del held
    written = lxml.html.tostring(element, encoding="unicode", with_tail=False)
    return "\n".join(_lines(_converted(written))).strip("\n")


@functools.cache
def _options() -> Any:
    """Return the options of html-to-markdown, with values of the types that it has itself.

    It would look up those of usual options for each text, which takes as long as a short text does.
    """
    from html_to_markdown import _html_to_markdown as own

    return own.ConversionOptions(
        extract_metadata=False,
        preprocessing=own.PreprocessingOptions(enabled=False),
        autolinks=False,
        bullets="-",
        compact_tables=True,
        hidden_content=own.HiddenContent.ALL,
        expand_abbreviations=False,
    )


def _converted(written: str) -> str:
    import html_to_markdown

    page = f"<html><body>{written}</body></html>"
    return html_to_markdown.convert(page, _options()).content or ""


def _remove_unseen(root: "HtmlElement") -> None:
    for element in html_trees.elements(root, *html_trees.UNSEEN):
        xml_trees.remove(element)


def _flatten(root: "HtmlElement") -> None:
    """Unwrap what is nested deeper than html-to-markdown goes."""
    from lxml import etree

    depth, deep = 0, []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            depth += 1
            if depth > DEEPEST and element is not root:
                deep.append(element)
        else:
            depth -= 1
    for element in deep:
        if element.tag in html_trees.BLOCKS and not html_trees.has_blocks(element):
            element.tag = "div"
        else:
            html_trees.unwrap([element])


def _lines(text: str) -> Iterator[str]:
    """Yield lines with their signs restored, and a blank one before each quote outside code."""
    fence, previous = "", ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif fence and line.strip(" >") == fence:
            fence = ""
        elif not fence:
            if _QUOTE.match(line) and previous.strip() and not _QUOTE.match(previous):
                yield ""
            line = line.removesuffix("  ") if ROW_END in line else line
            line = line.replace(ROW_END, "")
        previous = line
        yield restored(line)
