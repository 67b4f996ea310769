"""Sentences that are stored, for any reader; :mod:`qareview.translations` translates them."""


def stored(message: str, **values: object) -> str:
    """Return a message in English, as it is stored, with its values filled in."""
    return message % values if values else message
