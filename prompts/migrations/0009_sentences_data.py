"""Stored sentences of old rows get message and values."""

import json
from collections.abc import Callable
from typing import Any

from django.db import migrations

from qareview.migrations._former_sentences import (
    AGREEMENT,
    CHANGES,
    ENTRANTS,
    ERRORS,
    ORIGINS,
    SNAPSHOTS,
    convert,
    convert_back,
    parsed,
)
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder

SENTENCES = {
    "prompts_candidate": {"how": CHANGES},
    "prompts_entrant": {"aside": ENTRANTS},
    "prompts_run": {"error": ERRORS},
    "prompts_search": {"error": ERRORS, "note": ERRORS},
    "prompts_snapshot": {"because": SNAPSHOTS},
    "prompts_variant": {"origin": ORIGINS},
}


def forwards(apps: Any, editor: Any) -> None:
    for table, columns in SENTENCES.items():
        for column, messages in columns.items():
            convert(editor, table, column, lambda text, m=messages: parsed(text, m))
    _change(editor, parsed)


def backwards(apps: Any, editor: Any) -> None:
    for table, columns in SENTENCES.items():
        convert_back(editor, table, columns)
    _change(editor, lambda text, messages: text[:])


def _change(editor: Any, parse: Callable[[str, tuple[str, ...]], str]) -> None:
    """Change the sentences within the JSON of dropped proposals and of snapshots."""

    def dropped(rows: Any) -> None:
        for row in rows:
            row["reason"] = parse(row["reason"], ERRORS)

    def result(facts: Any) -> None:
        for entrant in facts.get("aside", []):
            entrant["why"] = parse(entrant["why"], ENTRANTS)
        agreement = facts.get("agreement", {})
        if agreement.get("note"):
            agreement["note"] = parse(agreement["note"], AGREEMENT)

    for table, column, change in (
        ("prompts_search", "dropped", dropped),
        ("prompts_snapshot", "result", result),
    ):
        with editor.connection.cursor() as cursor:
            cursor.execute(f"SELECT id, {column}::text FROM {table}")  # noqa: S608  names of ours
            for pk, written in cursor.fetchall():
                value = json.loads(written, cls=SentenceDecoder)
                change(value)
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s::jsonb WHERE id = %s",  # noqa: S608
                    [json.dumps(value, cls=SentenceEncoder), pk],
                )


class Migration(migrations.Migration):
    dependencies = [("prompts", "0008_sentences")]

    operations = [migrations.RunPython(forwards, backwards)]
