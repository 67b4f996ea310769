"""A database with all migrations, which each process of the tests copies, as that takes no time.

The first process that needs it makes it, and keeps it until a migration changes.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from qareview.machine import embedded

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "prepared_"


def prepared_database() -> str:
    """Return the name of the database; make it if there is none with these migrations."""
    name = PREFIX + _digest()
    embedded.var_dir().mkdir(parents=True, exist_ok=True)
    with (embedded.var_dir() / "prepared-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        names = _names()
        if name not in names:
            _make(name, names)
    connection.close()
    return name


def _digest() -> str:
    """Return a hash of what makes the tables: our migrations, and versions of others."""
    files = [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "qareview" / "fields.py"]
    parts = [path.read_bytes() for path in files]
    parts += [version(name).encode() for name in ("django", "django-allauth")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall() if name.startswith(PREFIX)}


def _make(name: str, others: set[str]) -> None:
    """Make the database under another name, then rename it, so that none is used unfinished."""
    fresh = f"{name}_new"
    with connection.cursor() as cursor:
        for other in others:
            cursor.execute(f'DROP DATABASE "{other}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{fresh}"')
    with _connected_to(fresh):
        call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
