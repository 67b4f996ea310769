"""Read web pages that a browser saved with their pictures in one file (MHTML, RFC 2557)."""

import email
import email.policy
import tempfile
from contextlib import suppress
from pathlib import Path

from generation.reading.readings import Choices, Reading, damaged
from generation.reading.web import webpages


def read_saved_page(path: Path, choices: Choices) -> Reading:
    """Read the page in a file; its pictures and frames are not looked at. Raises CannotRead."""
    with tempfile.NamedTemporaryFile(suffix=".html") as file:
        file.write(_page(path.read_bytes()))
        file.flush()
        return webpages.read_page(Path(file.name), choices)


def _page(data: bytes) -> bytes:
    """Return the first page in a file, as UTF-8 if its encoding is declared. Raises CannotRead."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        page = next(part for part in message.walk() if part.get_content_type() == "text/html")
        content = page.get_payload(decode=True)
        encoding = page.get_content_charset()
    except (StopIteration, RecursionError, ValueError, LookupError, AttributeError, TypeError):
        raise damaged("MHTML") from None
    if not isinstance(content, bytes):
        raise damaged("MHTML")
    with suppress(LookupError, UnicodeDecodeError):
        return content.decode(encoding).encode() if encoding else content
    return content
