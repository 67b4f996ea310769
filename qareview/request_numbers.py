"""Numbers in the query or the body of a request, which anybody can make up."""

LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint, the type of primary keys
LARGEST_POSITION = 10**9  # in a text: PostgreSQL stores at most 1 GB in a field


def number_in(text: str | None, largest: int = LARGEST_ID) -> int | None:
    """Return the number that a text is, from 0 to ``largest``; None if it is anything else.

    Only ASCII digits count. Long texts are not converted at all: Python refuses to read more than
    4,300 digits, and PostgreSQL to compare an id with what is no bigint.
    """
    if not text or len(text) > len(str(largest)) or not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= largest else None
