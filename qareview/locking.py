"""Lock rows in the order of their ids, so that transactions which lock the same rows do not
deadlock.
"""

from typing import Any

from django.db.models import QuerySet


def lock_rows(rows: QuerySet[Any], *, no_key: bool = False) -> list[int]:
    """Lock rows until the transaction ends; return their ids.

    With ``no_key``, others can still store rows that refer to these (FOR NO KEY UPDATE).
    """
    locked = rows.select_for_update(of=("self",), no_key=no_key).order_by("pk")
    return list(locked.values_list("pk", flat=True))
