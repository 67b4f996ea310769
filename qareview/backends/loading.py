"""Which models workers are loading now, for the pages of those who wait.

It is kept in the broker, and forgotten there soon after a worker has died.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from qareview.broker import broker

logger = logging.getLogger(__name__)

one_at_a_time = threading.Lock()  # transformers sets defaults of the whole process meanwhile
KEY = "loading"  # of a sorted set of models, by the time until which they are said to be loading
KEPT_SECONDS = 15.0  # three times as long as between two reports; chosen; nobody measured
REPORT_SECONDS = 5.0


@contextmanager
def said_to_be_loading(model: str) -> Iterator[None]:
    """While the block runs, :func:`models_loading` has the model."""
    loaded = threading.Event()
    thread = threading.Thread(target=_report, args=(model, loaded), name="loading", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loaded.set()
        thread.join()


def models_loading() -> set[str]:
    """Return the names of the models that workers are loading; none if the broker is away."""
    try:
        found = broker().zrangebyscore(KEY, time.time(), "+inf")
    except redis.RedisError:
        return set()
    return set(found)


def _report(model: str, loaded: threading.Event) -> None:
    try:
        while not loaded.is_set():
            broker().zadd(KEY, {model: time.time() + KEPT_SECONDS})
            loaded.wait(REPORT_SECONDS)
        broker().zrem(KEY, model)
    except redis.RedisError as error:
        logger.warning("Nobody sees that a model is being loaded: %s", error)
