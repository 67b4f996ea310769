"""Filters and tags every template has at hand."""

from typing import Any

import nh3
from django import template
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from qareview.languages import LANGUAGES

register = template.Library()

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


@register.filter
def markdown(text: str) -> SafeString:
    """Render Markdown as HTML: HTML in it is shown, not obeyed, and no picture is fetched."""
    return mark_safe(nh3.clean(_markdown.render(text), tags=_TAGS))  # noqa: S308  cleaned just now


@register.filter
def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as “1 item” and “1,204 items”."""
    return f"{number:,} {noun}{pluralize(number)}"


@register.filter
def language(code: str) -> str:
    """Return the English name of a language."""
    return LANGUAGES.get(code, code)


@register.filter
def duration(seconds: int) -> str:
    """Return a time to wait in words, such as “40 seconds” and “3 hours”."""
    for unit, name in ((3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * unit:
            return counted(round(seconds / unit), name)
    return counted(seconds, "second")


@register.filter
def sentence(text: str) -> str:
    """Return text with a capital at its start."""
    return text[:1].upper() + text[1:]


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], section: str) -> SafeString:
    """Mark the link to the section of the app that the page stands in."""
    request: HttpRequest = context["request"]
    match = request.resolver_match
    is_here = (
        match is not None and match.url_name is not None and match.url_name.split("-")[0] == section
    )
    return format_html('aria-current="{}"', "page") if is_here else format_html("{}", "")


@register.simple_tag(takes_context=True)
def page_address(context: dict[str, Any], number: int) -> str:
    """Return the query string of this page's address with another page number."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
