"""A database of its own for a bench, which is removed afterwards."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.test.utils import setup_databases, teardown_databases


@contextmanager
def own_database() -> Iterator[None]:
    """Let the block work in a new database."""
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(databases, verbosity=0)


def print_figures(measure: Callable[[], dict[str, Any]]) -> None:
    """Print what ``measure`` returns in a new database, as a JSON object."""
    with own_database():
        figures = measure()
    print(json.dumps(figures))  # noqa: T201  that is what it is for
