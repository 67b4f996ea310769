"""Take RTF apart: its groups, its control words, and its text in any of its encodings."""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    rb"|\\'(?P<hex>[0-9a-fA-F]{2})"
    rb"|\\(?P<symbol>[^a-zA-Z])"
    rb"|(?P<brace>[{}])"
    rb"|[\r\n]+"
    rb"|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
# From the specification of RTF 1.9.1: the encoding of each character set of a font.
CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
SYMBOLS = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "ltrmark": "\u200e",
    "rtlmark": "\u200f",
    "~": "\u00a0",
    "_": "-",
}


class Token(NamedTuple):
    """A brace, a control word with its number, or bytes of text."""

    word: str  # "{", "}", a control word or symbol, or "" for text
    number: int | None = None
    text: bytes = b""


def tokens_of(data: bytes) -> Iterator[Token]:
    """Yield the tokens of a file, without the bytes of pictures that stand in it as they are."""
    place = 0
    while match := _TOKEN.search(data, place):
        place = match.end()
        if brace := match["brace"]:
            yield Token(brace.decode())
        elif word := match["word"]:
            number = int(match["number"]) if match["number"] else None
            place += max(number or 0, 0) if word == b"bin" else 0
            yield Token(word.decode(), number)
        elif match["hex"]:
            yield Token("", None, bytes.fromhex(match["hex"].decode()))
        elif (symbol := match["symbol"]) and symbol in b"{}\\":
            yield Token("", None, symbol)
        elif symbol:
            # A line end after a backslash is a paragraph's end.
            yield Token("par" if symbol in b"\r\n" else symbol.decode("latin-1"))
        elif text := match["text"]:
            yield Token("", None, text)


def encoding_of(codepage: int) -> str:
    """Return the encoding of a code page; that of Western Windows if it is not known."""
    name = {10000: "mac_roman", 65001: "utf-8", 708: "cp864", 936: "gbk"}.get(
        codepage, f"cp{codepage}"
    )
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


def unicode_of(number: int) -> str:
    """Return the character of a number, which is negative if it is above 32767.

    Symbol fonts use a private range, of which bullets are the usual characters.
    """
    code = number % 0x10000
    if 0xF000 <= code <= 0xF0FF:
        return "•" if code in (0xF0B7, 0xF0A7, 0xF0D8, 0xF0FC) else chr(code - 0xF000)
    return chr(code)


def without_surrogates(text: str) -> str:
    """Return a text whose pairs of surrogates are the characters that they stand for."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
