"""Filters and tags every template has at hand."""

import re
from collections.abc import Sequence
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

_BEGIN, _END = "\ue000", "\ue001"  # of the range for private use: no text has them
_SIGNED = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)
_TAG = re.compile("<[^>]*>")

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


@register.filter
def markdown(text: str, places: Sequence[dict[str, Any]] = ()) -> SafeString:
    """Render Markdown as HTML: HTML in it is shown, not obeyed, and no picture is fetched.

    Slices of the text, from ``from`` to ``to`` of each place, are marked where that changes
    nothing else.
    """
    plain = nh3.clean(_markdown.render(text), tags=_TAGS)
    if not places or _BEGIN in text or _END in text:
        return mark_safe(plain)  # noqa: S308  cleaned just now
    rendered = nh3.clean(_markdown.render(_with_signs(text, places)), tags=_TAGS)
    if rendered.replace(_BEGIN, "").replace(_END, "") != plain:  # a sign got in Markdown's way
        return mark_safe(plain)  # noqa: S308
    return mark_safe(_SIGNED.sub(_as_marks, rendered))  # noqa: S308  only marks were added


def _with_signs(text: str, places: Sequence[dict[str, Any]]) -> str:
    """Put a sign before and after each slice; slices that overlap become one."""
    covered: list[tuple[int, int]] = []
    for start, end in sorted((place["from"], place["to"]) for place in places):
        if covered and start <= covered[-1][1]:
            covered[-1] = (covered[-1][0], max(end, covered[-1][1]))
        else:
            covered.append((start, end))
    for start, end in reversed(covered):
        text = f"{text[:start]}{_BEGIN}{text[start:end]}{_END}{text[end:]}"
    return text


def _as_marks(match: "re.Match[str]") -> str:
    """Mark the text between two signs, but no tag, so that elements stay nested."""
    marked = _TAG.sub(r"</mark>\g<0><mark>", match[1])
    return f"<mark>{marked}</mark>".replace("<mark></mark>", "")


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


@register.filter
def state_for(item: Any, user: Any) -> str:
    """Return the state of an item as a user may know it."""
    return str(item.state_for(user))


@register.filter
def decision_for(item: Any, user: Any) -> Any:
    """Return the decision on an item, or None if a user may not see it."""
    return item.decision_for(user)


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
