"""Numbers, counted nouns and labels in the reader's language."""

from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation.trans_null import gettext_noop  # needs no settings

_COUNT = "count"  # the value that decides between singular and plural
NOUNS = {
    "candidate": ngettext_lazy("%(number)s candidate", "%(number)s candidates", _COUNT),
    "case": ngettext_lazy("%(number)s case", "%(number)s cases", _COUNT),
    "comparison": ngettext_lazy("%(number)s comparison", "%(number)s comparisons", _COUNT),
    "person": ngettext_lazy("%(number)s person", "%(number)s people", _COUNT),
    "run": ngettext_lazy("%(number)s run", "%(number)s runs", _COUNT),
    "cancelled passage": ngettext_lazy(
        "%(number)s cancelled passage", "%(number)s cancelled passages", _COUNT
    ),
    "character": ngettext_lazy("%(number)s character", "%(number)s characters", _COUNT),
    "decision": ngettext_lazy("%(number)s decision", "%(number)s decisions", _COUNT),
    "dispute": ngettext_lazy("%(number)s dispute", "%(number)s disputes", _COUNT),
    "disputed item": ngettext_lazy("%(number)s disputed item", "%(number)s disputed items", _COUNT),
    "document": ngettext_lazy("%(number)s document", "%(number)s documents", _COUNT),
    "example": ngettext_lazy("%(number)s example", "%(number)s examples", _COUNT),
    "experiment": ngettext_lazy("%(number)s experiment", "%(number)s experiments", _COUNT),
    "file": ngettext_lazy("%(number)s file", "%(number)s files", _COUNT),
    "hour": ngettext_lazy("%(number)s hour", "%(number)s hours", _COUNT),
    "item": ngettext_lazy("%(number)s item", "%(number)s items", _COUNT),
    "minute": ngettext_lazy("%(number)s minute", "%(number)s minutes", _COUNT),
    "member": ngettext_lazy("%(number)s member", "%(number)s members", _COUNT),
    "membership": ngettext_lazy("%(number)s membership", "%(number)s memberships", _COUNT),
    "more passage": ngettext_lazy("%(number)s more passage", "%(number)s more passages", _COUNT),
    "page": ngettext_lazy("%(number)s page", "%(number)s pages", _COUNT),
    "pair": ngettext_lazy("%(number)s pair", "%(number)s pairs", _COUNT),
    "passage": ngettext_lazy("%(number)s passage", "%(number)s passages", _COUNT),
    "pending item": ngettext_lazy("%(number)s pending item", "%(number)s pending items", _COUNT),
    "project": ngettext_lazy("%(number)s project", "%(number)s projects", _COUNT),
    "prompt": ngettext_lazy("%(number)s prompt", "%(number)s prompts", _COUNT),
    "question": ngettext_lazy("%(number)s question", "%(number)s questions", _COUNT),
    "release": ngettext_lazy("%(number)s release", "%(number)s releases", _COUNT),
    "review": ngettext_lazy("%(number)s review", "%(number)s reviews", _COUNT),
    "reviewed item": ngettext_lazy("%(number)s reviewed item", "%(number)s reviewed items", _COUNT),
    "row": ngettext_lazy("%(number)s row", "%(number)s rows", _COUNT),
    "second": ngettext_lazy("%(number)s second", "%(number)s seconds", _COUNT),
    "table": ngettext_lazy("%(number)s table", "%(number)s tables", _COUNT),
    "token": ngettext_lazy("%(number)s token", "%(number)s tokens", _COUNT),
    "triple": ngettext_lazy("%(number)s triple", "%(number)s triples", _COUNT),
    "variant": ngettext_lazy("%(number)s variant", "%(number)s variants", _COUNT),
}


class CountedNoun(str):
    """A number with its noun, such as “3 items”; see :func:`qareview.translations.counted`."""

    amount: int
    noun: str

    def __new__(cls, text: str, amount: int, noun: str) -> "CountedNoun":
        counted = super().__new__(cls, text)
        counted.amount, counted.noun = amount, noun
        return counted

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return CountedNoun, (self[:], self.amount, self.noun)


def number(value: float, decimals: int = 0) -> str:
    """Return a number as the current language writes it, in groups of three digits."""
    return number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True)


CENTS = 2  # decimals of an amount of money from 1 on
MOST_DECIMALS = 6  # of a smaller amount, as many as costs are stored with


def decimals_of(amount: float | Decimal) -> int:
    """Return how many decimals an amount of money needs: below 1, to its second digit but 0."""
    decimals = CENTS
    while decimals < MOST_DECIMALS and 0 < amount < 10 ** (1 - decimals):
        decimals += 1
    return decimals


def money(amount: float | Decimal) -> str:
    """Return an amount of money, such as “12.50” or “0.0042”; “< 0.000001” if it is less."""
    least = 10**-MOST_DECIMALS
    if 0 < amount < least:
        return f"< {number(least, MOST_DECIMALS)}"
    return number(float(amount), decimals_of(amount))


def percent(share: float) -> str:
    """Return a share from 0 to 1 as “12 %”, or “< 1 %” and “> 99 %” next to 0 and 1."""
    if 0.995 <= share < 1:
        return "> 99 %"
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def counted(count: int, noun: str) -> CountedNoun:
    """Return a number with a noun of NOUNS, such as “1 item” or “1,204 items”."""
    text = str(NOUNS[noun] % {"count": count, "number": number(count)})
    return CountedNoun(text, count, noun)


_LABELS = {"aside": gettext_noop("set aside")}  # of values that are called otherwise on pages


def label(value: str) -> str:
    """Return the label of a value in the code, such as “pending”, in the current language."""
    return gettext(_LABELS.get(value, value)) if value else ""
