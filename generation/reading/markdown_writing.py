"""Write the content of an HTML element as Markdown.

Readers of web pages, EPUB and office files have HTML; this is how all of them write it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement


def markdown_of(element: "HtmlElement") -> str:
    """Return an element's content as Markdown."""
    import html_to_markdown
    import lxml.html

    options = html_to_markdown.ConversionOptions(
        extract_metadata=False,
        preprocessing=html_to_markdown.PreprocessingOptions(enabled=False),
        autolinks=False,
    )
    written = lxml.html.tostring(element, encoding="unicode")
    page = f"<html><body>{written}</body></html>"
    return html_to_markdown.convert(page, options).content or ""
