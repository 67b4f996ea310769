"""The header rows of a text's Markdown tables, for passages that go on with a table."""

import re
from bisect import bisect_right

LONGEST_HEADER = 1000  # characters; a longer one comes with no passage; chosen; nobody measured

# The quantifiers never give back, so that a line of pipes takes linear time.
_ROW = r"[^\n|]*+\|[^\n]*+(?:\n|\Z)"
_CELL = r"[ \t]*+:?-++:?[ \t]*+"
_LINE_UNDER_HEADER = rf"(?=[^\n]*\|)[ \t]*+\|?{_CELL}(?:\|{_CELL})*+\|?[ \t]*+(?=\n|\Z)"
_TABLE = re.compile(
    rf"^(?P<header>{_ROW}{_LINE_UNDER_HEADER})\n?(?P<rows>(?:{_ROW})*+)", re.MULTILINE
)


class TableHeaders:
    """Finds the header of the table that a passage goes on with.

    ``tables`` are the offsets of all tables: of the header's start, the rows' start and their end.
    """

    def __init__(self, text: str) -> None:
        matches = list(_TABLE.finditer(text)) if "|" in text else []
        self.tables = [(table.start(), *table.span("rows")) for table in matches]
        tables = [table for table in matches if len(table["header"]) <= LONGEST_HEADER]
        self._rows = [table.span("rows") for table in tables]
        self._headers = [table.span("header") for table in tables]

    def at(self, offset: int) -> tuple[int, int] | None:
        """Return the start and end of the header of the table whose rows ``offset`` is among.

        None if it is in no table, or in the header itself.
        """
        before = bisect_right(self._rows, offset, key=lambda rows: rows[0])
        if not before or offset >= self._rows[before - 1][1]:
            return None
        return self._headers[before - 1]
