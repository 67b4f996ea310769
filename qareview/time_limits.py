"""A limit of time for long work in this process, which looks by itself at every step.

It serves where the text is already here and the work cannot be stopped from outside. What may be
hostile is done in another process: see :mod:`qareview.limited_processes`.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_until: ContextVar[float] = ContextVar("until", default=math.inf)  # in time.monotonic()


class TimeIsUp(Exception):
    """The work has taken as long as it may."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let the block take so long; raises TimeIsUp at the first step after that."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def check_time() -> None:
    """Raise TimeIsUp if the time is up; called at every step of what may take long."""
    if time.monotonic() > _until.get():
        raise TimeIsUp
