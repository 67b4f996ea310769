"""Numbers with their nouns, and sentences that are stored: in English, shown in any language.

Workers know nobody's language, and what they say of a document is read by many. So a stored
sentence is the English one, values filled in; it is recognised again by the messages of the
catalog, and filled in anew in another language.
"""

import functools
import re

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext_lazy, trans_real

_COUNT = "count"  # by which a noun takes its form
NOUNS = {
    "candidate": ngettext_lazy("%(number)s candidate", "%(number)s candidates", _COUNT),
    "case": ngettext_lazy("%(number)s case", "%(number)s cases", _COUNT),
    "comparison": ngettext_lazy("%(number)s comparison", "%(number)s comparisons", _COUNT),
    "person": ngettext_lazy("%(number)s person", "%(number)s people", _COUNT),
    "run": ngettext_lazy("%(number)s run", "%(number)s runs", _COUNT),
    "cancelled passage": ngettext_lazy(
        "%(number)s cancelled passage", "%(number)s cancelled passages", _COUNT
    ),
    "decision": ngettext_lazy("%(number)s decision", "%(number)s decisions", _COUNT),
    "disputed item": ngettext_lazy("%(number)s disputed item", "%(number)s disputed items", _COUNT),
    "document": ngettext_lazy("%(number)s document", "%(number)s documents", _COUNT),
    "example": ngettext_lazy("%(number)s example", "%(number)s examples", _COUNT),
    "experiment": ngettext_lazy("%(number)s experiment", "%(number)s experiments", _COUNT),
    "hour": ngettext_lazy("%(number)s hour", "%(number)s hours", _COUNT),
    "item": ngettext_lazy("%(number)s item", "%(number)s items", _COUNT),
    "minute": ngettext_lazy("%(number)s minute", "%(number)s minutes", _COUNT),
    "membership": ngettext_lazy("%(number)s membership", "%(number)s memberships", _COUNT),
    "more passage": ngettext_lazy("%(number)s more passage", "%(number)s more passages", _COUNT),
    "page": ngettext_lazy("%(number)s page", "%(number)s pages", _COUNT),
    "pair": ngettext_lazy("%(number)s pair", "%(number)s pairs", _COUNT),
    "passage": ngettext_lazy("%(number)s passage", "%(number)s passages", _COUNT),
    "pending item": ngettext_lazy("%(number)s pending item", "%(number)s pending items", _COUNT),
    "prompt": ngettext_lazy("%(number)s prompt", "%(number)s prompts", _COUNT),
    "question": ngettext_lazy("%(number)s question", "%(number)s questions", _COUNT),
    "release": ngettext_lazy("%(number)s release", "%(number)s releases", _COUNT),
    "review": ngettext_lazy("%(number)s review", "%(number)s reviews", _COUNT),
    "row": ngettext_lazy("%(number)s row", "%(number)s rows", _COUNT),
    "second": ngettext_lazy("%(number)s second", "%(number)s seconds", _COUNT),
    "token": ngettext_lazy("%(number)s token", "%(number)s tokens", _COUNT),
    "triple": ngettext_lazy("%(number)s triple", "%(number)s triples", _COUNT),
    "variant": ngettext_lazy("%(number)s variant", "%(number)s variants", _COUNT),
}

_COUNTED = re.compile(r"([\d,]+) (.+?)s?")
_PLACE = re.compile(r"%\((\w+)\)s")
FEWEST_LETTERS = 8  # of a message besides its values: shorter ones are found in any sentence


def number(value: float, decimals: int = 0) -> str:
    """Return a number as the language writes it, in groups of three digits."""
    return number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def percent(share: float) -> str:
    """Return a share of 0 to 1 as “12 %”; what is not quite nothing, or not quite all, says so."""
    if 0.995 <= share < 1:
        return "> 99 %"
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def counted(count: int, noun: str) -> str:
    """Return a number with one of NOUNS, such as “1 item” and “1,204 items”."""
    return str(NOUNS[noun] % {"count": count, "number": number(count)})


def translated(text: str) -> str:
    """Return a stored sentence as the current language has it; as it is if nobody knows it."""
    language = get_language()
    if not text or not language or language.startswith("en"):
        return text
    return _translated(language, text)


@functools.lru_cache(maxsize=4096)
def _translated(language: str, text: str) -> str:
    found = gettext(text)
    if found != text:
        return found
    phrase = _COUNTED.fullmatch(text)
    if phrase and phrase[2] in NOUNS:
        return counted(int(phrase[1].replace(",", "")), phrase[2])
    for pattern, message in _patterns(language):
        match = pattern.fullmatch(text)
        if match:
            return message % {name: translated(value) for name, value in match.groupdict().items()}
    return text


@functools.cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the messages that hold values, as patterns with translations; the longest first."""
    catalog = trans_real.translation(language)
    messages = {
        key[0] if isinstance(key, tuple) else key: text
        for key, text in catalog._catalog.items()  # type: ignore[attr-defined]
    }
    letters = {
        message: len(_PLACE.sub("", message)) for message in messages if _PLACE.search(message)
    }
    return [
        (_pattern(message), messages[message])
        for message in sorted(letters, key=letters.__getitem__, reverse=True)
        if letters[message] >= FEWEST_LETTERS
    ]


def _pattern(message: str) -> re.Pattern[str]:
    parts = re.split(_PLACE, message)
    names: set[str] = set()
    pattern = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pattern += re.escape(part.replace("%%", "%"))
        else:
            pattern += f"(?P={part})" if part in names else f"(?P<{part}>.*?)"
            names.add(part)
    return re.compile(pattern, re.DOTALL)
