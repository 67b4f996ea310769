"""Make texts of the values of a table's cells, of which some are lists or objects.

Nothing of a list is lost. As an answer, its entries are lines; as a context, they are paragraphs,
and the entries of lists within it are sentences. Only of the answers of SQuAD, which are different
people's answers to the same question, the first is taken.
"""

from collections.abc import Iterator
from typing import Any

from qareview import tables
from qareview.tables import JsonText

_TEXT_KEYS = ("title", "text", "content", "value", "context", "passage", "body", "page_content")
_SQUAD = {"text", "answer_start"}  # the keys of an answer


def text_of(role: str, cell: str) -> str:
    """Return the text of a cell in the role of context, question or answer."""
    value = json_in(cell)
    if role == "answer" and (answers := _squad_answers(value)) is not None:
        return next(iter(answers), "")
    if not isinstance(cell, JsonText) or value is None:
        return cell
    try:
        if role == "context":
            return "\n\n".join(_paragraphs(value))
        lines = _lines(value)
    except RecursionError:
        return cell
    return cell if lines is None else "\n".join(lines)


def json_in(cell: str) -> Any:
    """Return the list or object that a cell is in JSON, or None."""
    try:
        return tables.parsed(cell) if cell.startswith(("[", "{")) else None
    except (ValueError, RecursionError):
        return None


def _squad_answers(value: Any) -> list[str] | None:
    """Return the answers of SQuAD, as its files or its data sets have them, or None."""
    if isinstance(value, dict) and value.keys() == _SQUAD and isinstance(value["text"], list):
        return [answer for answer in value["text"] if isinstance(answer, str)]
    if isinstance(value, list) and value and all(_is_squad_answer(entry) for entry in value):
        return [str(entry["text"]) for entry in value]
    return None


def _is_squad_answer(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.keys() >= _SQUAD


def _lines(value: Any) -> list[str] | None:
    """Return the entries of a list as lines, or None if that would lose the names of values."""
    if isinstance(value, dict):
        return None
    lines = [_line(entry) for entry in value if entry is not None]
    return [line for line in lines if line is not None] if None not in lines else None


def _line(entry: Any) -> str | None:
    if isinstance(entry, dict):
        text = next((entry[key] for key in ("content", "value", "text") if key in entry), None)
        return text if isinstance(text, str) else None
    if isinstance(entry, list):
        lines = _lines(entry)
        return None if lines is None else " ".join(lines)
    return _scalar(entry)


def _scalar(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _paragraphs(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the paragraphs of a context of any structure, without values that are missing."""
    if value is None:
        return
    if isinstance(value, dict):
        for part in _parts(value):
            yield from _paragraphs(part, depth + 1)
    elif isinstance(value, list):
        if depth and all(isinstance(entry, str) for entry in value):
            yield " ".join(value)
        else:
            for entry in value:
                yield from _paragraphs(entry, depth + 1)
    else:
        yield _scalar(value)


def _parts(value: dict[str, Any]) -> list[Any]:
    """Return what an object says, or all its values; of columns of equal length, row by row."""
    columns = list(value.values())
    are_columns = all(isinstance(column, list) for column in columns)
    if are_columns and len({len(column) for column in columns}) == 1:
        return [part for row in zip(*columns, strict=True) for part in row]
    return [value[key] for key in _TEXT_KEYS if key in value] or columns
