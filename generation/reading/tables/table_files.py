"""Read the tables of CSV, JSON, JSONL and Parquet files."""

from pathlib import Path

from generation.reading.decoding import decode_with_note
from generation.reading.readings import CannotRead, Choices, Reading
from generation.reading.tables import json_shapes, table_columns
from qareview import csv_tables, tables
from qareview.stored_sentences import joined


def read_table(path: Path, media_type: str, choices: Choices) -> Reading:
    """Read a table: its survey, or its rows once its columns are chosen. Raises CannotRead."""
    chosen = {
        role: choices.columns[role] for role in table_columns.ROLES if role in choices.columns
    }
    try:
        table = _table(path, media_type, choices.columns.get(table_columns.FIRST_ROW, ""))
        problem = table_columns.objection(chosen, table.columns) if chosen else ""
        if problem or not chosen:
            survey = table_columns.survey(table)
            notes = [problem, *table.notes, table_columns.note_on_bad_rows(table, survey["rows"])]
            return Reading("", media_type, survey=survey, note=joined(notes))
        imported = table_columns.take_columns(table, chosen)
    except tables.BadTable as reason:
        raise CannotRead(str(reason)) from reason
    return table_columns.reading_of(imported, media_type)


def _table(path: Path, media_type: str, first_row: str) -> tables.Table:
    if media_type == tables.PARQUET:
        return json_shapes.read_parquet(path)
    text, note = decode_with_note(path.read_bytes())
    table = (
        csv_tables.from_csv(text, first_row)
        if media_type == tables.CSV
        else json_shapes.read_json(text, media_type)
    )
    table.notes[:0] = [note] if note else []
    return table
