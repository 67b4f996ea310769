"""Sentences that are stored, for any reader: see :mod:`qareview.wording`, which translates them."""


def stored(message: str, **values: object) -> str:
    """Return a message in English, as it is stored, with its values filled in."""
    return message % values if values else message
