"""Pauses that a model server asked for with ``Retry-After``: they hold back all its requests.

A pause is kept in the broker, so that every worker keeps to it, and in the memory of the process,
in case the broker is away.
"""

import hashlib
import logging
import time

import redis

from qareview.broker import broker

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 600.0  # seconds, after which the server is asked again; chosen; nobody measured
LONGEST_WAIT = 60.0  # seconds that a worker waits and does nothing else; chosen; nobody measured

# Sets a key that lasts for some milliseconds, unless it lasts longer already, in one step.
LENGTHEN = """
if redis.call("PTTL", KEYS[1]) < tonumber(ARGV[1]) then
  redis.call("SET", KEYS[1], "", "PX", ARGV[1])
end
"""


class Paused(Exception):
    """The server has to be left alone for longer than a worker waits, for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Pause:
    """The pause of a model: ``model`` names the server and the model on it."""

    def __init__(self, model: str) -> None:
        self.key = f"pause:{hashlib.sha256(model.encode()).hexdigest()}"
        self.until = 0.0  # in time.monotonic()

    def begin(self, seconds: float) -> None:
        """Let nobody send requests for so long; a longer pause that has begun stays."""
        seconds = min(seconds, LONGEST_PAUSE)
        if seconds <= self.seconds_left():
            return
        self.until = max(self.until, time.monotonic() + seconds)
        try:
            broker().eval(LENGTHEN, 1, self.key, round(seconds * 1000))
        except redis.RedisError as error:
            logger.warning("Other workers do not know of the pause: %s", error)

    def seconds_left(self) -> float:
        """Return how long the pause still is; 0 if there is none."""
        own = max(0.0, self.until - time.monotonic())
        try:
            milliseconds = int(broker().pttl(self.key))
        except redis.RedisError:
            return own
        return max(own, milliseconds / 1000)  # it is negative if there is none

    def wait(self) -> None:
        """Return when the pause is over. Raises Paused if that is too long to wait."""
        while seconds := self.seconds_left():
            if seconds > LONGEST_WAIT:
                raise Paused(seconds)
            time.sleep(seconds)
