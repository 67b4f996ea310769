"""Databases for tests."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "test_template_"


def migrated_template() -> str:
    """Return the name of a migrated database to copy. It is made anew when a migration changes."""
    migrations = sorted(ROOT.glob("*/migrations/*.py"))
    sources = b"".join(path.read_bytes() for path in migrations)
    name = PREFIX + hashlib.sha256(sources).hexdigest()[:12]
    with (Path(tempfile.gettempdir()) / f"qareview-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes wait for the one that makes it
        if name not in _templates():
            for old in _templates():
                _execute(f'DROP DATABASE "{old}"')
            with new_database(f"{name}_unfinished"):
                call_command("migrate", verbosity=0)
            _execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return name


@contextmanager
def new_database(name: str) -> Iterator[None]:
    """Make the default connection one to a new, empty database."""
    _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _execute(f'CREATE DATABASE "{name}"')
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def _templates() -> list[str]:
    rows = _execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", PREFIX)
    return [name for (name,) in rows]


def _execute(query: str, *values: str) -> list[tuple[str]]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        cursor = server.execute(query, values)
        return cursor.fetchall() if cursor.description else []
