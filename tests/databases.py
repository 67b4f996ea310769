"""Databases for tests."""

import hashlib
import os
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
    with _making_templates():
        if name not in _templates():
            drop_templates_but(name)
            with new_database(f"{name}_unfinished"):
                call_command("migrate", verbosity=0)
            _execute(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    return name


def drop_templates_but(kept: str) -> None:
    """Drop all but one, even one that a run was making which has been killed."""
    for name in _templates():
        if name != kept:
            _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


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


@contextmanager
def _making_templates() -> Iterator[None]:
    """Let other processes wait, also those whose migrations differ: they drop each other's."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
        yield


def _templates() -> list[str]:
    rows = _execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", PREFIX)
    return [name for (name,) in rows]


def _execute(query: str, *values: str) -> list[tuple[str]]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        cursor = server.execute(query, values)
        return cursor.fetchall() if cursor.description else []
