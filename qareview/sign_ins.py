"""Slow down who guesses passwords, without locking anybody out.

Every sign-in counts as a wrong one until its password was right. After some wrong ones for a name
from an address, the next is taken only after a pause, which doubles each time up to a limit. So
nobody who guesses elsewhere keeps a person out. An address from which many names are tried, such
as that of a proxy, has short pauses.
"""

import hashlib
import ipaddress
import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest

FORGET_SECONDS = 900  # after which wrong passwords are forgotten; chosen; nobody measured
IPV6_PREFIX = 64  # of the network that one customer of a provider has; see RFC 6177
_LOCK = 3  # the first number of the advisory lock of a network


@dataclass(frozen=True)
class Pace:
    """How many wrong passwords cause no pause, and the longest pause in seconds."""

    free: int
    longest: int

    def pause(self, wrong: int) -> int:
        """Return how many seconds pass before the next try, after so many wrong passwords."""
        return min(2 ** (wrong - self.free), self.longest) if wrong >= self.free else 0


# Chosen; nobody measured. With the longest pause, 2,880 passwords a day can be tried for a name.
OF_A_NAME = Pace(free=5, longest=30)
OF_AN_ADDRESS = Pace(free=30, longest=2)


class TooSoon(Exception):
    """Before the next try, ``seconds`` have to pass."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@transaction.atomic
def begin(name: str, address: str) -> None:
    """Count a try to sign in, until :func:`succeed` takes it back. Raises TooSoon."""
    _lock(address)
    now = time.time()
    counts: dict[str, int] = {}
    for key, pace in _paces(name, address):
        counts[key], at = cache.get(key, (0, now))
        left = at + pace.pause(counts[key]) - now
        if left > 0:
            raise TooSoon(math.ceil(left))
    for key, count in counts.items():
        cache.set(key, (count + 1, now), FORGET_SECONDS)


@transaction.atomic
def succeed(name: str, address: str) -> None:
    """Forget the wrong passwords for a name, and the one try of the address."""
    _lock(address)
    (of_name, _), (of_address, _) = _paces(name, address)
    cache.delete(of_name)
    count, at = cache.get(of_address, (1, 0.0))
    cache.set(of_address, (max(count - 1, 0), at), FORGET_SECONDS)


def client_address(request: HttpRequest) -> str:
    """Return the address that a request comes from.

    X-Forwarded-For is believed only as far as proxies wrote it that QAREVIEW_PROXIES names: anybody
    can send such a line.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    told = request.headers.get("X-Forwarded-For", "").split(",")
    while told and _is_proxy(address):
        address = told.pop().strip() or address
    return address


def _is_proxy(address: str) -> bool:
    ip = _ip(address)
    return ip is not None and any(ip in network for network in settings.PROXIES)


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address as a number, or None if it is none.

    A server that listens on :: sees IPv4 addresses such as ::ffff:10.0.0.7.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _paces(name: str, address: str) -> list[tuple[str, Pace]]:
    network = _network(address)
    return [(_key(network, name.casefold()), OF_A_NAME), (_key(network), OF_AN_ADDRESS)]


def _network(address: str) -> str:
    ip = _ip(address)
    if ip is None:
        return address
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))


def _key(*parts: str) -> str:
    """Return a key of the cache for anything that somebody may type as their name."""
    return f"sign-in-{hashlib.sha256(repr(parts).encode(errors='replace')).hexdigest()}"


def _lock(address: str) -> None:
    """Let others who sign in from the same network wait until the transaction ends."""
    with connection.cursor() as cursor:
        of_network = _key(_network(address))
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, of_network])
