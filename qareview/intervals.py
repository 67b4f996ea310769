"""How sure a share is."""

from math import sqrt


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % interval of a share, that of Wilson 1927 (JASA 22:209-212).

    It stays between 0 and 1 and keeps its promise for small numbers.
    """
    z = 1.96
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
