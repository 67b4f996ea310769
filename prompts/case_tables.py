"""Read the rows of cases from typed lines, CSV, lines of JSON or a JSON array."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from qareview import csv_tables, tables
from qareview.storable_text import storable
from qareview.stored_sentences import stored
from qareview.tables import BadTable, Table

Rows = list[dict[str, str]]
_BEGINS_ARRAY = re.compile(r"\[\s*[{\"\]]")
_NAME = re.compile(r"[\w-]+")  # of a column, where lines are typed that may be values as well


def read_rows(text: str, needed: Sequence[str], *, is_typed: bool = False) -> Rows:
    """Return the rows of a text by the names of its columns, as :func:`plain` returns them.

    With ``is_typed``, and if one variable is ``needed``, a line may also be just its value. Raises
    BadTable.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if is_typed and len(needed) == 1 and _are_values(text, lines, needed[0]):
        return [{plain(needed[0]): line} for line in lines]
    array = _json_array(text)
    texts = [storable(entry) for entry in array if isinstance(entry, str)]
    if len(needed) == 1 and array and len(texts) == len(array):
        return [{plain(needed[0]): value} for value in texts]
    return _rows_of(_table(text, array), needed)


def plain(name: str) -> str:
    """Return a name with each accent and its letter as one character, as they look the same.

    Files that were made on macOS may have them as two.
    """
    return unicodedata.normalize("NFC", name)


def _are_values(text: str, lines: Sequence[str], name: str) -> bool:
    """Whether each typed line is a value, so that the text is neither JSON nor a table."""
    if tables.is_json(text) or (len(lines) > 1 and _json_array(text)):
        return False
    objects = [line for line in lines if tables.is_object(line)]
    if objects and len(objects) == len(lines):
        return False
    return not any(_has_key(line, name) for line in objects) and not _has_header(lines, name)


def _has_key(line: str, name: str) -> bool:
    return plain(name) in map(plain, tables.parsed(line))


def _has_header(lines: Sequence[str], name: str) -> bool:
    """Whether the first line is a header with this name: all names, and lines like it follow."""
    for delimiter in ",;\t|":
        columns = [column.strip(' "') for column in lines[0].split(delimiter)]
        if plain(name) in map(plain, columns) and all(map(_NAME.fullmatch, map(plain, columns))):
            return len(columns) == 1 or any(delimiter in line for line in lines[1:])
    return False


def _json_array(text: str) -> list[object]:
    """Return the entries of a JSON array; none if the text is no valid one."""
    if not (text.startswith("[") and text.endswith("]")):
        return []
    try:
        array = tables.parsed(text)
    except (ValueError, RecursionError):
        return []
    return array if isinstance(array, list) else []


def _table(text: str, array: Sequence[object]) -> Table:
    objects = [entry for entry in array if isinstance(entry, dict)]
    if len(objects) < len(array) or (not array and _BEGINS_ARRAY.match(text)):
        raise BadTable(
            stored(
                "This is no valid JSON array of objects such as [{“text”: …}, …], one for each "
                "case."
            )
        )
    if text.startswith("{") and tables.is_json(text):
        objects = [tables.parsed(text)]  # a single one, perhaps on several lines
    if objects:
        return tables.from_records(lambda: enumerate(objects, 1), "row")
    if text.startswith("{"):
        return tables.from_jsonl(text)
    return csv_tables.from_csv(text, csv_tables.NAMES)


def _rows_of(table: Table, needed: Iterable[str]) -> Rows:
    columns = list(map(plain, table.columns))
    rows = [dict(zip(columns, row.values, strict=True)) for row in table.rows]
    if table.bad_rows:
        raise BadTable(table.bad_rows[0].advice)
    if missing := [name for name in needed if plain(name) not in columns]:
        raise BadTable(
            stored(
                "There is no column for %(names)s. The columns are: %(there)s. Add the column, or "
                "give the variable a default value.",
                names=", ".join(missing),
                there=", ".join(table.columns),
            )
        )
    return rows
