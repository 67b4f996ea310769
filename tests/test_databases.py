"""The databases that tests copy."""

import os

import psycopg

from tests.databases import PREFIX, drop_templates_but, migrated_template

LEFT = f"{PREFIX}left_unfinished"


def test_what_a_killed_run_left_is_dropped_even_while_the_server_works_on_it(
    django_db_setup: None,
) -> None:
    kept, url = migrated_template(), os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{LEFT}"')
        with psycopg.connect(f"{url.rpartition('/')[0]}/{LEFT}"):
            drop_templates_but(kept)
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        assert server.execute(query, [PREFIX]).fetchall() == [(kept,)]
