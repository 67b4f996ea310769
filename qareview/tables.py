"""Read tables from CSV, JSONL or Parquet as named columns and rows of strings."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

CSV = "text/csv"
JSONL = "application/jsonl"
PARQUET = "application/vnd.apache.parquet"
KINDS = (CSV, JSONL, PARQUET)

# Chosen; nobody measured.
MOST_ROWS = 200_000
MOST_COLUMNS = 200
_SAMPLE_ROWS = 50  # to guess the delimiter from
_BATCH_ROWS = 100  # of a Parquet file, read at once
_DELIMITERS = ",;\t|"  # if several fit equally well, the first of them is used


class BadTable(Exception):
    """The table cannot be read; the message says where it is wrong, and what to do."""


@dataclass(frozen=True)
class Row:
    """A row: its number, from 1, the place where it begins, and a value for each column."""

    number: int
    place: int
    values: list[str]


@dataclass(frozen=True)
class Table:
    """Columns and rows. Rows are read while iterating over them, which may raise BadTable.

    ``place`` of a row counts ``unit``: lines of a text, or rows of a format without lines.
    """

    columns: list[str]
    rows: Iterator[Row]
    unit: str = "line"


def from_csv(text: str) -> Table:
    """Read CSV with a header, separated by commas, semicolons, tabs or bars. Raises BadTable."""
    csv.field_size_limit(sys.maxsize)
    text = text.replace("\0", "")
    lines = io.StringIO(text, newline="")
    records = _records(csv.reader(lines, delimiter=_delimiter(text), strict=True))
    _, header = next(records, (0, []))
    columns = _named([storable(name) for name in header])
    return Table(columns, numbered(_fitting(records, columns)))


def from_jsonl(text: str) -> Table:
    """Read one JSON object per line; the columns are the keys of all objects. Raises BadTable."""
    keys: dict[str, None] = {}
    for _, record in _objects(text):
        keys.update(dict.fromkeys(record))
    rows = ((line, [_cell(record.get(key)) for key in keys]) for line, record in _objects(text))
    return Table(_named([storable(key) for key in keys]), numbered(rows))


def from_parquet(path: Path) -> Table:
    """Read a Parquet file in batches of rows. Raises BadTable."""
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError):
        raise BadTable(_DAMAGED) from None
    if file.metadata.num_rows > MOST_ROWS:
        raise BadTable(_TOO_MANY)
    names = [storable(name) for name in file.schema_arrow.names]
    return Table(_named(names), numbered(_batched(file)), unit="row")


_DAMAGED = stored(
    "The Parquet file is damaged or encrypted. Save it again and upload the new file."
)
_TOO_MANY = stored(
    "The table has more than %(most_rows)s rows. Split it into smaller files.", most_rows=MOST_ROWS
)


def is_object(line: str) -> bool:
    """Return whether a line of text is a JSON object, as the lines of JSONL are."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _delimiter(text: str) -> str:
    lines = io.StringIO(text, newline="")
    return max(_DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: io.StringIO, delimiter: str) -> tuple[bool, float, int]:
    """Return how well a delimiter fits: best if all rows have as many fields as the first row.

    Of those, the delimiter that gives the most fields fits best.
    """
    lines.seek(0)
    rows = csv.reader(lines, delimiter=delimiter)
    widths = [len(fields) for fields in islice(rows, _SAMPLE_ROWS) if fields] or [0]
    return widths[0] > 1, widths.count(widths[0]) / len(widths), widths[0]


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line and the fields of each record, without blank lines."""
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error:
            raise BadTable(
                stored(
                    "In the row that starts on line %(line)s, a quotation mark is not "
                    "closed or is followed by other text. Write a quotation mark inside "
                    "quotation marks twice.",
                    line=str(line),
                )
            ) from None
        if fields is None:
            return
        if fields:
            yield line, fields


def _fitting(
    records: Iterable[tuple[int, list[str]]], columns: Sequence[str]
) -> Iterator[tuple[int, list[str]]]:
    """Fill short rows with empty values. Raises BadTable if a row is too long."""
    for line, fields in records:
        if len(fields) > len(columns):
            raise BadTable(
                stored(
                    "The row on line %(line)s has %(fields)s values for %(columns)s "
                    "columns. Put values that contain the delimiter in quotation marks.",
                    line=str(line),
                    fields=len(fields),
                    columns=len(columns),
                )
            )
        missing = [""] * (len(columns) - len(fields))
        yield line, [storable(value) for value in fields] + missing


def _objects(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line and the JSON object of each row. Raises BadTable."""
    for line, source in enumerate(io.StringIO(text, newline="\n"), 1):
        if not source.strip():
            continue
        try:
            record = json.loads(source)
        except (ValueError, RecursionError):
            raise BadTable(
                stored(
                    "Line %(line)s is not valid JSON. In JSONL, each row is an object on "
                    "its own line.",
                    line=str(line),
                )
            ) from None
        if not isinstance(record, dict):
            raise BadTable(
                stored(
                    "Line %(line)s is JSON, but not an object such as {“question”: …}.",
                    line=str(line),
                )
            )
        yield line, record


def _batched(file: "ParquetFile") -> Iterator[tuple[int, list[str]]]:
    import pyarrow

    number = 0
    try:
        for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, [_cell(value) for value in values]
    except (pyarrow.ArrowException, OSError, ValueError):
        raise BadTable(_DAMAGED) from None


def _named(names: Sequence[str]) -> list[str]:
    """Return the names of columns, made of their numbers if they have none. Raises BadTable."""
    stripped = [name.strip() for name in names]
    if not any(stripped):
        raise BadTable(stored("The table has no column names. Put them in the first row."))
    if len(stripped) > MOST_COLUMNS:
        raise BadTable(
            stored(
                "The table has more than %(most_columns)s columns. Leave some out.",
                most_columns=MOST_COLUMNS,
            )
        )
    columns = [
        name or f"column {number}"  # not translated: the name is the same for every reader
        for number, name in enumerate(stripped, 1)
    ]
    twice = next((name for name in columns if columns.count(name) > 1), "")
    if twice:
        raise BadTable(stored("Two columns are called “%(twice)s”. Rename one.", twice=twice))
    return columns


def numbered(rows: Iterable[tuple[int, list[str]]]) -> Iterator[Row]:
    """Yield rows, of which the place and the values are given. Raises BadTable."""
    number = 0
    for number, (place, values) in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise BadTable(_TOO_MANY)
        yield Row(number, place, values)
    if not number:
        raise BadTable(stored("The table has no rows, only column names."))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    elif isinstance(value, bool | list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return storable(str(value))


def storable(text: str) -> str:
    """Return a text as PostgreSQL can store it: no NUL and no surrogates. Line ends become LF."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode(errors="replace").decode()
