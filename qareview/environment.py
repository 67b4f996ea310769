"""Read values of environment variables that settings need; what is wrong stops the start."""

import ipaddress
import zoneinfo
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks_in(text: str) -> list[Network]:
    """Return the addresses and networks of QAREVIEW_PROXIES. Raises ImproperlyConfigured."""
    try:
        return [ipaddress.ip_network(part) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"QAREVIEW_PROXIES: {error}. Name addresses such as 10.0.0.7, or networks such as "
            "10.0.0.0/24, separated by commas."
        ) from None


def zone_in(text: str) -> str:
    """Return the name of the time zone that TZ stands for, as Python's zoneinfo knows it.

    TZ may hold the path of a zone's file, or a rule of POSIX such as “CET-1CEST”, which has no
    name. Where no zone is found, it is UTC: people choose their own in any case.
    """
    name = text.removeprefix(":")
    if name.startswith("/"):
        name = str(Path(name).resolve()).partition("/zoneinfo/")[2]
    return name if name in zoneinfo.available_timezones() else "UTC"
