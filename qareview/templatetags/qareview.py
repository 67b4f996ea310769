"""Filters and tags that every template can use."""

import functools
import hashlib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import nh3
import regex
from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from qareview import scripts
from qareview.languages import LANGUAGES
from qareview.markdown_escapes import TEX
from qareview.navigation import GroupLinks, links_for
from qareview.stored_sentences import translated
from qareview.translations import counted, label, money, number, percent

register = template.Library()

_BEGIN, _END = "\ue000", "\ue001"  # marks of a range, private-use characters of Unicode
_BETWEEN_MARKS = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)
_TAG = re.compile("<[^>]*>")
SNIPPET_WORDS = 24  # of a long text, in a list; chosen; nobody measured
WORDS_BEFORE_HIT = 6  # of them, before the first hit; chosen; nobody measured

_NOTE = re.compile(r"\[\^([^\[\]\s]{1,40})\]")  # the number of a footnote
_BEGINS_NOTE = re.compile(r"^( {0,3})(?=\[\^[^\[\]\s]{1,40}\]:)", re.MULTILINE)


def _text_with_notes(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return _NOTE.sub(r"<sup>\1</sup>", escapeHtml(tokens[index].content))


def _take_tex(state: StateInline, silent: bool) -> bool:
    """Take TeX between dollars as it stands, so that its backslashes escape nothing."""
    match = TEX.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        state.push("text", "", 0).content = match[0]
    state.pos = match.end()
    return True


_NOTICE = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]")
_NOTICES = {
    "NOTE": gettext_noop("Note"),
    "TIP": gettext_noop("Tip"),
    "IMPORTANT": gettext_noop("Important"),
    "WARNING": gettext_noop("Warning"),
    "CAUTION": gettext_noop("Caution"),
}
_TASK = re.compile(r"\A\[([ xX])\](?=\s)")
_FOLDED = re.compile(  # lines of HTML around a part that is folded
    r"(?=<)(?:</?details(?:\s[^<>]*)?>)?\s*(?:<summary>(.*?)</summary>)?\s*(?:</details>)?\s*$"
)


def _take_folded(state: StateBlock, first: int, _: int, silent: bool) -> bool:
    """Take a line with tags of <details>: its summary becomes a paragraph in bold."""
    line = state.src[state.bMarks[first] + state.tShift[first] : state.eMarks[first]]
    match = None if state.is_code_block(first) else _FOLDED.match(line)
    if not match:
        return False
    if silent:
        return True
    state.line = first + 1
    if match[1]:
        state.push("paragraph_open", "p", 1).map = [first, first + 1]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = f"**{match[1].strip()}**", [first, first], []
        state.push("paragraph_close", "p", -1)
    return True


def _box(task: "re.Match[str]") -> str:
    return "☐" if task[1] == " " else "☑"


def _name_notices_and_tasks(state: StateCore) -> None:
    """Show “[!NOTE]” at the beginning of a quote, and the boxes of tasks, as people know them."""
    for before, _, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        children = inline.children or []
        if not children or children[0].type != "text":
            continue
        first = children[0]
        notice = _NOTICE.fullmatch(first.content) if before.type == "blockquote_open" else None
        if notice:
            opening, closing = (
                Token("strong_open", "strong", 1),
                Token("strong_close", "strong", -1),
            )
            first.content = gettext(_NOTICES[notice[1]])
            inline.children = [opening, first, closing, *children[1:]]
        elif before.type == "list_item_open":
            first.content = _TASK.sub(_box, first.content)


def _lower_headings(state: StateCore) -> None:
    """Put the headings of a text below that of the page which shows it, and leave out no level."""
    above: list[str] = []  # the tags of the headings that a heading stands under
    for token in state.tokens:
        if token.type == "heading_open":
            above = [*(tag for tag in above if tag < token.tag), token.tag]
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, len(above) + 1)}"


_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.add_render_rule("text", _text_with_notes)
_markdown.inline.ruler.before("escape", "tex", _take_tex)
_markdown.block.ruler.before(
    "paragraph", "folded", _take_folded, {"alt": ["paragraph", "blockquote", "list"]}
)
_markdown.core.ruler.after("inline", "notices", _name_notices_and_tasks)
_markdown.core.ruler.after("inline", "lower_headings", _lower_headings)
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

Range = tuple[int, int, list[int]]  # start, end, and the indices of the ranges merged into it


