"""Codes are filled in from the sentences of old rows, and these get message and values."""

import json
from typing import Any

from django.db import migrations

from qareview.migrations._former_sentences import (
    ASIDE,
    ERRORS,
    LEFT_OUT,
    NOTICES,
    WITHDRAWN,
    convert,
    convert_back,
    parsed,
    parsed_in_a_row,
)

CODES = """
    UPDATE generation_item SET aside_reason = CASE
        WHEN aside #>> '{}' LIKE 'Its score%' THEN 'low score'
        WHEN aside #>> '{}' = 'Its passage was excluded.' THEN 'excluded'
        WHEN aside #>> '{}' = 'Its passage was cut anew.' THEN 'cut again'
        WHEN aside #>> '{}' LIKE '% was asked.' THEN 'asked'
        WHEN aside #>> '{}' = 'It was drafted again.' THEN 'drafted again'
        ELSE 'other'
    END WHERE aside <> '""';
    UPDATE generation_review SET withdrawal = CASE
        WHEN withdrawn_because #>> '{}' = 'replaced by a later one' THEN 'replaced'
        WHEN withdrawn_because #>> '{}' = 'It was given in bulk, and that was undone.'
            THEN 'bulk undone'
        ELSE 'sent back'
    END WHERE withdrawn_because <> '""';
    UPDATE generation_review SET withdrawn_because = '""'
        WHERE withdrawn_because = '"sent back"' AND is_adjudication AND verdict = 'skipped'
"""
SENTENCES = {
    "generation_acceptance": {"error": ERRORS, "note": ERRORS},
    "generation_bulkaction": {"error": ERRORS},
    "generation_document": {"error": ERRORS, "note": ERRORS},
    "generation_item": {"aside": ASIDE},
    "generation_notice": {"text": NOTICES},
    "generation_passage": {"error": ERRORS, "note": ERRORS},
    "generation_release": {"error": ERRORS},
    "generation_review": {"withdrawn_because": WITHDRAWN},
}


def forwards(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute(CODES)
    for table, columns in SENTENCES.items():
        for column, messages in columns.items():
            parse = parsed_in_a_row if messages is ERRORS else parsed
            convert(editor, table, column, lambda text, p=parse, m=messages: p(text, m))
    _rename_left_out(editor, LEFT_OUT)


def backwards(apps: Any, editor: Any) -> None:
    for table, columns in SENTENCES.items():
        convert_back(editor, table, columns)
    _rename_left_out(editor, {code: reason for reason, code in LEFT_OUT.items()})


def _rename_left_out(editor: Any, names: dict[str, str]) -> None:
    """Rename the reasons in the lists of what documents leave out, a document at a time."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM generation_document WHERE left_out <> '[]' ORDER BY id")
        for (document,) in cursor.fetchall():
            cursor.execute("SELECT left_out::text FROM generation_document WHERE id = %s", [document])
            ranges = json.loads(cursor.fetchone()[0])
            for left_out in ranges:
                left_out["reason"] = names.get(left_out["reason"], left_out["reason"])
            cursor.execute(
                "UPDATE generation_document SET left_out = %s::jsonb WHERE id = %s",
                [json.dumps(ranges), document],
            )


class Migration(migrations.Migration):
    dependencies = [("generation", "0011_sentences")]

    operations = [migrations.RunPython(forwards, backwards)]
