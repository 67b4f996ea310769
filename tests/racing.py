"""Do several things at the same moment, each over a connection to the database of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Call all, as near to the same moment as threads can; return what each returned, in order.

    Raises what one of them raised. The test needs ``django_db(transaction=True)``.
    """
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait()
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
