"""Read tables from CSV of any kind that programs and people write."""

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from qareview.storable_text import storable
from qareview.stored_sentences import stored
from qareview.tables import BadRow, Table, named, numbered, renamed

NAMES, DATA = "names", "data"  # what the first row of a table may hold

# Chosen; nobody measured.
MOST_LINES = 10_000  # of a row, or a quotation mark in it is taken for a mistake
LONGEST_NAME = 60  # characters of a column's name
_SAMPLE_ROWS = 50  # to guess the delimiter, the quotation marks and the header from
_SAMPLE_CHARACTERS = 20_000
_UNUSUAL = 0.1  # share of rows by which unusual quotation marks must fit better than usual ones
_DELIMITERS = ",;\t|"  # if several fit equally well, the first of them is used
_NO_DELIMITER = "\x1f"  # no text has it

_DECLARED_DELIMITER = re.compile(r"""["']?sep=(.)["']?[ \t]*\n""")  # Excel's first line
_ENDS = ".?!…؟。？！"  # of sentences, of which those in Chinese and Japanese have no blanks
_QUOTED_BY_APOSTROPHES = re.compile(r"'[^'\n]*'(?:[,;\t|][ ]*'[^'\n]*')*\n")  # all names
_NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,]\d+)*\s*")

_Record = tuple[int, list[str] | None]  # its first line, and its fields; None if they are unclear


@dataclass(frozen=True)
class _Dialect:
    """How fields are divided and quoted."""

    delimiter: str
    quote: str = '"'
    escape: str | None = None
    skips_blanks: bool = False  # between a delimiter and a quotation mark

    @property
    def is_usual(self) -> bool:
        return self.quote == '"' and self.escape is None


@dataclass(frozen=True)
class _Layout:
    """Where the header of a table is: its line, its fields, and the values of lines above it."""

    line: int
    header: list[str]
    titles: list[str]


def from_csv(text: str, first_row: str = "") -> Table:
    """Read CSV, separated by commas, semicolons, tabs or bars. Raises BadTable.

    The columns are called as the first row says, or by their numbers if it seems to be data;
    ``first_row`` is NAMES or DATA if a person knows better whether it is a row of the table.
    """
    csv.field_size_limit(sys.maxsize)
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    declared = _DECLARED_DELIMITER.match(text)
    lines = text.split("\n")
    begin = 1 if declared else 0
    dialect = _dialect(lines, begin, declared[1] if declared else "")
    sample = _sample(lines, begin, dialect)
    layout = _layout(sample)
    width = len(_without_end(layout.header, sample))
    guess = DATA if _is_data(layout, sample) else NAMES
    names = [""] * width if guess == DATA else [storable(name) for name in layout.header[:width]]
    columns = named(names, may_be_empty=guess == DATA)
    has_names = (first_row or guess) == NAMES
    bad_rows: list[BadRow] = []
    records = _records(lines, begin, dialect)
    rows = _fitting(records, lines, layout.line + has_names, width, bad_rows)
    notes = [*_notes(layout, guess), *renamed(names, columns)]
    return Table(columns, numbered(rows, bad_rows), "line", bad_rows, notes, guess)


def _notes(layout: _Layout, guess: str) -> Iterator[str]:
    if layout.titles:
        yield stored(
            "“%(title)s” stands above the names of the columns and is in no row.",
            title=" ".join(layout.titles),
        )
    if guess == DATA:
        yield stored("The first row seems to be data, so the columns are called by their numbers.")


def _dialect(lines: Sequence[str], begin: int, declared: str) -> _Dialect:
    """Return the dialect that fits best; that of a single column if none makes several."""
    sample = "\n".join(lines[begin : begin + _SAMPLE_ROWS])[:_SAMPLE_CHARACTERS]
    dialects = [
        _Dialect(delimiter, quote, escape, _has_blanks_before_quotes(sample, delimiter, quote))
        for quote, escape in _quotes(sample)
        for delimiter in declared or _DELIMITERS
    ]
    fits = {dialect: _fit(lines, begin, dialect) for dialect in dialects}
    best = max(dialects, key=fits.__getitem__)
    return best if fits[best][0] or declared else _Dialect(_NO_DELIMITER)


def _quotes(sample: str) -> Iterator[tuple[str, str | None]]:
    """Yield the quotation marks, with what escapes them, that a text may be quoted with."""
    if _QUOTED_BY_APOSTROPHES.match(sample):
        yield "'", None
        return
    yield '"', None
    if '\\"' in sample:
        yield '"', "\\"
    if re.search(rf"(?:^|[{_DELIMITERS}])[ \t]*'", sample, re.MULTILINE):
        yield "'", None


def _fit(lines: Sequence[str], begin: int, dialect: _Dialect) -> tuple[bool, float, int]:
    """Return how well a dialect fits: best if all rows have as many fields as the header.

    Of those, the dialect that gives the most fields fits best.
    """
    sample = _sample(lines, begin, dialect)
    layout = _layout(sample)
    width = len(_without_end(layout.header, sample))
    rows = [fields for line, fields in sample if line > layout.line]
    fitting = sum(fields is not None and _has_width(fields, width) for fields in rows)
    share = fitting / len(rows) if rows else 1.0
    return width > 1, share - (0 if dialect.is_usual else _UNUSUAL), width


def _has_width(fields: Sequence[str], width: int) -> bool:
    return len(fields) >= width and not any(fields[width:])


def _has_blanks_before_quotes(sample: str, delimiter: str, quote: str) -> bool:
    field = re.compile(
        rf"([ \t]*)({quote}[^{quote}]*(?:{quote}{quote}[^{quote}]*)*{quote}|[^{delimiter}\n]*)"
        rf"[^{delimiter}\n]*[{delimiter}\n]?"
    )
    return any(
        match[1] and match[2].startswith(quote) and len(match[2]) > 1
        for match in islice(field.finditer(sample), _SAMPLE_ROWS)
    )


