"""Tables as named columns and rows of strings, read from JSONL, other JSON or Parquet."""

import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qareview.storable_text import storable
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

CSV = "text/csv"
JSONL = "application/jsonl"
JSON = "application/json"
PARQUET = "application/vnd.apache.parquet"
KINDS = (CSV, JSON, JSONL, PARQUET)

# Chosen; nobody measured.
MOST_ROWS = 200_000
MOST_COLUMNS = 200
_BATCH_ROWS = 100  # of a Parquet file, read at once

Record = dict[str, Any]
Flatten = Callable[[Record], list[Record]]  # the rows that a record stands for


class BadTable(Exception):
    """The table cannot be read; the message says where it is wrong, and what to do."""


class JsonText(str):
    """A value that was a list or an object, as JSON; any other text that looks so is just text."""


@dataclass(frozen=True)
class Row:
    """A row: its number, from 1, the place where it begins, and a value for each column."""

    number: int
    place: int
    values: list[str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read: its place, what it has ("3 rows with …"), and what to do.

    ``text`` is what the file has there.
    """

    place: int
    problem: str
    advice: str
    text: str


@dataclass(frozen=True)
class Table:
    """Columns and rows. Rows are read while iterating over them, which may raise BadTable.

    ``place`` of a row counts ``unit``: lines of a text, or rows of a format without lines. Rows
    that cannot be read are added to ``bad_rows`` meanwhile. ``notes`` are sentences on how the
    table was read. ``first_row`` says what a CSV seems to begin with: csv_tables.NAMES or DATA.
    """

    columns: list[str]
    rows: Iterator[Row]
    unit: str = "line"
    bad_rows: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first_row: str = ""


def from_jsonl(text: str, flatten: Flatten | None = None) -> Table:
    """Read one JSON object per line; the columns are the keys of all objects. Raises BadTable.

    With ``flatten``, each object stands for the rows that this function returns of it.
    """
    return from_records(lambda: _objects(text), "line", flatten)


def from_records(
    records: Callable[[], Iterable[tuple[int, Record | BadRow]]],
    unit: str,
    flatten: Flatten | None = None,
) -> Table:
    """Return the table of records with their places; ``records`` is called twice.

    Raises BadTable.
    """
    keys: dict[str, None] = {}
    bad_rows: list[BadRow] = []
    for _, record in _rows_of(records(), flatten, bad_rows):
        keys.update(dict.fromkeys(record))
    if bad_rows and not keys:
        raise BadTable(bad_rows[0].advice)
    bad_rows.clear()
    names = [storable(key) for key in keys]
    columns = named(names)
    rows = (
        (place, [_cell(record.get(key)) for key in keys])
        for place, record in _rows_of(records(), flatten, bad_rows)
    )
    return Table(columns, numbered(rows, bad_rows), unit, bad_rows, list(renamed(names, columns)))


def _rows_of(
    records: Iterable[tuple[int, Record | BadRow]], flatten: Flatten | None, bad_rows: list[BadRow]
) -> Iterator[tuple[int, Record]]:
    for place, record in records:
        if isinstance(record, BadRow):
            bad_rows.append(record)
        else:
            for row in flatten(record) if flatten else [record]:
                yield place, row


def from_parquet(path: Path) -> Table:
    """Read a Parquet file in batches of rows. Raises BadTable."""
    file = _opened(path)
    names = [storable(name) for name in file.schema_arrow.names]
    columns = named(names)
    rows = ((place, [_cell(value) for value in values]) for place, values in _batched(file))
    return Table(columns, numbered(rows), "row", notes=list(renamed(names, columns)))


def parquet_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Yield the rows of a Parquet file with their numbers. Raises BadTable."""
    file = _opened(path)
    for place, values in _batched(file):
        yield place, dict(zip(file.schema_arrow.names, values, strict=True))


def _opened(path: Path) -> "ParquetFile":
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError):
        raise BadTable(_DAMAGED) from None
    if file.metadata.num_rows > MOST_ROWS:
        raise BadTable(TOO_MANY_ROWS)
    return file


_DAMAGED = stored(
    "The Parquet file is damaged or encrypted. Save it again and upload the new file."
)
TOO_MANY_ROWS = stored(
    "The table has more than %(most_rows)s rows. Split it into smaller files.", most_rows=MOST_ROWS
)


