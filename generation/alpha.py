"""Krippendorff's alpha of accepting and rejecting, and how sure it is.

Alpha is 1 where people decide alike, 0 where they agree no more than chance would have it, and
less where they agree less than that (Krippendorff, Content Analysis, 4th ed. 2018, chapter 12). It
needs no more of the items than how many there are of each pattern of votes, so a million of them
cost no more than a thousand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qareview.stored import stored

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Votes = tuple[int, int]  # how many people accepted an item, and how many rejected it

FEWEST_ITEMS = 20  # decided by two or more people; fewer tell nothing
RELIABLE = 0.8  # from here on Krippendorff calls data reliable, and
TENTATIVE = 0.667  # from here on good enough for tentative conclusions
REPLICATES = 2000


@dataclass(frozen=True)
class Agreement:
    """Alpha of some items; ``note`` says why there is none, or no interval."""

    items: int  # that two or more people decided on
    values: int  # their decisions: those that can be paired
    pairs: int  # of two people's decisions on the same item
    alpha: float | None = None
    low: float | None = None  # of its 95 % interval
    high: float | None = None
    note: str = ""


def agreement(patterns: Mapping[Votes, int]) -> Agreement:
    """Measure the agreement on items, given how many there are of each pattern of votes.

    What only one person decided on cannot be paired and does not count.
    """
    pairable = {
        votes: count for votes, count in sorted(patterns.items()) if sum(votes) > 1 and count
    }  # in order, for the draws of the bootstrap depend on it
    items = sum(pairable.values())
    sizes = [(sum(votes), count) for votes, count in pairable.items()]
    values = sum(size * count for size, count in sizes)
    pairs = sum(size * (size - 1) // 2 * count for size, count in sizes)
    note = _why_none(pairable, items)
    if note:
        return Agreement(items, values, pairs, note=note)
    alpha, low, high = _measure(pairable)
    note = "" if low is not None else stored("Nobody differed, so there is no interval.")
    return Agreement(items, values, pairs, alpha, low, high, note)


def _why_none(pairable: Mapping[Votes, int], items: int) -> str:
    if not items:
        return stored("Nothing was decided by two people.")
    if items < FEWEST_ITEMS:
        return stored(
            "Too little to tell: %(items)s of the %(fewest_items)s items it takes.",
            items=items,
            fewest_items=FEWEST_ITEMS,
        )
    accepted, rejected = map(sum, zip(*pairable, strict=True))
    if not (accepted and rejected):
        kind = "accepted" if accepted else "rejected"
        return stored(
            "Everything was %(kind)s by everyone, which agrees, but tells nothing of alpha.",
            kind=kind,
        )
    return ""


def _measure(pairable: Mapping[Votes, int]) -> tuple[float, float | None, float | None]:
    """Return alpha and its 95 % interval: None twice where nobody differed.

    The interval comes from a bootstrap over items, which keeps close to its nominal coverage for
    nominal data (Zapf et al. 2016, Measuring inter-rater reliability for nominal data, BMC Medical
    Research Methodology 16:93). Items with the same votes are drawn together, as a multinomial; a
    draw in which all decisions are the same has no alpha and is left out.
    """
    import numpy as np

    votes = np.array(list(pairable), dtype=float)
    counts = np.array(list(pairable.values()))
    alpha = float(_alphas(votes, counts[None, :])[0])
    if not np.any(votes[:, 0] * votes[:, 1]):
        return alpha, None, None
    draws = np.random.default_rng(0).multinomial(
        counts.sum(), counts / counts.sum(), size=REPLICATES
    )
    low, high = np.nanpercentile(_alphas(votes, draws), [2.5, 97.5])
    return alpha, float(low), float(high)


def _alphas(votes: "Array", counts: "Array") -> "Array":
    """Return the alpha of each row of counts, (draws, patterns), for patterns of (patterns, 2)."""
    import numpy as np

    differing = counts @ (votes[:, 0] * votes[:, 1] / (votes.sum(axis=1) - 1))
    accepted, rejected = counts @ votes[:, 0], counts @ votes[:, 1]
    by_chance = accepted * rejected
    return np.where(
        by_chance > 0,
        1 - (accepted + rejected - 1) * differing / np.maximum(by_chance, 1),
        np.nan,
    )
