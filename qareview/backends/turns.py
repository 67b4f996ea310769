"""Who runs a model of this process next: somebody who waits at a page comes before a batch.

A batch asks before each step whether it has to give way, so it stands still for as long as somebody
is served. What it has read and written stays in memory.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from qareview import moving

_changed = threading.Condition()
_first: set[int] = set()  # the threads that go first, by their identifiers


@contextmanager
def going_first() -> Iterator[None]:
    """Let this thread run models before all others while the block runs.

    The block must not wait for others, such as for a model that another thread loads.
    """
    own = threading.get_ident()
    with _changed:
        _first.add(own)
    try:
        yield
    finally:
        with _changed:
            _first.discard(own)
            _changed.notify_all()


def give_way() -> None:
    """Return as soon as no other thread goes first, or at once if this one does."""
    moving.note()
    own = threading.get_ident()
    with _changed:
        _changed.wait_for(lambda: not _first or own in _first)
