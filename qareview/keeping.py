"""Results that take long to count are kept for a while, in the process that counted them.

A result is kept for twenty times as long as it took, and never for more than a minute: so at most
one request in twenty waits for it, and what is quickly counted is always fresh.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.utils import timezone

TIMES_AS_LONG = 20
AT_MOST = 60.0  # seconds

T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[T]):
    """A result, when it was counted, and until when it is given out (of the process's clock)."""

    value: T
    counted_at: datetime
    until: float


_kept: dict[Hashable, Kept[Any]] = {}
_locks: dict[Hashable, threading.Lock] = {}


def kept(key: Hashable, count: Callable[[], T]) -> Kept[T]:
    """Return the result kept under ``key``, or count it; who asks meanwhile waits for that."""
    with _locks.setdefault(key, threading.Lock()):
        found = _kept.get(key)
        if found is None or found.until <= time.monotonic():
            found = _kept[key] = _count(count)
            _forget_old()
    return found


def _count(count: Callable[[], T]) -> Kept[T]:
    counted_at = timezone.now()
    began = time.monotonic()
    value = count()
    ended = time.monotonic()
    return Kept(value, counted_at, ended + min(AT_MOST, TIMES_AS_LONG * (ended - began)))


def _forget_old() -> None:
    now = time.monotonic()
    for key, result in list(_kept.items()):
        if result.until <= now:
            _kept.pop(key, None)


def forget() -> None:
    """Forget every result, so that the next request counts anew."""
    _kept.clear()
