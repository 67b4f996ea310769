"""Confidence intervals of proportions."""

from math import sqrt


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % interval of a proportion by Wilson 1927 (JASA 22:209-212).

    It stays between 0 and 1, and its coverage is good for small numbers of trials, too.
    """
    z = 1.96  # two-sided 95 % of the normal distribution
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
