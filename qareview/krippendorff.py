"""Krippendorff's alpha of what people chose, and how sure it is.

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

Votes = tuple[int, ...]  # how many people chose each of the values for an item

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


def agreement(patterns: Mapping[Votes, int], *, is_two_sided: bool = False) -> Agreement:
    """Measure the agreement on items, given how many there are of each pattern of votes.

    The values differ or do not (nominal). Or they are two-sided, from one side over neither to the
    other: then some differ more than others (ordinal), and which side is named first means nothing,
    so each item counts both ways by half. What only one person decided on cannot be paired and does
    not count.
    """
    pairable = {
        votes: count for votes, count in sorted(patterns.items()) if sum(votes) > 1 and count
    }  # in order, for the draws of the bootstrap depend on it
    items = sum(pairable.values())
    sizes = [(sum(votes), count) for votes, count in pairable.items()]
    values = sum(size * count for size, count in sizes)
    pairs = sum(size * (size - 1) // 2 * count for size, count in sizes)
    note = _why_none(pairable, items, is_two_sided)
    if note:
        return Agreement(items, values, pairs, note=note)
    alpha, low, high = _measure(pairable, is_two_sided)
    note = "" if low is not None else stored("Nobody differed, so there is no interval.")
    return Agreement(items, values, pairs, alpha, low, high, note)


def _why_none(pairable: Mapping[Votes, int], items: int, is_two_sided: bool) -> str:
    if not items:
        return stored("Nothing was decided by two people.")
    if items < FEWEST_ITEMS:
        return stored(
            "Too little to tell: %(items)s of the %(fewest_items)s items it takes.",
            items=items,
            fewest_items=FEWEST_ITEMS,
        )
    counts = [sum(one) for one in zip(*pairable, strict=True)]
    if is_two_sided:
        counts = [one + other for one, other in zip(counts, counts[::-1], strict=True)]
    if sum(map(bool, counts)) < 2:
        return stored("Everyone chose the same every time, which agrees, but tells no alpha.")
    return ""


def _measure(
    pairable: Mapping[Votes, int], is_two_sided: bool
) -> tuple[float, float | None, float | None]:
    """Return alpha and its 95 % interval: None twice where nobody differed.

    The interval comes from a bootstrap over items, which keeps close to its nominal coverage for
    nominal data (Zapf et al. 2016, Measuring inter-rater reliability for nominal data, BMC Medical
    Research Methodology 16:93). Items with the same votes are drawn together, as a multinomial; a
    draw in which all choices are the same has no alpha and is left out.
    """
    import numpy as np

    votes = np.array(list(pairable), dtype=float)
    counts = np.array(list(pairable.values()))
    alpha = float(_alphas(votes, counts[None, :], is_two_sided)[0])
    if np.all(np.count_nonzero(votes, axis=1) < 2):
        return alpha, None, None
    draws = np.random.default_rng(0).multinomial(
        counts.sum(), counts / counts.sum(), size=REPLICATES
    )
    low, high = np.nanpercentile(_alphas(votes, draws, is_two_sided), [2.5, 97.5])
    return alpha, float(low), float(high)


def _alphas(votes: "Array", counts: "Array", is_two_sided: bool) -> "Array":
    """Return the alpha of each row of counts, (draws, patterns), for patterns of (patterns, k).

    From the matrix of coincidences of the k values: alpha is one less the observed over the
    expected disagreement, each weighed by how far two values are from each other.
    """
    import numpy as np

    size = votes.sum(axis=1)[:, None, None] - 1
    together = (votes[:, :, None] * (votes[:, None, :] - np.eye(votes.shape[1]))) / size
    coincidences = np.tensordot(counts, together, axes=1)  # (draws, k, k)
    if is_two_sided:
        coincidences = (coincidences + coincidences[:, ::-1, ::-1]) / 2
    marginals = coincidences.sum(axis=2)  # (draws, k)
    distance = _ordinal(marginals) if is_two_sided else 1 - np.eye(votes.shape[1])
    observed = (coincidences * distance).sum(axis=(1, 2))
    by_chance = (marginals[:, :, None] * marginals[:, None, :] * distance).sum(axis=(1, 2))
    total = marginals.sum(axis=1)
    return np.where(
        by_chance > 0, 1 - (total - 1) * observed / np.where(by_chance > 0, by_chance, 1), np.nan
    )


def _ordinal(marginals: "Array") -> "Array":
    """Return the squared distances of ordinal values, (draws, k, k): by what lies between."""
    import numpy as np

    up_to = np.cumsum(marginals, axis=1) - marginals / 2  # the middle of each value's ranks
    distance: Array = (up_to[:, :, None] - up_to[:, None, :]) ** 2
    return distance