def parsed(text: str) -> Any:
    """Return the value of JSON; what is no number, such as NaN, is None.

    Raises ValueError, and RecursionError.
    """
    return json.loads(text, parse_constant=lambda _: None)


def is_object(line: str) -> bool:
    """Return whether a line of text is a JSON object, as the lines of JSONL are."""
    try:
        return isinstance(parsed(line), dict)
    except (ValueError, RecursionError):
        return False


def is_json(text: str) -> bool:
    """Return whether a text is a JSON object or a list of objects."""
    try:
        value = parsed(text)
    except (ValueError, RecursionError):
        return False
    entries = value if isinstance(value, list) else [value]
    return bool(entries) and all(isinstance(entry, dict) for entry in entries)


def _objects(text: str) -> Iterator[tuple[int, Record | BadRow]]:
    """Yield the line and the JSON object of each row, or what is wrong with it.

    The lines may be those of a list: commas at their ends, and its brackets, are passed over.
    """
    for line, source in enumerate(io.StringIO(text, newline="\n"), 1):
        bare = source.strip().rstrip(",")
        if bare in ("", "[", "]"):
            continue
        try:
            record = parsed(bare)
        except (ValueError, RecursionError):
            yield line, _no_json(line, bare)
            continue
        yield line, record if isinstance(record, dict) else no_object(line, bare)


def _no_json(line: int, text: str) -> BadRow:
    return BadRow(
        line,
        stored("text that is not valid JSON"),
        stored(
            "Line %(line)s is not valid JSON. In JSONL, each row is an object on its own line.",
            line=str(line),
        ),
        storable(text),
    )


def no_object(line: int, text: str) -> BadRow:
    """Return what is wrong with a row that is JSON but no object."""
    return BadRow(
        line,
        stored("JSON that is no object"),
        stored("Line %(line)s is JSON, but not an object such as {“question”: …}.", line=str(line)),
        storable(text),
    )


def _batched(file: "ParquetFile") -> Iterator[tuple[int, list[Any]]]:
    import pyarrow

    number = 0
    try:
        for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, list(values)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise BadTable(_DAMAGED) from None


def named(names: Sequence[str], *, may_be_empty: bool = False) -> list[str]:
    """Return different names of columns, made of their numbers if they have none.

    Raises BadTable if no column has a name, unless they ``may_be_empty``, or if there are too many.
    """
    stripped = [name.strip() for name in names]
    if not any(stripped) and not may_be_empty:
        raise BadTable(stored("The table has no column names. Put them in the first row."))
    if len(stripped) > MOST_COLUMNS:
        raise BadTable(
            stored(
                "The table has more than %(most_columns)s columns. Leave some out.",
                most_columns=MOST_COLUMNS,
            )
        )
    columns: list[str] = []
    for number, name in enumerate(stripped, 1):
        numbered = f"column {number}"  # not translated: the name is the same for every reader
        columns.append(_free_name(name or numbered, columns))
    return columns


def _free_name(name: str, taken: Sequence[str]) -> str:
    numbers = (f"{name} ({number})" for number in range(2, MOST_COLUMNS + 2))
    return next(free for free in (name, *numbers) if free not in taken)


def renamed(names: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each column that is not called by its name, as another one is."""
    for name, column in zip(names, columns, strict=True):
        if name.strip() and name.strip() != column:
            yield stored(
                "Two columns are called “%(twice)s”, so the latter has a number behind its name.",
                twice=name.strip(),
            )


def numbered(
    rows: Iterable[tuple[int, list[str]]], bad_rows: Sequence[BadRow] = ()
) -> Iterator[Row]:
    """Yield rows with their numbers. Raises BadTable if there are none, or too many."""
    number = 0
    for number, (place, values) in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise BadTable(TOO_MANY_ROWS)
        yield Row(number, place, values)
    if not number and bad_rows:
        raise BadTable(bad_rows[0].advice)
    if not number:
        raise BadTable(stored("The table has no rows, only column names."))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    elif isinstance(value, list | dict):
        return JsonText(storable(json.dumps(value, ensure_ascii=False, default=str)))
    elif isinstance(value, bool):
        value = json.dumps(value)
    return storable(str(value))
