"""Filters and tags every template has at hand."""

import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nh3
from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext
from markdown_it import MarkdownIt

from qareview.languages import LANGUAGES
from qareview.translations import counted, label, number, percent, translated

register = template.Library()

_BEGIN, _END = "\ue000", "\ue001"  # of the range for private use: no text has them
_SIGNED = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)
_TAG = re.compile("<[^>]*>")
SHOWN_WORDS, SHOWN_BEFORE = 24, 6  # of a long text in a list, and of these before a hit

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
    slices = _slices(places)
    rendered = nh3.clean(_markdown.render(_with_signs(text, slices)), tags=_TAGS)
    if rendered.replace(_BEGIN, "").replace(_END, "") != plain:  # a sign got in Markdown's way
        return mark_safe(plain)  # noqa: S308
    carried = (numbers for _, _, numbers in slices)
    marked = _SIGNED.sub(lambda match: _as_marks(match[1], next(carried)), rendered)
    return mark_safe(marked)  # noqa: S308  only marks were added


def _slices(places: Sequence[dict[str, Any]]) -> list[tuple[int, int, list[int]]]:
    """Return start and end of each slice, those that overlap as one, with the places' numbers."""
    found: list[tuple[int, int, list[int]]] = []
    for start, end, which in sorted(
        (place["from"], place["to"], which) for which, place in enumerate(places)
    ):
        if found and start < found[-1][1]:
            first, last, numbers = found.pop()
            found.append((first, max(end, last), [*numbers, which]))
        else:
            found.append((start, end, [which]))
    return found


def _with_signs(text: str, slices: Sequence[tuple[int, int, list[int]]]) -> str:
    for start, end, _ in reversed(slices):
        text = f"{text[:start]}{_BEGIN}{text[start:end]}{_END}{text[end:]}"
    return text


def _as_marks(text: str, numbers: Sequence[int]) -> str:
    """Mark text, but no tag in it, so that elements stay nested."""
    begin = f'<mark data-carries="{" ".join(map(str, sorted(numbers)))}">'
    marked = _TAG.sub(rf"</mark>\g<0>{begin}", text)
    return f"{begin}{marked}</mark>".replace(f"{begin}</mark>", "")


register.filter(counted)
register.filter(number)
register.filter(percent)
register.filter(translated)
register.filter(label)


@register.filter
def share(part: int, whole: int) -> str:
    """Return a part of a whole, such as “12 %”; a dash where there is nothing to divide."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


@register.filter
def probability(estimate: float) -> str:
    """Return a probability that was estimated from draws: nothing is ever sure by those."""
    return percent(min(max(estimate, 0.001), 0.999))


@register.filter
def mostly(part: int, whole: int) -> bool:
    """Return whether a part is the greater part of a whole."""
    return 2 * part > whole > 0


@register.filter
def language(code: str) -> str:
    """Return the name of a language, given by its code."""
    return gettext(LANGUAGES.get(code, code))


@register.filter
def duration(seconds: int) -> str:
    """Return a time to wait in words, such as “40 seconds” and “3 hours”."""
    for unit, name in ((3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * unit:
            return counted(round(seconds / unit), name)
    return counted(seconds, "second")


@register.filter
def place(rank: int) -> str:
    """Return a place in an order, such as “1st” and “4th”; none here goes beyond a digit."""
    return f"{rank}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(rank, 'th') }"


@register.filter
def found(text: str, query: str) -> SafeString:
    """Return a text as HTML with the words of a search in <mark>; the last may be a beginning."""
    if not (pattern := _pattern(query)):
        return format_html("{}", text)
    parts = pattern.split(text)  # what is between, and what is found, in turn
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", part) if index % 2 else part,)
            for index, part in enumerate(parts)
        ),
    )


@register.filter
def excerpt(text: str, query: str) -> str:
    """Return some words of a text, from a few before the first that a search found."""
    words = text.split()
    pattern = _pattern(query)
    hits = (index for index, word in enumerate(words) if pattern and pattern.search(word))
    first = max(0, next(hits, 0) - SHOWN_BEFORE)
    shown = words[first : first + SHOWN_WORDS]
    return " ".join([*["…"] * (first > 0), *shown, *["…"] * (first + SHOWN_WORDS < len(words))])


def _pattern(query: str) -> re.Pattern[str] | None:
    words = [re.escape(word) for word in re.findall(r"\w+", query or "")]
    if not words:
        return None
    return re.compile(rf"\b({'|'.join(words)}|{words[-1]}\w*)\b", re.IGNORECASE)


@register.filter
def for_people(reason: str) -> str:
    """Return why something is not found, unless only Django says so, in words of databases."""
    is_django = reason == "Resolver404" or (reason.startswith("No ") and reason.endswith("query."))
    return "" if is_django else reason


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
def key(context: dict[str, Any], action: str) -> SafeString:
    """Let the key that somebody chose for an action press this button or link."""
    return format_html('data-key="{}" aria-keyshortcuts="{}"', *[context["keys"][action]] * 2)


@register.simple_tag(takes_context=True)
def chip(context: dict[str, Any], action: str) -> SafeString:
    """Show the key of an action."""
    return format_html("<kbd>{}</kbd>", context["keys"][action].upper())


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


@register.simple_tag
def messages_address() -> str:
    """Return where a script finds its messages, so named that a browser may keep them for good."""
    return f"{reverse('messages')}?{get_language()}-{_version_of_messages()}"


@functools.cache
def _version_of_messages() -> str:
    files = sorted((Path(__file__).parents[1] / "locale").rglob("djangojs.mo"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