@register.filter
def markdown(text: str, support: Sequence[dict[str, Any]] = ()) -> SafeString:
    """Render Markdown as HTML. HTML in the text is escaped, and images are removed.

    ``support`` are ranges of the text, from ``from`` to ``to``, that are put into <mark>. If that
    would change the HTML in other ways, it is returned without marks.
    """
    plain = _rendered(text)
    if not support or _BEGIN in text or _END in text:
        return mark_safe(plain)  # noqa: S308  cleaned above
    ranges = _merged_ranges(support)
    rendered = _rendered(_with_marks(text, ranges))
    if rendered.replace(_BEGIN, "").replace(_END, "") != plain:
        return mark_safe(plain)  # noqa: S308
    indices = iter([indices for _, _, indices in ranges])
    marked = _BETWEEN_MARKS.sub(lambda match: _mark_elements(match[1], next(indices)), rendered)
    return mark_safe(marked)  # noqa: S308  only <mark> was added


@register.simple_tag
def source(text: str, document: Any, support: Sequence[dict[str, Any]] = ()) -> SafeString:
    """Render the text of a document: Markdown, or a plain text with its lines as they are."""
    return (plain_text if document.is_plain_text else markdown)(text, support)


@register.filter
def as_said(text: str, document: Any) -> str:
    """Return a part of a document's text without the backslashes of Markdown."""
    return str(document.as_said(text))


def plain_text(text: str, support: Sequence[dict[str, Any]] = ()) -> SafeString:
    """Render a plain text as HTML; ``support`` is marked as in :func:`markdown`."""
    ranges = [] if _BEGIN in text or _END in text else _merged_ranges(support)
    indices = iter([indices for _, _, indices in ranges])
    marked = _BETWEEN_MARKS.sub(
        lambda match: _mark_elements(match[1], next(indices)), escapeHtml(_with_marks(text, ranges))
    )
    return mark_safe(f'<p class="pre">{marked}</p>')  # noqa: S308  escaped above


def _rendered(text: str) -> str:
    """Return Markdown as HTML, with the numbers of footnotes raised.

    CommonMark would take a footnote of one word for the address of a link, and not show it.
    """
    return nh3.clean(_markdown.render(_BEGINS_NOTE.sub(r"\1\\", text)), tags=_TAGS)


def _merged_ranges(support: Sequence[dict[str, Any]]) -> list[Range]:
    """Return the ranges in order, with overlapping ranges merged."""
    merged: list[Range] = []
    ordered = sorted((place["from"], place["to"], index) for index, place in enumerate(support))
    for start, end, index in ordered:
        if merged and start < merged[-1][1]:
            first, last, indices = merged.pop()
            merged.append((first, max(end, last), [*indices, index]))
        else:
            merged.append((start, end, [index]))
    return merged


def _with_marks(text: str, ranges: Sequence[Range]) -> str:
    for start, end, _ in reversed(ranges):
        text = f"{text[:start]}{_BEGIN}{text[start:end]}{_END}{text[end:]}"
    return text


def _mark_elements(html: str, indices: Sequence[int]) -> str:
    """Put the text between the tags of ``html`` into <mark>, so that elements stay nested."""
    begin = f'<mark data-carries="{" ".join(map(str, sorted(indices)))}">'
    marked = _TAG.sub(rf"</mark>\g<0>{begin}", html)
    return f"{begin}{marked}</mark>".replace(f"{begin}</mark>", "")


register.filter(counted)
register.filter(money)
register.filter(number)
register.filter(percent)
register.filter(translated)
register.filter(label)


