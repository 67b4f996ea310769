"""Whether the work of this process gets on: each step of it is noted, by the thread that does it.

A heartbeat tells only that a process is alive. :mod:`qareview.jobs` ends one whose work stands
still.
"""

import threading
import time

_noted: dict[int, float] = {}  # in time.monotonic(), by the identifiers of threads


def note() -> None:
    """Note that this thread has begun its work, or has got a step further."""
    _noted[threading.get_ident()] = time.monotonic()


def seconds_still(thread: int) -> float:
    """Return for how long a thread, by its identifier, has noted nothing."""
    now = time.monotonic()
    return now - _noted.get(thread, now)
