"""Databases for tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection

from tests.once import made_once

TEMPLATE = "test_template"


def migrated_template() -> str:
    """Return the name of a migrated database to copy, so that only one process migrates."""

    def make(path: Path) -> None:
        with new_database(TEMPLATE):
            call_command("migrate", verbosity=0)
        path.touch()

    return made_once(TEMPLATE, make).name


@contextmanager
def new_database(name: str) -> Iterator[None]:
    """Make the default connection one to a new, empty database."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
