"""Decode the bytes of a text file, and clean the text."""

import codecs
import re
import unicodedata
from typing import NamedTuple

from django.utils.translation.trans_null import gettext_noop  # without settings: see reader_process

from generation.reading import likely_encodings
from generation.reading.readings import UPLOAD, CannotRead
from qareview.stored_sentences import joined, listed, stored

DAMAGED = "\ufffd"  # stands for bytes that mean nothing
MOST_CONTROLS = 0.01  # share of bytes that a text may have by mistake; chosen; nobody measured
DECLARED_WITHIN = 1024  # first bytes in which a page declares its encoding (HTML standard, 13.2.3)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BEGINS_LIKE_A_PAGE = re.compile(rb"\s*<(?:!--|(?:\?xml|!doctype|html|head|meta)\b)", re.IGNORECASE)
_DECLARED = re.compile(
    rb"""<(?:meta\s[^>]*?charset|\?xml\s[^>]*?encoding)\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE
)
# Encodings whose names stand for a larger one in browsers (Encoding standard, 4.2).
_LARGER = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
    "tis-620": "cp874",
}


_IS_OF_TEXT = re.compile(r"ascii|big5|cp\d|euc|gb|hz|iso2022|iso8859|koi8|mac|shift|tis")
_UNSEEN_SIGNS = "\u00ad\0\x1a\u200b\u2060\ufeff"
_UNSEEN = re.compile(f"\u00ad\n?|[{_UNSEEN_SIGNS[1:]}]")
_SURROGATES = re.compile("[\ud800-\udfff]")

_LINE_IN_ANOTHER = gettext_noop(
    "Line %(lines)s is not in UTF-8 like the rest, and was read as %(encoding)s. Check it."
)
_LINES_IN_ANOTHER = gettext_noop(
    "Lines %(lines)s are not in UTF-8 like the rest, and were read as %(encoding)s. Check them."
)
_DAMAGED_LINE = gettext_noop("Line %(lines)s has damaged characters, shown as “%(damaged)s”.")
_DAMAGED_LINES = gettext_noop("Lines %(lines)s have damaged characters, shown as “%(damaged)s”.")


_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_ISO_2022_JP = b"\x1b$"  # switches to Japanese characters; all its bytes are ASCII


class Decoded(NamedTuple):
    """A text, and a sentence about what in it may be wrong."""

    text: str
    note: str = ""


def decode(data: bytes, *, is_cut: bool = False) -> str:
    """Return the text of bytes; see :func:`decode_with_note`.

    ``is_cut`` says that ``data`` is only the beginning of a file. Raises CannotRead.
    """
    return decode_with_note(_whole_characters(data) if is_cut else data).text


def decode_with_note(data: bytes) -> Decoded:
    """Decode text by its byte order mark, as UTF-8, as it declares, or in the likeliest encoding.

    A text in two encodings is decoded line by line, and the note names the lines. Raises CannotRead
    if this is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _telling_damage(data.removeprefix(mark).decode(encoding, errors="replace"))
    if b"\0" in data and (encoding := _wide_encoding(data)):
        return _telling_damage(data.decode(encoding, errors="replace"))
    data = _checked(data).replace(b"\0", b"")
    try:
        return Decoded(data.decode("iso2022_jp" if _ISO_2022_JP in data else "utf-8"))
    except UnicodeDecodeError:
        return _in_another_encoding(data)


def _checked(data: bytes) -> bytes:
    """Return the bytes of a text. Raises CannotRead if there are too many that no text has."""
    if len(data) - len(data.translate(None, _CONTROLS)) > max(1, len(data) * MOST_CONTROLS):
        raise CannotRead(stored("This is not a text file. %(upload)s", upload=UPLOAD))
    return data


def _whole_characters(data: bytes) -> bytes:
    """Return the data without a character at its end that may be cut, or unchanged."""
    end = max(data.rfind(b"\n"), data.rfind(b" "), data.rfind(b">"))
    return data[: end + 2 if b"\0" in data else end + 1] if end > 0 else data


def _wide_encoding(data: bytes) -> str:
    """Return the encoding of UTF-16 without a byte order mark, or "".

    In Latin text every other byte is zero.
    """
    for encoding, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if high.count(0) > len(high) / 2:
            return encoding
    return ""


def _in_another_encoding(data: bytes) -> Decoded:
    """Decode what is not, or not only, UTF-8."""
    if encoding := _declared_encoding(data):
        return _telling_damage(data.decode(encoding, errors="replace"))
    lines = data.splitlines(keepends=True)
    others = {number for number, line in enumerate(lines, 1) if not _is_mostly_utf_8(line)}
    if not others:
        return _telling_damage(data.decode(errors="replace"))
    rest = b"".join(lines[number - 1] for number in sorted(others))
    encoding = likely_encodings.likeliest(rest) or "cp1252"
    utf_8 = b"".join(
        line for number, line in enumerate(lines, 1) if number not in others and not line.isascii()
    )
    if utf_8 and likely_encodings.is_likelier_utf_8(utf_8, encoding):
        return _line_by_line(lines, others, encoding)
    return _telling_damage(data.decode(_likeliest(data), errors="replace"))


def _declared_encoding(data: bytes) -> str:
    """Return the encoding that a page declares, or ""."""
    start = data[:DECLARED_WITHIN]
    declared = _BEGINS_LIKE_A_PAGE.match(start) and _DECLARED.search(start)
    return encoding_named(declared[1]) if declared else ""


def encoding_named(label: bytes) -> str:
    """Return the encoding that a page means by a label, or "" if it is not one of text."""
    try:
        name = codecs.lookup(label.decode()).name
    except LookupError:
        return ""
    name = _LARGER.get(name, name)
    return name if _IS_OF_TEXT.match(name) else ""


def _is_mostly_utf_8(line: bytes) -> bool:
    """Whether nearly all of what is not ASCII is UTF-8; hardly any is in other encodings."""
    unusual = re.sub(rb"[\x00-\x7f]+", b"", line).decode(errors="replace")
    return unusual.count(DAMAGED) * 4 <= len(unusual)


def _likeliest(data: bytes) -> str:
    encoding = likely_encodings.likeliest(data)
    if not encoding:
        raise CannotRead(
            stored("The encoding of this text is not known. %(upload)s", upload=UPLOAD)
        )
    return encoding


def _line_by_line(lines: list[bytes], others: set[int], encoding: str) -> Decoded:
    """Decode some lines in another encoding than UTF-8, and name them."""
    text = "".join(
        line.decode(encoding if number in others else "utf-8", errors="replace")
        for number, line in enumerate(lines, 1)
    )
    message = _LINE_IN_ANOTHER if len(others) == 1 else _LINES_IN_ANOTHER
    note = stored(message, lines=listed(sorted(others)), encoding=encoding)
    return Decoded(text, joined([note, _telling_damage(text).note]))


def _telling_damage(text: str) -> Decoded:
    """Return a text with a note of the lines that have damaged characters."""
    damaged = [number for number, line in enumerate(text.split("\n"), 1) if DAMAGED in line]
    if not damaged:
        return Decoded(text)
    message = _DAMAGED_LINE if len(damaged) == 1 else _DAMAGED_LINES
    return Decoded(text, stored(message, lines=listed(damaged), damaged=DAMAGED))


def clean(text: str) -> str:
    """Return a text as it is stored: composed (NFC), with Unix line ends, and nothing unseen.

    Soft hyphens, zero-width spaces and NUL characters are dropped; PostgreSQL cannot store the
    last. Characters that join others stay, as Persian and emoji need them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n\n")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub(DAMAGED, text)
    if any(sign in text for sign in _UNSEEN_SIGNS):  # most texts have none, which is found faster
        text = _UNSEEN.sub("", text)
    return unicodedata.normalize("NFC", text)
