"""Decode the bytes of a text file, and clean the text."""

import codecs
import re

import charset_normalizer

from generation.reading.readings import UPLOAD, CannotRead
from qareview.stored_sentences import stored


def decode(data: bytes, *, is_cut: bool = False) -> str:
    """Decode text by its byte order mark, or as UTF-8, or in the likeliest encoding.

    ``is_cut`` says that ``data`` is only the beginning of a file. Raises CannotRead.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        return _without_mark(data)
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=not is_cut)
    except UnicodeDecodeError:
        patched = data.decode(errors="replace")
        letters = sum(character > "\x7f" for character in patched)
        # In other encodings, nearly all of these characters cannot be decoded as UTF-8.
        is_damaged_utf_8 = patched.count("\ufffd") * 4 < letters
        return patched if is_damaged_utf_8 else _by_likelihood(data)


def _by_likelihood(data: bytes) -> str:
    """Decode in the likeliest encoding, or in Windows-1252, the most common, if about as likely."""
    guesses = charset_normalizer.from_bytes(data)
    best = guesses.best()
    if best is None:
        raise CannotRead(
            stored("The encoding of this text is not known. %(upload)s", upload=UPLOAD)
        )
    least = best.coherence - 0.05  # coherence is noise in short texts; chosen; nobody measured
    western = (guess for guess in guesses if "cp1252" in guess.could_be_from_charset)
    return str(next((guess for guess in western if guess.coherence >= least), best))


def _without_mark(data: bytes) -> str:
    """Decode UTF-16 without a byte order mark: in Latin text every other byte is zero."""
    for encoding, high in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if high.count(0) > len(high) / 2:
            return data.decode(encoding, errors="replace")
    raise CannotRead(stored("This is not a text file. %(upload)s", upload=UPLOAD))


def clean(text: str) -> str:
    """Use Unix line ends, and drop soft hyphens and NUL characters.

    PostgreSQL cannot store NUL characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").lstrip("\ufeff")
    return re.sub("\u00ad\n?", "", text)
