"""Read the tables of CSV, JSONL and Parquet files."""

from pathlib import Path

from generation.reading import table_columns
from generation.reading.decoding import decode
from generation.reading.readings import CannotRead, Choices, Reading
from qareview import tables


def read_table(path: Path, media_type: str, choices: Choices) -> Reading:
    """Read a table: its survey, or its rows once its columns are chosen. Raises CannotRead."""
    chosen = choices.columns
    try:
        table = _table(path, media_type)
        problem = table_columns.objection(chosen, table.columns) if chosen else ""
        if problem or not chosen:
            return Reading("", media_type, survey=table_columns.survey(table), note=problem)
        imported = table_columns.take_columns(table, chosen)
    except tables.BadTable as reason:
        raise CannotRead(str(reason)) from reason
    return Reading(imported.text, media_type, rows=imported.rows, note=imported.note)


def _table(path: Path, media_type: str) -> tables.Table:
    if media_type == tables.PARQUET:
        return tables.from_parquet(path)
    text = decode(path.read_bytes())
    return tables.from_csv(text) if media_type == tables.CSV else tables.from_jsonl(text)
