"""Default values of variables, as people type them: a line for each variable.

``tone = friendly`` gives a variable a default; ``tone`` alone names it.
"""

from collections.abc import Iterable, Mapping

from qareview.storable_text import storable
from qareview.stored_sentences import stored

NOT_NAMED = {"range"}  # what templates know under this name already


class BadLine(Exception):
    """A line names no variable; the message says which."""


def from_lines(text: str) -> dict[str, str | None]:
    """Return the variables that are named in a text, with their defaults or None.

    Raises BadLine.
    """
    named: dict[str, str | None] = {}
    for number, line in enumerate(storable(text).split("\n"), 1):
        name, sign, default = (part.strip() for part in line.partition("="))
        if not name and not sign:
            continue
        if not name.isidentifier() or name in NOT_NAMED:
            raise BadLine(
                stored(
                    "Line %(number)s does not begin with the name of a variable, as in “tone = "
                    "friendly”. Names consist of letters, digits and underscores.",
                    number=number,
                )
            )
        named[name] = default if sign else None
    return named


def only_defaults(named: Mapping[str, str | None]) -> dict[str, str]:
    """Return the defaults of those variables that have one."""
    return {name: default for name, default in named.items() if default}


def as_lines(names: Iterable[str], defaults: Mapping[str, str]) -> str:
    """Return variables as :func:`from_lines` reads them."""
    return "\n".join(f"{name} = {defaults[name]}" if name in defaults else name for name in names)