@register.filter
def percent_of(part: int, whole: int) -> str:
    """Return a part of a whole as “12 %”; a dash if the whole is 0."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


@register.filter
def probability(estimate: float) -> str:
    """Return a probability as “12 %”, never as 0 or 100, since it is estimated from draws."""
    return percent(min(max(estimate, 0.001), 0.999))


@register.filter
def is_most_of(part: int, whole: int) -> bool:
    """Return whether a part is more than half of a whole."""
    return 2 * part > whole > 0


@register.filter
def language_name(code: str) -> str:
    """Return the name of the language with an ISO 639-1 code."""
    return gettext(LANGUAGES.get(code, code))


@register.filter
def duration(seconds: int) -> str:
    """Return a duration in the largest unit that fits, such as “40 seconds” or “3 hours”."""
    for length, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * length:
            return counted(round(seconds / length), unit)
    return counted(seconds, "second")


@register.filter
def highlighted(text: str, query: str) -> SafeString:
    """Return a text as HTML with the words of a search in <mark>.

    The last word of the search also matches words that begin with it.
    """
    if not (pattern := _pattern(query)):
        return format_html("{}", text)
    parts = pattern.split(text)  # text that does not match at even indices, matches at odd ones
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", part) if index % 2 else part,)
            for index, part in enumerate(parts)
        ),
    )


@register.filter
def snippet(text: str, query: str) -> str:
    """Return SNIPPET_WORDS words of a text, from shortly before the first hit of a search.

    A letter of a script without spaces counts as a word.
    """
    text = " ".join(text.split())
    pieces = scripts.pieces(text)
    ends = accumulate(map(len, pieces))
    words = [end - len(piece) for piece, end in zip(pieces, ends, strict=True) if piece != " "]
    pattern = _pattern(query)
    hit = pattern.search(text) if pattern else None
    first = max(0, bisect_right(words, hit.start() if hit else 0) - 1 - WORDS_BEFORE_HIT)
    shown = words[first : first + SNIPPET_WORDS + 1]
    before, after = "… " * (first > 0), " …" * (len(shown) > SNIPPET_WORDS)
    start = shown[0] if shown else 0
    end = shown[-1] if after else len(text)
    return f"{before}{text[start:end].rstrip()}{after}"


def _pattern(query: str) -> "regex.Pattern[str] | None":
    words = scripts.runs(unicodedata.normalize("NFC", query or ""))
    if not words:
        return None
    alternatives = [_alternative(word) for word in words]
    alternatives.append(_alternative(words[-1], is_beginning=True))
    return regex.compile(f"({'|'.join(alternatives)})", regex.IGNORECASE | regex.FULLCASE)


def _alternative(word: str, *, is_beginning: bool = False) -> str:
    """Return a pattern of a word, which may stand within others in a script without spaces."""
    if scripts.is_spaceless(word):
        return str(regex.escape(word))
    rest = r"\w*" if is_beginning else ""
    bare = regex.sub(rf"^{scripts.ARABIC_ARTICLE}(?=\w\w)", "", word)
    return rf"(?<!\w)(?:{scripts.ARABIC_ARTICLE})?{regex.escape(bare)}{rest}(?!\w)"


@register.filter
def own_message(exception: str) -> str:
    """Return the message of a 404 if it is ours; an empty one if it is Django's."""
    is_django = exception == "Resolver404" or (
        exception.startswith("No ") and exception.endswith("query.")
    )
    return "" if is_django else exception


@register.simple_tag
def text_attributes(*codes: str) -> SafeString:
    """Return the attributes of an element that shows people's text.

    These are its language, the first of ``codes`` (ISO 639-1) that is not empty, and that its
    direction is that of its first letter.
    """
    language = next(filter(None, codes), "")
    return format_html('lang="{}" dir="auto"', language) if language else mark_safe('dir="auto"')


@register.filter
def is_recognised(passage: Any, document: Any) -> bool:
    """Return whether a passage of a document has text that was recognised by OCR."""
    return bool(document.is_recognised(passage))


@register.filter
def state_for(item: Any, user: Any) -> str:
    """Return the state of an item as far as the user may know it."""
    return str(item.state_for(user))


@register.simple_tag(takes_context=True)
def shortcut(context: dict[str, Any], action: str) -> SafeString:
    """Return the attributes of a button or link that the user's key for an action presses."""
    key = context["keys"][action]
    return format_html('data-key="{0}" aria-keyshortcuts="{0}"', key) if key else SafeString()


@register.simple_tag(takes_context=True)
def shortcut_hint(context: dict[str, Any], action: str) -> SafeString:
    """Show the user's key for an action."""
    key = context["keys"][action]
    return format_html("<kbd>{}</kbd>", key.upper()) if key else SafeString()


@register.simple_tag(takes_context=True)
def shortcut_with_shift(context: dict[str, Any], action: str) -> SafeString:
    """Return the attributes of a button that Shift and the user's key for an action press."""
    key = context["keys"][action]
    attributes = 'data-shift-key="{0}" aria-keyshortcuts="Shift+{0}"'
    return format_html(attributes, key) if key else SafeString()


@register.simple_tag(takes_context=True)
def shortcut_hint_with_shift(context: dict[str, Any], action: str) -> SafeString:
    """Show Shift and the user's key for an action."""
    key = context["keys"][action]
    return format_html("<kbd>{} + {}</kbd>", gettext("Shift"), key.upper()) if key else SafeString()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[GroupLinks]:
    """Return the links at the top of a page of a project."""
    return links_for(context["membership"], context["request"])


@register.simple_tag
def script_messages_url() -> str:
    """Return the address of the scripts' messages.

    It contains their language and version, so that browsers can cache them forever.
    """
    return f"{reverse('messages')}?{get_language()}-{_messages_version()}"


@functools.cache
def _messages_version() -> str:
    files = sorted((Path(__file__).parents[1] / "locale").rglob("djangojs.mo"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
