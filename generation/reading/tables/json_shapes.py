"""Read JSON as a table, in the shapes in which training data comes.

These are lists and lines of objects, an object around such a list, columns of values, SQuAD, and
conversations. Other JSON is refused: it is no prose that passages could be cut from.
"""

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from generation.reading.tables.table_columns import NAMES
from qareview import tables
from qareview.stored_sentences import stored
from qareview.tables import BadRow, BadTable, Record, Table

MOST_KEYS = 5  # of an object around a list of rows; a manifest has more; chosen; nobody measured
CONVERSATIONS = ("conversations", "messages", "conversation", "contents")
_QUESTIONERS = {"human", "user", "prompter"}
_ANSWERERS = {"gpt", "assistant", "model", "bot", "chatgpt"}

_NO_ROWS = stored(
    "This JSON holds no rows. Upload a list of objects, or an object on each line, with keys such "
    "as “context”, “question” and “answer”; upload prose as Markdown, HTML or text."
)
_NO_CONTEXT = stored(
    "These conversations have questions and answers, but not the texts that they are about. Add "
    "the key “context” with its text to each row."
)
_NOTEBOOK = stored("This is a Jupyter notebook. Rename it so that its name ends in .ipynb.")


def read_json(text: str, media_type: str) -> Table:
    """Read JSON or JSONL as a table. Raises BadTable."""
    first, second = _first_lines(text)
    if tables.is_object(first) and second:
        return _checked(tables.from_jsonl(text, rows_of), tables.parsed(first))
    try:
        value = tables.parsed(text)
    except (ValueError, RecursionError) as reason:
        if media_type == tables.JSONL or tables.is_object(first):
            return tables.from_jsonl(text, rows_of)
        raise BadTable(_why_it_is_no_json(reason)) from None
    records = list(enumerate(_records(value, media_type), 1))
    return _checked(tables.from_records(lambda: records, "row"), value)


def read_parquet(path: Path) -> Table:
    """Read a Parquet file as a table. Raises BadTable."""
    _, first = next(tables.parquet_records(path), (0, {}))
    if rows_of(first) == [first]:
        return tables.from_parquet(path)
    records = tables.from_records(lambda: tables.parquet_records(path), "row", rows_of)
    return _checked(records, first)


def _checked(table: Table, first: Any) -> Table:
    """Return a table. Raises BadTable if it is made of conversations without contexts.

    ``first`` is its first record, or a list of all.
    """
    names = {column.lower() for column in table.columns}
    first = first[0] if isinstance(first, list) else first
    if isinstance(first, dict) and _is_conversation(first) and not names & {*NAMES["context"]}:
        raise BadTable(_NO_CONTEXT)
    return table


def _first_lines(text: str) -> tuple[str, str]:
    """Return the first two lines that are more than the bracket of a list, or ""."""
    bare = (line.strip().rstrip(",") for line in io.StringIO(text, newline="\n"))
    lines = (line for line in bare if line not in ("", "[", "]"))
    return next(lines, ""), next(lines, "")


def _why_it_is_no_json(reason: Exception) -> str:
    line = getattr(reason, "lineno", 1)
    return stored(
        "The file is not valid JSON: there is a mistake on line %(line)s or before it. Correct it, "
        "or put each row on its own line, as in JSONL.",
        line=str(line),
    )


def _records(value: Any, media_type: str) -> Iterator[Record | BadRow]:
    """Yield the rows of a whole JSON value. Raises BadTable if there are none."""
    entries = value if isinstance(value, list) else _entries_of(value, media_type)
    if not any(isinstance(entry, dict | str) for entry in entries):
        raise BadTable(_NO_ROWS)
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, dict):
            yield from rows_of(entry)
        elif isinstance(entry, str):
            yield {"text": entry}
        else:
            yield tables.no_object(number, json.dumps(entry, ensure_ascii=False))


