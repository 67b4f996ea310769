"""The numbers in a text, so that what two texts say can be compared."""

import re

from qareview import scripts

_NUMBER = re.compile(r"\d{1,3}(?:[ \u202f\u00a0]\d{3})+(?!\d)|\d+(?:[,.]\d+)*")


def numbers_in(text: str) -> set[str]:
    """Return the numbers in a text in the digits 0 to 9, without thousands separators."""
    numbers = _NUMBER.findall(scripts.with_ascii_digits(text))
    return {re.sub(r"[,.\s](?=\d{3}\b)", "", number) for number in numbers}
