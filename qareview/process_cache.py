"""A cache in the memory of the process, for results that take long to compute.

A result is used for twenty times as long as computing it took, but at most for a minute. So
computing takes at most a twentieth of the time, and results that are quick to compute are fresh.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.utils import timezone

TIMES_AS_LONG = 20  # a result is used, as computing it took; chosen; nobody measured
LONGEST_SECONDS = 60.0  # that a result is used; chosen; nobody measured

T = TypeVar("T")


@dataclass(frozen=True)
class Cached(Generic[T]):
    """A result, when it was computed, and until when it is valid, in ``time.monotonic()``."""

    value: T
    counted_at: datetime
    until: float


_results: dict[Hashable, Cached[Any]] = {}
_locks: dict[Hashable, threading.Lock] = {}


def cached(key: Hashable, compute: Callable[[], T]) -> Cached[T]:
    """Return the result stored under ``key``; compute it if it is missing or too old.

    Other threads that need the same result wait for it.
    """
    with _locks.setdefault(key, threading.Lock()):
        result = _results.get(key)
        if result is None or result.until <= time.monotonic():
            result = _results[key] = _computed(compute)
            _drop_old()
    return result


def _computed(compute: Callable[[], T]) -> Cached[T]:
    counted_at = timezone.now()
    started = time.monotonic()
    value = compute()
    ended = time.monotonic()
    lifetime = min(LONGEST_SECONDS, TIMES_AS_LONG * (ended - started))
    return Cached(value, counted_at, ended + lifetime)


def _drop_old() -> None:
    now = time.monotonic()
    for key, result in list(_results.items()):
        if result.until <= now:
            _results.pop(key, None)


def clear() -> None:
    """Drop all results, so that they are computed again."""
    _results.clear()
