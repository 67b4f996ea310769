"""The headers of tables and the fences that open code, for passages that go on with one."""

import re
from bisect import bisect_right
from collections.abc import Iterable

from generation.passages.headings import Block

LONGEST_HEADER = 1000  # characters; a longer one comes with no passage; chosen; nobody measured

# The quantifiers never give back, so that a line of pipes takes linear time.
_ROW = r"[^\n|]*+\|[^\n]*+(?:\n|\Z)"
_CELL = r"[ \t]*+:?-++:?[ \t]*+"
_LINE_UNDER_HEADER = rf"(?=[^\n]*\|)[ \t]*+\|?{_CELL}(?:\|{_CELL})*+\|?[ \t]*+(?=\n|\Z)"
_TABLE = re.compile(
    rf"^(?P<header>{_ROW}{_LINE_UNDER_HEADER})\n?(?P<rows>(?:{_ROW})*+)", re.MULTILINE
)


_FENCE = re.compile(r"(?:`{3,}|~{3,})[^\n]*")


class Headers:
    """Finds what a passage goes on with: the header of a table, or the fence that opened code."""

    def __init__(self, text: str, blocks: Iterable[Block]) -> None:
        self.tables = TableHeaders(text)
        code = [block for block in blocks if block.kind == "fence"]
        opened = [_FENCE.search(text, block.start, block.end) for block in code]
        self._code = [
            (fence.span(), block.end) for fence, block in zip(opened, code, strict=True) if fence
        ]

    def at(self, offset: int) -> tuple[int, int] | None:
        """Return the start and end of the header or fence of what ``offset`` is among.

        None if it is in no table and no code, or at their beginning.
        """
        before = bisect_right(self._code, offset, key=lambda code: code[0][1])
        if before and offset < self._code[before - 1][1]:
            return self._code[before - 1][0]
        return self.tables.at(offset)


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
