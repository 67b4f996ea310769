"""Krippendorff's alpha, with its 95 % interval.

Alpha is 1 if all raters agree, 0 if they agree as often as by chance, and negative if less often
(Krippendorff, Content Analysis, 4th ed. 2018, chapter 12). It is computed from the number of items
with each pattern of ratings, so it takes as long for a million items as for a thousand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qareview.stored_sentences import stored

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Ratings = tuple[int, ...]  # of an item: how many people chose each value

FEWEST_ITEMS = 20  # rated by two or more people; chosen; nobody measured
# Krippendorff 2018, chapter 12: the least alpha for reliable data, and for tentative conclusions
RELIABLE, TENTATIVE = 0.8, 0.667
REPLICATES = 2000  # of the bootstrap; chosen; nobody measured


@dataclass(frozen=True)
class Agreement:
    """Alpha and its interval; if there is no alpha or no interval, ``note`` says why."""

    items: int  # rated by two or more people
    values: int  # ratings of those items
    pairs: int  # of two people's ratings of the same item
    alpha: float | None = None
    low: float | None = None  # of its 95 % interval
    high: float | None = None
    note: str = ""


def agreement(patterns: Mapping[Ratings, int], *, is_two_sided: bool = False) -> Agreement:
    """Compute alpha. ``patterns`` maps each pattern of ratings to its number of items.

    Values are nominal, or ordinal with ``is_two_sided``, such as left, neither, right. Then it has
    no meaning which side comes first, so each item counts half in each direction. Items with a
    single rating do not count.
    """
    pairable = {
        ratings: count for ratings, count in sorted(patterns.items()) if sum(ratings) > 1 and count
    }  # sorted, because the draws of the bootstrap depend on the order
    items = sum(pairable.values())
    sizes = [(sum(ratings), count) for ratings, count in pairable.items()]
    values = sum(size * count for size, count in sizes)
    pairs = sum(size * (size - 1) // 2 * count for size, count in sizes)
    note = _reason_for_none(pairable, items, is_two_sided)
    if note:
        return Agreement(items, values, pairs, note=note)
    alpha, low, high = _measure(pairable, is_two_sided)
    note = "" if low is not None else stored("Everyone agreed, so there is no interval.")
    return Agreement(items, values, pairs, alpha, low, high, note)


def _reason_for_none(pairable: Mapping[Ratings, int], items: int, is_two_sided: bool) -> str:
    """Return why there is no alpha; empty if there is one."""
    if not items:
        return stored("Nothing has been decided by two or more people yet.")
    if items < FEWEST_ITEMS:
        return stored(
            "Not enough data yet: %(items)s of the %(fewest_items)s items needed.",
            items=items,
            fewest_items=FEWEST_ITEMS,
        )
    counts = [sum(column) for column in zip(*pairable, strict=True)]
    if is_two_sided:
        counts = [left + right for left, right in zip(counts, counts[::-1], strict=True)]
    if sum(map(bool, counts)) < 2:
        return stored("Everyone made the same choice every time, so alpha is undefined.")
    return ""


def _measure(
    pairable: Mapping[Ratings, int], is_two_sided: bool
) -> tuple[float, float | None, float | None]:
    """Return alpha and the bounds of its 95 % interval, None and None if everyone agreed.

    The interval comes from a bootstrap over items. For nominal data its coverage is close to 95 %
    (Zapf et al. 2016, Measuring inter-rater reliability for nominal data, BMC Medical Research
    Methodology 16:93). Items with the same ratings are drawn together, as a multinomial.
    Draws with only one value have no alpha and are left out.
    """
    import numpy as np

    ratings = np.array(list(pairable), dtype=float)
    counts = np.array(list(pairable.values()))
    alpha = float(_alphas(ratings, counts[None, :], is_two_sided)[0])
    if np.all(np.count_nonzero(ratings, axis=1) < 2):
        return alpha, None, None
    draws = np.random.default_rng(0).multinomial(
        counts.sum(), counts / counts.sum(), size=REPLICATES
    )
    low, high = np.nanpercentile(_alphas(ratings, draws, is_two_sided), [2.5, 97.5])
    return alpha, float(low), float(high)


def _alphas(ratings: "Array", counts: "Array", is_two_sided: bool) -> "Array":
    """Return alpha for each draw: (draws,).

    ``ratings`` are (patterns, k) for k values, ``counts`` are (draws, patterns). Alpha is 1 minus
    the ratio of the observed to the expected disagreement, both from the matrix of coincidences
    and weighted by the distance of two values.
    """
    import numpy as np

    size = ratings.sum(axis=1)[:, None, None] - 1
    together = (ratings[:, :, None] * (ratings[:, None, :] - np.eye(ratings.shape[1]))) / size
    coincidences = np.tensordot(counts, together, axes=1)  # (draws, k, k)
    if is_two_sided:
        coincidences = (coincidences + coincidences[:, ::-1, ::-1]) / 2
    marginals = coincidences.sum(axis=2)  # (draws, k)
    distance = _ordinal(marginals) if is_two_sided else 1 - np.eye(ratings.shape[1])
    observed = (coincidences * distance).sum(axis=(1, 2))
    by_chance = (marginals[:, :, None] * marginals[:, None, :] * distance).sum(axis=(1, 2))
    total = marginals.sum(axis=1)
    return np.where(
        by_chance > 0, 1 - (total - 1) * observed / np.where(by_chance > 0, by_chance, 1), np.nan
    )


def _ordinal(marginals: "Array") -> "Array":
    """Return the squared distances of ordinal values, as ratings between them: (draws, k, k)."""
    import numpy as np

    up_to = np.cumsum(marginals, axis=1) - marginals / 2  # the middle of each value's ranks
    distance: Array = (up_to[:, :, None] - up_to[:, None, :]) ** 2
    return distance