def _sample(lines: Sequence[str], begin: int, dialect: _Dialect) -> list[_Record]:
    return list(islice(_records(lines, begin, dialect), _SAMPLE_ROWS))


def _records(lines: Sequence[str], begin: int, dialect: _Dialect) -> Iterator[_Record]:
    """Yield the first line, from 1, and the fields of each record, without blank lines.

    If a record's quotation marks are wrong, only its first line is given up; reading goes on in the
    next line.
    """
    while begin < len(lines):
        first, limit = begin, [begin + MOST_LINES]
        reader = csv.reader(
            _until(limit, lines, begin),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=dialect.escape,
            skipinitialspace=dialect.skips_blanks,
            strict=True,
        )
        try:
            for fields in reader:
                if fields:
                    yield first + 1, fields
                first = begin + reader.line_num
                limit[0] = first + MOST_LINES
            return
        except csv.Error:
            yield first + 1, None
            begin = first + 1


def _until(limit: list[int], lines: Sequence[str], begin: int) -> Iterator[str]:
    """Yield the lines up to a limit, which may be raised meanwhile."""
    for index in range(begin, len(lines)):
        if index >= limit[0]:
            return
        yield f"{lines[index]}\n"


def _layout(sample: Sequence[_Record]) -> _Layout:
    """Return where the header is: in the first row, unless that is a title of the table."""
    rows = [(line, fields) for line, fields in sample if fields and _values(fields)]
    if not rows:
        return _Layout(0, [], [])
    above = next((index for index, (_, fields) in enumerate(rows) if _values(fields) > 1), 0)
    if above and _are_titles(rows[:above], rows[above], rows[above + 1 :]):
        titles = [fields[0].strip() for _, fields in rows[:above]]
        return _Layout(rows[above][0], rows[above][1], titles)
    return _Layout(*rows[0], [])


def _values(fields: Sequence[str]) -> int:
    return sum(bool(field.strip()) for field in fields)


def _are_titles(
    titles: Sequence[tuple[int, list[str]]],
    header: tuple[int, list[str]],
    rows: Sequence[tuple[int, list[str]]],
) -> bool:
    """Whether rows with one value are titles: they are words, and a header and rows follow."""
    line, names = header
    is_apart = line - titles[-1][0] > 1
    are_words = all(fields[0].strip() and " " in fields[0].strip() for _, fields in titles)
    is_padded = all(len(fields) == len(names) for _, fields in titles)
    is_even = len(names) > 2 and all(len(fields) == len(names) for _, fields in rows)
    has_rows = len(rows) > (0 if is_padded or is_apart else 1)
    are_names = all(_is_name(name) for name in names if name.strip())
    return (is_apart or are_words) and (is_padded or is_even) and has_rows and are_names


def _is_name(field: str) -> bool:
    return len(field) <= LONGEST_NAME and not _is_sentence(field)


def _is_sentence(field: str) -> bool:
    text = field.strip().rstrip("\"'”’»)")
    has_words = " " in text or not text.isascii()
    return len(text) > 3 and has_words and text[-1] in _ENDS


def _without_end(header: Sequence[str], sample: Sequence[_Record]) -> list[str]:
    """Return a header without nameless columns at its end that have no values."""
    width = len(header)
    rows = [fields for _, fields in sample if fields]
    while width > 1 and not any(
        fields[width - 1].strip() for fields in rows if len(fields) >= width
    ):
        width -= 1
    return list(header[:width])


def _is_data(layout: _Layout, sample: Sequence[_Record]) -> bool:
    """Whether the header is a row like the others: of sentences, or of numbers."""
    rows = [fields for line, fields in sample if fields and line > layout.line]
    if not rows or layout.titles:
        return False
    if all(_NUMBER.fullmatch(name) for name in layout.header):
        return True
    return any(
        _is_sentence(name) and _are_mostly_sentences(rows, index)
        for index, name in enumerate(layout.header)
    )


def _are_mostly_sentences(rows: Sequence[Sequence[str]], index: int) -> bool:
    values = [fields[index] for fields in rows if len(fields) > index]
    return sum(map(_is_sentence, values)) * 2 > len(values)


def _fitting(
    records: Iterator[_Record],
    lines: Sequence[str],
    first: int,
    width: int,
    bad_rows: list[BadRow],
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows from a line on, with as many values as columns; add the others to bad_rows."""
    for line, fields in records:
        if line < first:
            continue
        if fields is None:
            bad_rows.append(_with_bad_quotes(line, lines[line - 1]))
        elif any(fields[width:]):
            bad_rows.append(_with_too_many_values(line, fields, width))
        else:
            missing = [""] * (width - len(fields))
            yield line, [storable(value) for value in fields[:width]] + missing


def _with_bad_quotes(line: int, text: str) -> BadRow:
    return BadRow(
        line,
        stored("a quotation mark that is not closed or is followed by other text"),
        stored(
            "In the row that starts on line %(line)s, a quotation mark is not closed or is "
            "followed by other text. Write a quotation mark inside quotation marks twice.",
            line=str(line),
        ),
        storable(text),
    )


def _with_too_many_values(line: int, fields: Sequence[str], columns: int) -> BadRow:
    return BadRow(
        line,
        stored("more values than columns"),
        stored(
            "The row on line %(line)s has %(fields)s values for %(columns)s columns. Put values "
            "that contain the delimiter in quotation marks.",
            line=str(line),
            fields=len(fields),
            columns=columns,
        ),
        storable(" | ".join(fields)),
    )