def _entries_of(value: Any, media_type: str) -> list[Any]:
    """Return the records that an object wraps, or the object if it is one itself."""
    if not isinstance(value, dict):
        return []
    if "nbformat" in value and "cells" in value:
        raise BadTable(_NOTEBOOK)
    if _is_conversation(value) or "paragraphs" in value or "qas" in value:
        return [value]
    if entries := _in_columns(value):
        return entries
    roles = sum(any(key.lower() in names for key in value) for names in NAMES.values())
    is_wrapper = roles < 2 and len(value) <= MOST_KEYS
    if is_wrapper and (entries := _in_lists(value)):
        return entries
    return [value] if roles or media_type == tables.JSONL else []


def _in_columns(value: Record) -> list[Record]:
    """Return the rows of columns of values, as pandas writes them in three ways."""
    columns, data = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(data, list) and _are(data, list):
        return [dict(zip(map(str, columns), row, strict=False)) for row in data]
    inner = list(value.values())
    if len(inner) < 2:
        return []
    if _are(inner, dict) and inner[0] and all(column.keys() == inner[0].keys() for column in inner):
        return [{name: value[name][index] for name in value} for index in inner[0]]
    are_columns = _are(inner, list) and len({len(column) for column in inner}) == 1
    if are_columns and not any(isinstance(entry, dict) for entry in inner[0]):
        return [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)]
    return []


def _in_lists(value: Record) -> list[Any]:
    """Return the entries of the longest list of objects, and of the lists with the same keys."""
    lists = [inner for inner in value.values() if isinstance(inner, list) and _are(inner, dict)]
    longest = max(lists, key=len, default=[])
    if not longest:
        return []
    same = [entries for entries in lists if entries and entries[0].keys() == longest[0].keys()]
    return [entry for entries in same for entry in entries]


def _are(values: Sequence[Any], kind: type) -> bool:
    return bool(values) and all(isinstance(value, kind) for value in values)


def rows_of(record: Record) -> list[Record]:
    """Return the rows that a record stands for; mostly the record itself."""
    if isinstance(record.get("row"), dict) and "row_idx" in record:
        return rows_of(record["row"])  # as the data set viewer of Hugging Face writes it
    if _are(record.get("paragraphs") or [], dict):
        return [row for part in record["paragraphs"] for row in _squad_rows(part, record)]
    if _are(record.get("qas") or [], dict) and "context" in record:
        return list(_squad_rows(record, {}))
    return list(_turns(record)) if _is_conversation(record) else [record]


def _squad_rows(paragraph: Record, article: Record) -> Iterator[Record]:
    """Yield a row for each question of a paragraph of SQuAD."""
    title = article.get("title")
    for question in paragraph.get("qas") or [{}]:
        yield {
            **({"headings": [title]} if title else {}),
            "context": paragraph.get("context"),
            "question": None,
            "answers": None,
            **question,
        }


def _conversation_key(record: Record) -> str:
    return next((key for key in CONVERSATIONS if _are_turns(record.get(key))), "")


def _is_conversation(record: Record) -> bool:
    return bool(_conversation_key(record))


def _are_turns(value: Any) -> bool:
    return isinstance(value, list) and _are(value, dict) and bool(_speaker(value[0]))


def _speaker(turn: Record) -> str:
    speaker = turn.get("role") or turn.get("from")
    return speaker.lower() if isinstance(speaker, str) else ""


def _turns(record: Record) -> Iterator[Record]:
    """Yield a row for each question of a conversation, with its answer if it has one."""
    key = _conversation_key(record)
    beside = {name: value for name, value in record.items() if name != key}
    question: Any = None
    for turn in record[key]:
        content = next((turn[name] for name in ("content", "value", "parts") if name in turn), None)
        speaker = _speaker(turn)
        if speaker in _QUESTIONERS:
            if question is not None:
                yield {**beside, "question": question, "answer": None}
            question = content
        elif speaker in _ANSWERERS:
            yield {**beside, "question": question, "answer": content}
            question = None
        elif speaker:
            beside.setdefault(speaker, content)  # such as what the system was told
    if question is not None:
        yield {**beside, "question": question, "answer": None}
