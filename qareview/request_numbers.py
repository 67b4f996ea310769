"""Read numbers from the query or body of a request, where anything may be sent."""

LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint, the type of primary keys
LARGEST_COUNT = 2**31 - 1  # PostgreSQL's integer, the type of PositiveIntegerField
LARGEST_POSITION = 10**9  # in a text: PostgreSQL stores at most 1 GB in a field


def number_in(text: str | None, largest: int = LARGEST_ID) -> int | None:
    """Return the number from 0 to ``largest`` that a text stands for, or None.

    Only ASCII digits are read. Long texts are not converted at all, since Python refuses to convert
    more than 4,300 digits, and PostgreSQL to compare an id with a number that is no bigint.
    """
    if not text or len(text) > len(str(largest)) or not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= largest else None
