"""The broker, for what is shared by all processes and may be lost: pauses, and playground runs."""

import functools
from typing import Any

import redis
from django.conf import settings

SECONDS_TO_ANSWER = 2  # that the broker has to answer; chosen; nobody measured


@functools.cache
def broker() -> Any:  # its types say nothing of decode_responses
    """Return a client of the broker; its calls raise redis.RedisError."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=SECONDS_TO_ANSWER,
        socket_timeout=SECONDS_TO_ANSWER,
        decode_responses=True,
    )
