"""Store many new rows at once by PostgreSQL's COPY."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

PLAIN = (int, str, bool, type(None), datetime, list)  # which psycopg writes as they are


def copy_rows(rows: Sequence[models.Model]) -> None:
    """Store new rows of one model and set their ids, in the order of the rows.

    It does what ``bulk_create`` does, in a quarter of its time where a row has long arrays.
    """
    if not rows:
        return
    meta = rows[0]._meta
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [meta.db_table, meta.pk.column, len(rows)],
        )
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        fields = meta.local_concrete_fields
        columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
        table = connection.ops.quote_name(meta.db_table)
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_stored_value(field, row) for field in fields])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _stored_value(field: Any, row: models.Model) -> Any:
    value = field.pre_save(row, add=True)
    if isinstance(field, models.JSONField) or type(value) not in PLAIN:
        return field.get_db_prep_save(value, connection)
    return value
